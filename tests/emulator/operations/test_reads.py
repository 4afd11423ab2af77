"""All GET operations of the API, with an account that has resources of every type."""

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
def populated() -> EmulatorClient:
    return populate_account()


def read(emulator_client: EmulatorClient, operation: Operation, *, with_all: bool) -> Any:
    parameters = []
    for name in sorted(operation.required):
        allowed = api_spec().enum(operation.filters[name.removeprefix("filter[").removesuffix("]")])
        parameters.append(f"{name}={allowed[0] if allowed else 'x'}")
    if with_all and operation.include:
        parameters.append("include=" + ",".join(sorted(operation.include)))
    path = operation.path.replace("{id}", f"{operation.root}-1")
    return emulator_client.get(f"{path}?{'&'.join(parameters)}" if parameters else path)


@pytest.mark.parametrize("with_all", [False, True], ids=["plain", "with populated included"])
def test_every_response_to_a_read_matches_apples_document(populated: EmulatorClient, with_all: bool) -> None:
    answered = 0
    for operation in reads():
        answer = read(populated, operation, with_all=with_all)
        if operation.required and answer.status == 501:
            continue
        assert answer.status == 200, (operation.path, answer.body)
        answered += 1
        schema = response_schema("GET", operation.path, 200)
        assert schema is not None
        assert problems(schema, answer.json) == [], operation.path
    assert answered > 600


def test_related_resources_are_found_from_both_sides(populated: EmulatorClient) -> None:
    for operation in reads():
        if operation.action == "getToManyRelationship":
            answer = read(populated, operation, with_all=False)
            assert f"{operation.linkage}-1" in answer.ids, operation.path


def test_both_schemas_of_a_type_show_the_same_resource(populated: EmulatorClient) -> None:
    old = populated.get("/v1/inAppPurchases/inAppPurchases-1").json["data"]
    new = populated.get("/v2/inAppPurchases/inAppPurchases-1").json["data"]
    assert old["attributes"]["productId"] == new["attributes"]["productId"]
    assert "referenceName" in old["attributes"]
    assert "referenceName" not in new["attributes"]
    assert new["links"]["self"].endswith("/v2/inAppPurchases/inAppPurchases-1")
    included = populated.get("/v1/apps/apps-1?include=inAppPurchases").json["included"]
    assert "referenceName" in included[0]["attributes"]
    related = populated.get("/v1/apps/apps-1/inAppPurchasesV2").json["data"]
    assert related[0]["attributes"] == new["attributes"]


def test_every_attribute_and_relationship_is_in_the_response(populated: EmulatorClient) -> None:
    for operation in reads():
        if operation.action == "getInstance" and operation.schema:
            data = read(populated, operation, with_all=False).json["data"]
            assert list(data.get("attributes", {})) == list(operation.schema.attributes)
            with_path = [one.name for one in operation.schema.relationships.values() if one.has_self or one.has_related]
            assert list(data.get("relationships", {})) == with_path
            assert data["links"]["self"].endswith(f"{operation.schema.path}/{data['id']}")


def test_a_relationship_without_a_path_is_omitted_unless_included(populated: EmulatorClient) -> None:
    path = "/v1/ciWorkflows/ciWorkflows-1"
    shown = populated.get(path).json["data"]["relationships"]
    assert "product" not in shown
    assert all(one["links"] for one in shown.values())
    included = populated.get(f"{path}?include=product").json["data"]["relationships"]
    assert included["product"] == {"data": {"type": "ciProducts", "id": "ciProducts-1"}}


def test_the_pass_type_id_of_a_certificate_without_one_is_null(emulator_client: EmulatorClient) -> None:
    emulator_client.emulator.add("certificates", id="c")
    shown = emulator_client.get("/v1/certificates/c").json["data"]["relationships"]
    assert shown["passTypeId"]["data"] is None
    thinned = emulator_client.get("/v1/certificates/c?fields[certificates]=name").json["data"]
    assert "relationships" not in thinned
    assert "included" not in thinned


NOT_FOUND = "There is no resource of type '{}' with id 'x'"


@pytest.mark.parametrize(
    ("resource_type", "path", "missing"),
    [
        ("apps", "/v1/apps/x/appAvailabilityV2", "appAvailabilities"),
        ("apps", "/v1/apps/x/gameCenterDetail", "gameCenterDetails"),
        ("apps", "/v1/appPriceSchedules/x/manualPrices", "null"),
        ("appStoreVersions", "/v1/appStoreVersions/x/appStoreVersionSubmission", "appStoreVersionSubmissions"),
        ("inAppPurchases", "/v2/inAppPurchases/x/inAppPurchaseAvailability", "inAppPurchaseAvailabilities"),
        ("inAppPurchases", "/v2/inAppPurchases/x/iapPriceSchedule", "inAppPurchasePriceSchedules"),
        ("subscriptions", "/v1/subscriptions/x/subscriptionAvailability", "subscriptionAvailabilities"),
    ],
)
def test_some_relationships_that_were_never_set_get_404(
    emulator_client: EmulatorClient, resource_type: str, path: str, missing: str
) -> None:
    emulator_client.emulator.add(resource_type, id="x")
    answer = emulator_client.get(path)
    assert (answer.status, answer.codes) == (404, ["NOT_FOUND"])
    assert answer.json["errors"][0]["detail"] == NOT_FOUND.format(missing)


@pytest.mark.parametrize("name", ["appStoreReviewDetail", "build"])
def test_most_relationships_that_were_never_set_are_null(emulator_client: EmulatorClient, name: str) -> None:
    emulator_client.emulator.add("appStoreVersions", id="x")
    answer = emulator_client.get(f"/v1/appStoreVersions/x/{name}")
    assert (answer.status, answer.json["data"]) == (200, None)


@pytest.mark.parametrize("path", ["/v1/apps/x/appPriceSchedule", "/v1/appPriceSchedules/x"])
def test_an_app_without_prices_has_a_default_price_schedule(emulator_client: EmulatorClient, path: str) -> None:
    emulator_client.emulator.add("apps", id="x")
    data = emulator_client.get(path).json["data"]
    assert (data["type"], data["id"]) == ("appPriceSchedules", "x")
    territory = emulator_client.get("/v1/appPriceSchedules/x/baseTerritory").json["data"]
    assert territory["type"] == "territories"


def test_the_price_schedule_of_an_unknown_app_gets_404(emulator_client: EmulatorClient) -> None:
    answer = emulator_client.get("/v1/appPriceSchedules/x/manualPrices")
    assert answer.json["errors"][0]["detail"] == NOT_FOUND.format("appPriceSchedules")


def test_provisioning_relationships_are_never_paged(populated: EmulatorClient) -> None:
    document = populated.get("/v1/bundleIds/bundleIds-1").json
    assert document["data"]["relationships"]["profiles"]["meta"] == {"paging": {"total": 0, "limit": 2147483647}}
    document = populated.get("/v1/bundleIds/bundleIds-1?include=profiles").json
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
