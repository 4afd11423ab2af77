"""Kinds of products whose versions are reviewed: in-app purchases, subscriptions and subscription groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pytest_asc.emulator.account.app_lookup import app_of, owner
from pytest_asc.emulator.resources.state_machine import matches, related_many, related_one

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_asc.emulator.account.account import Account
    from pytest_asc.emulator.account.store import Resource


class ProductKind(NamedTuple):
    """Names that differ between the kinds of products."""

    product_type: str
    version_type: str
    localization_type: str
    owner: str
    """Relationship of a version, and of an image of API v1, to the product."""
    localization_owner: str
    """Relationship of a localization of API v1 to the product."""
    image_type: str | None
    code: str
    """Name in error codes."""
    noun: str
    """Name in details of errors about versions."""
    title: str
    """Name at the start of a sentence in details of errors."""


KINDS = (
    ProductKind(
        "inAppPurchases",
        "inAppPurchaseVersions",
        "inAppPurchaseLocalizations",
        "inAppPurchase",
        "inAppPurchaseV2",
        "inAppPurchaseImages",
        "IAP",
        "inAppPurchase",
        "InAppPurchase",
    ),
    ProductKind(
        "subscriptions",
        "subscriptionVersions",
        "subscriptionLocalizations",
        "subscription",
        "subscription",
        "subscriptionImages",
        "SUBSCRIPTION",
        "subscription",
        "Subscription",
    ),
    ProductKind(
        "subscriptionGroups",
        "subscriptionGroupVersions",
        "subscriptionGroupLocalizations",
        "subscriptionGroup",
        "subscriptionGroup",
        None,
        "SUBSCRIPTION_GROUP",
        "subscriptionGroup",
        "SubscriptionGroup",
    ),
)
BY_PRODUCT: Mapping[str, ProductKind] = {kind.product_type: kind for kind in KINDS}
BY_VERSION: Mapping[str, ProductKind] = {kind.version_type: kind for kind in KINDS}
BY_LOCALIZATION: Mapping[str, ProductKind] = {kind.localization_type: kind for kind in KINDS}
BY_IMAGE: Mapping[str, ProductKind] = {kind.image_type: kind for kind in KINDS if kind.image_type}

DRAFT = "PREPARE_FOR_SUBMISSION"
"""State in which localizations and images of a version can be changed (documented)."""
FINISHED = frozenset({"APPROVED", "REJECTED", "REPLACED_WITH_NEW_VERSION"})
"""States of a version that allow a new version of the product; for REJECTED that is inferred."""
APPROVED_STATES = frozenset({"APPROVED", "DEVELOPER_REMOVED_FROM_SALE", "REMOVED_FROM_SALE"})
"""States of a product that has been approved."""


def versions_of(account: Account, product: Resource) -> list[Resource]:
    """Return the versions of a product, oldest first."""
    return related_many(account, product, "versions")


def version_in_flight(account: Account, product: Resource) -> Resource | None:
    """Return the version of a product that is in preparation or in review; None if there is none."""
    return next(
        (one for one in versions_of(account, product) if one.attributes["state"] not in FINISHED),
        None,
    )


def is_approved(account: Account, product: Resource) -> bool:
    """Return whether a version of a product has been approved, or the product is or has been for sale."""
    if product.attributes.get("state") in APPROVED_STATES:
        return True
    return any(matches(version, state="APPROVED") for version in versions_of(account, product))


def product_of(account: Account, version: Resource) -> Resource | None:
    """Return the product of a version."""
    return related_one(account, version, BY_VERSION[version.type].owner)


def siblings_of(account: Account, product: Resource) -> list[Resource]:
    """Return all products of the app of a product, including the product; none if the app is unknown."""
    app = app_of(account.store, product)
    if app is None:
        return []
    if product.type == "inAppPurchases":
        return related_many(account, app, "inAppPurchases")
    groups = related_many(account, app, "subscriptionGroups")
    return [subscription for group in groups for subscription in related_many(account, group, "subscriptions")]


def version_of_image(account: Account, image: Resource) -> Resource | None:
    """Return the version that an image belongs to; None for an image of API v1."""
    return owner(account.store, BY_IMAGE[image.type].version_type, "images", image)
