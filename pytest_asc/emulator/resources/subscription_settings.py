"""Grace periods of an app's subscriptions, and promoted purchases."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_asc.emulator.account.app_lookup import owner
from pytest_asc.emulator.jsonapi import product_errors
from pytest_asc.emulator.jsonapi.errors import ApiError, RefusedError, at_pointer
from pytest_asc.emulator.resources.hooks import ResourceHooks
from pytest_asc.emulator.resources.state_machine import related_many, related_one

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_asc.emulator.account.account import Account
    from pytest_asc.emulator.account.store import Resource
    from pytest_asc.emulator.jsonapi.request_validator import ValidatedResource


def _validate_update_grace_period(_: Account, period: Resource, entity: ValidatedResource) -> None:
    """Reject a grace period that is enabled in production but not in the sandbox (observed)."""
    merged = {**period.attributes, **entity.attributes}
    if merged["optIn"] and not merged["sandboxOptIn"]:
        raise RefusedError(ApiError(product_errors.GRACE_PERIOD_SETTING))


def _after_add_grace_period(account: Account, _: Resource) -> None:
    """Remove the grace period of the app that Apple created automatically and the test has now replaced."""
    for other in list(account.store.all("subscriptionGracePeriods")):
        if account.is_automatic(other) and owner(account.store, "apps", "subscriptionGracePeriod", other) is None:
            account.remove(other)


def _before_delete_promotion(account: Account, promotion: Resource) -> None:
    """Reject the deletion of the promoted purchase of a product that has an image (observed)."""
    for name in ("inAppPurchaseV2", "subscription"):
        product = related_one(account, promotion, name)
        if product is None:
            continue
        owners = [product, *related_many(account, product, "versions")]
        if any(related_many(account, owner, "images") for owner in owners):
            raise RefusedError(at_pointer(product_errors.PROMOTION_HAS_IMAGE, "/data/attributes/state"))


HOOKS: Mapping[str, ResourceHooks] = {
    "promotedPurchases": ResourceHooks(before_delete=_before_delete_promotion),
    "subscriptionGracePeriods": ResourceHooks(
        validate_update=_validate_update_grace_period, after_add=_after_add_grace_period
    ),
}
