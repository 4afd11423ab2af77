"""From a resource to those that it belongs to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_asc.emulator.spec.relationships import relation

if TYPE_CHECKING:
    from pytest_asc.emulator.account.store import Resource, Store


def related(store: Store, resource: Resource | None, name: str) -> Resource | None:
    """The first resource that a relationship leads to."""
    over = relation(resource.type, name) if resource else None
    found = store.related(resource, over) if resource and over else []
    return found[0] if found else None


def owner(store: Store, kind: str, name: str, resource: Resource | None) -> Resource | None:
    """The first resource of a type whose relationship leads to a resource: the way that Apple shows no link for."""
    over = relation(kind, name)
    ids = resource.ids(over.inverse) if resource and over else []
    return store.get(kind, ids[0]) if ids else None


def app_of(store: Store, resource: Resource) -> Resource | None:
    """The app that something is, is sold in, or was built of."""
    if resource.type == "apps":
        return resource
    if resource.type == "inAppPurchases":
        return owner(store, "apps", "inAppPurchases", resource)
    if resource.type == "subscriptions":
        return owner(store, "apps", "subscriptionGroups", related(store, resource, "group"))
    return related(store, resource, "app")
