"""Attributes and relationships that must be unique among the resources of a type."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pytest_asc.emulator.jsonapi import entity_errors
from pytest_asc.emulator.jsonapi.errors import ApiError, at_pointer
from pytest_asc.emulator.spec.relationships import inverse_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_asc.emulator.account.store import Resource, Store
    from pytest_asc.emulator.jsonapi.errors import ErrorTemplate
    from pytest_asc.emulator.jsonapi.request_parser import Linkage
    from pytest_asc.emulator.jsonapi.request_validator import ValidatedResource


class Unique(NamedTuple):
    """Uniqueness constraint of a type."""

    attributes: tuple[str, ...]
    """Attributes that must be unique in combination; empty to allow one resource for each related resource."""
    relationship: str
    """Relationship within which they must be unique; empty for the whole account."""
    template: ErrorTemplate
    """Error for a duplicate, with a pointer to its first attribute or to the relationship."""
    has_pointer: bool = True
    """False if the recorded error has no pointer."""
    ignore_case: bool = False


# Observed (rorkai/App-Store-Connect-CLI; expo/eas-cli and fastlane for bundle ids, devices and profiles; several users
# for report requests). Inferred for products and for identifiers of merchants and passes. For a second review
# screenshot, the 409 is observed (rorkai) and the error is inferred.
UNIQUE: Mapping[str, Unique] = {
    "analyticsReportRequests": Unique(("accessType",), "app", entity_errors.REQUEST_EXISTS),
    "appAvailabilities": Unique((), "app", entity_errors.RELATIONSHIP_EXISTS),
    "appInfoLocalizations": Unique(("locale",), "appInfo", entity_errors.ATTRIBUTE_DUPLICATE),
    "appStoreReviewDetails": Unique((), "appStoreVersion", entity_errors.ALREADY_EXISTS, has_pointer=False),
    "appStoreVersionLocalizations": Unique(("locale",), "appStoreVersion", entity_errors.DUPLICATE_LOCALE),
    "appStoreVersions": Unique(("versionString", "platform"), "app", entity_errors.DUPLICATE_VERSION),
    "betaAppLocalizations": Unique(("locale",), "app", entity_errors.SAME_LOCALE, ignore_case=True),
    "betaBuildLocalizations": Unique(("locale",), "build", entity_errors.SAME_LOCALE, ignore_case=True),
    "bundleIds": Unique(("identifier",), "", entity_errors.IDENTIFIER_TAKEN),
    "devices": Unique(("udid",), "", entity_errors.DEVICE_TAKEN, has_pointer=False),
    "inAppPurchases": Unique(("productId",), "", entity_errors.ATTRIBUTE_DUPLICATE),
    "inAppPurchaseAppStoreReviewScreenshots": Unique((), "inAppPurchaseV2", entity_errors.RELATIONSHIP_EXISTS),
    "merchantIds": Unique(("identifier",), "", entity_errors.PORTAL_IDENTIFIER_TAKEN),
    "passTypeIds": Unique(("identifier",), "", entity_errors.PORTAL_IDENTIFIER_TAKEN),
    "profiles": Unique(("name",), "", entity_errors.PROFILE_NAME_TAKEN, has_pointer=False),
    "subscriptionAppStoreReviewScreenshots": Unique((), "subscription", entity_errors.RELATIONSHIP_EXISTS),
    "subscriptions": Unique(("productId",), "", entity_errors.ATTRIBUTE_DUPLICATE),
}


def uniqueness_errors(store: Store, entity: ValidatedResource) -> list[ApiError]:
    """Return the errors for a resource that would violate the uniqueness constraint of its type."""
    constraint = UNIQUE.get(entity.type)
    if constraint is None:
        return []
    parent = entity.relationships[constraint.relationship][0] if constraint.relationship else None
    values = [entity.attributes.get(name) for name in constraint.attributes]
    others = _siblings(store, entity.type, constraint.relationship, parent) if parent else store.all(entity.type)
    if constraint.ignore_case:
        taken = {str(one.attributes.get(name)).lower() for one in others for name in constraint.attributes}
        unique = taken.isdisjoint(str(value).lower() for value in values)
    else:
        unique = all([one.attributes.get(name) for name in constraint.attributes] != values for one in others)
    if unique:
        return []
    if not constraint.has_pointer:
        return [ApiError(constraint.template, {"value": values[0] if values else ""})]
    if constraint.attributes:
        name, value = constraint.attributes[0], values[0]
        return [at_pointer(constraint.template, f"/data/attributes/{name}", type=entity.type, name=name, value=value)]
    pointer = f"/data/relationships/{constraint.relationship}"
    target, identifier = parent or ("", "")
    return [at_pointer(constraint.template, pointer, type=entity.type, target=target, value=identifier)]


def _siblings(store: Store, resource_type: str, relationship: str, parent: Linkage) -> list[Resource]:
    """Return the resources that already have this parent."""
    inverse, resource = inverse_name(resource_type, relationship, parent.type), store.get(parent.type, parent.id)
    return store.get_many(resource_type, resource.ids(inverse)) if inverse and resource else []
