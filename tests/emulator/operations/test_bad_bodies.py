"""Bodies with a wrong value anywhere: rejected in Apple's format, or accepted if the value happens to be valid."""

from __future__ import annotations

import json
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from emulator.harness import EmulatorClient, find_openapi
from emulator.openapi_schemas import ERROR, problems
from emulator.populated_account import headers, make_url, operations
from emulator.random_requests import WRONG, RandomRequests

from pytest_asc.emulator.app import Request
from pytest_asc.emulator.spec.api_spec import api_spec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_asc.emulator.spec.api_spec import Operation

WITH_BODY = [operation for operation in operations() if operation.body]
ERRORS = {400, 404, 409, 422}


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of every value in a document."""
    yield path
    if isinstance(value, dict):
        for name, member in value.items():
            yield from places(member, (*path, name))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from places(item, (*path, index))


def replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """Return a copy of a document with another value at a path."""
    if not path:
        return new
    copy = value.copy()
    copy[path[0]] = replaced(copy[path[0]], path[1:], new)
    return copy


def check(emulator_client: EmulatorClient, operation: Operation, identifier: str, body: bytes) -> list[object]:
    """Send a body, and return the problems of the response."""
    request = Request(operation.method, make_url(operation, identifier), headers(), body)
    response = emulator_client.emulator.handle(request)
    if response.crash or response.status >= 500 or (response.status >= 400 and response.status not in ERRORS):
        return [(operation.method, operation.path, body, response.status, response.body, response.crash)]
    if response.status >= 400 and find_openapi():
        return [(operation.path, body, problem) for problem in problems(ERROR, json.loads(response.body))]
    return []


def test_a_wrong_value_anywhere_in_a_body_never_crashes_the_emulator() -> None:
    random = Random(0)
    emulator_client = EmulatorClient()
    emulator_client.emulator.rate_limit = 10**9
    requests = RandomRequests(emulator_client.emulator, random)
    wrong: list[object] = []
    for operation in WITH_BODY:
        identifier = str(emulator_client.emulator.add(operation.root)["id"])
        document = requests.document(operation, api_spec().bodies[operation.body or ""], identifier)
        everywhere = list(places(document))
        for place in random.sample(everywhere, min(len(everywhere), 8)):
            body = json.dumps(replaced(document, place, random.choice(WRONG))).encode()
            wrong += check(emulator_client, operation, identifier, body)
    assert wrong == []


@pytest.mark.parametrize(
    "text",
    [
        '{"data": {"type": "betaGroups", "type": "betaGroups", "attributes": {}, "attributes": {"name": "x"}}}',
        '{"data": {"type": "betaGroups", "attributes": {"name": "\\u0000"}}}',
        '{"data": {"type": "betaGroups", "attributes": {"": "x", "name": ""}}}',
        '{"data": {"type": "", "id": "", "attributes": {"name": "x"}}}',
        '{"data": {"type": "betaGroups", "attributes": {"name": 1e400}}}',
        '{"data": {"type": "betaGroups", "attributes": {"publicLinkLimit": 1e2}}}',
        '{"data": {"type": "betaGroups", "attributes": {"publicLinkLimit": -0}}}',
        '{"data": {"type": "betaGroups", "relationships": {"": {"data": null}}}}',
        '{"data": {"type": "betaGroups", "relationships": {"app": {"data": {"type": "apps", "id": ""}}}}}',
        '{"data": {"type": "betaGroups", "relationships": {"app": {"data": [{"type": "apps", "id": "1"}]}}}}',
        '{"data": {"type": "betaGroups", "relationships": {"builds": {"data": {"type": "builds", "id": "1"}}}}}',
        '{"data": {"type": "betaGroups"}, "included": null}',
        '{"data": {"type": "betaGroups"}, "included": {}}',
        '{"data": {"type": "betaGroups"}, "included": [[]]}',
        '{"DATA": {}}',
    ],
)
def test_unusual_documents_are_rejected_with_apples_errors(emulator_client: EmulatorClient, text: str) -> None:
    (operation,) = [one for one in WITH_BODY if (one.method, one.path) == ("POST", "/v1/betaGroups")]
    assert check(emulator_client, operation, "", text.encode()) == []
    assert emulator_client.get("/v1/betaGroups").ids == []


@pytest.mark.parametrize(
    ("attributes", "code", "pointer"),
    [
        ({"roles": ["DEVELOPER", None]}, "ENTITY_ERROR.ATTRIBUTE.TYPE", "/data/attributes/roles/1"),
        ({"roles": None}, "ENTITY_ERROR.ATTRIBUTE.REQUIRED", "/data/attributes/roles"),
        ({"roles": "DEVELOPER"}, "ENTITY_ERROR.ATTRIBUTE.TYPE", "/data/attributes/roles"),
        ({"email": "nobody"}, "ENTITY_ERROR.ATTRIBUTE.TYPE", "/data/attributes/email"),
        ({"email": ""}, "ENTITY_ERROR.ATTRIBUTE.TYPE", "/data/attributes/email"),
        ({"allAppsVisible": "true"}, "ENTITY_ERROR.ATTRIBUTE.TYPE", "/data/attributes/allAppsVisible"),
    ],
)
def test_values_of_a_wrong_type_are_reported_with_a_pointer(
    emulator_client: EmulatorClient, attributes: dict[str, Any], code: str, pointer: str
) -> None:
    given = {"email": "kim@example.com", "firstName": "Kim", "lastName": "Example", "roles": ["DEVELOPER"]}
    data = {"type": "userInvitations", "attributes": {**given, **attributes}}
    answer = emulator_client.send("POST", "/v1/userInvitations", body=json.dumps({"data": data}).encode())
    (error,) = answer.json["errors"]
    assert (answer.status, error["code"], error["source"]["pointer"]) == (409, code, pointer)
