"""Bodies that are not request documents, and malicious bodies."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from emulator.harness import BASE, EmulatorClient
from emulator.populated_account import headers
from hypothesis import given
from hypothesis import strategies as st

from pytest_asc.emulator.app import Request

if TYPE_CHECKING:
    from collections.abc import Callable

    from hypothesis.strategies import SearchStrategy

GROUP: dict[str, Any] = {
    "type": "betaGroups",
    "attributes": {"name": "Friends"},
    "relationships": {"app": {"data": {"type": "apps", "id": "1"}}},
}
SHARED = EmulatorClient()
SHARED.emulator.rate_limit = 10**9
SHARED.emulator.add("apps", id="1")
SHARED.emulator.add("betaGroups", id="g")


def details(emulator_client: EmulatorClient, path: str, body: bytes, method: str = "POST") -> tuple[int, list[str]]:
    answer = emulator_client.send(method, path, body=body)
    return answer.status, [error["detail"] for error in answer.json["errors"]]


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"", "Expecting value"),
        (b"{", "Expecting property name"),
        (b'{"data": 1} x', "Extra data"),
        (b"\xff\xfe", "it is not text in UTF-8"),
        (json.dumps({"data": GROUP}).encode("utf-16"), "it is not text in UTF-8"),
        (b"\xef\xbb\xbf" + json.dumps({"data": GROUP}).encode(), "Unexpected UTF-8 BOM"),
        (json.dumps({"data": GROUP}).replace("Friends", "\\ud800").encode(), "it is not text in UTF-8"),
        (json.dumps({"data": GROUP}).replace("Friends", "\\ud800").encode("utf-16"), "it is not text in UTF-8"),
        (b'{"data": {"\\udfff": 1}}', "it is not text in UTF-8"),
        (b'{"data": NaN}', "NaN is not JSON"),
        (b'{"data": -Infinity}', "-Infinity is not JSON"),
        (b'{"data": 1e999}', "the number 1e999 is too large"),
        (b'{"data":' * 200_000 + b"1" + b"}" * 200_000, "it is nested too deeply"),
        (b'{"data": ' + b"9" * 100_000 + b"}", "a number has too many digits"),
        (b"\x00" * 10_000_000, "Expecting value"),
    ],
)
def test_a_body_that_is_not_json_gets_400(emulator_client: EmulatorClient, body: bytes, problem: str) -> None:
    answer = emulator_client.send("POST", "/v1/betaGroups", body=body)
    (error,) = answer.json["errors"]
    assert (answer.status, error["code"]) == (400, "ENTITY_INVALID")
    assert problem in error["detail"]


@pytest.mark.parametrize(
    "body", [b"[object Object]", b"[]", b" [1]", b"null", b'"data"', b"7", b"true", b"[" * 200_000]
)
def test_a_body_that_is_not_an_object_gets_422_without_a_position(emulator_client: EmulatorClient, body: bytes) -> None:
    answer = emulator_client.send("POST", "/v1/betaGroups", body=body)
    (error,) = answer.json["errors"]
    assert (answer.status, error["code"], error["detail"]) == (422, "ENTITY_UNPROCESSABLE", "Unexpected error")
    assert error["title"] == "The request entity is not a valid request document object"
    assert error.keys().isdisjoint({"source", "meta"})


@pytest.mark.parametrize(
    ("damage", "places"),
    [
        (lambda data: {}, ["data"]),
        (lambda data: {"data": None}, ["data"]),
        (lambda data: {"data": [data]}, ["data"]),
        (lambda data: data, ["type", "attributes", "relationships", "data"]),
        (lambda data: {"data": {**data, "type": 1, "id": []}}, ["data.type", "data.id"]),
        (
            lambda data: {"data": {**data, "attributes": [], "relationships": 1}},
            ["data.attributes", "data.relationships"],
        ),
        (lambda data: {"data": {**data, "name": "x"}}, ["data.name"]),
        (lambda data: {"data": {**data, "relationships": {"app": "1"}}}, ["data.relationships.app"]),
        (
            lambda data: {"data": {**data, "relationships": {"app": {"data": "1"}}}},
            ["data.relationships.app.data"],
        ),
        (
            lambda data: {
                "data": {**data, "relationships": {"app": {"data": [{"type": "apps", "id": 1, "attributes": {}}]}}}
            },
            ["data.relationships.app.data.[0].attributes", "data.relationships.app.data.[0].id"],
        ),
    ],
)
def test_a_body_that_is_not_a_request_document_gets_422(
    emulator_client: EmulatorClient, damage: Callable[[dict[str, Any]], Any], places: list[str]
) -> None:
    status, told = details(emulator_client, "/v1/betaGroups", json.dumps(damage(GROUP)).encode())
    assert (status, told) == (422, [f"Unexpected or invalid value at '{place}'." for place in places])


@pytest.mark.parametrize(
    ("body", "places"),
    [
        ({}, ["data"]),
        ({"data": 1}, ["data"]),
        ({"data": [1, {"type": "builds"}]}, ["data.[0]", "data.[1].id"]),
        ({"data": [], "x": 1}, ["x"]),
    ],
)
def test_a_body_that_is_not_a_linkage_document_gets_422(body: Any, places: list[str]) -> None:
    status, told = details(SHARED, "/v1/betaGroups/g/relationships/builds", json.dumps(body).encode())
    assert (status, told) == (422, [f"Unexpected or invalid value at '{place}'." for place in places])


def test_links_and_meta_in_a_request_are_ignored() -> None:
    read = SHARED.get("/v1/betaGroups/g").json["data"]
    data = {**read, "attributes": {"name": "New"}, "meta": {}}
    answer = SHARED.send("PATCH", "/v1/betaGroups/g", body=json.dumps({"data": data, "links": {}}).encode())
    assert answer.status == 200


def test_the_last_of_several_equal_member_names_counts() -> None:
    body = b'{"data": {"type": "betaGroups", "id": "x", "id": "g", "attributes": {"name": "a", "name": "b"}}}'
    answer = SHARED.send("PATCH", "/v1/betaGroups/g", body=body)
    assert answer.json["data"]["attributes"]["name"] == "b"


def test_any_text_is_stored_unchanged() -> None:
    name = '\U0001f600 \x00 \u2028 ü \\ " </script>'
    body = json.dumps({"data": {"type": "betaGroups", "id": "g", "attributes": {"name": name}}}).encode()
    assert SHARED.send("PATCH", "/v1/betaGroups/g", body=body).json["data"]["attributes"]["name"] == name
    assert SHARED.get("/v1/betaGroups/g").json["data"]["attributes"]["name"] == name


def test_ids_may_contain_slashes() -> None:
    SHARED.emulator.add("betaGroups", id='a/b "ü')
    data = {"type": "betaGroups", "id": 'a/b "ü', "attributes": {"name": "x"}}
    path = "/v1/betaGroups/a%2Fb%20%22%C3%BC"
    assert SHARED.send("PATCH", path, body=json.dumps({"data": data}).encode()).status == 200
    assert SHARED.send("DELETE", path).status == 204


VALUES: SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
MEMBERS = st.sampled_from(
    ["type", "id", "attributes", "relationships", "data", "name", "app", "builds", "included", "x"]
)
DOCUMENTS: SearchStrategy[Any] = st.recursive(
    VALUES | st.sampled_from(["betaGroups", "apps", "builds", "g", "1", "${a}"]),
    lambda inner: st.dictionaries(MEMBERS, inner, max_size=4) | st.lists(inner, max_size=3),
    max_leaves=20,
)
LINKAGES = st.fixed_dictionaries({"type": st.sampled_from(["apps", "builds"]), "id": st.sampled_from(["1", "${a}"])})
NEARLY_GOOD: SearchStrategy[bytes] = st.fixed_dictionaries(
    {
        "type": st.just("betaGroups"),
        "attributes": st.dictionaries(st.sampled_from(["name", "publicLinkEnabled", "publicLinkLimit", "x"]), VALUES),
        "relationships": st.dictionaries(
            st.sampled_from(["app", "builds", "betaTesters", "x"]),
            st.fixed_dictionaries({"data": LINKAGES | st.lists(LINKAGES, max_size=3) | VALUES}),
        ),
    },
    optional={"id": st.just("g")},
).map(lambda data: json.dumps({"data": data}).encode())
WRITES = st.sampled_from(
    [
        ("POST", "/v1/betaGroups"),
        ("PATCH", "/v1/betaGroups/g"),
        ("POST", "/v1/betaGroups/g/relationships/builds"),
        ("DELETE", "/v1/betaGroups/g/relationships/builds"),
        ("PATCH", "/v1/appStoreVersions/1/relationships/build"),
        ("POST", "/v2/appAvailabilities"),
        ("POST", "/v1/appCustomProductPages"),
        ("POST", "/v1/ciWorkflows"),
    ]
)


@given(
    write=WRITES,
    body=st.binary(max_size=50) | DOCUMENTS.map(lambda value: json.dumps(value).encode()) | NEARLY_GOOD,
)
def test_any_body_is_accepted_or_rejected(write: tuple[str, str], body: bytes) -> None:
    method, path = write
    response = SHARED.emulator.handle(Request(method, BASE + path, headers(), body))
    assert response.crash is None
    assert response.status in {200, 201, 204, 400, 404, 409, 422}
    assert response.status == 204 or json.loads(response.body)
