"""Offer codes: what Apple fills in when they are made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_asc.emulator import entity_errors
from pytest_asc.emulator.errors import RefusedError, at_pointer
from pytest_asc.emulator.times import timestamp
from pytest_asc.emulator.workflows.hooks import Workflow

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_asc.emulator.account import Account
    from pytest_asc.emulator.entities import Entity
    from pytest_asc.emulator.store import Resource


_MOST = 1_000_000  # codes of an app in a quarter (documented); those that there are already are not counted


def _check(_account: Account, entity: Entity) -> None:
    number = entity.attributes["numberOfCodes"]
    if not 1 <= number <= _MOST:
        pointer = "/data/attributes/numberOfCodes"
        raise RefusedError(at_pointer(entity_errors.NUMBER_OF_CODES, pointer, value=number, most=_MOST))


def _make(account: Account, codes: Resource, _entity: Entity) -> None:
    account.store.update(codes, {"active": True, "createdDate": timestamp(account.now)})


WORKFLOWS: Mapping[str, Workflow] = dict.fromkeys(
    (
        "inAppPurchaseOfferCodeCustomCodes",
        "inAppPurchaseOfferCodeOneTimeUseCodes",
        "subscriptionOfferCodeCustomCodes",
        "subscriptionOfferCodeOneTimeUseCodes",
    ),
    Workflow(creating=_check, created=_make),
)
