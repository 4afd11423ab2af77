"""Price points, price schedules and prices of subscriptions."""

from __future__ import annotations

import base64
import json
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import pytest

from pytest_asc.emulator.account.pacific_time import pacific_day, pacific_midnight

if TYPE_CHECKING:
    from emulator.harness import Answer, EmulatorClient
    from emulator.resources.api_writer import ApiWriter

    from pytest_asc.emulator.app import Emulator

Json = dict[str, Any]

POINTS = {
    "apps": "/v1/apps/{}/appPricePoints",
    "inAppPurchases": "/v2/inAppPurchases/{}/pricePoints",
    "subscriptions": "/v1/subscriptions/{}/pricePoints",
}


def points(client: EmulatorClient, product: Json, query: str) -> list[Json]:
    found: list[Json] = client.get(f"{POINTS[product['type']].format(product['id'])}?{query}").json["data"]
    return found


def point(client: EmulatorClient, product: Json, territory: str = "USA", price: str = "0.99") -> Json:
    return next(
        one
        for one in points(client, product, f"filter[territory]={territory}&limit=200")
        if one["attributes"]["customerPrice"] == price
    )


def schedule(
    writer: ApiWriter, app: Json, *prices: tuple[str, str | None] | tuple[str, str | None, str], base: str = "USA"
) -> Answer:
    """Send a price schedule. Each price is given by price point, start and end."""
    included = []
    for number, (identifier, start, *end) in enumerate(prices):
        dates = {"startDate": start, **({"endDate": end[0]} if end else {})}
        linkage = {"appPricePoint": {"data": {"type": "appPricePoints", "id": identifier}}}
        included.append({"type": "appPrices", "id": f"${{{number}}}", "attributes": dates, "relationships": linkage})
    data = {
        "type": "appPriceSchedules",
        "relationships": {
            "app": {"data": {"type": "apps", "id": app["id"]}},
            "baseTerritory": {"data": {"type": "territories", "id": base}},
            "manualPrices": {"data": [{"type": one["type"], "id": one["id"]} for one in included]},
        },
    }
    return writer.send("POST", "/v1/appPriceSchedules", data, included)


def refusal(answer: Answer) -> tuple[str, str, str]:
    (error,) = answer.json["errors"]
    return error["code"], error["detail"], error["source"]["pointer"]


@pytest.mark.parametrize("product_type", POINTS)
def test_every_product_has_price_points_in_every_territory(emulator_client: EmulatorClient, product_type: str) -> None:
    product = emulator_client.emulator.add(product_type)
    path = POINTS[product_type].format(product["id"])
    total = emulator_client.get(f"{path}?limit=1").json["meta"]["paging"]["total"]
    for territory in ("USA", "JPN", "XKS"):
        found = emulator_client.get(f"{path}?filter[territory]={territory}&limit=200&include=territory").json
        assert found["meta"]["paging"]["total"] * 175 == total
        assert [one["id"] for one in found["included"]] == [territory]
        prices = [float(one["attributes"]["customerPrice"]) for one in found["data"]]
        assert prices[0] == 0
        assert prices == sorted(prices)
    first = points(emulator_client, product, "filter[territory]=USA")[12]
    text = base64.urlsafe_b64decode(first["id"] + "=" * (-len(first["id"]) % 4))
    assert json.loads(text) == {"s": product["id"], "t": "USA", "p": "10012"}
    assert first["attributes"]["customerPrice"] == "0.99"


def test_price_points_take_no_memory_until_a_price_uses_them(emulator_client: EmulatorClient, app: Json) -> None:
    before = len(emulator_client.emulator._account.store)
    identifier = point(emulator_client, app)["id"]
    assert emulator_client.get(f"/v3/appPricePoints/{identifier}?include=app").json["included"][0]["id"] == app["id"]
    assert len(emulator_client.get(f"/v3/appPricePoints/{identifier}/equalizations?limit=200").ids) == 174
    assert len(emulator_client.emulator._account.store) == before


def test_a_price_point_of_a_deleted_product_or_with_an_invalid_id_gets_404(
    emulator_client: EmulatorClient, emulator: Emulator
) -> None:
    group = emulator.add("subscriptionGroups")
    subscription = emulator.add("subscriptions", group=group)
    identifier = point(emulator_client, subscription)["id"]
    assert emulator_client.send("DELETE", f"/v1/subscriptions/{subscription['id']}").status == 204
    assert emulator_client.get(f"/v1/subscriptionPricePoints/{identifier}").status == 404
    for other in ("", "!", "eyJ9", identifier[:-1]):
        assert emulator_client.get(f"/v1/subscriptionPricePoints/{other or 'x'}").codes == ["NOT_FOUND"]


def test_price_points_that_a_test_adds_replace_those_of_the_product(
    emulator_client: EmulatorClient, emulator: Emulator, app: Json
) -> None:
    added = emulator.add("appPricePoints", app=app, territory="USA", customerPrice="3.0")
    assert [one["id"] for one in points(emulator_client, app, "filter[territory]=USA")] == [added["id"]]
    assert points(emulator_client, app, "filter[territory]=DEU") == []


def test_every_account_has_all_territories(emulator_client: EmulatorClient, emulator: Emulator) -> None:
    assert len(emulator_client.get("/v1/territories?limit=200").ids) == 175
    emulator.add("territories", id="USA", currency="EUR")
    listed = emulator_client.get("/v1/territories?limit=200").json["data"]
    found = {one["id"]: one["attributes"]["currency"] for one in listed}
    assert (len(found), found["USA"], found["JPN"]) == (175, "EUR", "JPY")


def test_a_schedule_has_prices_for_all_territories_and_is_replaced_as_a_whole(
    emulator_client: EmulatorClient, api_writer: ApiWriter, app: Json
) -> None:
    usa, germany = (point(emulator_client, app, code)["id"] for code in ("USA", "DEU"))
    assert schedule(api_writer, app, (usa, None), (germany, None)).status == 201
    path = f"/v1/appPriceSchedules/{app['id']}"
    assert len(emulator_client.get(f"{path}/automaticPrices?limit=200").ids) == 173
    answer = schedule(api_writer, app, (usa, None))
    assert (answer.status, answer.json["data"]["id"]) == (201, app["id"])
    assert len(emulator_client.get(f"{path}/automaticPrices?limit=200").ids) == 174
    shown = emulator_client.get(f"{path}/manualPrices?include=appPricePoint,territory").json
    assert [one["attributes"] for one in shown["data"]] == [{"manual": True, "startDate": None, "endDate": None}]
    assert {one["id"] for one in shown["included"]} == {usa, "USA"}


def test_the_end_of_a_price_is_the_start_of_the_next(
    emulator_client: EmulatorClient, api_writer: ApiWriter, app: Json
) -> None:
    cheap, dear = (point(emulator_client, app, price=price)["id"] for price in ("0.99", "1.99"))
    assert schedule(api_writer, app, (cheap, None), (dear, "2026-08-01")).status == 201
    prices = emulator_client.get(f"/v1/appPriceSchedules/{app['id']}/manualPrices").json["data"]
    assert [(one["attributes"]["startDate"], one["attributes"]["endDate"]) for one in prices] == [
        (None, "2026-08-01"),
        ("2026-08-01", None),
    ]


def test_a_start_today_in_pacific_time_is_stored_as_null(
    emulator_client: EmulatorClient, api_writer: ApiWriter, app: Json
) -> None:
    emulator_client.emulator.advance(hours=4)  # 2026-05-29, 0:26 UTC
    identifier = point(emulator_client, app)["id"]
    assert refusal(schedule(api_writer, app, (identifier, "2026-05-29"))) == (
        "ENTITY_ERROR.INVALID_START_DATE",
        "Entire timeline must be covered for USA. The first interval has a start date 2026-05-29T00:00 in the future",
        "/data/relationships/manualPrices/data/0/attributes/startDate",
    )
    assert schedule(api_writer, app, (identifier, "2026-05-28")).status == 201
    (price,) = emulator_client.get(f"/v1/appPriceSchedules/{app['id']}/manualPrices").json["data"]
    assert price["attributes"]["startDate"] is None


def test_invalid_schedules_are_rejected_with_the_recorded_errors(
    emulator_client: EmulatorClient, api_writer: ApiWriter, emulator: Emulator, app: Json
) -> None:
    usa, foreign = point(emulator_client, app)["id"], point(emulator_client, emulator.add("apps"))["id"]
    manual = "/data/relationships/manualPrices"
    assert refusal(schedule(api_writer, app, (usa, "2020-01-01"))) == (
        "ENTITY_ERROR.INVALID_START_DATE",
        "Interval can not have a start date in the past",
        f"{manual}/data/0/attributes/startDate",
    )
    assert refusal(schedule(api_writer, app, (usa, None), base="FRA")) == (
        "ENTITY_ERROR.BASE_TERRITORY_INTERVAL_REQUIRED",
        "There must be at least one manual price for the base territory.",
        manual,
    )
    for unknown in ("not-a-price-point", foreign):
        assert refusal(schedule(api_writer, app, (unknown, None))) == (
            "ENTITY_ERROR.NOT_FOUND",
            f"The resource 'appPricePoints' with id '{unknown}' was not found.",
            "/included/relationships/appPricePoints/data/0/id",
        )
    for prices in (
        [(usa, None, "2026-08-01"), (usa, "2026-08-02")],
        [(usa, None, "2026-08-03"), (usa, "2026-08-02")],
        [(usa, None), (usa, None)],
    ):
        assert schedule(api_writer, app, *prices).codes == ["ENTITY_ERROR.INVALID_INTERVAL"]
    assert emulator_client.emulator._account.store.count("appPriceSchedules") == 0


def test_a_price_of_a_subscription_without_availability_is_rejected(
    emulator_client: EmulatorClient, api_writer: ApiWriter, emulator: Emulator
) -> None:
    subscription = emulator.add("subscriptions")
    identifier = point(emulator_client, subscription, "DEU")
    linked = {"subscription": subscription, "subscriptionPricePoint": identifier}
    assert refusal(api_writer.post("subscriptionPrices", **linked)) == (
        "ENTITY_ERROR.RELATIONSHIP.INVALID",
        "An error occurred while processing the pricing information.",
        "/data/relationships/subscriptionPricePoint/id",
    )
    germany = {"type": "territories", "id": "DEU"}
    available = {"availableInNewTerritories": False}
    api_writer.create(
        "subscriptionAvailabilities", available, subscription=subscription, availableTerritories=[germany]
    )
    price = api_writer.create("subscriptionPrices", **linked)
    assert price["attributes"]["startDate"] is None
    found = emulator_client.get(f"/v1/subscriptions/{subscription['id']}/prices?include=territory").json
    assert [one["id"] for one in found["included"]] == ["DEU"]


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        ("2026-09-26T23:22", "2026-09-26"),
        ("2026-09-27T00:03", "2026-09-26"),
        ("2026-09-27T07:00", "2026-09-27"),
        ("2026-01-05T07:59", "2026-01-04"),
        ("2026-01-05T08:00", "2026-01-05"),
        ("2026-03-08T09:59", "2026-03-08"),
        ("2026-11-01T08:59", "2026-11-01"),
        ("2026-11-02T07:59", "2026-11-01"),
    ],
)
def test_the_pacific_day_follows_daylight_saving_time(moment: str, day: str) -> None:
    now = datetime.fromisoformat(f"{moment}:00+00:00").timestamp()
    assert pacific_day(now).isoformat() == day
    assert pacific_midnight(pacific_day(now)) <= now < pacific_midnight(pacific_day(now)) + 25 * 3600


def test_pacific_midnights_match_those_in_observed_price_ids() -> None:
    assert pacific_midnight(datetime(2026, 2, 16, tzinfo=timezone.utc).date()) == 1771228800


def test_a_price_point_of_a_deleted_product_has_no_equalizations(emulator_client: EmulatorClient) -> None:
    subscription = emulator_client.emulator.add("subscriptions")
    (point, *_) = emulator_client.get(f"/v1/subscriptions/{subscription['id']}/pricePoints?limit=1").ids
    emulator_client.emulator.add("subscriptionPrices", subscriptionPricePoint=point)
    path = f"/v1/subscriptionPricePoints/{point}/equalizations?limit=1"
    assert len(emulator_client.get(path).ids) == 1
    emulator_client.emulator.delete(subscription)
    assert emulator_client.get(path).ids == []
