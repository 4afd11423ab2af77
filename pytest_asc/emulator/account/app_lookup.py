"""Look-up of the resources that a resource belongs to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_asc.emulator.spec.relationships import relation

if TYPE_CHECKING:
    from pytest_asc.emulator.account.store import Resource, Store


def related(store: Store, resource: Resource | None, name: str) -> Resource | None:
    """Return the first resource that a relationship leads to."""
    relationship = relation(resource.type, name) if resource else None
    found = store.related(resource, relationship) if resource and relationship else []
    return found[0] if found else None


def owner(store: Store, resource_type: str, name: str, resource: Resource | None) -> Resource | None:
    """Return the first resource of a type whose relationship leads to a resource, against its direction."""
    relationship = relation(resource_type, name)
    ids = resource.ids(relationship.inverse) if resource and relationship else []
    return store.get(resource_type, ids[0]) if ids else None


def app_of(store: Store, resource: Resource) -> Resource | None:
    """Return the app of an app, a product or a build."""
    if resource.type == "apps":
        return resource
    if resource.type == "inAppPurchases":
        return owner(store, "apps", "inAppPurchases", resource)
    if resource.type == "subscriptions":
        return owner(store, "apps", "subscriptionGroups", related(store, resource, "group"))
    return related(store, resource, "app")
