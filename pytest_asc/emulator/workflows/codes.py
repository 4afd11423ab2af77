"""Offer codes: what Apple fills in when they are made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_asc.emulator.values import timestamp
from pytest_asc.emulator.workflows.hooks import Workflow

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_asc.emulator.account import Account
    from pytest_asc.emulator.entities import Entity
    from pytest_asc.emulator.store import Resource


def _make(account: Account, codes: Resource, _entity: Entity) -> None:
    account.store.update(codes, {"active": True, "createdDate": timestamp(account.now)})


WORKFLOWS: Mapping[str, Workflow] = dict.fromkeys(
    (
        "inAppPurchaseOfferCodeCustomCodes",
        "inAppPurchaseOfferCodeOneTimeUseCodes",
        "subscriptionOfferCodeCustomCodes",
        "subscriptionOfferCodeOneTimeUseCodes",
    ),
    Workflow(created=_make),
)
