"""Lookup of the resources that a resource belongs to, up to its app."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_asc.emulator.spec.relationships import relation

if TYPE_CHECKING:
    from pytest_asc.emulator.account.store import Resource, Store


def related(store: Store, resource: Resource | None, name: str) -> Resource | None:
    """Return the first related resource of a relationship; None if there is none."""
    relationship = relation(resource.type, name) if resource else None
    found = store.related(resource, relationship) if resource and relationship else []
    return found[0] if found else None


def owner(store: Store, resource_type: str, name: str, resource: Resource | None) -> Resource | None:
    """Return the first resource of a type that has this resource in a relationship; None if there is none."""
    relationship = relation(resource_type, name)
    ids = resource.ids(relationship.inverse) if resource and relationship else []
    return store.get(resource_type, ids[0]) if ids else None


def app_of(store: Store, resource: Resource) -> Resource | None:
    """Return the app that a product or a build belongs to; an app is returned itself."""
    if resource.type == "apps":
        return resource
    if resource.type == "inAppPurchases":
        return owner(store, "apps", "inAppPurchases", resource)
    if resource.type == "subscriptions":
        return owner(store, "apps", "subscriptionGroups", related(store, resource, "group"))
    return related(store, resource, "app")
