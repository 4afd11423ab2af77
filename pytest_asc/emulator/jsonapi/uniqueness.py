"""What may be in the account only once: a table by type."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pytest_asc.emulator.jsonapi import entity_errors
from pytest_asc.emulator.jsonapi.errors import at_pointer
from pytest_asc.emulator.spec.relationships import inverse_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_asc.emulator.account.store import Resource, Store
    from pytest_asc.emulator.jsonapi.errors import ApiError, ErrorTemplate
    from pytest_asc.emulator.jsonapi.request_parser import Linkage
    from pytest_asc.emulator.jsonapi.request_validator import ValidatedResource


class Unique(NamedTuple):
    """Members that no two resources of a type have in common."""

    attributes: tuple[str, ...]
    relationship: str
    """Among the resources with the same one; empty for all."""
    form: ErrorTemplate
    """What is said of a second one: about the first attribute, or the relationship where there are none."""


# Observed (rorkai/App-Store-Connect-CLI; expo/eas-cli and fastlane for bundle ids, devices and profiles; several users
# for report requests); products, and identifiers of merchants and passes are inferred. Of a second
# screenshot for review, the 409 is observed (rorkai) and the words are inferred.
UNIQUE: Mapping[str, Unique] = {
    "analyticsReportRequests": Unique(("accessType",), "app", entity_errors.REQUEST_EXISTS),
    "appAvailabilities": Unique((), "app", entity_errors.RELATIONSHIP_EXISTS),
    "appInfoLocalizations": Unique(("locale",), "appInfo", entity_errors.ATTRIBUTE_DUPLICATE),
    "appStoreReviewDetails": Unique((), "appStoreVersion", entity_errors.ALREADY_EXISTS),
    "appStoreVersionLocalizations": Unique(("locale",), "appStoreVersion", entity_errors.DUPLICATE_LOCALE),
    "appStoreVersions": Unique(("versionString", "platform"), "app", entity_errors.DUPLICATE_VERSION),
    "bundleIds": Unique(("identifier",), "", entity_errors.IDENTIFIER_TAKEN),
    "devices": Unique(("udid",), "", entity_errors.DEVICE_TAKEN),
    "inAppPurchases": Unique(("productId",), "", entity_errors.ATTRIBUTE_DUPLICATE),
    "inAppPurchaseAppStoreReviewScreenshots": Unique((), "inAppPurchaseV2", entity_errors.RELATIONSHIP_EXISTS),
    "merchantIds": Unique(("identifier",), "", entity_errors.PORTAL_IDENTIFIER_TAKEN),
    "passTypeIds": Unique(("identifier",), "", entity_errors.PORTAL_IDENTIFIER_TAKEN),
    "profiles": Unique(("name",), "", entity_errors.PROFILE_NAME_TAKEN),
    "subscriptionAppStoreReviewScreenshots": Unique((), "subscription", entity_errors.RELATIONSHIP_EXISTS),
    "subscriptions": Unique(("productId",), "", entity_errors.ATTRIBUTE_DUPLICATE),
}


def uniqueness_errors(store: Store, entity: ValidatedResource) -> list[ApiError]:
    """Why there cannot be one more resource like this; nothing where there can."""
    rule = UNIQUE.get(entity.type)
    if rule is None:
        return []
    parent = entity.relationships[rule.relationship][0] if rule.relationship else None
    wanted = [entity.attributes.get(name) for name in rule.attributes]
    others = _siblings(store, entity.type, rule.relationship, parent) if parent else store.all(entity.type)
    if all([one.attributes.get(name) for name in rule.attributes] != wanted for one in others):
        return []
    if rule.attributes:
        name, value = rule.attributes[0], wanted[0]
        return [at_pointer(rule.form, f"/data/attributes/{name}", type=entity.type, name=name, value=value)]
    pointer = f"/data/relationships/{rule.relationship}"
    target, identifier = parent or ("", "")
    return [at_pointer(rule.form, pointer, type=entity.type, target=target, value=identifier)]


def _siblings(store: Store, kind: str, relationship: str, parent: Linkage) -> list[Resource]:
    """The resources that already have this parent."""
    slot, resource = inverse_name(kind, relationship, parent.type), store.get(parent.type, parent.id)
    return store.some(kind, resource.ids(slot)) if slot and resource else []
