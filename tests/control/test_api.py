from __future__ import annotations

import json
import tracemalloc
from typing import TYPE_CHECKING, Any

import pytest
from control_client import Client

from pytest_asc.control.served_emulator import InitialSettings
from pytest_asc.emulator.http_models import Request

if TYPE_CHECKING:
    from collections.abc import Callable

LISTS = {"type": "apps", "id": "1", "attributes": {"name": "Lists", "bundleId": "com.example.lists"}}


def test_resources_are_added_read_changed_and_deleted(client: Client) -> None:
    status, app = client.call("POST", "resources", LISTS)
    assert (status, app["id"], app["attributes"]["name"]) == (201, "1", "Lists")
    assert client.call("GET", "resources/apps/1") == (200, app)
    assert client.call("GET", "/resources//apps") == (200, [app])
    assert client.call("GET", "resources/apps?name=Lists") == (200, [app])
    status, changed = client.call("PATCH", "resources/apps/1", {"attributes": {"name": "Notes"}})
    assert (status, changed["attributes"]["name"]) == (200, "Notes")
    assert json.loads(client.get("/v1/apps/1").body)["data"]["attributes"]["name"] == "Notes"
    build = {"type": "builds", "id": "2", "relationships": {"app": {"data": {"type": "apps", "id": "1"}}}}
    status, added = client.call("POST", "resources", build)
    assert (status, added["relationships"]["app"]["data"]["id"]) == (201, "1")
    assert client.call("DELETE", "resources/apps/1") == (204, None)
    assert client.call("GET", "resources/apps/1")[0] == 404


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "words"),
    [
        (
            "POST",
            "resources",
            {"type": "apps", "attributes": {"nam": "x"}},
            400,
            "no attribute or relationship 'nam'",
        ),
        ("POST", "resources", {"type": "app"}, 400, "there is no type 'app'; did you mean 'apps'"),
        ("POST", "resources", {}, 400, "the member 'type' is missing"),
        ("POST", "resources", {"typ": "apps", "type": "apps"}, 400, "there is no member 'typ'; did you mean 'type'?"),
        ("POST", "resources", b"{", 400, "the body is not valid JSON"),
        ("POST", "resources", b'{"type": NaN}', 400, "the body is not valid JSON"),
        ("POST", "resources", [], 400, "got [], expected an object"),
        ("GET", "resources/app", None, 404, "there is no type 'app'; did you mean 'apps'"),
        ("GET", "resources/apps/9", None, 404, "there is no resource of type 'apps' with id '9'"),
        ("GET", "resources/apps?nam=x", None, 400, "'apps' has no attribute or relationship 'nam'"),
        ("PATCH", "resources/apps/9", {"attributes": {}}, 404, "there is no resource"),
        ("DELETE", "resources/apps/9", None, 404, "there is no resource"),
        ("PUT", "state", {"data": 1}, 400, "expected a document"),
        (
            "GET",
            "requests?sinc=1",
            None,
            400,
            "there is no query parameter 'sinc'; did you mean 'since'? The parameters are since, details",
        ),
        ("GET", "requests?since=x", None, 400, "since: got 'x', expected an integer"),
        ("GET", "requests?since=-1", None, 400, "since: got -1, expected a number from 0 to 9007199254740992"),
        ("GET", "requests/1", None, 404, "there is no request 1"),
        ("POST", "failures", {"method": "GET", "path": "/v1/app", "status": 429}, 400, "there is no such path"),
        ("POST", "failures", {"method": "GET", "path": "/v1/apps"}, 400, "it has no effect: give status"),
        ("POST", "failures", {"method": "GET", "path": "/v1/apps", "status": "429"}, 400, "status: got '429'"),
        ("POST", "failures", {"method": "GET", "path": "/v1/apps", "broken": "x"}, 400, "broken: got 'x'"),
        ("POST", "faults", {"cause": "agreement-mising"}, 400, "did you mean 'agreement-missing'"),
        (
            "POST",
            "faults",
            {"cause": "header-missing"},
            400,
            "is a mistake that the client makes, so a server cannot inject it",
        ),
        ("POST", "decisions", {"type": "apps", "id": "9", "outcome": "x"}, 404, "there is no resource"),
        ("POST", "decisions", {"type": "builds", "outcome": "x"}, 400, "VALID"),
        ("POST", "time", {"advance": -1}, 400, "advance: got -1, expected a number from 0"),
        ("POST", "time", {"advance": "1"}, 400, "advance: got '1', expected a number or null"),
        ("POST", "webhooks", {"url": "http://10.0.0.1/"}, 400, "expected one on this machine"),
        ("POST", "webhooks", {"url": 5}, 400, "url: got 5, expected a string or null"),
        ("PATCH", "settings", {"role": "DEV"}, 400, "role: got 'DEV'"),
        ("PATCH", "settings", {"role": "SALES", "time": "x"}, 400, "time: got 'x'"),
        ("PATCH", "settings", {"rate_limit": 0}, 400, "rate_limit: got 0"),
        ("PATCH", "settings", {"review_requirements": ["x"]}, 400, "x"),
        ("POST", "sales", {"product": {"type": "apps", "id": "9"}}, 400, "there is no resource"),
        ("GET", "nothing", None, 404, "there is no path 'nothing'; the paths are health, "),
        ("DELETE", "accounts/9", None, 404, "there is no account '9'"),
        ("GET", "accounts/9/health", None, 404, "there is no account '9'"),
        ("PUT", "reset", None, 405, "got the method PUT, expected POST"),
    ],
)
def test_bad_input_is_rejected_with_the_message_of_the_python_api(
    client: Client, method: str, path: str, body: Any, status: int, words: str
) -> None:
    before = client.call("GET", "settings"), client.call("GET", "state")
    got, document = client.call(method, path, body)
    assert (got, list(document)) == (status, ["error"])
    assert words in document["error"]
    assert (client.call("GET", "settings"), client.call("GET", "state")) == before


def test_put_state_replaces_the_account_and_changes_nothing_if_the_document_is_invalid(client: Client) -> None:
    client.call("POST", "resources", LISTS)
    _, before = client.call("GET", "state")
    bad = {"data": [{"type": "apps", "id": "2"}, {"type": "builds", "attributes": {"versio": "1"}}]}
    assert client.call("PUT", "state", bad)[0] == 400
    assert client.call("GET", "state") == (200, before)
    assert client.call("PUT", "state", {"data": [{"type": "apps", "id": "3"}]}) == (200, {})
    assert [app["id"] for app in client.call("GET", "resources/apps")[1]] == ["3"]
    assert client.call("PUT", "state", before) == (200, {})
    assert client.call("GET", "state") == (200, before)


def test_get_state_shows_each_change_and_put_state_undoes_it(client: Client) -> None:
    client.call("POST", "sample")
    emulator = client.emulator

    def state() -> Any:
        shown = client.call("GET", "state")[1]
        assert shown == emulator.dump()
        return shown

    first = state()
    app, build = emulator.find("apps")[0], emulator.find("builds")[0]
    group = emulator.add("betaGroups", name="Friends", app=app)
    changes: list[Callable[[], object]] = [
        lambda: emulator.update(app, name="Notes"),
        lambda: emulator.update(group, builds=[build]),
        lambda: emulator.update(build, betaGroups=[]),
        lambda: emulator.delete(group),
        lambda: emulator.sell(app, units=3),
    ]
    for change in changes:
        before = state()
        change()
        assert state() != before
    content = json.dumps(first).encode()
    for _ in range(2):
        assert client.call("PUT", "state", content) == (200, {})
        assert state() == first
        emulator.update(emulator.get("apps", app["id"]), name="Notes")


def test_the_journal_has_causes_of_refusals_and_no_control_requests(client: Client) -> None:
    client.get("/v1/apps")
    token = client.emulator.token()
    client.get("/v1/apps", token[:-4])
    client.get("/v1/apps/9")
    status, requests = client.call("GET", "requests")
    assert (status, [one["status"] for one in requests]) == (200, [200, 401, 404])
    assert (requests[1]["cause"], requests[1]["evidence"] != "") == ("token-signature-mismatch", True)
    assert requests[2]["errors"][0]["code"] == "NOT_FOUND"
    assert client.call("GET", "requests?since=2") == (200, requests[2:])
    assert client.call("GET", "requests?since=3") == (200, [])
    details = client.call("GET", "requests/1")[1]
    assert token not in json.dumps(details)
    assert details["response"]["headers"]["Content-Type"] == "application/json"


def test_a_reset_discards_failures_faults_and_changed_settings(client: Client) -> None:
    client.call("POST", "resources", LISTS)
    failure = {"method": "GET", "path": "/v1/apps", "status": 429, "times": 2, "headers": {"Retry-After": "3"}}
    assert client.call("POST", "failures", failure)[0] == 200
    answer = client.get("/v1/apps")
    assert (answer.status, answer.headers["Retry-After"]) == (429, "3")
    assert client.call("PATCH", "settings", {"role": "SALES", "clock_offset": 3})[1]["role"] == "SALES"
    assert client.call("POST", "faults", {"cause": "agreement-missing"})[0] == 200
    assert client.call("POST", "reset") == (200, {})
    assert client.get("/v1/apps").status == 200
    assert client.call("GET", "state")[1]["data"] == []
    assert len(client.call("GET", "requests")[1]) == 1
    settings = client.call("GET", "settings")[1]
    assert (settings["role"], settings["rate_limit"], settings["clock_offset"]) == ("ADMIN", None, 0)


def test_faults_and_planned_failures_are_listed_and_ended_without_a_reset(client: Client) -> None:
    client.call("POST", "resources", LISTS)
    client.call("POST", "failures", {"method": "GET", "path": "/v1/apps", "status": 429})
    assert client.call("GET", "failures")[1][0]["status"] == 429
    assert client.call("DELETE", "failures") == (204, None)
    assert client.call("GET", "failures") == (200, [])
    client.call("PATCH", "settings", {"clock_offset": 5})
    assert client.call("POST", "faults", {"cause": "no-apps-visible"})[0] == 200
    assert json.loads(client.get("/v1/apps").body)["data"] == []
    faults = client.call("GET", "faults")[1]
    assert [one["cause"] for one in faults if one["injected"]] == ["no-apps-visible"]
    assert client.call("DELETE", "faults") == (204, None)
    assert len(json.loads(client.get("/v1/apps").body)["data"]) == 1
    assert client.call("GET", "settings")[1]["clock_offset"] == 5
    assert not any(one["injected"] for one in client.call("GET", "faults")[1])
    for cause in [one["cause"] for one in faults]:
        assert client.call("POST", "faults", {"cause": cause}) == (200, {})
        assert client.call("DELETE", "faults") == (204, None)
        assert client.get("/v1/apps").status == 200
    assert client.call("GET", "settings")[1]["clock_offset"] == 0


def test_open_decisions_are_listed_with_the_possible_outcomes(client: Client) -> None:
    client.call("PATCH", "settings", {"time": "manual"})
    build = {"type": "builds", "id": "7", "attributes": {"version": "3", "processingState": "PROCESSING"}}
    client.call("POST", "resources", build)
    client.call(
        "POST", "resources", {"type": "betaTesters", "attributes": {"state": "INVITED", "email": "a@example.com"}}
    )
    waiting = {one["type"]: one for one in client.call("GET", "decisions")[1]}
    assert waiting["builds"] == {
        "type": "builds",
        "id": "7",
        "name": "3",
        "state": "PROCESSING",
        "outcomes": ["VALID", "INVALID", "FAILED"],
        "chosen": None,
    }
    assert waiting["betaTesters"]["name"] == "a@example.com"
    client.call("POST", "decisions", {"type": "builds", "id": "7", "outcome": "FAILED"})
    assert [one["chosen"] for one in client.call("GET", "decisions")[1] if one["type"] == "builds"] == ["FAILED"]
    client.call("POST", "time")
    assert [one for one in client.call("GET", "decisions")[1] if one["type"] == "builds"] == []


def test_resources_are_counted_by_type(client: Client) -> None:
    assert client.call("GET", "resources") == (200, {})
    client.call("POST", "reset", {"sample": True})
    counts = client.call("GET", "resources")[1]
    assert counts["apps"] == len(client.call("GET", "resources/apps")[1])
    assert all(counts.values())


def test_advancing_the_time_and_choosing_outcomes_changes_the_account(client: Client) -> None:
    client.call("PATCH", "settings", {"time": "manual"})
    client.call("POST", "decisions", {"type": "builds", "outcome": "INVALID"})
    client.call("POST", "reset", {"sample": True})
    product = client.call("GET", "resources/ciProducts")[1][0]
    workflow = json.loads(client.get(f"/v1/ciProducts/{product['id']}/workflows").body)["data"][0]
    linkage = {"data": {"type": "ciWorkflows", "id": workflow["id"]}}
    body = {"data": {"type": "ciBuildRuns", "relationships": {"workflow": linkage}}}
    assert client.get("/v1/ciBuildRuns", method="POST", body=body).status == 201
    status, document = client.call("POST", "time")
    assert (status, document["happened"] != []) == (200, True)
    assert client.call("POST", "time", {"advance": 60}) == (200, {"happened": []})


def test_a_rate_limit_can_be_set_and_lifted(client: Client) -> None:
    client.call("PATCH", "settings", {"rate_limit": 1})
    assert [client.get("/v1/apps").status for _ in range(2)] == [200, 429]
    assert client.call("PATCH", "settings", {"rate_limit": None})[1]["rate_limit"] is None
    token = client.emulator.token()
    assert {client.get("/v1/apps", token).status for _ in range(4000)} == {200}


def test_the_key_of_a_token_selects_the_account(client: Client) -> None:
    client.call("POST", "resources", LISTS)
    status, account = client.call("POST", "accounts", {"sample": True})
    assert (status, account["private_key"].startswith("-----BEGIN PRIVATE KEY-----")) == (201, True)
    base = f"accounts/{account['id']}"
    assert account["control_url"] == f"http://127.0.0.1:4000/_emulator/{base}/"
    token = client.api.accounts.get(account["id"]).emulator.token()
    assert len(json.loads(client.get("/v1/apps", token).body)["data"]) == 3
    assert len(json.loads(client.get("/v1/apps").body)["data"]) == 1
    assert [len(client.call("GET", f"{one}requests")[1]) for one in ("", f"{base}/")] == [1, 1]
    client.call("POST", f"{base}/reset")
    assert (len(client.call("GET", f"{base}/resources/apps")[1]), len(client.call("GET", "resources/apps")[1])) == (
        0,
        1,
    )
    assert [one["id"] for one in client.call("GET", "accounts")[1]] == [account["id"]]
    status, answer = client.call("GET", f"{base}/accounts")
    assert (status, answer["error"].endswith(", settings, events, openapi.json")) == (404, True)
    assert client.call("DELETE", base) == (204, None)
    assert client.get("/v1/apps", token).status == 401


def test_long_tokens_of_a_server_with_several_accounts_are_not_kept(client: Client) -> None:
    client.call("POST", "accounts")
    tracemalloc.start()
    try:
        for number in range(100):
            request = Request(
                "GET", "http://127.0.0.1:4000/v1/apps", {"Authorization": f"Bearer {number}{'x' * 50_000}"}
            )
            assert client.api.accounts.emulator_for(request) is client.emulator
        assert tracemalloc.get_traced_memory()[0] < 1_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Host": "example.com"},
        {"Host": "127.0.0.1.example.com:4000"},
        {"Host": "localhost:4000", "Origin": "https://example.com"},
        {"Host": "localhost:4000", "Origin": "null"},
        {"Host": "localhost:4000", "Origin": "http://localhost:5000"},
        {"Host": "localhost:4000", "Sec-Fetch-Site": "cross-site"},
        {"Host": "localhost:4000", "Sec-Fetch-Site": "same-site"},
    ],
)
def test_requests_of_foreign_web_pages_and_with_foreign_host_names_are_denied(
    client: Client, headers: dict[str, str]
) -> None:
    assert client.call("POST", "reset", headers=headers)[0] == 403
    assert client.call("GET", "health", headers=headers)[0] == 403


@pytest.mark.parametrize("host", ["localhost:4000", "127.0.0.1", "[::1]:4000", "127.1.2.3:80"])
def test_requests_of_this_machine_and_of_the_servers_own_page_are_allowed(client: Client, host: str) -> None:
    page = {"Host": host, "Origin": f"http://{host}", "Sec-Fetch-Site": "same-origin"}
    assert client.call("GET", "health", headers={"Host": host})[1]["status"] == "ok"
    assert client.call("POST", "reset", headers=page) == (200, {})


def test_requests_of_other_machines_need_the_secret() -> None:
    client = Client(InitialSettings(), "secret")
    host = {"Host": "build-7.example.com:4000"}
    assert client.call("GET", "health", headers=host)[0] == 401
    assert client.call("GET", "health", headers={**host, "Authorization": "Bearer secre"})[0] == 401
    assert client.call("GET", "health", headers={**host, "Authorization": "Bearer secret"})[0] == 200
    assert client.call("GET", "", headers=host)[0] == 200  # the page


def test_the_openapi_document_has_every_command(client: Client) -> None:
    status, document = client.call("GET", "openapi.json")
    assert (status, document["openapi"]) == (200, "3.1.0")
    assert {"/health", "/resources/{type}/{id}", "/accounts/{id}", "/events"} <= document["paths"].keys()
    account = f"accounts/{client.call('POST', 'accounts')[1]['id']}"
    of_account = client.call("GET", f"{account}/openapi.json")[1]
    assert document["paths"].keys() - of_account["paths"].keys() == {"/accounts", "/accounts/{id}"}
    assert of_account["servers"] == [{"url": f"/_emulator/{account}"}]
    for one in (document, of_account):
        operations = [operation["operationId"] for path in one["paths"].values() for operation in path.values()]
        assert len(operations) == len(set(operations))


def test_pending_work_is_finished_when_a_client_reads_its_state_again(client: Client) -> None:
    client.call("POST", "reset", {"sample": True})
    product = client.call("GET", "resources/ciProducts")[1][0]
    workflow = json.loads(client.get(f"/v1/ciProducts/{product['id']}/workflows").body)["data"][0]
    linkage = {"data": {"type": "ciWorkflows", "id": workflow["id"]}}
    body = {"data": {"type": "ciBuildRuns", "relationships": {"workflow": linkage}}}
    run = json.loads(client.get("/v1/ciBuildRuns", method="POST", body=body).body)["data"]["id"]

    def progress() -> str:
        data = json.loads(client.get(f"/v1/ciBuildRuns/{run}").body)["data"]
        return str(data["attributes"]["executionProgress"])

    for _ in range(3):
        client.get("/v1/apps")
    states = [progress() for _ in range(4)]
    assert (states[0], states[-1]) == ("PENDING", "COMPLETE")


def test_work_is_finished_when_a_client_reads_what_it_has_read_before_the_work_began(client: Client) -> None:
    client.call("POST", "reset", {"sample": True})
    emulator = client.emulator
    workflow = emulator.find("ciWorkflows")[0]
    path = f"/v1/ciWorkflows/{workflow['id']}"
    before = {client.get(path).body for _ in range(2)}
    linkage = {"data": {"type": "ciWorkflows", "id": workflow["id"]}}
    body = {"data": {"type": "ciBuildRuns", "relationships": {"workflow": linkage}}}
    run = json.loads(client.get("/v1/ciBuildRuns", method="POST", body=body).body)["data"]["id"]
    progress = []
    for _ in range(2):
        assert {client.get(path).body} == before
        progress.append(emulator.get("ciBuildRuns", run)["attributes"]["executionProgress"])
    assert progress[0] == "PENDING" != progress[1]
