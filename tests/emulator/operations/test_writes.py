"""POST, PATCH and DELETE requests."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from emulator.harness import BASE, Answer

from pytest_asc.emulator.jsonapi import entity_errors
from pytest_asc.emulator.jsonapi.errors import RefusedError, at_pointer
from pytest_asc.emulator.resources import HOOKS, ResourceHooks

if TYPE_CHECKING:
    from emulator.harness import EmulatorClient

    from pytest_asc.emulator.account.account import Account
    from pytest_asc.emulator.account.store import Resource
    from pytest_asc.emulator.app import Emulator
    from pytest_asc.emulator.jsonapi.request_validator import ValidatedResource

Json = dict[str, Any]


def write(emulator_client: EmulatorClient, method: str, path: str, data: Any, **document: Any) -> Answer:
    return emulator_client.send(method, path, body=json.dumps({"data": data, **document}).encode())


def to(resource_type: str, identifier: str) -> Json:
    return {"data": {"type": resource_type, "id": identifier}}


def error_summaries(answer: Answer) -> list[tuple[str, str]]:
    """Return the code without its first part and the pointer of each error."""
    return [
        (error["code"].removeprefix("ENTITY_ERROR."), error.get("source", {}).get("pointer"))
        for error in answer.json["errors"]
    ]


@pytest.fixture
def app(emulator: Emulator) -> str:
    identifier: str = emulator.add("apps", name="Lists")["id"]
    return identifier


@pytest.fixture
def group(emulator_client: EmulatorClient, app: str) -> str:
    data = {"type": "betaGroups", "attributes": {"name": "Friends"}, "relationships": {"app": to("apps", app)}}
    identifier: str = write(emulator_client, "POST", "/v1/betaGroups", data).json["data"]["id"]
    return identifier


def test_a_resource_is_created(emulator_client: EmulatorClient, app: str) -> None:
    data = {"type": "betaGroups", "attributes": {"name": "Friends"}, "relationships": {"app": to("apps", app)}}
    answer = write(emulator_client, "POST", "/v1/betaGroups", data)
    group = answer.json["data"]
    assert answer.status == 201
    assert answer.headers["Location"] == group["links"]["self"] == f"{BASE}/v1/betaGroups/{group['id']}"
    assert answer.json["links"] == {"self": f"{BASE}/v1/betaGroups"}
    assert (group["attributes"]["name"], group["attributes"]["publicLink"]) == ("Friends", None)
    assert group["attributes"]["createdDate"] == "2026-05-28T13:26:40-07:00", "what Apple fills in"
    assert emulator_client.get(f"/v1/apps/{app}/betaGroups").ids == [group["id"]]


def test_an_update_keeps_the_attributes_that_it_does_not_have(emulator_client: EmulatorClient, group: str) -> None:
    answer = write(
        emulator_client,
        "PATCH",
        f"/v1/betaGroups/{group}",
        {"type": "betaGroups", "id": group, "attributes": {"publicLinkEnabled": True, "publicLinkLimit": None}},
    )
    assert answer.status == 200
    attributes = answer.json["data"]["attributes"]
    assert (attributes["name"], attributes["publicLinkEnabled"]) == ("Friends", True)
    assert emulator_client.get(f"/v1/betaGroups/{group}").json["data"]["attributes"] == attributes


def test_deleting_a_resource_removes_the_links_to_it(
    emulator_client: EmulatorClient, emulator: Emulator, app: str, group: str
) -> None:
    tester = emulator.add("betaTesters", betaGroups=[group], apps=[app])["id"]
    answer = emulator_client.send("DELETE", f"/v1/betaGroups/{group}")
    assert (answer.status, answer.body) == (204, b"")
    assert emulator_client.get(f"/v1/betaGroups/{group}").codes == ["NOT_FOUND"]
    assert emulator_client.get(f"/v1/betaTesters/{tester}/betaGroups").ids == []
    assert emulator_client.get(f"/v1/apps/{app}/betaGroups").ids == []


def test_dependent_resources_are_deleted_with_their_parent(emulator_client: EmulatorClient, emulator: Emulator) -> None:
    bundle = emulator.add("bundleIds")
    certificate = emulator.add("certificates")
    emulator.add("bundleIdCapabilities", id="c", bundleId=bundle)
    profile = emulator.add("profiles", bundleId=bundle, certificates=[certificate])
    version = emulator.add("appStoreVersions")
    localization = emulator.add("appStoreVersionLocalizations", appStoreVersion=version)
    assert emulator_client.send("DELETE", f"/v1/bundleIds/{bundle['id']}").status == 204
    assert emulator_client.send("DELETE", f"/v1/appStoreVersions/{version['id']}").status == 204
    assert emulator_client.get(f"/v1/profiles/{profile['id']}").status == 404
    assert emulator_client.send("DELETE", "/v1/bundleIdCapabilities/c").status == 404
    assert emulator_client.get(f"/v1/certificates/{certificate['id']}").status == 200
    assert emulator_client.get(f"/v1/appStoreVersionLocalizations/{localization['id']}").status == 404


def test_related_resources_are_added_replaced_and_removed(
    emulator_client: EmulatorClient, emulator: Emulator, group: str
) -> None:
    one, two, three = (emulator.add("builds", id=name)["id"] for name in ("one", "two", "three"))
    path = f"/v1/betaGroups/{group}/relationships/builds"
    linkages = [{"type": "builds", "id": identifier} for identifier in (two, one, two)]
    assert write(emulator_client, "POST", path, linkages).status == 204
    assert write(emulator_client, "POST", path, linkages[:1]).status == 204
    assert emulator_client.get(path).ids == [two, one]
    assert (
        write(emulator_client, "DELETE", path, [{"type": "builds", "id": two}, {"type": "builds", "id": three}]).status
        == 204
    )
    assert emulator_client.get(path).ids == [one]
    assert emulator_client.get(f"/v1/builds/{two}/relationships/betaGroups").status in {200, 403}
    shots = [emulator.add("appScreenshots", id=name)["id"] for name in "abc"]
    shelf = emulator.add("appScreenshotSets", appScreenshots=shots)["id"]
    path = f"/v1/appScreenshotSets/{shelf}/relationships/appScreenshots"
    assert (
        write(emulator_client, "PATCH", path, [{"type": "appScreenshots", "id": name} for name in "ca"]).status == 204
    )
    assert emulator_client.get(path).ids == ["c", "a"]
    assert write(emulator_client, "PATCH", path, []).status == 204
    assert emulator_client.get(path).ids == []


def test_a_to_one_relationship_is_set_and_cleared(emulator_client: EmulatorClient, emulator: Emulator) -> None:
    version, build = emulator.add("appStoreVersions")["id"], emulator.add("builds")["id"]
    path = f"/v1/appStoreVersions/{version}/relationships/build"
    assert write(emulator_client, "PATCH", path, {"type": "builds", "id": build}).status == 204
    assert emulator_client.get(f"/v1/builds/{build}/appStoreVersion").json["data"]["id"] == version
    assert write(emulator_client, "PATCH", path, None).status == 204
    assert emulator_client.get(path).json["data"] is None


def test_a_relationship_that_only_the_other_side_has_is_set(emulator_client: EmulatorClient, app: str) -> None:
    data = {
        "type": "subscriptionGroups",
        "attributes": {"referenceName": "Pro"},
        "relationships": {"app": to("apps", app)},
    }
    group = write(emulator_client, "POST", "/v1/subscriptionGroups", data).json["data"]["id"]
    assert emulator_client.get(f"/v1/apps/{app}/subscriptionGroups").ids == [group]
    purchase = {
        "type": "inAppPurchases",
        "attributes": {"name": "Gold", "productId": "gold", "inAppPurchaseType": "CONSUMABLE"},
        "relationships": {"app": to("apps", app)},
    }
    new = write(emulator_client, "POST", "/v2/inAppPurchases", purchase)
    assert new.headers["Location"] == f"{BASE}/v2/inAppPurchases/{new.json['data']['id']}"
    assert emulator_client.get(f"/v1/apps/{app}/inAppPurchasesV2").ids == [new.json["data"]["id"]]


def test_included_resources_are_created_too(emulator_client: EmulatorClient, emulator: Emulator, app: str) -> None:
    point, usa = emulator.add("appPricePoints")["id"], emulator.add("territories", id="USA")["id"]
    prices = [{"type": "appPrices", "id": "${now}"}, {"type": "appPrices", "id": "${later}"}]
    schedule = {
        "type": "appPriceSchedules",
        "relationships": {
            "app": to("apps", app),
            "baseTerritory": to("territories", usa),
            "manualPrices": {"data": prices},
        },
    }
    included = [
        {**price, "attributes": {"startDate": date}, "relationships": {"appPricePoint": to("appPricePoints", point)}}
        for price, date in zip(prices, (None, "2026-06-01"), strict=True)
    ]
    answer = write(emulator_client, "POST", "/v1/appPriceSchedules", schedule, included=included)
    assert answer.status == 201
    shown = emulator_client.get(
        f"/v1/appPriceSchedules/{answer.json['data']['id']}/manualPrices?include=appPricePoint"
    ).json
    assert [price["attributes"]["startDate"] for price in shown["data"]] == [None, "2026-06-01"]
    assert not any("$" in price["id"] for price in shown["data"])
    assert [one["id"] for one in shown["included"]] == [point]


@pytest.mark.parametrize(
    ("linked", "included", "expected"),
    [
        ("${a}", [], [("RELATIONSHIP.INVALID", "/data/relationships/territoryAvailabilities")]),
        (
            "USA",
            [{"type": "territoryAvailabilities", "id": "USA"}],
            [("INCLUDED.INVALID_ID", "/included/0/id")],
        ),
        (
            "${a}",
            [{"type": "territoryAvailabilities", "id": "${a}", "attributes": {"available": "yes", "x": 1}}],
            [
                ("ATTRIBUTE.TYPE", "/included/0/attributes/available"),
                ("ATTRIBUTE.UNKNOWN", "/included/0/attributes/x"),
            ],
        ),
        (
            "${a}",
            [{"type": "territoryAvailabilities", "id": "${a}", "relationships": {"territory": to("territories", "?")}}],
            [("RELATIONSHIP.INVALID", "/included/0/relationships/territory")],
        ),
        (
            "${a}",
            [{"type": "apps", "id": "${a}"}],
            [
                ("RELATIONSHIP.INVALID", "/data/relationships/territoryAvailabilities"),
                ("UNEXPECTED_TYPE", "/included/0/type"),
            ],
        ),
    ],
)
def test_errors_of_included_resources_are_reported(
    emulator_client: EmulatorClient, app: str, linked: str, included: list[Json], expected: list[tuple[str, str]]
) -> None:
    data = {
        "type": "appAvailabilities",
        "attributes": {"availableInNewTerritories": True},
        "relationships": {
            "app": to("apps", app),
            "territoryAvailabilities": {"data": [{"type": "territoryAvailabilities", "id": linked}]},
        },
    }
    answer = write(emulator_client, "POST", "/v2/appAvailabilities", data, included=included)
    assert (answer.status, error_summaries(answer)) == (409, expected)


def test_included_resources_are_rejected_if_the_operation_does_not_accept_them(
    emulator_client: EmulatorClient, group: str
) -> None:
    data = {"type": "betaGroups", "id": group}
    answer = write(
        emulator_client, "PATCH", f"/v1/betaGroups/{group}", data, included=[{"type": "builds", "id": "${a}"}]
    )
    assert (answer.status, answer.json["errors"][0]["detail"]) == (422, "Unexpected or invalid value at 'included'.")


def test_all_errors_of_a_body_are_reported_at_once(emulator_client: EmulatorClient, app: str) -> None:
    data = {
        "type": "apps",
        "id": "1",
        "attributes": {"nme": "x", "feedbackEnabled": "yes", "publicLinkLimit": 1.5, "createdDate": None},
        "relationships": {
            "app": {"data": [{"type": "apps", "id": app}]},
            "builds": {"data": [{"type": "apps", "id": app}]},
            "a/b~": {"data": None},
            "betaRecruitmentCriteria": {"data": None},
        },
    }
    answer = write(emulator_client, "POST", "/v1/betaGroups", data)
    assert answer.status == 409
    assert error_summaries(answer) == [
        ("UNEXPECTED_TYPE", "/data/type"),
        ("UNEXPECTED_ID", "/data/id"),
        ("ATTRIBUTE.UNKNOWN", "/data/attributes/nme"),
        ("ATTRIBUTE.TYPE", "/data/attributes/feedbackEnabled"),
        ("ATTRIBUTE.TYPE", "/data/attributes/publicLinkLimit"),
        ("ATTRIBUTE.NOT_ALLOWED", "/data/attributes/createdDate"),
        ("RELATIONSHIP.INVALID", "/data/relationships/app"),
        ("RELATIONSHIP.INVALID", "/data/relationships/builds"),
        ("RELATIONSHIP.UNKNOWN", "/data/relationships/a~1b~0"),
        ("RELATIONSHIP.NOT_ALLOWED", "/data/relationships/betaRecruitmentCriteria"),
        ("ATTRIBUTE.REQUIRED", "/data/attributes/name"),
    ]
    assert len({error["id"] for error in answer.json["errors"]}) == 11


@pytest.mark.parametrize(
    ("path", "attributes", "pointer", "detail"),
    [
        (
            "bundleIds",
            {"name": "x", "identifier": "y", "platform": "iOS"},
            "/data/attributes/platform",
            "'iOS' is not a valid value for the attribute 'platform'. Expected one of: 'IOS', 'MAC_OS', 'UNIVERSAL'",
        ),
        (
            "bundleIds",
            {"name": True, "identifier": "y", "platform": "IOS"},
            "/data/attributes/name",
            "'true' is not a valid value for the attribute 'name'. Expected a STRING",
        ),
        (
            "bundleIds",
            {"name": None, "identifier": "y", "platform": "IOS", "seedId": None},
            "/data/attributes/name",
            "You must provide a value for the attribute 'name' with this request",
        ),
        (
            "bundleIdCapabilities",
            {"capabilityType": "ICLOUD", "settings": [{"key": "ICLOUD_VERSION"}, {"key": "APP_GROUP_IDS"}]},
            None,
            (
                "'APP_GROUP_IDS' is not a valid value for the attribute 'settings/1/key'. "
                "Expected one of: 'ICLOUD_VERSION', 'DATA_PROTECTION_PERMISSION_LEVEL', 'APPLE_ID_AUTH_APP_CONSENT'"
            ),
        ),
        (
            "bundleIdCapabilities",
            {"capabilityType": "ICLOUD", "settings": [{"x": 1}]},
            "/data/attributes/settings/0/x",
            "'settings/0/x' is not an attribute on the resource 'bundleIdCapabilities'",
        ),
        (
            "bundleIdCapabilities",
            {"capabilityType": "ICLOUD", "settings": {}},
            None,
            "'{}' is not a valid value for the attribute 'settings'. Expected an ARRAY",
        ),
    ],
)
def test_details_of_errors_are_those_of_apple(
    emulator_client: EmulatorClient, emulator: Emulator, path: str, attributes: Json, pointer: str | None, detail: str
) -> None:
    data: Json = {"type": path, "attributes": attributes}
    if path == "bundleIdCapabilities":
        data["relationships"] = {"bundleId": to("bundleIds", emulator.add("bundleIds")["id"])}
    answer = write(emulator_client, "POST", f"/v1/{path}", data)
    (error,) = answer.json["errors"]
    assert (answer.status, error.get("source"), error["detail"]) == (409, pointer and {"pointer": pointer}, detail)


@pytest.mark.parametrize(
    ("value", "fits"),
    [
        ("2026-05-28T12:26:40-08:00", True),
        ("2026-05-28T12:26:40Z", True),
        ("2026-05-28T12:26:40.123+0000", True),
        ("2026-05-28", False),
        ("2026-02-31T12:26:40Z", False),
        ("2026-05-28T12:26:40", False),
        ("tomorrow", False),
        (None, True),
    ],
)
def test_only_valid_dates_and_times_are_accepted(
    emulator_client: EmulatorClient, emulator: Emulator, value: str | None, fits: bool
) -> None:
    version = emulator.add("appStoreVersions")["id"]
    data = {"type": "appStoreVersions", "id": version, "attributes": {"earliestReleaseDate": value}}
    assert write(emulator_client, "PATCH", f"/v1/appStoreVersions/{version}", data).status == (200 if fits else 409)


@pytest.mark.parametrize("part", ["attributes", "relationships"])
def test_null_instead_of_attributes_or_relationships_gets_422(
    emulator_client: EmulatorClient, group: str, part: str
) -> None:
    answer = write(emulator_client, "PATCH", f"/v1/betaGroups/{group}", {"type": "betaGroups", "id": group, part: None})
    assert answer.status == 422
    assert answer.json["errors"][0]["detail"] == f"Unexpected or invalid value at 'data.{part}'."


def test_a_null_item_in_an_array_is_rejected(emulator_client: EmulatorClient, emulator: Emulator) -> None:
    data = {
        "type": "bundleIdCapabilities",
        "attributes": {"capabilityType": "ICLOUD", "settings": [None]},
        "relationships": {"bundleId": to("bundleIds", emulator.add("bundleIds")["id"])},
    }
    answer = write(emulator_client, "POST", "/v1/bundleIdCapabilities", data)
    assert answer.json["errors"][0]["detail"] == (
        "'null' is not a valid value for the attribute 'settings/0'. Expected an OBJECT"
    )


@pytest.mark.parametrize(
    ("email", "fits"), [("a@example.com", True), ("a", False), ("a@b", False), ("a b@example.com", False)]
)
def test_only_valid_email_addresses_are_accepted(emulator_client: EmulatorClient, email: str, fits: bool) -> None:
    data = {"type": "betaTesters", "attributes": {"email": email}}
    assert write(emulator_client, "POST", "/v1/betaTesters", data).status == (201 if fits else 409)


@pytest.mark.parametrize(("url", "fits"), [("https://example.com", True), ("example.com", False), ("", False)])
def test_only_urls_with_a_scheme_are_accepted(emulator_client: EmulatorClient, app: str, url: str, fits: bool) -> None:
    data = {"type": "apps", "id": app, "attributes": {"accessibilityUrl": url}}
    assert write(emulator_client, "PATCH", f"/v1/apps/{app}", data).status == (200 if fits else 409)


def test_a_rejected_write_changes_nothing(
    emulator_client: EmulatorClient, emulator: Emulator, app: str, group: str
) -> None:
    before = emulator_client.get(f"/v1/betaGroups/{group}").body
    data = {"type": "betaGroups", "id": group, "attributes": {"name": "New", "x": 1}}
    assert write(emulator_client, "PATCH", f"/v1/betaGroups/{group}", data).status == 409
    linkages = [{"type": "builds", "id": emulator.add("builds")["id"]}, {"type": "builds", "id": "?"}]
    answer = write(emulator_client, "POST", f"/v1/betaGroups/{group}/relationships/builds", linkages)
    assert error_summaries(answer) == [("RELATIONSHIP.INVALID", "/data/1/id")]
    assert emulator_client.get(f"/v1/betaGroups/{group}").body == before
    assert emulator_client.get(f"/v1/betaGroups/{group}/builds").ids == []


def test_write_only_attributes_are_accepted(emulator_client: EmulatorClient, app: str) -> None:
    attributes = {"enabled": True, "eventTypes": [], "name": "x", "secret": "s3", "url": "https://example.com"}
    data = {"type": "webhooks", "attributes": attributes, "relationships": {"app": to("apps", app)}}
    answer = write(emulator_client, "POST", "/v1/webhooks", data)
    assert answer.status == 201
    assert b"s3" not in answer.body


def test_a_hidden_account_cannot_be_changed(emulator_client: EmulatorClient, emulator: Emulator, app: str) -> None:
    emulator.hide_account()
    data = {"type": "betaGroups", "attributes": {"name": "x"}, "relationships": {"app": to("apps", app)}}
    assert error_summaries(write(emulator_client, "POST", "/v1/betaGroups", data)) == [
        ("RELATIONSHIP.INVALID", "/data/relationships/app")
    ]


@pytest.mark.parametrize(
    ("resource_type", "member", "code", "detail"),
    [
        (
            "bundleIds",
            "identifier",
            "ATTRIBUTE.INVALID",
            "An App ID with Identifier 'com.example.x' is not available. Please enter a different string.",
        ),
    ],
)
def test_a_duplicate_of_an_attribute_that_is_unique_in_the_account_is_rejected(
    emulator_client: EmulatorClient, resource_type: str, member: str, code: str, detail: str
) -> None:
    data = {"type": resource_type, "attributes": {"name": "x", "platform": "IOS", member: "com.example.x"}}
    assert write(emulator_client, "POST", f"/v1/{resource_type}", data).status == 201
    answer = write(emulator_client, "POST", f"/v1/{resource_type}", data)
    assert error_summaries(answer) == [(code, f"/data/attributes/{member}")]
    assert answer.json["errors"][0]["detail"] == detail


def test_the_error_about_a_duplicate_device_has_no_pointer(emulator_client: EmulatorClient) -> None:
    udid = "00008110-000A1B2C3D4E5F60"
    data = {"type": "devices", "attributes": {"name": "x", "platform": "IOS", "udid": udid}}
    assert write(emulator_client, "POST", "/v1/devices", data).status == 201
    (error,) = write(emulator_client, "POST", "/v1/devices", data).json["errors"]
    assert (error["code"], error["detail"]) == (
        "ENTITY_ERROR",
        f"A device with number '{udid}' already exists on this team.",
    )
    assert "source" not in error


def test_a_duplicate_of_an_attribute_that_is_unique_within_a_resource_is_rejected(
    emulator_client: EmulatorClient, emulator: Emulator
) -> None:
    infos = [emulator.add("appInfos")["id"] for _ in range(2)]

    def localize(info: str, locale: str) -> Answer:
        relationships = {"appInfo": to("appInfos", info)}
        attributes = {"locale": locale, "name": "x"}
        data = {"type": "appInfoLocalizations", "attributes": attributes, "relationships": relationships}
        return write(emulator_client, "POST", "/v1/appInfoLocalizations", data)

    assert [localize(infos[0], "ja").status, localize(infos[0], "de-DE").status, localize(infos[1], "ja").status] == [
        201,
        201,
        201,
    ]
    answer = localize(infos[0], "ja")
    assert error_summaries(answer) == [("ATTRIBUTE.INVALID.DUPLICATE", "/data/attributes/locale")]
    assert answer.json["errors"][0]["detail"] == "An 'appInfoLocalizations' with a 'locale' of 'ja' already exists."


def test_a_second_related_resource_is_rejected_if_only_one_is_allowed(
    emulator_client: EmulatorClient, app: str
) -> None:
    data = {
        "type": "appAvailabilities",
        "attributes": {"availableInNewTerritories": True},
        "relationships": {"app": to("apps", app), "territoryAvailabilities": {"data": []}},
    }
    assert write(emulator_client, "POST", "/v2/appAvailabilities", data).status == 201
    answer = write(emulator_client, "POST", "/v2/appAvailabilities", data)
    assert error_summaries(answer) == [("RELATIONSHIP.INVALID", "/data/relationships/app")]
    detail = f"An 'appAvailabilities' with a relationship to 'apps' with id '{app}' already exists."
    assert answer.json["errors"][0]["detail"] == detail


# Workflows.


def test_hooks_run_before_and_after_a_write(
    emulator_client: EmulatorClient, emulator: Emulator, app: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[tuple[object, ...]] = []

    def updated(account: Account, resource: Resource, entity: ValidatedResource) -> None:
        account.store.update(resource, {"publicLink": "https://testflight.apple.com/join/1"})
        calls.append(("updated", resource.id, dict(entity.attributes)))

    hooks = ResourceHooks(
        validate_create=lambda _, entity: calls.append(("creating", entity.relationships["app"][0].id)),
        after_create=lambda _, resource, entity: calls.append(("created", resource.type, entity.type)),
        validate_update=lambda _, resource, entity: calls.append(("updating", resource.id, dict(entity.attributes))),
        after_update=updated,
        validate_relationship_change=lambda _, resource, *change: calls.append(("relating", resource.id, *change)),
        before_delete=lambda _, resource: calls.append(("deleting", resource.id)),
    )
    monkeypatch.setitem(HOOKS, "betaGroups", hooks)
    data = {"type": "betaGroups", "attributes": {"name": "x"}, "relationships": {"app": to("apps", app)}}
    group = write(emulator_client, "POST", "/v1/betaGroups", data).json["data"]["id"]
    change = {"type": "betaGroups", "id": group, "attributes": {"publicLinkEnabled": True}}
    answer = write(emulator_client, "PATCH", f"/v1/betaGroups/{group}", change)
    assert answer.json["data"]["attributes"]["publicLink"] == "https://testflight.apple.com/join/1"
    build = emulator.add("builds")["id"]
    write(emulator_client, "POST", f"/v1/betaGroups/{group}/relationships/builds", [{"type": "builds", "id": build}])
    emulator_client.send("DELETE", f"/v1/betaGroups/{group}")
    assert calls == [
        ("creating", app),
        ("created", "betaGroups", "betaGroups"),
        ("updating", group, {"publicLinkEnabled": True}),
        ("updated", group, {"publicLinkEnabled": True}),
        ("relating", group, "builds", "POST", [build]),
        ("deleting", group),
    ]


def test_a_hook_can_reject_a_write(
    emulator_client: EmulatorClient, emulator: Emulator, group: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise RefusedError(
            at_pointer(entity_errors.ATTRIBUTE_REQUIRED, "/data/attributes/feedbackEnabled", name="feedbackEnabled")
        )

    monkeypatch.setitem(HOOKS, "betaGroups", ResourceHooks(validate_update=refuse, before_delete=refuse))
    data = {"type": "betaGroups", "id": group, "attributes": {"name": "New"}}
    answer = write(emulator_client, "PATCH", f"/v1/betaGroups/{group}", data)
    assert error_summaries(answer) == [("ATTRIBUTE.REQUIRED", "/data/attributes/feedbackEnabled")]
    assert emulator_client.send("DELETE", f"/v1/betaGroups/{group}").status == 409
    assert emulator_client.get(f"/v1/betaGroups/{group}").json["data"]["attributes"]["name"] == "Friends"
