from __future__ import annotations

import json
from typing import TYPE_CHECKING

from emulator.harness import BASE
from emulator.openapi_schemas import problems
from emulator.random_walk import LINK_ERRORS

from pytest_asc.emulator.jsonapi.serializer import get_serializer, render_resource
from pytest_asc.emulator.spec.api_spec import api_spec

if TYPE_CHECKING:
    from emulator.harness import EmulatorClient


def test_the_sample_account_is_the_same_each_time(emulator_client: EmulatorClient) -> None:
    emulator_client.emulator.load_sample()
    first = [emulator_client.get(f"/v1/{path}").body for path in ("apps", "builds", "betaGroups", "users", "bundleIds")]
    emulator_client.emulator.reset()
    emulator_client.clock.now += 10
    emulator_client.emulator.load_sample()
    assert [
        emulator_client.get(f"/v1/{path}").body for path in ("apps", "builds", "betaGroups", "users", "bundleIds")
    ] == first


def test_a_client_can_follow_the_links_of_the_sample(emulator_client: EmulatorClient) -> None:
    emulator_client.emulator.load_sample()
    apps = emulator_client.get("/v1/apps?sort=name&include=appStoreVersions,builds,betaGroups").json
    assert [app["attributes"]["name"] for app in apps["data"]] == ["Cinema", "Ledger", "Lists"]
    lists = apps["data"][2]["id"]
    assert emulator_client.get("/v1/apps?filter[appStoreVersions.platform]=TV_OS").ids == [apps["data"][0]["id"]]
    builds = emulator_client.get(f"/v1/builds?filter[app]={lists}&sort=-uploadedDate&include=preReleaseVersion").json
    assert [build["attributes"]["version"] for build in builds["data"]] == ["3", "2", "1"]
    assert builds["included"][0]["attributes"] == {"version": "2.0", "platform": "IOS"}
    groups = emulator_client.get(f"/v1/betaGroups?filter[app]={lists}&include=betaTesters").json
    assert [group["attributes"]["name"] for group in groups["data"]] == ["Staff", "Friends"]
    assert len(groups["included"]) == 4
    assert len(emulator_client.get(f"/v1/apps/{lists}/customerReviews").ids) == 5


def test_every_link_in_the_sample_account_can_be_read(emulator_client: EmulatorClient) -> None:
    emulator_client.emulator.load_sample()
    emulator_client.emulator.rate_limit = 10_000
    store = emulator_client.emulator._account.store
    wrong, answered = [], 0
    for resource_type in api_spec().types:
        for schema in api_spec().schemas_of(resource_type):
            for resource in list(store.all_stored(resource_type)):
                shown = json.loads(render_resource(store, resource, get_serializer(schema, BASE, None)))
                members = shown.get("relationships", {}).values()
                for link in (
                    shown["links"]["self"],
                    *(url for one in members for url in one.get("links", {}).values()),
                ):
                    answer = emulator_client.get(link, Accept="*/*")
                    answered += answer.status == 200
                    if answer.status != 200 and not set(answer.codes) <= LINK_ERRORS:
                        wrong.append((link, answer.body))
    assert wrong == []
    assert answered > 1500


# Types that no operation returns: they are only sent, and the response has the result.
NEVER_SHOWN = {
    "appAssetLibraryPlacementOrderingRequests",
    "appStoreVersionPromotions", "appStoreVersionReleaseRequests", "betaTesterInvitations", "buildBetaNotifications",
    "diagnosticLogs", "endAppAvailabilityPreOrders", "gameCenterLeaderboardEntrySubmissions",
    "gameCenterMatchmakingRuleSetTests", "gameCenterMatchmakingTestPlayerProperties",
    "gameCenterMatchmakingTestRequests", "gameCenterPlayerAchievementSubmissions",
    "inAppPurchaseOfferCodeOneTimeUseCodeValues", "inAppPurchaseSubmissions", "perfPowerMetrics",
    "sandboxTestersClearPurchaseHistoryRequest", "subscriptionGroupSubmissions",
    "subscriptionOfferCodeOneTimeUseCodeValues", "subscriptionSubmissions", "webhookPings",
}  # fmt: skip


def test_the_sample_account_has_resources_of_every_type(emulator_client: EmulatorClient) -> None:
    emulator_client.emulator.load_sample()
    store = emulator_client.emulator._account.store
    assert {resource_type for resource_type in api_spec().types if not any(store.all(resource_type))} == NEVER_SHOWN


# Required parameters of collections, by the resource type of their id.
REQUIRED = {
    "filter[app]": "apps",
    "filter[build]": "builds",
    "filter[gameCenterLeaderboard]": "gameCenterLeaderboards",
    "filter[gameCenterLeaderboardSet]": "gameCenterLeaderboardSets",
    "filter[id]": "actors",
}
WORDS = {"filter[platform]": "IOS", "filter[state]": "SUBMITTED"}


def test_every_operation_that_returns_resources_returns_some_of_the_sample_account(
    emulator_client: EmulatorClient,
) -> None:
    emulator_client.emulator.load_sample()
    emulator_client.emulator.rate_limit = 10_000
    store = emulator_client.emulator._account.store
    first = {name: next(iter(store.all(resource_type))).id for name, resource_type in REQUIRED.items()}
    empty = []
    for path in api_spec().paths:
        operation = api_spec().operation("GET", path) if "GET" in api_spec().methods(path) else None
        if operation is None or not (operation.schema or operation.linkage):
            continue
        starts = [resource.id for resource in store.all(operation.root)] if "{id}" in path else [""]
        query = "&".join(f"{name}={first.get(name) or WORDS[name]}" for name in operation.required)
        answers = (emulator_client.get(f"{path.replace('{id}', start)}?{query}") for start in starts)
        if not any(answer.json.get("data") for answer in answers):
            empty.append(path)
    assert empty == []


def test_the_sample_conforms_to_apples_document(emulator_client: EmulatorClient) -> None:
    emulator_client.emulator.load_sample()
    store = emulator_client.emulator._account.store
    assert [
        problem
        for resource_type in api_spec().types
        for schema in api_spec().schemas_of(resource_type)
        for resource in store.all(resource_type)
        for problem in problems(
            schema.name, json.loads(render_resource(store, resource, get_serializer(schema, BASE, None)))
        )
    ] == []


def test_a_resource_of_any_type_can_be_added_without_attributes(emulator_client: EmulatorClient) -> None:
    store = emulator_client.emulator._account.store
    for resource_type in api_spec().types:
        added = emulator_client.emulator.add(resource_type)
        for schema in api_spec().schemas_of(resource_type):
            resource = store.get(resource_type, added["id"])
            assert resource is not None
            shown = json.loads(render_resource(store, resource, get_serializer(schema, BASE, None)))
            assert problems(schema.name, shown) == []
            required = api_spec().required_attributes(schema) & set(schema.attributes) - {"csrContent"}  # never shown
            assert [name for name in required if added["attributes"][name] is None] == []


def test_an_added_resource_is_visible_in_every_operation_that_shows_it(emulator_client: EmulatorClient) -> None:
    for resource_type in api_spec().types:
        added = emulator_client.emulator.add(resource_type)
        for schema in api_spec().schemas_of(resource_type):
            if "GET" in api_spec().methods(f"{schema.path}/{{id}}"):
                assert emulator_client.get(f"{schema.path}/{added['id']}").json["data"]["id"] == added["id"]
