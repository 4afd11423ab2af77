"""Cases about prices, products and experiments."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from emulator.harness import NOW

from pytest_asc.emulator.account.pacific_time import pacific_day

if TYPE_CHECKING:
    from collections.abc import Mapping

    from emulator.harness import Answer
    from emulator.recorded.replay import Case, Json, Replay

_TODAY = pacific_day(NOW)
_UNKNOWN_POINT = "not-a-price-point"


def _days(number: int) -> str:
    return (_TODAY + timedelta(days=number)).isoformat()


def _price(point: str | None, start: str | None = None, end: str | None = None) -> Json:
    return {"point": point, "dates": {"startDate": start, "endDate": end}}


def _point(replay: Replay, path: str, territory: str = "USA") -> str:
    return replay.fetch(f"{path}?filter[territory]={territory}").ids[3]


def _schedule(
    replay: Replay, kind: str, product: tuple[str, Json], prices: list[Json], base: str | None = "USA"
) -> Answer:
    """Send a request to create a price schedule of an app or an in-app purchase."""
    price_type, point = f"{kind}Prices", f"{kind}PricePoint"
    included: list[Json] = []
    for number, price in enumerate(prices):
        linked = {point: {"data": {"type": f"{point}s", "id": price["point"]}}} if price["point"] else {}
        included.append(
            {"type": price_type, "id": f"${{{number}}}", "attributes": price["dates"], "relationships": linked}
        )
    name, owner = product
    relationships: dict[str, Any] = {
        name: {"data": {"type": owner["type"], "id": owner["id"]}},
        "manualPrices": {"data": [{"type": one["type"], "id": one["id"]} for one in included]},
    }
    if base:
        relationships["baseTerritory"] = {"data": {"type": "territories", "id": base}}
    data = {"type": f"{kind}PriceSchedules", "relationships": relationships}
    return replay.send("POST", f"/v1/{kind}PriceSchedules", data, included)


def _app_price(point: str | None = "USA", start: str | None = None, base: str = "USA", include: str = "") -> Case:
    """Send a schedule with one price for an app. An unknown or missing price point is sent unchanged."""

    def send(replay: Replay) -> Answer:
        app = replay.add("apps")
        known = _point(replay, f"/v1/apps/{app['id']}/appPricePoints") if point == "USA" else point
        answer = _schedule(replay, "app", ("app", app), [_price(known, start)], base)
        if not include:
            return answer
        # The included prices show it; the response to the create request has none.
        return replay.fetch(f"/v1/appPriceSchedules/{app['id']}?include={include}")._replace(status=answer.status)

    return send


def _gap(replay: Replay) -> Answer:
    purchase = replay.add("inAppPurchases")
    point = _point(replay, f"/v2/inAppPurchases/{purchase['id']}/pricePoints")
    prices = [_price(point, None, _days(2)), _price(point, _days(3))]
    return _schedule(replay, "inAppPurchase", ("inAppPurchase", purchase), prices)


def _without_base(replay: Replay) -> Answer:
    return _schedule(replay, "inAppPurchase", ("inAppPurchase", replay.add("inAppPurchases")), [], None)


def _unavailable(replay: Replay) -> Answer:
    subscription = replay.add("subscriptions")
    point = _point(replay, f"/v1/subscriptions/{subscription['id']}/pricePoints")
    linkage = {"type": "subscriptionPricePoints", "id": point}
    return replay.post("subscriptionPrices", subscription=subscription, subscriptionPricePoint=linkage)


def _incomplete_purchase(replay: Replay) -> Answer:
    purchase = replay.add("inAppPurchases", apps=[replay.add("apps")])
    return replay.post("inAppPurchaseSubmissions", inAppPurchaseV2=purchase)


def _subscription(replay: Replay, **members: Any) -> Json:
    """Add a subscription in a group of an app."""
    group = replay.add("subscriptionGroups", app=replay.add("apps"))
    return replay.add("subscriptions", group=group, **members)


def _first_subscription(replay: Replay) -> Answer:
    subscription = _subscription(replay, state="READY_TO_SUBMIT")
    return replay.post("subscriptionSubmissions", subscription=subscription)


def _unpriced_subscription(replay: Replay) -> Answer:
    availability = replay.add("subscriptionAvailabilities", availableTerritories=["USA", "FRA"])
    subscription = _subscription(replay, subscriptionAvailability=availability, subscriptionPeriod="ONE_MONTH")
    group = subscription["relationships"]["group"]["data"]
    replay.add("subscriptionGroupLocalizations", subscriptionGroup=group)
    replay.add("subscriptionLocalizations", subscription=subscription)
    replay.add("subscriptionAppStoreReviewScreenshots", subscription=subscription)
    replay.add("subscriptionPrices", subscription=subscription, territory="USA")
    return replay.post("subscriptionSubmissions", subscription=subscription)


def _version(replay: Replay, product: Json) -> Json:
    """Read the newest version of a product."""
    path = "/v2" if product["type"] == "inAppPurchases" else "/v1"
    versions: list[Json] = replay.fetch(f"{path}/{product['type']}/{product['id']}/versions").json["data"]
    return versions[-1]


def _without_its_group(replay: Replay) -> Answer:
    subscription = _subscription(replay, state="READY_TO_SUBMIT")
    (app,) = replay.emulator_client.emulator.find("apps")
    submission = replay.create("reviewSubmissions", {"platform": "IOS"}, app=app)
    return replay.post(
        "reviewSubmissionItems", reviewSubmission=submission, subscriptionVersion=_version(replay, subscription)
    )


def _second_version(replay: Replay) -> Answer:
    return replay.post("subscriptionVersions", subscription=_subscription(replay))


def _approved_localization(replay: Replay) -> Answer:
    subscription = _subscription(replay, state="APPROVED")
    localization = replay.add("subscriptionLocalizations", subscription=subscription, state="APPROVED")
    return replay.patch(localization, name="Other")


def _localization_in_review(replay: Replay) -> Answer:
    purchase = replay.add("inAppPurchases", state="IN_REVIEW")
    localization = replay.add("inAppPurchaseLocalizations", version=_version(replay, purchase))
    data = {"type": localization["type"], "id": localization["id"], "attributes": {"name": "Other"}}
    return replay.send("PATCH", f"/v2/{localization['type']}/{localization['id']}", data)


def _last_localization(replay: Replay) -> Answer:
    purchase = replay.add("inAppPurchases", state="REJECTED")
    return replay.delete(replay.add("inAppPurchaseLocalizations", inAppPurchaseV2=purchase, state="REJECTED"))


def _complete_subscription(replay: Replay) -> Answer:
    return replay.delete(_subscription(replay, state="READY_TO_SUBMIT"))


def _promotion(replay: Replay) -> Answer:
    subscription = replay.add("subscriptions")
    replay.add("subscriptionImages", subscription=subscription)
    return replay.delete(replay.add("promotedPurchases", subscription=subscription))


def _grace_period(replay: Replay) -> Answer:
    return replay.patch(replay.add("subscriptionGracePeriods"), optIn=True, sandboxOptIn=False)


def _sandbox_codes(replay: Replay) -> Answer:
    attributes = {"numberOfCodes": 99, "expirationDate": "2026-12-31", "environment": "SANDBOX"}
    offer = replay.add("subscriptionOfferCodes")
    return replay.post("subscriptionOfferCodeOneTimeUseCodes", attributes, offerCode=offer)


def _free_offer(replay: Replay) -> Answer:
    subscription = replay.add("subscriptions")
    point = _point(replay, f"/v1/subscriptions/{subscription['id']}/pricePoints")
    price = {
        "type": "subscriptionOfferCodePrices",
        "id": "${price}",
        "relationships": {
            "territory": {"data": {"type": "territories", "id": "USA"}},
            "subscriptionPricePoint": {"data": {"type": "subscriptionPricePoints", "id": point}},
        },
    }
    attributes = {
        "name": "Spring",
        "customerEligibilities": ["NEW"],
        "offerEligibility": "STACK_WITH_INTRO_OFFERS",
        "duration": "ONE_MONTH",
        "offerMode": "FREE_TRIAL",
        "numberOfPeriods": 1,
    }
    relationships = {
        "subscription": {"data": {"type": "subscriptions", "id": subscription["id"]}},
        "prices": {"data": [{"type": price["type"], "id": price["id"]}]},
    }
    data = {"type": "subscriptionOfferCodes", "attributes": attributes, "relationships": relationships}
    return replay.send("POST", "/v1/subscriptionOfferCodes", data, [price])


def _second_experiment(replay: Replay) -> Answer:
    app = replay.add("apps")
    data = {
        "type": "appStoreVersionExperiments",
        "attributes": {"name": "Icons", "platform": "IOS", "trafficProportion": 50},
        "relationships": {"app": {"data": {"type": "apps", "id": app["id"]}}},
    }
    assert replay.send("POST", "/v2/appStoreVersionExperiments", data).status == 201
    return replay.send("POST", "/v2/appStoreVersionExperiments", data)


CASES: Mapping[int, Case] = {
    90: _app_price(base="FRA"),
    91: _app_price(_UNKNOWN_POINT),
    92: _app_price(start=date(2026, 10, 26).isoformat()),
    93: _app_price(start="2020-01-01"),
    94: _app_price(start=_days(1)),
    95: _app_price(start=_days(0), include="manualPrices"),
    96: _app_price(None),
    97: _without_base,
    98: _gap,
    100: _incomplete_purchase,
    101: _first_subscription,
    102: _unpriced_subscription,
    103: _without_its_group,
    104: _second_version,
    105: _approved_localization,
    106: _localization_in_review,
    107: _last_localization,
    108: _complete_subscription,
    109: _promotion,
    110: _grace_period,
    111: _unavailable,
    112: _sandbox_codes,
    113: _free_offer,
    115: _second_experiment,
}
"""Cases by the number of the line."""

DIFFERENCES: Mapping[int, str] = {
    97: "recorded in 2023, when it was an attribute in Apple's words; Apple's document has a relationship now",
}
"""Reasons why the emulator responds differently, by the number of the line."""
