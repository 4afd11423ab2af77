"""All operations of the API spec: a successful request, and each error that applies, validated by Apple's schemas."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from emulator.harness import BASE, Answer, find_openapi
from emulator.openapi_schemas import ERROR, problems, response_schema
from emulator.populated_account import (
    broken_links,
    headers,
    make_request,
    operations,
    populate_account,
    response_media_type,
)
from emulator.request_states import STATES

from pytest_asc.emulator.app import Request
from pytest_asc.emulator.spec.api_spec import api_spec
from pytest_asc.emulator.spec.relationships import relation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from emulator.harness import EmulatorClient

    from pytest_asc.emulator.spec.api_spec import Operation

    Change = Callable[[Request, Operation], Request | None]

ALL = sorted(operations(), key=lambda one: one.method != "GET")  # reads first, since writes remove links
ABSENT = "no-such-id"


@pytest.fixture
def populated_account() -> EmulatorClient:
    return populate_account()


def ask(emulator_client: EmulatorClient, request: Request) -> Answer:
    response = emulator_client.emulator.handle(request)
    if response.crash:
        raise response.crash
    answer = Answer(response.status, response.headers, response.body)
    if answer.status >= 400 and answer.headers["Content-Type"] == "application/json":
        assert_no_placeholders(answer.json["errors"])
    return answer


def assert_no_placeholders(errors: list[dict[str, Any]]) -> None:
    """Expect no replacement fields in titles and details of errors and associated errors."""
    for error in errors:
        assert not re.search(r"\{\w+\}", error["title"] + error.get("detail", "")), error
        for associated in error.get("meta", {}).get("associatedErrors", {}).values():
            assert_no_placeholders(associated)


def test_the_sweep_covers_every_operation() -> None:
    assert len(ALL) == sum(len(api_spec().methods(path)) for path in api_spec().paths) == 1303


@pytest.mark.parametrize("full", [False, True], ids=["what is required", "everything"])
def test_every_operation_succeeds(populated_account: EmulatorClient, full: bool) -> None:
    wrong = [problem for operation in ALL for problem in find_problems(populated_account, operation, full=full)]
    assert wrong == []


# The format of its response is not known.
NOT_EMULATED = "/v1/apps/{id}/performanceOverviews"


def find_problems(
    emulator_client: EmulatorClient, operation: Operation, *, full: bool
) -> Iterator[tuple[str, str, object]]:
    """Yield the problems of the response to a valid request."""
    where = (operation.method, operation.path)
    answer = ask(emulator_client, make_request(emulator_client, operation, full=full))
    if operation.path == NOT_EMULATED:
        assert answer.codes == ["PYTEST_ASC.NOT_EMULATED"]
        return
    if answer.status != operation.status:
        yield (*where, answer.body)
        return
    if answer.status == 204:
        if answer.body or "Content-Type" in answer.headers:
            yield (*where, "no body was expected")
        return
    media = response_media_type(operation)
    if answer.headers["Content-Type"] != media:
        yield (*where, answer.headers["Content-Type"])
    location = answer.headers.get("Location")
    if location != (answer.json["data"]["links"]["self"] if answer.status == 201 else None):
        yield (*where, location)
    if media.endswith("json") and find_openapi():
        schema = response_schema(*where, answer.status, media)
        for problem in problems(schema, answer.json) if schema else ("no document was expected",):
            yield (*where, problem)


class Probe(NamedTuple):
    """A change that makes a valid request invalid, with the expected error."""

    change: Change
    """Function that returns the invalid request; None if the change does not apply to the operation."""
    status: int
    code: str | None
    """Code of the error; None if the response is plain text."""


def with_headers(**other: str) -> Change:
    return lambda request, _: request._replace(headers=headers(**other))


def with_body(change: Callable[[Any, Operation], Any]) -> Change:
    """Return a change of the request document. If the new document is bytes, it is sent unchanged."""

    def invalidate(request: Request, operation: Operation) -> Request | None:
        if not request.body:
            return None
        document = change(json.loads(request.body), operation)
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        return None if document is None else request._replace(body=body)

    return invalidate


def is_entity(operation: Operation) -> bool:
    return operation.action in {"createInstance", "updateInstance"}


def with_data(**members: Any) -> Change:
    return with_body(lambda document, one: {"data": {**document["data"], **members}} if is_entity(one) else None)


def with_absent_id(request: Request, operation: Operation) -> Request | None:
    """Return a request with an unknown id in the path, and in the body of an update."""
    if "{id}" not in operation.path:
        return None
    _, mark, query = request.url.partition("?")
    invalid = request._replace(url=f"{BASE}{operation.path.replace('{id}', ABSENT)}{mark}{query}")
    if operation.action == "updateInstance":
        data = json.loads(invalid.body)["data"]
        return invalid._replace(body=json.dumps({"data": {**data, "id": ABSENT}}).encode())
    return invalid


def with_parameter(request: Request, _: Operation) -> Request:
    return request._replace(url=f"{request.url}{'&' if '?' in request.url else '?'}nothing=1")


def without_parameters(request: Request, operation: Operation) -> Request | None:
    return request._replace(url=request.url.partition("?")[0]) if operation.required else None


def with_linkage(**members: str) -> Change:
    """Change the first linkage of a request that changes a relationship."""

    def change(document: Any, operation: Operation) -> Any:
        if is_entity(operation):
            return None
        data = document["data"]
        return {"data": [{**data[0], **members}] if isinstance(data, list) else {**data, **members}}

    return with_body(change)


def dangling(document: Any, operation: Operation) -> Any:
    """Return a request with a related resource that does not exist."""
    body_spec = api_spec().bodies[operation.body or ""]
    if not body_spec.get("relationships"):
        return None
    name, target = next(iter(body_spec["relationships"].items()))
    many = isinstance(target, list)
    linkage = {"type": target[0] if many else target, "id": ABSENT}
    relationships = {**document["data"].get("relationships", {}), name: {"data": [linkage] if many else linkage}}
    return {"data": {**document["data"], "relationships": relationships}}


PROBES = {
    "no token": Probe(lambda request, _: request._replace(headers={}), 401, "NOT_AUTHORIZED"),
    "another Accept": Probe(with_headers(Accept="text/html"), 406, None),
    "another Content-Type": Probe(
        lambda request, one: with_headers(Content_Type="text/plain")(request, one) if one.body else None,
        415,
        "UNSUPPORTED_MEDIA_TYPE",
    ),
    "an unknown id": Probe(with_absent_id, 404, "NOT_FOUND"),
    "an unknown parameter": Probe(with_parameter, 400, "PARAMETER_ERROR.ILLEGAL"),
    "a parameter left out": Probe(without_parameters, 400, "PARAMETER_ERROR.REQUIRED"),
    "no JSON": Probe(with_body(lambda *_: b"{"), 400, "ENTITY_INVALID"),
    "no document": Probe(with_body(lambda *_: {"type": "apps"}), 422, "ENTITY_UNPROCESSABLE"),
    "another type": Probe(with_data(type="nothings"), 409, "ENTITY_ERROR.UNEXPECTED_TYPE"),
    "another id": Probe(with_data(id=ABSENT), 409, "ENTITY_ERROR.UNEXPECTED_ID"),
    "an unknown attribute": Probe(with_data(attributes={"x": 1}), 409, "ENTITY_ERROR.ATTRIBUTE.UNKNOWN"),
    "an unknown relationship": Probe(
        with_data(relationships={"x": {"data": None}}), 409, "ENTITY_ERROR.RELATIONSHIP.UNKNOWN"
    ),
    "a relationship to nothing": Probe(with_body(dangling), 409, "ENTITY_ERROR.RELATIONSHIP.INVALID"),
    "a linkage of another type": Probe(with_linkage(type="x"), 409, "ENTITY_ERROR.RELATIONSHIP.INVALID"),
    "a linkage to nothing": Probe(with_linkage(id=ABSENT), 409, "ENTITY_ERROR.RELATIONSHIP.INVALID"),
}


# The developer portal has one code for most errors (observed).
OTHER_CODES = {("a relationship to nothing", "/v1/profiles"): "ENTITY_ERROR"}


@pytest.mark.parametrize("name", PROBES)
def test_every_operation_rejects_an_invalid_request(populated_account: EmulatorClient, name: str) -> None:
    probe, wrong, sent = PROBES[name], [], 0
    for operation in ALL:
        request = probe.change(make_request(populated_account, operation), operation)
        if request is None:
            continue
        sent += 1
        answer = ask(populated_account, request)
        codes = answer.codes if probe.code else None
        code = OTHER_CODES.get((name, operation.path), probe.code)
        expected = answer.status == probe.status and (codes is None or code in codes)
        found = problems(ERROR, answer.json) if find_openapi() and probe.code else []
        if not expected or found:
            wrong.append((operation.method, operation.path, answer.body, found))
    assert wrong == []
    assert sent > 0


def test_all_missing_members_are_reported_at_once(populated_account: EmulatorClient) -> None:
    for operation in filter(is_entity, ALL):
        body_spec = api_spec().bodies[operation.body or ""]
        request = make_request(populated_account, operation)
        identity = {"id": f"{operation.root}-1"} if operation.method == "PATCH" else {}
        body = json.dumps({"data": {"type": body_spec["type"], **identity}}).encode()
        answer = ask(populated_account, request._replace(body=body))
        required = {f"/data/{path.replace('.', '/')}" for path in body_spec["required"] if path.count(".") == 1}
        if required:
            assert answer.status == 409
            assert {error["source"]["pointer"] for error in answer.json["errors"]} == required
        elif (operation.method, operation.path) not in STATES:  # types whose workflows have other requirements
            assert answer.status == operation.status


def test_every_path_rejects_the_methods_that_it_does_not_have(populated_account: EmulatorClient) -> None:
    for path in api_spec().paths:
        for method in {"GET", "POST", "PATCH", "DELETE"} - set(api_spec().methods(path)):
            answer = ask(populated_account, Request(method, BASE + path.replace("{id}", "1"), headers()))
            (error,) = answer.json["errors"]
            if (answer.status, error["code"]) == (405, "METHOD_NOT_ALLOWED"):
                continue
            assert (answer.status, error["code"]) == (403, "FORBIDDEN_ERROR"), (method, path)
            assert re.search(r"Allowed operation( is: \w+|s are: \w+,.*)$", error["detail"])


# Apple accepts it and returns null (observed).
NOT_SHOWN = {"csrContent"}
# Apple takes any platform of an App ID, and shows this one (observed).
NOT_STORED = {
    ("bundleIds", "platform"): "UNIVERSAL",
    ("subscriptions", "multiSeatStatus"): "DISABLED",  # Family Sharing turns seats off
}


def test_written_values_can_be_read(populated_account: EmulatorClient) -> None:
    read = 0
    for operation in ALL:
        instance = f"{operation.path.removesuffix('/{id}')}/{{id}}"
        if operation.method == "GET" or not is_entity(operation) or "GET" not in api_spec().methods(instance):
            continue
        request = make_request(populated_account, operation, full=True)
        written = ask(populated_account, request).json["data"]
        shown = ask(populated_account, Request("GET", written["links"]["self"], headers())).json["data"]
        assert shown == written
        sent = json.loads(request.body)["data"].get("attributes", {})
        assert {name: shown["attributes"][name] for name in sent if name in shown["attributes"]} == {
            name: None if name in NOT_SHOWN else NOT_STORED.get((written["type"], name), value)
            for name, value in sent.items()
            if name in shown.get("attributes", {})
        }
        read += 1
    assert read > 150


def test_a_deleted_resource_gets_404(populated_account: EmulatorClient) -> None:
    for operation in ALL:
        if operation.action == "deleteInstance":
            request = make_request(populated_account, operation)
            assert ask(populated_account, request).status == 204
            assert ask(populated_account, request).codes == ["NOT_FOUND"]


def test_deleting_a_resource_with_many_links_leaves_no_dangling_link(populated_account: EmulatorClient) -> None:
    for operation in ALL:
        if operation.action == "deleteInstance":
            url = f"{BASE}{operation.path.replace('{id}', f'{operation.root}-1')}"
            status = ask(populated_account, Request("DELETE", url, headers())).status
            assert status in {204, 404, 409}
            if status == 409:  # by its state
                populated_account.emulator.delete({"type": operation.root, "id": f"{operation.root}-1"})
    assert broken_links(populated_account.emulator._account.store) == []


@pytest.mark.parametrize(
    ("action", "there"),
    [
        ("createToManyRelationship", True),
        ("replaceToManyRelationship", True),
        ("updateToOneRelationship", True),
        ("deleteToManyRelationship", False),
    ],
)
def test_both_sides_of_a_changed_relationship_have_the_change(
    populated_account: EmulatorClient, action: str, there: bool
) -> None:
    store = populated_account.emulator._account.store
    for operation in ALL:
        if operation.action != action:
            continue
        request = make_request(populated_account, operation)
        relationship = relation(operation.root, operation.relationship)
        data = json.loads(request.body)["data"]
        linkage = data[0] if isinstance(data, list) else data
        one, other = store.get(operation.root, f"{operation.root}-1"), store.get(linkage["type"], linkage["id"])
        assert one is not None
        assert other is not None
        assert relationship is not None
        if not there:
            store.link(one, relationship, other)
        assert ask(populated_account, request).status == 204
        assert (other.id in one.ids(relationship.name), one.id in other.ids(relationship.inverse)) == (there, there)
