from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from emulator.openapi_schemas import problems_of_read

from pytest_asc.emulator.spec.api_spec import api_spec

if TYPE_CHECKING:
    from emulator.harness import EmulatorClient


@pytest.fixture
def app(emulator_client: EmulatorClient) -> dict[str, Any]:
    return emulator_client.emulator.add("apps", id="1")


def points(group: dict[str, Any]) -> list[dict[str, Any]]:
    return [point["values"] for point in group["dataPoints"]]


def test_every_metrics_operation_has_values_and_dimensions() -> None:
    paths = {path for path in api_spec().paths if "/metrics/" in path}
    assert paths == set(api_spec().metrics)
    for path in paths:
        operation = api_spec().operation("GET", path)
        assert operation
        assert set(api_spec().metrics[path]["dimensions"]) == set(operation.filters)
        assert {name.removeprefix("-") for name in operation.sort} <= set(api_spec().metrics[path]["values"])


def test_usages_can_be_grouped_by_tester(emulator_client: EmulatorClient, app: dict[str, Any]) -> None:
    one, other = (emulator_client.emulator.add("betaTesters", id=name) for name in ("anna", "bert"))
    emulator_client.emulator.measure(app, "betaTesterUsages", betaTesters=one, sessionCount=3, crashCount=1)
    emulator_client.emulator.measure(app, "betaTesterUsages", betaTesters=other, sessionCount=5)
    emulator_client.emulator.measure(app, "betaTesterUsages", day=-20, betaTesters=one, sessionCount=4)
    path = "/v1/apps/1/metrics/betaTesterUsages"
    anna, bert = emulator_client.get(f"{path}?groupBy=betaTesters").json["data"]
    assert points(anna) == [{"crashCount": 1, "sessionCount": 7, "feedbackCount": 0}]
    assert anna["dimensions"]["betaTesters"]["data"] == "anna"
    assert anna["dimensions"]["betaTesters"]["links"]["related"].endswith("/v1/betaTesters/anna")
    assert points(bert)[0]["sessionCount"] == 5
    (week,) = emulator_client.get(f"{path}?period=P7D&filter[betaTesters]=anna").json["data"]
    assert points(week)[0]["sessionCount"] == 3
    assert week["dataPoints"][0]["start"] == "2026-05-21T00:00:00-07:00"
    assert week["dataPoints"][0]["end"] == "2026-05-28T00:00:00-07:00"


def test_usages_of_an_app_require_a_group_by_or_a_filter(emulator_client: EmulatorClient, app: dict[str, Any]) -> None:
    assert emulator_client.get(f"/v1/apps/{app['id']}/metrics/betaTesterUsages").codes == ["PARAMETER_ERROR.REQUIRED"]


def test_usages_of_a_tester_count_for_the_groups_of_the_tester(
    emulator_client: EmulatorClient, app: dict[str, Any]
) -> None:
    tester = emulator_client.emulator.add("betaTesters", id="anna")
    emulator_client.emulator.add("betaGroups", id="g", app=app, betaTesters=[tester])
    emulator_client.emulator.add("betaGroups", id="h", app=app)
    emulator_client.emulator.measure(tester, "betaTesterUsages", apps=app, sessionCount=3)
    (own,) = emulator_client.get("/v1/betaTesters/anna/metrics/betaTesterUsages?filter[apps]=1").json["data"]
    assert (points(own)[0]["sessionCount"], own["dimensions"]["apps"]["data"]) == (3, "1")
    (group,) = emulator_client.get("/v1/betaGroups/g/metrics/betaTesterUsages?groupBy=betaTesters").json["data"]
    assert points(group)[0]["sessionCount"] == 3
    assert emulator_client.get("/v1/betaGroups/h/metrics/betaTesterUsages").json["data"] == []
    assert emulator_client.get("/v1/betaTesters/anna/metrics/betaTesterUsages").codes == ["PARAMETER_ERROR.REQUIRED"]


def test_matchmaking_metrics_have_a_granularity(emulator_client: EmulatorClient) -> None:
    queue = emulator_client.emulator.add("gameCenterMatchmakingQueues", id="q")
    for day, result, count, seconds in ((-1, "MATCHED", 4, 2), (-1, "MATCHED", 2, 4), (-2, "EXPIRED", 9, 60)):
        emulator_client.emulator.measure(
            queue, "matchmakingRequests", day=day, result=result, count=count, averageSecondsInQueue=seconds
        )
    path = "/v1/gameCenterMatchmakingQueues/q/metrics/matchmakingRequests"
    (both,) = emulator_client.get(f"{path}?granularity=P1D").json["data"]
    assert [(point["count"], point["averageSecondsInQueue"]) for point in points(both)] == [(9, 60), (6, 3)]
    assert both["granularity"] == "P1D"
    grouped = emulator_client.get(f"{path}?granularity=PT1H&groupBy=result&sort=-count").json["data"]
    assert [group["dimensions"]["result"]["data"] for group in grouped] == ["EXPIRED", "MATCHED"]
    assert grouped[0]["dataPoints"][0]["end"] == "2026-05-26T01:00:00-07:00"
    first = emulator_client.get(f"{path}?granularity=PT1H&groupBy=result&sort=count&limit=1").json
    assert (len(first["data"]), first["meta"]["paging"]) == (1, {"total": 2, "limit": 1})
    (last,) = emulator_client.get(first["links"]["next"]).json["data"]
    assert last["dimensions"]["result"]["data"] == "EXPIRED"
    (matched,) = emulator_client.get(f"{path}?granularity=P1D&filter[result]=MATCHED").json["data"]
    assert points(matched)[0]["count"] == 6


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("", "PARAMETER_ERROR.REQUIRED"),
        ("granularity=P1Y", "PARAMETER_ERROR.INVALID"),
        ("granularity=P1D,PT1H", "PARAMETER_ERROR.INVALID"),
        ("granularity=P1D&groupBy=colour", "PARAMETER_ERROR.INVALID"),
        ("granularity=P1D&period=P7D", "PARAMETER_ERROR.ILLEGAL"),
        ("granularity=P1D&filter[result]=LOST", "PARAMETER_ERROR.INVALID"),
    ],
)
def test_invalid_parameters_of_metrics_are_rejected(emulator_client: EmulatorClient, query: str, code: str) -> None:
    emulator_client.emulator.add("gameCenterMatchmakingQueues", id="q")
    assert emulator_client.get(f"/v1/gameCenterMatchmakingQueues/q/metrics/matchmakingRequests?{query}").codes == [code]


def test_metrics_of_an_unknown_resource_get_404(emulator_client: EmulatorClient) -> None:
    assert emulator_client.get("/v1/builds/1/metrics/betaBuildUsages").codes == ["NOT_FOUND"]
    build = emulator_client.emulator.add("builds", id="1")
    assert emulator_client.get("/v1/builds/1/metrics/betaBuildUsages").json["data"] == []
    with pytest.raises(
        ValueError, match="'colour' cannot be measured for 'builds'; expected one of betaBuildUsages, perf"
    ):
        emulator_client.emulator.measure(build, "colour")
    with pytest.raises(ValueError, match="'betaBuildUsages' has no member colour; its members are crashCount"):
        emulator_client.emulator.measure(build, "betaBuildUsages", colour="red")
    with pytest.raises(ValueError, match="add it first"):
        emulator_client.emulator.measure({"type": "builds", "id": "2"}, "betaBuildUsages")
    with pytest.raises(ValueError, match="needs a value, and as metricType one of HANG"):
        emulator_client.emulator.measure(build, "perfPowerMetrics", metricType="LAUNCH")
    with pytest.raises(ValueError, match="crashCount: got 'many', expected a number"):
        emulator_client.emulator.measure(build, "betaBuildUsages", crashCount="many")


def test_performance_metrics_have_a_point_for_each_version(
    emulator_client: EmulatorClient, app: dict[str, Any]
) -> None:
    version = emulator_client.emulator.add("preReleaseVersions", version="2.0")
    build = emulator_client.emulator.add("builds", id="b", app=app, preReleaseVersion=version)
    emulator_client.emulator.measure(app, "perfPowerMetrics", metricType="LAUNCH", value=410, version="1.0")
    emulator_client.emulator.measure(build, "perfPowerMetrics", metricType="LAUNCH", value=380.5)
    emulator_client.emulator.measure(app, "perfPowerMetrics", metricType="HANG", value=3, deviceType="iPhone15_4")
    answer = emulator_client.get("/v1/apps/1/perfPowerMetrics")
    assert answer.headers["Content-Type"] == "application/vnd.apple.xcode-metrics+json"
    (product,) = answer.json["productData"]
    hang, launch = product["metricCategories"]
    assert (hang["identifier"], launch["identifier"]) == ("HANG", "LAUNCH")
    (dataset,) = launch["metrics"][0]["datasets"]
    assert [(point["version"], point["value"]) for point in dataset["points"]] == [("1.0", 410), ("2.0", 380.5)]
    (product,) = emulator_client.get("/v1/apps/1/perfPowerMetrics?filter[deviceType]=iPhone15_4").json["productData"]
    assert [category["identifier"] for category in product["metricCategories"]] == ["HANG"]
    (product,) = emulator_client.get("/v1/builds/b/perfPowerMetrics?filter[metricType]=LAUNCH").json["productData"]
    (dataset,) = product["metricCategories"][0]["metrics"][0]["datasets"]
    assert [point["version"] for point in dataset["points"]] == ["2.0"]
    assert emulator_client.get("/v1/builds/b/perfPowerMetrics?filter[metricType]=HANG").json["productData"] == []
    assert emulator_client.get("/v1/apps/2/perfPowerMetrics").codes == ["NOT_FOUND"]
    assert problems_of_read("/v1/apps/{id}/perfPowerMetrics", answer) == []


def test_a_diagnostic_signature_has_a_log(emulator_client: EmulatorClient, app: dict[str, Any]) -> None:
    signature = emulator_client.emulator.add(
        "diagnosticSignatures", id="s", signature="ListStore.load()", diagnosticType="HANGS"
    )
    emulator_client.emulator.add("builds", version="7", app=app, diagnosticSignatures=[signature])
    answer = emulator_client.get("/v1/diagnosticSignatures/s/logs")
    assert answer.headers["Content-Type"] == "application/vnd.apple.diagnostic-logs+json"
    (product,) = answer.json["productData"]
    (log,) = product["diagnosticLogs"]
    assert (product["signatureId"], log["diagnosticMetaData"]["event"]) == ("s", "HANGS")
    assert log["diagnosticMetaData"]["buildVersion"] == "7"
    frame = log["callStackTree"][0]["callStacks"][0]["callStackRootFrames"][0]
    assert frame["symbolName"] == "ListStore.load()"
    assert problems_of_read("/v1/diagnosticSignatures/{id}/logs", answer) == []
    assert emulator_client.get("/v1/diagnosticSignatures/t/logs").codes == ["NOT_FOUND"]


@pytest.mark.parametrize("path", ["/v1/apps/1/perfPowerMetrics", "/v1/diagnosticSignatures/1/logs"])
def test_a_client_must_accept_apples_media_type_or_json(emulator_client: EmulatorClient, path: str) -> None:
    for kind in ("apps", "diagnosticSignatures"):
        emulator_client.emulator.add(kind, id="1")
    for accept, status in (("application/json", 200), ("*/*", 200), ("text/csv", 406)):
        assert emulator_client.get(path, Accept=accept).status == status


@pytest.mark.parametrize("path", sorted(api_spec().metrics))
def test_metrics_of_the_sample_account_are_valid_by_apples_schemas(emulator_client: EmulatorClient, path: str) -> None:
    emulator_client.emulator.load_sample()
    operation = api_spec().operation("GET", path)
    assert operation
    required = {"granularity": "granularity=P1D", "filter[apps]": "filter[apps]=6448311069"}
    dimension = [name for name in api_spec().metrics[path]["dimensions"] if "groupBy" in operation.enum_parameters]
    asked = [required[name] for name in operation.required] + [f"groupBy={name}" for name in dimension[:1]]
    starts = [resource.id for resource in emulator_client.emulator._account.store.all(operation.root)]
    for start in starts:
        answer = emulator_client.get(f"{path.replace('{id}', start)}?{'&'.join(asked)}")
        assert answer.status == 200
        assert problems_of_read(path, answer) == []
