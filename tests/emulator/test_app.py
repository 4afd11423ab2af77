"""Requests for apps and general behavior of the emulator."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from emulator.harness import BASE, NOW, TOKEN, EmulatorClient
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_asc.emulator.app import Emulator, Request

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def apps(emulator: Emulator) -> list[str]:
    """Ids of five apps, in the order in which they were added."""
    names = {"Lists": "lists", "Ledger": "ledger", "Cinema": "cinema", "Atlas": "atlas", "Lists Pro": "lists.pro"}
    return [emulator.add("apps", name=name, bundleId=f"com.example.{part}")["id"] for name, part in names.items()]


def test_an_app_is_rendered_like_apples(emulator_client: EmulatorClient, apps: list[str]) -> None:
    answer = emulator_client.get(f"/v1/apps/{apps[0]}")
    app = answer.json["data"]
    assert answer.status == 200
    assert list(app) == ["type", "id", "attributes", "relationships", "links"]
    assert (app["type"], app["id"]) == ("apps", apps[0])
    assert app["attributes"]["name"] == "Lists"
    assert app["attributes"]["subscriptionStatusUrl"] is None
    address = f"{BASE}/v1/apps/{apps[0]}"
    assert app["links"] == {"self": address}
    assert app["relationships"]["builds"] == {
        "links": {"self": f"{address}/relationships/builds", "related": f"{address}/builds"}
    }
    assert app["relationships"]["betaTesters"]["links"] == {"self": f"{address}/relationships/betaTesters"}
    assert app["relationships"]["perfPowerMetrics"]["links"] == {"related": f"{address}/perfPowerMetrics"}
    assert answer.json["links"] == {"self": address}


def test_headers_are_exactly_what_clients_compare_with(emulator_client: EmulatorClient, apps: list[str]) -> None:
    headers = emulator_client.get("/v1/apps").headers
    assert re.fullmatch("[A-Z2-7]{26}", headers.pop("X-Apple-Jingle-Correlation-Key"))
    assert headers == {
        "Content-Type": "application/json",
        "Date": "Thu, 28 May 2026 20:26:40 GMT",
        "X-Rate-Limit": "user-hour-lim:3600;user-hour-rem:3599;",
    }


def test_a_list_of_apps_has_all_apps_and_paging(emulator_client: EmulatorClient, apps: list[str]) -> None:
    answer = emulator_client.get("/v1/apps")
    assert answer.ids == apps
    assert list(answer.json) == ["data", "links", "meta"]
    assert answer.json["links"] == {"self": f"{BASE}/v1/apps"}
    assert answer.json["meta"] == {"paging": {"total": 5, "limit": 50}}


def test_pages_are_followed_to_the_end(emulator_client: EmulatorClient, apps: list[str]) -> None:
    url, seen, pages = "/v1/apps?limit=2&filter[bundleId]=com.example", [], 0
    while url:
        document = emulator_client.get(url).json
        assert document["meta"]["paging"] == {"total": 5, "limit": 2}
        seen += [app["id"] for app in document["data"]]
        pages += 1
        url = document["links"].get("next")
        if url:
            assert url.startswith(f"{BASE}/v1/apps?cursor=")
            assert url.endswith("&limit=2&filter%5BbundleId%5D=com.example")
    assert (seen, pages) == (apps, 3)
    assert "next" not in document["links"]


def test_links_keep_scheme_and_host_of_the_request(emulator_client: EmulatorClient, apps: list[str]) -> None:
    document = emulator_client.get("http://127.0.0.1:8080/v1/apps?limit=1").json
    assert document["links"]["self"] == "http://127.0.0.1:8080/v1/apps?limit=1"
    assert document["links"]["next"].startswith("http://127.0.0.1:8080/v1/apps?cursor=")
    assert document["data"][0]["links"]["self"].startswith("http://127.0.0.1:8080/v1/apps/")


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("filter[name]=Lists", ["Lists"]),
        ("filter%5Bname%5D=Lists,Atlas", ["Lists", "Atlas"]),
        ("filter[name]=Lists%2CAtlas", ["Lists", "Atlas"]),
        ("filter[bundleId]=com.example.lists", ["Lists", "Lists Pro"]),
        ("filter[name]=Lists,Atlas&filter[bundleId]=com.example.atlas", ["Atlas"]),
        ("filter[name]=nothing", []),
        ("filter[name]=Lists+Pro", ["Lists Pro"]),
        ("sort=name", ["Atlas", "Cinema", "Ledger", "Lists", "Lists Pro"]),
        ("sort=-name&limit=2", ["Lists Pro", "Lists"]),
        ("filter[name]=Lists&filter[name]=Atlas", ["Lists", "Atlas"]),
    ],
)
def test_apps_are_filtered_and_sorted(
    emulator_client: EmulatorClient, apps: list[str], query: str, names: list[str]
) -> None:
    answer = emulator_client.get(f"/v1/apps?{query}")
    assert [app["attributes"]["name"] for app in answer.json["data"]] == names


def test_repeated_ids_in_a_filter_select_each_resource_once(emulator_client: EmulatorClient, apps: list[str]) -> None:
    assert emulator_client.get(f"/v1/apps?filter[id]={apps[3]},{apps[1]},{apps[3]},none").ids == [apps[3], apps[1]]


def test_filters_follow_relationships(emulator_client: EmulatorClient, emulator: Emulator, apps: list[str]) -> None:
    version = emulator.add("appStoreVersions", app=apps[1], platform="MAC_OS")
    emulator.add("appStoreVersions", app=apps[2], platform="TV_OS")
    assert emulator_client.get("/v1/apps?filter[appStoreVersions.platform]=MAC_OS,VISION_OS").ids == [apps[1]]
    assert emulator_client.get(f"/v1/apps?filter[appStoreVersions]={version['id']}").ids == [apps[1]]
    assert emulator_client.get(f"/v1/builds?filter[app]={apps[1]}").ids == []


def test_exists_filters_by_the_presence_of_related_resources(
    emulator_client: EmulatorClient, emulator: Emulator, apps: list[str]
) -> None:
    emulator.add("gameCenterEnabledVersions", app=apps[4])
    assert emulator_client.get("/v1/apps?exists[gameCenterEnabledVersions]=true").ids == [apps[4]]
    assert emulator_client.get("/v1/apps?exists[gameCenterEnabledVersions]=false").ids == apps[:4]


def test_fields_select_the_members_of_a_resource(emulator_client: EmulatorClient, apps: list[str]) -> None:
    app = emulator_client.get(f"/v1/apps/{apps[0]}?fields[apps]=bundleId,name").json["data"]
    assert list(app) == ["type", "id", "attributes", "links"]
    assert app["attributes"] == {"name": "Lists", "bundleId": "com.example.lists"}
    app = emulator_client.get(f"/v1/apps/{apps[0]}?fields[apps]=builds").json["data"]
    assert list(app) == ["type", "id", "relationships", "links"]
    assert list(app["relationships"]) == ["builds"]


def test_included_resources_occur_once_and_are_linked(
    emulator_client: EmulatorClient, emulator: Emulator, apps: list[str]
) -> None:
    builds = [emulator.add("builds", app=apps[0])["id"] for _ in range(12)]
    document = emulator_client.get("/v1/apps?include=builds,ciProduct&fields[builds]=version,app&limit[builds]=3").json
    linked = document["data"][0]["relationships"]
    assert list(linked["builds"]) == ["meta", "data", "links"]
    assert linked["builds"]["meta"] == {"paging": {"total": 12, "limit": 3}}
    assert [one["id"] for one in linked["builds"]["data"]] == builds[:3]
    assert linked["ciProduct"]["data"] is None
    assert document["data"][1]["relationships"]["builds"]["data"] == []
    assert "data" not in linked["betaGroups"]
    assert [one["id"] for one in document["included"]] == builds[:3]
    assert document["included"][0]["attributes"] == {"version": "1"}
    assert "data" not in document["included"][0]["relationships"]["app"]


def test_ten_related_resources_are_included_by_default(
    emulator_client: EmulatorClient, emulator: Emulator, apps: list[str]
) -> None:
    for _ in range(12):
        emulator.add("builds", app=apps[0])
    assert len(emulator_client.get(f"/v1/apps/{apps[0]}?include=builds").json["included"]) == 10
    assert len(emulator_client.get(f"/v1/apps/{apps[0]}?include=builds&limit[builds]=50").json["included"]) == 12


def test_limits_of_relationships_that_are_not_included_are_not_repeated_in_links(
    emulator_client: EmulatorClient, apps: list[str]
) -> None:
    link = emulator_client.get("/v1/apps?limit=1&limit[builds]=5").json["links"]["next"]
    assert "builds" not in link
    link = emulator_client.get("/v1/apps?limit=1&limit[builds]=5&include=builds").json["links"]["next"]
    assert link.endswith("&limit=1&limit%5Bbuilds%5D=5&include=builds")


def test_related_resources_and_linkages_can_be_read(
    emulator_client: EmulatorClient, emulator: Emulator, apps: list[str]
) -> None:
    build = emulator.add("builds", app=apps[0])["id"]
    assert emulator_client.get(f"/v1/apps/{apps[0]}/builds").ids == [build]
    assert emulator_client.get(f"/v1/builds/{build}/app").json["data"]["id"] == apps[0]
    assert emulator_client.get(f"/v1/apps/{apps[0]}/relationships/builds").json["data"] == [
        {"type": "builds", "id": build}
    ]
    assert emulator_client.get(f"/v1/builds/{build}/relationships/app").json["data"] == {"type": "apps", "id": apps[0]}
    assert emulator_client.get(f"/v1/builds/{build}/appStoreVersion").json["data"] is None


def test_a_write_is_visible_in_the_next_read(emulator_client: EmulatorClient, emulator: Emulator) -> None:
    assert emulator_client.get("/v1/apps?sort=name").ids == []
    first = emulator.add("apps", name="Beta")["id"]
    assert emulator_client.get("/v1/apps?sort=name").ids == [first]
    second = emulator.add("apps", name="Alpha")["id"]
    assert emulator_client.get("/v1/apps?sort=name").ids == [second, first]


@pytest.mark.parametrize(
    ("path", "status", "code", "detail"),
    [
        ("/v1/apps/999", 404, "NOT_FOUND", "There is no resource of type 'apps' with id '999'"),
        ("/v1/apps/999/builds", 404, "NOT_FOUND", "There is no resource of type 'apps' with id '999'"),
        ("/v1/apps/a%2Fb", 404, "NOT_FOUND", "There is no resource of type 'apps' with id 'a/b'"),
        ("/v1/sandboxTesters", 404, "PATH_ERROR", "The resource 'v1/sandboxTesters' does not exist"),
        ("/v9/apps", 404, "PATH_ERROR", "The resource 'v9/apps' does not exist"),
        ("/v1", 404, "PATH_ERROR", "The resource 'v1' does not exist"),
        ("/", 404, "PATH_ERROR", "The resource '' does not exist"),
        ("/v1/apps/1/appDataUsages", 404, "PATH_ERROR", "The relationship 'appDataUsages' does not exist"),
        ("/v1/apps/1/relationships/nothing", 404, "PATH_ERROR", "The relationship 'nothing' does not exist"),
        (
            "/v1/appInfos",
            403,
            "FORBIDDEN_ERROR",
            "The resource 'appInfos' does not allow 'GET_COLLECTION'. Allowed operations are: GET_INSTANCE, UPDATE",
        ),
        # Links of resources without an operation.
        ("/v1/appPrices/1", 403, "FORBIDDEN_ERROR", "The resource 'appPrices' does not allow 'GET_INSTANCE'."),
        ("/v1/buildBundles/1", 403, "FORBIDDEN_ERROR", "The resource 'buildBundles' does not allow 'GET_INSTANCE'."),
        (
            "/v1/bundleIdCapabilities/1/bundleId",
            403,
            "FORBIDDEN_ERROR",
            "The relationship 'bundleId' does not allow 'GET_RELATED'.",
        ),
    ],
)
def test_an_unknown_path_or_resource_gets_apples_error(
    emulator_client: EmulatorClient, path: str, status: int, code: str, detail: str
) -> None:
    answer = emulator_client.get(path)
    (error,) = answer.json["errors"]
    assert (answer.status, error["status"], error["code"], error["detail"]) == (status, str(status), code, detail)
    assert answer.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("POST", "/v1/apps", 403, "FORBIDDEN_ERROR"),
        ("DELETE", "/v1/apps/1", 403, "FORBIDDEN_ERROR"),
        ("POST", "/v1/apps/1/relationships/betaTesters", 403, "FORBIDDEN_ERROR"),
        ("GET", "/v1/apps/1/relationships/betaTesters", 403, "FORBIDDEN_ERROR"),
        ("PUT", "/v1/apps", 405, "METHOD_NOT_ALLOWED"),
        ("OPTIONS", "/v1/apps/1", 405, "METHOD_NOT_ALLOWED"),
        ("POST", "/v1/apps/1", 405, "METHOD_NOT_ALLOWED"),
        ("get", "/v1/apps", 405, "METHOD_NOT_ALLOWED"),
        ("GET", "/v1/subscriptions/1/pricePoints?filter[planType]=MONTHLY", 501, "PYTEST_ASC.NOT_EMULATED"),
    ],
)
def test_methods_that_are_not_allowed_or_not_emulated_get_errors(
    emulator_client: EmulatorClient, method: str, path: str, status: int, code: str
) -> None:
    answer = emulator_client.send(method, path)
    assert (answer.status, answer.codes) == (status, [code])


@pytest.mark.parametrize(
    ("method", "path", "detail"),
    [
        (
            "POST",
            "/v1/appStoreVersionSubmissions",
            "The resource 'appStoreVersionSubmissions' does not allow 'CREATE'. Allowed operation is: DELETE",
        ),
        (
            "DELETE",
            "/v1/reviewSubmissions/1",
            (
                "The resource 'reviewSubmissions' does not allow 'DELETE'. "
                "Allowed operations are: CREATE, GET_COLLECTION, GET_INSTANCE, UPDATE"
            ),
        ),
        (
            "GET",
            "/v1/gameCenterDetails/1/relationships/challengesMinimumPlatformVersions",
            (
                "The relationship 'challengesMinimumPlatformVersions' does not allow 'GET_RELATIONSHIP'. "
                "Allowed operation is: REPLACE"
            ),
        ),
        (
            "GET",
            "/v1/builds/1/betaGroups",
            "The relationship 'betaGroups' does not allow 'GET_RELATED'. Allowed operations are: CREATE, DELETE",
        ),
        (
            "POST",
            "/v1/apps/1/relationships/builds",
            "The relationship 'builds' does not allow 'CREATE'. Allowed operations are: GET_RELATED, GET_RELATIONSHIP",
        ),
    ],
)
def test_the_error_about_an_operation_lists_the_allowed_operations(
    emulator_client: EmulatorClient, method: str, path: str, detail: str
) -> None:
    (error,) = emulator_client.send(method, path).json["errors"]
    assert (error["title"], error["detail"]) == ("The given operation is not allowed", detail)


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [("PUT", "/v1/betaGroups", "GET, POST"), ("POST", "/v1/apps/1", "GET, PATCH"), ("PUT", "/v1/apps/1/builds", "GET")],
)
def test_the_error_about_a_method_lists_the_allowed_methods(
    emulator_client: EmulatorClient, method: str, path: str, allow: str
) -> None:
    answer = emulator_client.send(method, path)
    assert (answer.status, answer.headers["Allow"]) == (405, allow)


def test_a_missing_agreement_is_reported_as_recorded(emulator_client: EmulatorClient) -> None:
    emulator_client.emulator.fault("agreement-missing")
    (error,) = emulator_client.get("/v1/nothing").json["errors"]
    assert re.fullmatch("[A-Z2-7]{26}", error.pop("id"))
    assert error == {
        "status": "403",
        "code": "FORBIDDEN.REQUIRED_AGREEMENTS_MISSING_OR_EXPIRED",
        "title": "A required agreement is missing or has expired.",
        "detail": "This request requires an in-effect agreement that has not been signed or has expired.",
        "links": {"see": "/business"},
    }


def test_a_response_to_head_has_no_body(emulator_client: EmulatorClient) -> None:
    answer = emulator_client.send("HEAD", "/v1/apps")
    assert (answer.status, answer.body, answer.headers["Content-Type"]) == (405, b"", "application/json")


def test_the_cause_of_a_401_is_in_the_record_and_not_in_the_response(
    emulator_client: EmulatorClient, emulator: Emulator
) -> None:
    answer = emulator_client.send("GET", "/v1/apps?limit=1", headers={})
    assert answer.status == 401
    assert answer.body.startswith(b'{\n\t"errors": [{\n\t\t"status": "401",\n\t\t"code": "NOT_AUTHORIZED",')
    assert "id" not in answer.json["errors"][0]
    assert "X-Rate-Limit" not in answer.headers
    (record,) = emulator.requests
    assert (record.method, record.path, record.status) == ("GET", "/v1/apps", 401)
    assert record.refusal is not None
    assert record.refusal.cause == "header-missing"


def test_records_have_the_body_and_no_token(emulator_client: EmulatorClient, emulator: Emulator) -> None:
    emulator_client.send("POST", "/v1/betaGroups", body=b'{"data": {"type": "betaGroups"}}')
    emulator_client.get("/v1/apps")
    first, second = emulator.requests
    assert (first.method, first.path, first.status, first.refusal) == ("POST", "/v1/betaGroups", 409, None)
    assert first.url == f"{BASE}/v1/betaGroups"
    assert first.json() == {"data": {"type": "betaGroups"}}
    assert second.status == 200
    assert TOKEN not in repr(emulator.requests)


def test_reset_only_keeps_the_keys(emulator_client: EmulatorClient, emulator: Emulator) -> None:
    first = emulator.add("apps")
    emulator.fail("GET", "/v1/apps", status=500)
    emulator.fault("individual-key-as-team")
    emulator.fault("agreement-missing")
    emulator.role, emulator.rate_limit, emulator.clock_offset = "DEVELOPER", 1, 5.0
    emulator_client.get("/v1/apps")
    emulator.reset()
    assert (emulator.requests, emulator.pending_failures) == ([], [])
    assert (emulator.role, emulator.rate_limit, emulator.clock_offset) == ("ADMIN", 3600, 0.0)
    answer = emulator_client.get("/v1/apps")
    assert (answer.status, answer.ids) == (200, [])
    assert answer.headers["X-Rate-Limit"] == "user-hour-lim:3600;user-hour-rem:3599;"
    assert emulator.add("apps") == first, "the same ids come again"


def test_emulators_with_the_same_seed_generate_the_same_ids() -> None:
    def make(seed: int) -> list[str]:
        emulator = Emulator(clock=lambda: NOW, seed=seed)
        return [emulator.add(kind)["id"] for kind in ("apps", "builds", "bundleIds")]

    assert make(1) == make(1)
    assert make(1) != make(2)


def test_errors_do_not_change_the_ids_of_resources(emulator_client: EmulatorClient, emulator: Emulator) -> None:
    other = EmulatorClient()
    emulator_client.get("/v1/nothing")
    assert emulator.add("apps")["id"] == other.emulator.add("apps")["id"]


def test_a_crash_of_the_emulator_gets_500_with_the_exception(
    emulator_client: EmulatorClient, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: object) -> None:
        raise KeyError("oh")

    monkeypatch.setattr("pytest_asc.emulator.app.find_endpoint", crash)
    response = emulator.handle(Request("GET", f"{BASE}/v1/apps", {"Authorization": f"Bearer {TOKEN}"}))
    assert isinstance(response.crash, KeyError)
    assert response.status == 500
    assert json.loads(response.body)["errors"][0]["code"] == "PYTEST_ASC.CRASHED"
    assert emulator.requests[0].status == 500


@pytest.mark.parametrize(
    ("kind", "members", "complaint"),
    [
        ("app", {}, "there is no type 'app'; did you mean 'apps'"),
        ("apps", {"nme": "x"}, "'apps' has no attribute or relationship 'nme'; did you mean 'name'"),
        ("apps", {"name": 1}, "'name' of 'apps': got an integer, expected a string"),
        ("appStoreVersions", {"platform": "iOS"}, "got 'iOS', expected one of IOS, MAC_OS"),
        ("builds", {"app": "1"}, "there is no resource of type 'apps' with id '1'"),
        ("builds", {"app": 1}, "'app' of 'builds': expected ids or resources of type 'apps', got 1"),
        ("apps", {"perfPowerMetrics": "1"}, "no relationship 'perfPowerMetrics' to other resources"),
    ],
)
def test_the_error_of_add_explains_an_unknown_type_member_or_value(
    emulator: Emulator, kind: str, members: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011  the message is compared below
        emulator.add(kind, **members)
    assert complaint in str(caught.value)


def test_add_rejects_an_id_that_is_taken(emulator: Emulator) -> None:
    assert emulator.add("apps", id="1")["id"] == "1"
    with pytest.raises(ValueError, match="already a resource of type 'apps' with id '1'"):
        emulator.add("apps", id="1")


def test_changing_the_mapping_from_add_does_not_change_the_account(
    emulator_client: EmulatorClient, emulator: Emulator
) -> None:
    user = emulator.add("users")
    user["attributes"]["roles"].append("ADMIN")
    user["attributes"]["username"] = "x"
    assert emulator_client.get(f"/v1/users/{user['id']}").json["data"]["attributes"]["roles"] == ["DEVELOPER"]
    assert emulator.add("users")["attributes"]["roles"] == ["DEVELOPER"]


def test_relationships_can_be_given_as_resources_ids_or_lists(emulator: Emulator) -> None:
    app = emulator.add("apps")
    group = emulator.add(
        "betaGroups", app=app, betaTesters=[emulator.add("betaTesters"), emulator.add("betaTesters")["id"]]
    )
    assert group["relationships"]["app"] == {"data": {"type": "apps", "id": app["id"]}}
    assert len(group["relationships"]["betaTesters"]["data"]) == 2
    assert emulator.add("betaGroups", app=None)["relationships"] == {}


def test_documents_and_files_are_loaded_in_any_order(
    emulator_client: EmulatorClient, emulator: Emulator, tmp_path: Path
) -> None:
    build = {"type": "builds", "id": "b", "relationships": {"app": {"data": {"type": "apps", "id": "1"}}, "icons": {}}}
    document = {"data": [build, {"type": "apps", "id": "1", "attributes": {"name": "Lists"}}]}
    file = tmp_path / "account.json"
    file.write_text(json.dumps(document), encoding="utf-8")
    emulator.load(file)
    assert emulator_client.get("/v1/apps/1/builds").ids == ["b"]
    emulator.reset()
    emulator.load(document)
    assert emulator_client.get("/v1/builds/b/app").json["data"]["attributes"]["name"] == "Lists"


@pytest.mark.parametrize(
    "document",
    [{}, {"data": {}}, {"data": [1]}, {"data": [{"id": "1"}]}, {"data": [{"type": "apps", "id": 1}]}]
    + [{"data": [{"type": "apps", "id": "1", part: ["x"]}]} for part in ("attributes", "relationships")],
)
def test_load_rejects_an_invalid_document(emulator: Emulator, document: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"expected an? (document|object)"):
        emulator.load(document)


def test_reading_a_page_only_renders_the_resources_of_the_page(
    emulator_client: EmulatorClient, emulator: Emulator
) -> None:
    emulator.load({"data": [{"type": "apps", "id": str(number)} for number in range(3000)]})
    last = emulator_client.get("/v1/apps?limit=1&cursor=cGFnZS4yOTk5")
    assert last.ids == ["2999"]
    rendered = [resource for resource in emulator._account.store.all("apps") if resource.rendered]
    assert [resource.id for resource in rendered] == ["2999"]


HOSTILE = [
    "not a url",
    "",
    "https://[::1/v1/apps",
    f"{BASE}/v1/apps?{'&'.join(f'filter[name]={number}' for number in range(1000))}",
    f"{BASE}/v1/apps?limit=99999999999999999999999",
    f"{BASE}/v1/apps?limit=²",
    f"{BASE}/v1/apps?filter[name]=%FF%FE",
    f"{BASE}/v1/apps?filter[name",
    f"{BASE}/v1/apps?filter[name]x=1",
    f"{BASE}/v1/apps?&&&=&=1",
    f"{BASE}/v1/apps/%00",
    f"{BASE}/v1/apps/{'x' * 100_000}",
    f"{BASE}/v1/apps/ünï",
    f"{BASE}/v1/apps/{{id}}",
    f"{BASE}/v1//apps",
    f"{BASE}/v1/apps/",
    f"{BASE}//v1/apps",
    f"{BASE}/v1/apps/1/relationships",
    f"{BASE}/v1/apps/1/relationships/",
    f"{BASE}/v1/apps/\ud800",
    f"{BASE}/v1/apps?cursor=\x00",
    f"{BASE}/v1/apps?cursor=cGFnZS4tMQ",
    f"{BASE}/v1/apps?sort=",
    f"{BASE}/v1/apps?include=,,,",
]


@pytest.mark.parametrize("url", HOSTILE)
@pytest.mark.parametrize("method", ["GET", "PATCH", "", "GÉT", "X" * 10_000])
def test_hostile_requests_get_a_response(emulator_client: EmulatorClient, method: str, url: str) -> None:
    response = emulator_client.emulator.handle(Request(method, url, {"authorization": f"Bearer {TOKEN}"}, b"x" * 1000))
    assert response.crash is None
    assert response.status in {200, 400, 403, 404, 405, 501}
    document = json.loads(response.body)
    assert "data" in document or document["errors"]
    assert emulator_client.emulator.requests[0].path is not None


SHARED = EmulatorClient()
SHARED.emulator.rate_limit = 10**6


@settings(deadline=None)
@given(
    method=st.sampled_from(["GET", "POST", "PATCH", "DELETE", "PUT", "TRACE"]),
    path=st.lists(st.sampled_from(["v1", "v2", "apps", "builds", "relationships", "1", "%2F", "é", ""]), max_size=7),
    query=st.dictionaries(
        st.sampled_from(
            ["limit", "cursor", "sort", "include", "fields[apps]", "filter[id]", "limit[builds]", "x", "["]
        ),
        st.text(max_size=8),
        max_size=4,
    ),
    header=st.none() | st.text(max_size=30) | st.just(f"Bearer {TOKEN}"),
    body=st.binary(max_size=20),
)
def test_any_request_gets_a_response(
    method: str, path: list[str], query: dict[str, str], header: str | None, body: bytes
) -> None:
    url = f"{BASE}/{'/'.join(path)}?{'&'.join(f'{name}={value}' for name, value in query.items())}"
    response = SHARED.emulator.handle(Request(method, url, {} if header is None else {"AUTHORIZATION": header}, body))
    assert response.crash is None
    assert json.loads(response.body)
    assert response.headers["Content-Type"] == "application/json"


def test_a_large_body_is_rejected_without_a_crash(emulator_client: EmulatorClient) -> None:
    assert emulator_client.send("POST", "/v1/betaGroups", body=b"x" * 10_000_000).status == 400


def test_the_links_of_a_page_return_the_same_page(emulator_client: EmulatorClient, apps: list[str]) -> None:
    document = emulator_client.get("/v1/apps?filter[name]=L%26%C3%9F,Lists&fields[apps]=name&limit=1").json
    assert urlsplit(document["links"]["self"]).query == (
        "filter%5Bname%5D=L%26%C3%9F,Lists&fields%5Bapps%5D=name&limit=1"
    )
    assert emulator_client.get(document["links"]["self"]).json == document
