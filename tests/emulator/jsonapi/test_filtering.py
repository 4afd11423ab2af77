"""Selection of resources by queries: compared with a simple model, and with unusual texts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest
from emulator.harness import EmulatorClient
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_asc.emulator.jsonapi.filtering import unknown_names
from pytest_asc.emulator.jsonapi.query import Query, parse
from pytest_asc.emulator.operations.reads import EMULATED
from pytest_asc.emulator.spec.api_spec import api_spec

if TYPE_CHECKING:
    from collections.abc import Callable

PLATFORMS = ("IOS", "MAC_OS", "TV_OS")
NAMES = st.sampled_from(["Atlas", "Lists", "Lists Pro", "Zürich", "a&b", "1+1", "50%", "'", "ﬁ"])
BUNDLES = st.sampled_from(["com.example", "com.example.lists", "com.example.lists.pro", "org.other"])
SKUS = st.sampled_from(["A", "B", "C"])

APPS = st.lists(
    st.fixed_dictionaries(
        {
            "name": NAMES,
            "bundleId": BUNDLES,
            "sku": SKUS,
            "platforms": st.lists(st.sampled_from(PLATFORMS), max_size=2),
            "game": st.booleans(),
        }
    ),
    max_size=8,
)
QUERIES = st.fixed_dictionaries(
    {},
    optional={
        "filter[name]": st.lists(NAMES, min_size=1, max_size=3),
        "filter[bundleId]": st.lists(BUNDLES, min_size=1, max_size=2),
        "filter[sku]": st.lists(SKUS, min_size=1, max_size=2),
        "filter[id]": st.lists(st.sampled_from([str(number) for number in range(10)]), min_size=1, max_size=5),
        "filter[appStoreVersions.platform]": st.lists(st.sampled_from(PLATFORMS), min_size=1, max_size=2),
        "exists[gameCenterEnabledVersions]": st.sampled_from(["true", "false"]).map(lambda value: [value]),
        "sort": st.lists(
            st.sampled_from(["name", "-name", "bundleId", "-bundleId", "sku", "-sku"]), min_size=1, max_size=3
        ),
        "limit": st.integers(min_value=1, max_value=4).map(lambda value: [str(value)]),
    },
)


def make_account(apps: list[dict[str, Any]]) -> EmulatorClient:
    emulator_client = EmulatorClient()
    for number, app in enumerate(apps):
        attributes = {name: app[name] for name in ("name", "bundleId", "sku")}
        emulator_client.emulator.add("apps", id=str(number), **attributes)
        for platform in app["platforms"]:
            emulator_client.emulator.add("appStoreVersions", app=str(number), platform=platform)
        if app["game"]:
            emulator_client.emulator.add("gameCenterEnabledVersions", app=str(number))
    return emulator_client


def passes(number: int, app: dict[str, Any], query: dict[str, list[str]]) -> bool:
    checks: dict[str, Callable[[list[str]], bool]] = {
        "filter[name]": lambda wanted: app["name"] in wanted,
        "filter[bundleId]": lambda wanted: any(part in app["bundleId"] for part in wanted),
        "filter[sku]": lambda wanted: app["sku"] in wanted,
        "filter[id]": lambda wanted: str(number) in wanted,
        "filter[appStoreVersions.platform]": lambda wanted: bool(set(app["platforms"]) & set(wanted)),
        "exists[gameCenterEnabledVersions]": lambda wanted: [str(app["game"]).lower()] == wanted,
    }
    return all(check(query[name]) for name, check in checks.items() if name in query)


def expected(apps: list[dict[str, Any]], query: dict[str, list[str]]) -> list[str]:
    selected = [number for number, app in enumerate(apps) if passes(number, app, query)]
    if "filter[id]" in query:  # in the order of the ids in the filter
        selected.sort(key=lambda number: query["filter[id]"].index(str(number)))
    for name in reversed(query.get("sort", [])):
        selected.sort(key=lambda number: apps[number][name.lstrip("-")], reverse=name.startswith("-"))
    return [str(number) for number in selected]


def all_pages(emulator_client: EmulatorClient, url: str) -> tuple[list[str], set[int]]:
    ids, totals = [], set()
    next_url: str | None = url
    while next_url:
        answer = emulator_client.get(next_url)
        assert answer.status == 200, answer.body
        ids += answer.ids
        totals.add(answer.json["meta"]["paging"]["total"])
        next_url = answer.json["links"].get("next")
    return ids, totals


@settings(deadline=None)
@given(APPS, QUERIES)
def test_random_queries_select_the_same_resources_as_a_model(
    apps: list[dict[str, Any]], query: dict[str, list[str]]
) -> None:
    text = urlencode({name: ",".join(values) for name, values in query.items()})
    ids, totals = all_pages(make_account(apps), f"/v1/apps?{text}")
    assert ids == expected(apps, query)
    assert totals == {len(ids)}


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        ("Z%C3%BCrich", "Zürich"),
        ("Zürich", "Zürich"),
        ("1%2B1", "1+1"),
        ("Lists+Pro", "Lists Pro"),
        ("Lists%20Pro", "Lists Pro"),
        ("50%25", "50%"),
        ("50%", "50%"),
        ("a%26b", "a&b"),
        ("%F0%9F%90%9D", "🐝"),
        ("x;y", "x;y"),
        ("%5B%5D", "[]"),
    ],
)
def test_a_filter_value_is_decoded(emulator_client: EmulatorClient, sent: str, name: str) -> None:
    emulator_client.emulator.add("apps", name="Other")
    app = emulator_client.emulator.add("apps", name=name)["id"]
    answer = emulator_client.get(f"/v1/apps?filter[name]={sent}")
    assert answer.ids == [app]
    assert emulator_client.get(answer.json["links"]["self"]).ids == [app]


def test_a_thousand_errors_are_in_one_response(emulator_client: EmulatorClient) -> None:
    answer = emulator_client.get("/v1/apps?" + "&".join(f"filter[x{number}]=1&y{number}" for number in range(500)))
    assert (answer.status, len(answer.codes)) == (400, 1000)
    assert [error["source"]["parameter"] for error in answer.json["errors"][:2]] == ["filter[x0]", "y0"]


def test_a_thousand_values_are_one_filter(emulator_client: EmulatorClient) -> None:
    apps = [emulator_client.emulator.add("apps")["id"] for _ in range(3)]
    values = ",".join([*map(str, range(1000)), *apps])
    assert emulator_client.get(f"/v1/apps?filter[id]={values}").ids == apps


def test_exists_published_response_selects_reviews_with_a_response(emulator_client: EmulatorClient) -> None:
    reviews = [emulator_client.emulator.add("customerReviews", id=name) for name in ("a", "b")]
    app = emulator_client.emulator.add("apps", customerReviews=reviews)["id"]
    emulator_client.emulator.add("customerReviewResponses", review="a", state="PUBLISHED")
    path = f"/v1/apps/{app}/customerReviews"
    assert emulator_client.get(f"{path}?exists[publishedResponse]=true").ids == ["a"]
    assert emulator_client.get(f"{path}?exists[publishedResponse]=false").ids == ["b"]


def test_offers_are_found_by_the_territories_of_their_prices(emulator_client: EmulatorClient) -> None:
    add = emulator_client.emulator.add
    subscription = add("subscriptions")["id"]
    price = add("subscriptionOfferCodePrices", territory=add("territories", id="DEU"))
    offer = add("subscriptionOfferCodes", subscription=subscription, prices=[price])["id"]
    add("subscriptionOfferCodes", subscription=subscription)
    path = f"/v1/subscriptions/{subscription}/offerCodes"
    assert emulator_client.get(f"{path}?filter[territory]=DEU,FRA").ids == [offer]
    assert emulator_client.get(f"{path}?filter[territory]=FRA").ids == []


# These select the prices of another plan.
ANOTHER_PLAN = {"filter[planType]", "filter[upfrontPricePointId]"}
NOT_APPLIED = {
    "/v1/subscriptionPricePoints/{id}/adjustedEqualizations": ANOTHER_PLAN,
    "/v1/subscriptionPricePoints/{id}/equalizations": ANOTHER_PLAN,
    "/v1/subscriptions/{id}/pricePoints": ANOTHER_PLAN,
    "/v1/appAssetLibraryRefData": {"filter[specs]"},  # the form of its values is not known
}


def test_only_three_filters_of_the_api_are_not_emulated() -> None:
    found: dict[str, set[str]] = {}
    for path in api_spec().paths:
        operation = api_spec().operation("GET", path)
        if operation and operation.schema and operation.action in EMULATED:
            filters = dict.fromkeys(operation.filters, ("x",))
            exists = dict.fromkeys(operation.exists, True)
            sort = tuple((name.removeprefix("-"), False) for name in operation.sort)
            query = Query(**{**vars(parse(operation, "")), "filters": filters, "exists": exists, "sort": sort})
            if names := set(unknown_names(operation.schema.type, query)):
                found[path] = names
    assert found == NOT_APPLIED
