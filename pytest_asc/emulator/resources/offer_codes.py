"""Offer codes: validation of their number, and the attributes that Apple sets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_asc.emulator.account.times import timestamp
from pytest_asc.emulator.jsonapi import entity_errors
from pytest_asc.emulator.jsonapi.errors import RefusedError, at_pointer
from pytest_asc.emulator.resources.hooks import ResourceHooks

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_asc.emulator.account.account import Account
    from pytest_asc.emulator.account.store import Resource
    from pytest_asc.emulator.jsonapi.request_validator import ValidatedResource


_MAX_CODES = 1_000_000  # codes of an app in a quarter (documented); existing codes are not counted


def _validate_create(_account: Account, entity: ValidatedResource) -> None:
    number = entity.attributes["numberOfCodes"]
    if not 1 <= number <= _MAX_CODES:
        pointer = "/data/attributes/numberOfCodes"
        raise RefusedError(at_pointer(entity_errors.NUMBER_OF_CODES, pointer, value=number, most=_MAX_CODES))


def _after_create(account: Account, codes: Resource, _entity: ValidatedResource) -> None:
    account.store.update(codes, {"active": True, "createdDate": timestamp(account.now)})


HOOKS: Mapping[str, ResourceHooks] = dict.fromkeys(
    (
        "inAppPurchaseOfferCodeCustomCodes",
        "inAppPurchaseOfferCodeOneTimeUseCodes",
        "subscriptionOfferCodeCustomCodes",
        "subscriptionOfferCodeOneTimeUseCodes",
    ),
    ResourceHooks(validate_create=_validate_create, after_create=_after_create),
)
