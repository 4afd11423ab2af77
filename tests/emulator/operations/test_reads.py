"""Every GET of the whole API, answered from an account that has something of everything."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from emulator.openapi_schemas import problems, response_schema
from emulator.populated_account import populate_account

from pytest_asc.emulator.operations.reads import EMULATED
from pytest_asc.emulator.spec.api_spec import Operation, api_spec

if TYPE_CHECKING:
    from emulator.harness import EmulatorClient


def reads() -> list[Operation]:
    found = [api_spec().operation("GET", path) for path in api_spec().paths]
    return [one for one in found if one and one.action in EMULATED and (one.schema or one.linkage)]


@pytest.fixture(scope="module")
def everything() -> EmulatorClient:
    return populate_account()


def ask(emulator_client: EmulatorClient, operation: Operation, *, with_all: bool) -> Any:
    parameters = []
    for name in sorted(operation.required):
        allowed = api_spec().enum(operation.filters[name.removeprefix("filter[").removesuffix("]")])
        parameters.append(f"{name}={allowed[0] if allowed else 'x'}")
    if with_all and operation.include:
        parameters.append("include=" + ",".join(sorted(operation.include)))
    path = operation.path.replace("{id}", f"{operation.root}-1")
    return emulator_client.get(f"{path}?{'&'.join(parameters)}" if parameters else path)


@pytest.mark.parametrize("with_all", [False, True], ids=["plain", "with everything included"])
def test_every_read_is_answered_as_apples_document_says(everything: EmulatorClient, with_all: bool) -> None:
    answered = 0
    for operation in reads():
        answer = ask(everything, operation, with_all=with_all)
        if operation.required and answer.status == 501:
            continue
        assert answer.status == 200, (operation.path, answer.body)
        answered += 1
        schema = response_schema("GET", operation.path, 200)
        assert schema is not None
        assert problems(schema, answer.json) == [], operation.path
    assert answered > 600


def test_linked_resources_are_found_from_both_sides(everything: EmulatorClient) -> None:
    for operation in reads():
        if operation.action == "getToManyRelationship":
            answer = ask(everything, operation, with_all=False)
            assert f"{operation.linkage}-1" in answer.ids, operation.path


def test_the_two_schemas_of_a_type_show_one_resource(everything: EmulatorClient) -> None:
    old = everything.get("/v1/inAppPurchases/inAppPurchases-1").json["data"]
    new = everything.get("/v2/inAppPurchases/inAppPurchases-1").json["data"]
    assert old["attributes"]["productId"] == new["attributes"]["productId"]
    assert "referenceName" in old["attributes"]
    assert "referenceName" not in new["attributes"]
    assert new["links"]["self"].endswith("/v2/inAppPurchases/inAppPurchases-1")
    included = everything.get("/v1/apps/apps-1?include=inAppPurchases").json["included"]
    assert "referenceName" in included[0]["attributes"]
    related = everything.get("/v1/apps/apps-1/inAppPurchasesV2").json["data"]
    assert related[0]["attributes"] == new["attributes"]


def test_every_attribute_and_relationship_is_shown(everything: EmulatorClient) -> None:
    for operation in reads():
        if operation.action == "getInstance" and operation.schema:
            data = ask(everything, operation, with_all=False).json["data"]
            assert list(data.get("attributes", {})) == list(operation.schema.attributes)
            assert list(data.get("relationships", {})) == list(operation.schema.relationships)
            assert data["links"]["self"].endswith(f"{operation.schema.path}/{data['id']}")


def test_every_relationship_has_links_even_where_it_has_no_path(everything: EmulatorClient) -> None:
    app = everything.get("/v1/apps/apps-1").json["data"]
    assert all("links" in one for one in app["relationships"].values())
    assert app["relationships"]["appStoreIcon"] == {"links": {}}


def test_provisioning_relationships_are_never_paged(everything: EmulatorClient) -> None:
    document = everything.get("/v1/bundleIds/bundleIds-1").json
    assert document["data"]["relationships"]["profiles"]["meta"] == {"paging": {"total": 0, "limit": 2147483647}}
    document = everything.get("/v1/bundleIds/bundleIds-1?include=profiles").json
    profiles = document["data"]["relationships"]["profiles"]
    assert profiles["meta"] == {"paging": {"total": 0, "limit": 2147483647}}
    assert profiles["data"] == [{"type": "profiles", "id": "profiles-1"}]


def test_documents_are_compact_json_in_utf_8(emulator_client: EmulatorClient) -> None:
    app = emulator_client.emulator.add("apps", name='Straße "1"\u2028')
    answer = emulator_client.get(f"/v1/apps/{app['id']}?fields[apps]=name")
    assert 'Straße \\"1\\"'.encode() in answer.body
    assert json.loads(answer.body)["data"]["attributes"]["name"] == 'Straße "1"\u2028'
    assert b", " not in answer.body


def test_ids_are_quoted_in_links(emulator_client: EmulatorClient) -> None:
    emulator_client.emulator.add("apps", id='a/b "ü')
    answer = emulator_client.get("/v1/apps/a%2Fb%20%22%C3%BC")
    assert answer.json["data"]["id"] == 'a/b "ü'
    link = answer.json["data"]["links"]["self"]
    assert link.endswith("/v1/apps/a%2Fb%20%22%C3%BC")
    assert emulator_client.get(link).json["data"] == answer.json["data"]
