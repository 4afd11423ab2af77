"""Offer codes: what Apple fills in when they are made."""

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


_MOST = 1_000_000  # codes of an app in a quarter (documented); those that there are already are not counted


def _check(_account: Account, entity: ValidatedResource) -> None:
    number = entity.attributes["numberOfCodes"]
    if not 1 <= number <= _MOST:
        pointer = "/data/attributes/numberOfCodes"
        raise RefusedError(at_pointer(entity_errors.NUMBER_OF_CODES, pointer, value=number, most=_MOST))


def _make(account: Account, codes: Resource, _entity: ValidatedResource) -> None:
    account.store.update(codes, {"active": True, "createdDate": timestamp(account.now)})


HOOKS: Mapping[str, ResourceHooks] = dict.fromkeys(
    (
        "inAppPurchaseOfferCodeCustomCodes",
        "inAppPurchaseOfferCodeOneTimeUseCodes",
        "subscriptionOfferCodeCustomCodes",
        "subscriptionOfferCodeOneTimeUseCodes",
    ),
    ResourceHooks(creating=_check, created=_make),
)
