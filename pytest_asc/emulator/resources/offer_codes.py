"""Offer codes: validation of their number and their prices, and the attributes that Apple sets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_asc.emulator.account.times import timestamp
from pytest_asc.emulator.jsonapi import entity_errors, product_errors
from pytest_asc.emulator.jsonapi.errors import RefusedError, at_pointer
from pytest_asc.emulator.resources.hooks import ResourceHooks

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_asc.emulator.account.account import Account
    from pytest_asc.emulator.account.store import Resource
    from pytest_asc.emulator.jsonapi.request_validator import ValidatedResource


_MAX_CODES = 1_000_000  # for an app in a quarter (documented); the emulator only checks single requests
_SANDBOX_NUMBERS = frozenset((10, *range(100, 1001, 100)))  # observed


def _validate_create(_account: Account, entity: ValidatedResource) -> None:
    number = entity.attributes["numberOfCodes"]
    pointer = "/data/attributes/numberOfCodes"
    if not 1 <= number <= _MAX_CODES:
        raise RefusedError(at_pointer(entity_errors.NUMBER_OF_CODES, pointer, value=number, most=_MAX_CODES))
    if entity.attributes.get("environment") == "SANDBOX" and number not in _SANDBOX_NUMBERS:
        raise RefusedError(at_pointer(product_errors.NUMBER_OF_SANDBOX_CODES, pointer))


def _after_create(account: Account, codes: Resource, _entity: ValidatedResource) -> None:
    account.store.update(codes, {"active": True, "createdDate": timestamp(account.now)})


def _validate_create_offer(_account: Account, entity: ValidatedResource) -> None:
    """Reject an offer without prices, a free one with price points, or a paid one that does not renew (observed)."""
    mode = entity.attributes["offerMode"]
    if not entity.relationships["prices"]:
        template, name = entity_errors.RELATIONSHIP_REQUIRED, "prices"
        raise RefusedError(at_pointer(template, f"/data/relationships/{name}", name=name))
    if mode != "FREE_TRIAL" and entity.attributes.get("autoRenewEnabled") is False:
        raise RefusedError(at_pointer(product_errors.FREE_TRIALS_ONLY, "/data/attributes/offerMode"))
    errors = [
        at_pointer(product_errors.FREE_OFFER_WITH_PRICE, f"/included/{place}/relationships/subscriptionPricePoint")
        for place, price in enumerate(entity.included)
        if mode == "FREE_TRIAL" and price.relationships.get("subscriptionPricePoint")
    ]
    if errors:
        raise RefusedError(*errors)


HOOKS: Mapping[str, ResourceHooks] = {
    **dict.fromkeys(
        (
            "inAppPurchaseOfferCodeCustomCodes",
            "inAppPurchaseOfferCodeOneTimeUseCodes",
            "subscriptionOfferCodeCustomCodes",
            "subscriptionOfferCodeOneTimeUseCodes",
        ),
        ResourceHooks(validate_create=_validate_create, after_create=_after_create),
    ),
    "subscriptionOfferCodes": ResourceHooks(validate_create=_validate_create_offer),
}
