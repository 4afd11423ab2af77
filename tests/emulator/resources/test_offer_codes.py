from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from emulator.resources.api_writer import HEADERS, detail

if TYPE_CHECKING:
    from emulator.resources.api_writer import ApiWriter

    from pytest_asc.emulator.app import Emulator

OFFERS = {
    "inAppPurchaseOfferCodeOneTimeUseCodes": "inAppPurchaseOfferCodes",
    "subscriptionOfferCodeOneTimeUseCodes": "subscriptionOfferCodes",
}


@pytest.mark.parametrize(("resource_type", "offers"), OFFERS.items())
def test_one_time_codes_are_created_in_the_requested_number(
    api_writer: ApiWriter, emulator: Emulator, resource_type: str, offers: str
) -> None:
    offer = emulator.add(offers)
    batch = api_writer.create(resource_type, {"numberOfCodes": 3, "expirationDate": "2026-09-01"}, offerCode=offer)
    assert batch["attributes"]["active"] is True
    assert batch["attributes"]["createdDate"] == "2026-05-28T13:26:40-07:00"
    values = api_writer.emulator_client.send(
        "GET", f"/v1/{resource_type}/{batch['id']}/values", headers={**HEADERS, "Accept": "text/csv"}
    )
    assert len({*values.body.split()}) == 3
    assert api_writer.patch(batch, active=False).status == 200
    assert api_writer.get(batch)["active"] is False


@pytest.mark.parametrize("number", [0, -1, 1_000_001])
def test_a_number_of_codes_out_of_range_is_rejected(api_writer: ApiWriter, emulator: Emulator, number: int) -> None:
    offer = emulator.add("subscriptionOfferCodes")
    attributes = {"customCode": "SPRING", "numberOfCodes": number}
    answer = api_writer.post("subscriptionOfferCodeCustomCodes", attributes, offerCode=offer)
    assert answer.status == 409
    assert detail(answer) == f"'{number}' is not a valid number of codes, expected a number from 1 to 1000000"


@pytest.mark.parametrize(("number", "status"), [(10, 201), (100, 201), (1000, 201), (99, 409), (1100, 409)])
def test_sandbox_codes_are_only_created_in_round_numbers(
    api_writer: ApiWriter, emulator: Emulator, number: int, status: int
) -> None:
    attributes = {"numberOfCodes": number, "expirationDate": "2026-09-01", "environment": "SANDBOX"}
    for resource_type, offers in OFFERS.items():
        answer = api_writer.post(resource_type, attributes, offerCode=emulator.add(offers))
        assert answer.status == status
        if status == 409:
            assert answer.codes == ["ENTITY_ERROR.ATTRIBUTE.INVALID.UNSUPPORTED_NUMBER_OF_CODES"]


@pytest.mark.parametrize(
    ("mode", "renewed", "with_point", "code"),
    [
        ("FREE_TRIAL", True, True, "ENTITY_ERROR.RELATIONSHIP.INVALID"),
        ("FREE_TRIAL", False, False, None),
        ("PAY_UP_FRONT", True, True, None),
        ("PAY_UP_FRONT", False, True, "ENTITY_ERROR.ATTRIBUTE.INVALID"),
    ],
)
def test_a_free_offer_has_no_price_point_and_an_offer_without_renewal_is_free(
    api_writer: ApiWriter, emulator: Emulator, mode: str, renewed: bool, with_point: bool, code: str | None
) -> None:
    subscription = emulator.add("subscriptions")
    points = api_writer.related(subscription, "pricePoints")
    relationships = {"territory": {"data": {"type": "territories", "id": "USA"}}}
    if with_point:
        relationships["subscriptionPricePoint"] = {"data": {"type": "subscriptionPricePoints", "id": points[1]["id"]}}
    price = {"type": "subscriptionOfferCodePrices", "id": "${price}", "relationships": relationships}
    attributes = {
        "name": "Spring",
        "customerEligibilities": ["NEW"],
        "offerEligibility": "STACK_WITH_INTRO_OFFERS",
        "duration": "ONE_MONTH",
        "offerMode": mode,
        "numberOfPeriods": 1,
        "autoRenewEnabled": renewed,
    }
    linked = {
        "subscription": {"data": {"type": "subscriptions", "id": subscription["id"]}},
        "prices": {"data": [{"type": price["type"], "id": price["id"]}]},
    }
    data = {"type": "subscriptionOfferCodes", "attributes": attributes, "relationships": linked}
    answer = api_writer.send("POST", "/v1/subscriptionOfferCodes", data, [price])
    assert answer.status == (409 if code else 201)
    if code:
        assert answer.codes == [code]


@pytest.mark.parametrize("mode", ["FREE_TRIAL", "PAY_UP_FRONT"])
def test_an_offer_of_any_mode_requires_prices(api_writer: ApiWriter, emulator: Emulator, mode: str) -> None:
    attributes = {
        "name": "Spring",
        "customerEligibilities": ["NEW"],
        "offerEligibility": "STACK_WITH_INTRO_OFFERS",
        "duration": "ONE_MONTH",
        "offerMode": mode,
        "numberOfPeriods": 1,
    }
    answer = api_writer.post(
        "subscriptionOfferCodes", attributes, subscription=emulator.add("subscriptions"), prices=[]
    )
    assert (answer.status, answer.codes) == (409, ["ENTITY_ERROR.RELATIONSHIP.REQUIRED"])
    assert answer.json["errors"][0]["source"] == {"pointer": "/data/relationships/prices"}
