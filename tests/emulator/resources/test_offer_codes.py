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
    assert batch["attributes"]["createdDate"] == "2026-05-28T12:26:40-08:00"
    values = api_writer.emulator_client.send(
        "GET", f"/v1/{resource_type}/{batch['id']}/values", headers={**HEADERS, "Accept": "text/csv"}
    )
    assert len({*values.body.split()}) == 3
    assert api_writer.patch(batch, active=False).status == 200
    assert api_writer.get(batch)["active"] is False


@pytest.mark.parametrize("number", [0, -1, 1_000_001])
def test_a_number_of_codes_out_of_range_is_refused(api_writer: ApiWriter, emulator: Emulator, number: int) -> None:
    offer = emulator.add("subscriptionOfferCodes")
    attributes = {"customCode": "SPRING", "numberOfCodes": number}
    answer = api_writer.post("subscriptionOfferCodeCustomCodes", attributes, offerCode=offer)
    assert answer.status == 409
    assert detail(answer) == f"'{number}' is not a valid number of codes, expected a number from 1 to 1000000"
