"""The emulator with OpenAPI documents of users: a newer version, and edited ones."""

from __future__ import annotations

import json
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from emulator.harness import EmulatorClient, copy_of_openapi
from emulator.newer_document import newer_document
from emulator.populated_account import make_request, operations, populate_account
from emulator.test_sweep import NOT_EMULATED as UNKNOWN_DOCUMENT

from pytest_asc.emulator.spec.api_spec import shipped_spec, use_spec
from pytest_asc.emulator.spec.compiler import compile_leniently
from pytest_asc.emulator.spec.completion import complete

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from emulator.miniature import Json

    from pytest_asc.emulator.app import Request
    from pytest_asc.emulator.spec.compiled_format import CompiledSpec

NOT_EMULATED = 501


def compile_whole(document: Json) -> CompiledSpec:
    compiled, not_understood = compile_leniently(document)
    assert [each for each in map(str, not_understood) if "it has neither data nor a path" not in each] == []
    return compiled


@contextmanager
def using(compiled: CompiledSpec) -> Iterator[None]:
    before = use_spec(complete(compiled, shipped_spec()))
    try:
        yield
    finally:
        use_spec(before)


@cache
def compile_newer() -> CompiledSpec:
    return compile_whole(newer_document())


@pytest.fixture
def newer() -> Iterator[EmulatorClient]:
    with using(compile_newer()):
        yield EmulatorClient()


def send(client: EmulatorClient, method: str, path: str, kind: str, **members: Any) -> Any:
    data = {"type": kind, **({"id": path.rpartition("/")[2]} if method == "PATCH" else {}), **members}
    answer = client.send(
        method,
        path,
        headers={**authorization(client), "Content-Type": "application/json"},
        body=json.dumps({"data": data}).encode(),
    )
    assert answer.status in {200, 201}, answer.body
    return answer.json["data"]


def authorization(client: EmulatorClient) -> dict[str, str]:
    return {"Authorization": f"Bearer {client.emulator.token()}"}


def test_a_new_type_is_created_read_changed_and_deleted(newer: EmulatorClient) -> None:
    emulator = newer.emulator
    assert emulator.api_version == "4.7"
    app = emulator.add("apps", name="Lists", bundleId="com.example.lists")
    linkage = {"app": {"data": {"type": "apps", "id": app["id"]}}}
    widget = send(newer, "POST", "/v1/appWidgets", "appWidgets", attributes={"name": "Today"}, relationships=linkage)
    assert widget["attributes"]["name"] == "Today"
    path = f"/v1/appWidgets/{widget['id']}"
    assert newer.get(f"/v1/apps/{app['id']}/appWidgets").ids == [widget["id"]]
    assert send(newer, "PATCH", path, "appWidgets", attributes={"name": "Week"})["attributes"]["name"] == "Week"
    assert newer.send("DELETE", path).status == 204
    assert newer.get(path).status == 404


def test_members_of_a_users_document_are_emulated_and_missing_ones_are_not(newer: EmulatorClient) -> None:
    app = newer.emulator.add("apps", name="Lists", bundleId="com.example.lists", accentColor="red")
    shown = newer.get(f"/v1/apps/{app['id']}").json["data"]
    assert shown["attributes"]["accentColor"] == "red"
    assert newer.get(f"/v1/apps/{app['id']}/alternativeDistributionKey").codes == ["FORBIDDEN_ERROR"]
    device = newer.emulator.add("devices", name="Duo", deviceClass="IPHONE_DUO")
    shown = newer.get(f"/v1/devices/{device['id']}").json["data"]
    assert shown["attributes"]["deviceClass"] == "IPHONE_DUO"
    assert "model" not in shown["attributes"]
    assert newer.get("/v1/devices?limit=1000").status == 200
    assert newer.get("/v1/devices?limit=1001").status == 400
    with pytest.raises(ValueError, match="IPOD"):
        newer.emulator.add("devices", deviceClass="IPOD")


def without_parameter_enums(document: Json) -> None:
    for item in document["paths"].values():
        for operation in item.values():
            for parameter in operation.get("parameters", ()) if isinstance(operation, dict) else ():
                parameter["schema"].get("items", parameter["schema"]).pop("enum", None)


def with_extra_values(document: Json) -> None:
    for schema in document["components"]["schemas"].values():
        attributes = schema.get("properties", {}).get("attributes", {}).get("properties", {})
        for attribute in attributes.values():
            if "enum" in attribute:
                attribute["enum"].append("EXTRA")


def of_openapi_3_1(document: Json) -> None:
    """Write nullable attributes in the style of OpenAPI 3.1, and enums with one value as constants."""

    def rewrite(value: Any) -> None:
        if isinstance(value, dict):
            if value.pop("nullable", None):
                if "$ref" in value:
                    value["anyOf"] = [{"$ref": value.pop("$ref")}, {"type": "null"}]
                elif isinstance(value.get("type"), str):
                    value["type"] = [value["type"], "null"]
            if isinstance(value.get("enum"), list) and len(value["enum"]) == 1 and value.get("type") == "string":
                value["const"] = value.pop("enum")[0]
        for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            rewrite(inner)

    rewrite(document)
    document["openapi"] = "3.1.0"


def without_many_types(document: Json) -> None:
    """Only keep TestFlight, like clients that generate code for the parts of the API that they use."""
    document["paths"] = {
        path: item
        for path, item in document["paths"].items()
        if path.split("/")[2] in {"builds", "betaGroups", "betaTesters"}
    }
    kept: set[str] = set()

    def keep(value: Any) -> None:
        if isinstance(value, dict):
            name = str(value.get("$ref", "")).rpartition("/")[2]
            if name and name not in kept:
                kept.add(name)
                keep(document["components"]["schemas"][name])
        for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            keep(inner)

    keep(document["paths"])
    document["components"]["schemas"] = {
        name: schema for name, schema in document["components"]["schemas"].items() if name in kept
    }


EDITIONS = [None, without_parameter_enums, with_extra_values, of_openapi_3_1, without_many_types]


@pytest.fixture(scope="module", params=EDITIONS, ids=lambda edit: edit.__name__ if edit else "newer")
def edition(request: pytest.FixtureRequest) -> CompiledSpec:
    """A document of a user: the newer one, or Apple's document with changes."""
    edit: Callable[[Json], None] | None = request.param
    if edit is None:
        return compile_newer()
    document = copy_of_openapi()
    edit(document)
    return compile_whole(document)


def test_every_operation_of_an_edition_is_served(edition: CompiledSpec) -> None:
    with using(edition):
        client = populate_account()
        refused = {}
        for operation in sorted(operations(), key=lambda one: one.method != "GET"):
            request: Request = make_request(client, operation)
            response = client.emulator.handle(request)
            if response.crash:
                raise response.crash
            if response.status != operation.status and operation.path != UNKNOWN_DOCUMENT:
                refused[f"{operation.method} {operation.path}"] = response.status, response.body[:200]
        assert refused == {}


def test_the_sample_and_the_workflows_work_with_an_edition(edition: CompiledSpec) -> None:
    with using(edition):
        emulator = EmulatorClient().emulator
        emulator.load_sample()
        assert emulator.find("apps")
        emulator.add_released_app()
        emulator.add_testflight_build()


def test_the_sample_account_can_be_loaded_with_a_document_whose_members_have_other_types() -> None:
    document = copy_of_openapi()
    schemas = document["components"]["schemas"]
    app = schemas["App"]["properties"]
    app["attributes"]["properties"]["name"] = {"type": "integer"}
    kind = app["relationships"]["properties"]["builds"]["properties"]["data"]["items"]["properties"]["type"]
    kind["enum"] = ["betaGroups"]
    with using(compile_whole(document)):
        client = EmulatorClient()
        client.emulator.load_sample()
        apps = client.get("/v1/apps").json["data"]
        assert apps


def test_operations_that_are_not_understood_get_501_with_their_names() -> None:
    document = copy_of_openapi()
    del document["paths"]["/v1/betaGroups"]["post"]["requestBody"]
    document["paths"]["/v1/analyticsReportSegments/{id}"]["get"]["responses"] = {}
    document["paths"]["/v1/betaGroups/{id}/unknowns"] = document["paths"]["/v1/betaGroups/{id}/builds"]
    compiled, not_understood = compile_leniently(document)
    assert [each.place for each in not_understood] == [
        "/paths/~1v1~1analyticsReportSegments~1{id}/get",
        "/paths/~1v1~1betaGroups/post",
    ]
    before = use_spec(complete(compiled, shipped_spec()))
    try:
        client = EmulatorClient()
        for method, path in (
            ("GET", "/v1/analyticsReportSegments/1"),
            ("POST", "/v1/betaGroups"),
            ("GET", "/v1/betaGroups/1/unknowns"),
        ):
            answer = client.send(method, path, body=b"{}")
            assert answer.status == 501
            assert f"{method} {path.replace('/1', '/{id}')}" in answer.json["errors"][0]["detail"]
    finally:
        use_spec(before)
