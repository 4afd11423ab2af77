"""States of in-app purchases and subscriptions: from MISSING_METADATA to READY_TO_SUBMIT, and through review.

The states are documented. The requirements for a subscription are observed; for in-app purchases, availability and
screenshot are observed, and the rest is inferred.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pytest_asc.emulator.resources.product_kinds import APPROVED_STATES, BY_PRODUCT, version_in_flight
from pytest_asc.emulator.resources.state_machine import related_many, related_one
from pytest_asc.emulator.resources.uploads import state_of

if TYPE_CHECKING:
    from pytest_asc.emulator.account.account import Account
    from pytest_asc.emulator.account.store import Resource

INCOMPLETE = frozenset({None, "MISSING_METADATA"})
"""States of a product that cannot be submitted yet."""
# State of a product by that of its first version; for all others, READY_TO_SUBMIT or MISSING_METADATA (observed).
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
    **dict.fromkeys(APPROVED_STATES, "APPROVED"),
}
"""State of the first version by the state of its product; a draft for all others (inferred)."""
AVAILABILITIES = {
    "inAppPurchases": "inAppPurchaseAvailability",
    "subscriptions": "subscriptionAvailability",
}
"""Relationship of a product to its availability, by the type of the product."""


class MissingParts(NamedTuple):
    """Members and prices that a product still needs for a review."""

    relationships: tuple[str, ...]
    attributes: tuple[str, ...]
    availability: bool
    territories: tuple[str, ...]
    """Territories without a price; only the base territory for an in-app purchase."""


def missing_parts(account: Account, product: Resource) -> MissingParts:
    """Return the members and prices that an in-app purchase or a subscription still needs for a review."""
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
    return MissingParts(
        tuple(relationships),
        ("subscriptionPeriod",) if period else (),
        availability is None,
        tuple(_territories_without_price(account, product, availability)),
    )


def _territories_without_price(account: Account, product: Resource, availability: Resource | None) -> list[str]:
    """Return the territories in which a product is available but has no price."""
    if product.type == "inAppPurchases":
        schedule = related_one(account, product, "iapPriceSchedule")
        return [] if schedule and related_many(account, schedule, "manualPrices") else ["USA"]
    prices = related_many(account, product, "prices")
    priced = {territory for price in prices for territory in price.ids("territory")}
    available = availability.ids("availableTerritories") if availability else ()
    return [territory for territory in available if territory not in priced]


def is_complete(account: Account, product: Resource) -> bool:
    """Return whether a product has everything that a review requires."""
    return not any(missing_parts(account, product))


def update_state(account: Account, product: Resource) -> None:
    """Set a complete product to READY_TO_SUBMIT; for a subscription group, its complete subscriptions."""
    if product.type == "subscriptionGroups":
        for subscription in related_many(account, product, "subscriptions"):
            update_state(account, subscription)
    elif product.attributes["state"] in INCOMPLETE and is_complete(account, product):
        account.store.update(product, {"state": "READY_TO_SUBMIT"})


def follow_version(account: Account, product: Resource, state: str, *, complete: bool = True) -> None:
    """Update the state of a product after its version has entered a state; a product for sale stays so (observed).

    Args:
        account: The account.
        product: The product.
        state: State of the version.
        complete: False if the product no longer has everything that a review requires.
    """
    if product.type == "subscriptionGroups" or (product.attributes["state"] in APPROVED_STATES and state != "APPROVED"):
        return
    waiting = "READY_TO_SUBMIT" if complete else "MISSING_METADATA"
    account.store.update(product, {"state": _STATES.get(state, waiting)})


def is_draft_in_submission(account: Account, product: Resource) -> bool:
    """Return whether the version of a product is an item of a review submission that has not been submitted yet."""
    version = version_in_flight(account, product)
    return version is not None and version.attributes["state"] == "READY_FOR_REVIEW"
