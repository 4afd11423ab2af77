"""States of in-app purchases and subscriptions: from MISSING_METADATA to READY_TO_SUBMIT, and through review.

The states are documented, and what a subscription needs is observed; for in-app purchases, availability and screenshot
are observed, the rest is inferred.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pytest_asc.emulator.resources.product_kinds import BY_PRODUCT, SOLD, version_in_flight
from pytest_asc.emulator.resources.state_machine import related_many, related_one
from pytest_asc.emulator.resources.uploads import state_of

if TYPE_CHECKING:
    from pytest_asc.emulator.account.account import Account
    from pytest_asc.emulator.account.store import Resource

INCOMPLETE = frozenset({None, "MISSING_METADATA"})
"""States of a product that cannot be submitted yet."""
# The state of a product by that of its first version; READY_TO_SUBMIT or MISSING_METADATA for all others (observed).
_STATES = {
    "WAITING_FOR_REVIEW": "WAITING_FOR_REVIEW",
    "IN_REVIEW": "IN_REVIEW",
    "ACCEPTED": "PENDING_BINARY_APPROVAL",
    "APPROVED": "APPROVED",
    "REJECTED": "REJECTED",
}
VERSION_STATES = {
    "WAITING_FOR_REVIEW": "WAITING_FOR_REVIEW",
    "IN_REVIEW": "IN_REVIEW",
    "PENDING_BINARY_APPROVAL": "ACCEPTED",
    "REJECTED": "REJECTED",
    "DEVELOPER_ACTION_NEEDED": "REJECTED",
    **dict.fromkeys(SOLD, "APPROVED"),
}
"""The state of the version that comes with a product in this state, a draft's for all others (inferred)."""
AVAILABILITIES = {
    "inAppPurchases": "inAppPurchaseAvailability",
    "subscriptions": "subscriptionAvailability",
}
"""Relationship of a product that says where it is available, by the product's type."""


class Missing(NamedTuple):
    """Members and prices that a product lacks for a review."""

    relationships: tuple[str, ...]
    attributes: tuple[str, ...]
    availability: bool
    territories: tuple[str, ...]
    """Territories without a price, the base territory of an in-app purchase without prices."""


def missing(account: Account, product: Resource) -> Missing:
    """Return what an in-app purchase or a subscription lacks."""
    needed = [BY_PRODUCT[product.type].localization_type]
    relationships = [name for name in needed if not related_many(account, product, name)]
    group = related_one(account, product, "group") if product.type == "subscriptions" else None
    if group and not related_many(account, group, "subscriptionGroupLocalizations"):
        relationships.append("group")
    screenshot = related_one(account, product, "appStoreReviewScreenshot")
    if screenshot is None or state_of(screenshot) not in {None, "COMPLETE"}:
        relationships.append("appStoreReviewScreenshot")
    period = product.type == "subscriptions" and product.attributes["subscriptionPeriod"] is None
    availability = related_one(account, product, AVAILABILITIES[product.type])
    return Missing(
        tuple(relationships),
        ("subscriptionPeriod",) if period else (),
        availability is None,
        tuple(_unpriced(account, product, availability)),
    )


def _unpriced(account: Account, product: Resource, availability: Resource | None) -> list[str]:
    """The territories in which a product is available and has no price."""
    if product.type == "inAppPurchases":
        schedule = related_one(account, product, "iapPriceSchedule")
        return [] if schedule and related_many(account, schedule, "manualPrices") else ["USA"]
    prices = related_many(account, product, "prices")
    priced = {territory for price in prices for territory in price.ids("territory")}
    available = availability.ids("availableTerritories") if availability else ()
    return [territory for territory in available if territory not in priced]


def is_complete(account: Account, product: Resource) -> bool:
    """Return whether a product lacks nothing for a review."""
    return not any(missing(account, product))


def update_state(account: Account, product: Resource) -> None:
    """Let a product go to READY_TO_SUBMIT, or the subscriptions of a group, once the last thing is there."""
    if product.type == "subscriptionGroups":
        for subscription in related_many(account, product, "subscriptions"):
            update_state(account, subscription)
    elif product.attributes["state"] in INCOMPLETE and is_complete(account, product):
        account.store.update(product, {"state": "READY_TO_SUBMIT"})


def follow_version(account: Account, product: Resource, state: str, *, complete: bool = True) -> None:
    """Set the state of a product after that of its version; a product on sale stays so (observed).

    Args:
        account: The account.
        product: The product.
        state: State of its version.
        complete: False if the product loses something that a review requires.
    """
    if product.type == "subscriptionGroups" or (product.attributes["state"] in SOLD and state != "APPROVED"):
        return
    waiting = "READY_TO_SUBMIT" if complete else "MISSING_METADATA"
    account.store.update(product, {"state": _STATES.get(state, waiting)})


def is_draft_in_submission(account: Account, product: Resource) -> bool:
    """Return whether the version of a product is an item of a submission that is not submitted yet."""
    version = version_in_flight(account, product)
    return version is not None and version.attributes["state"] == "READY_FOR_REVIEW"
