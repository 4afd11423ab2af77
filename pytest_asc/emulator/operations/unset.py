"""Answers to a GET of a resource that was never set: an error, or a price schedule that Apple makes up.

Each is observed (rorkai/App-Store-Connect-CLI:docs/API_NOTES.md, and others' notes of September 2026), unless marked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_asc.emulator.account.store import Resource
from pytest_asc.emulator.jsonapi import errors
from pytest_asc.emulator.jsonapi.errors import ApiError

if TYPE_CHECKING:
    from pytest_asc.emulator.account.store import Store
    from pytest_asc.emulator.jsonapi.routing import Route

# To-one relationships that answer 404 where nothing is set, by type and name; the others answer with null.
_NOT_FOUND = frozenset(
    {
        ("apps", "appAvailabilityV2"),
        ("apps", "gameCenterDetail"),
        ("appStoreVersions", "appStoreVersionSubmission"),  # inferred
        ("inAppPurchases", "iapPriceSchedule"),  # inferred
        ("inAppPurchases", "inAppPurchaseAvailability"),
        ("subscriptions", "subscriptionAvailability"),
    }
)
_SCHEDULE = "appPriceSchedules"


def unset_to_one(route: Route, target: str) -> Resource | ApiError | None:
    """Return the answer for a to-one relationship without a resource: a resource, an error, or None for null.

    Args:
        route: Route of the request; its resource exists.
        target: Type of the related resource.
    """
    if (route.resource_type, route.operation.relationship) in _NOT_FOUND:
        return ApiError(errors.NOT_FOUND, {"type": target, "id": route.identifier})
    if (route.resource_type, target) == ("apps", _SCHEDULE):
        return Resource(_SCHEDULE, route.identifier, {})
    return None


def unset_schedule(store: Store, route: Route) -> Resource | ApiError | None:
    """Return the answer for the price schedule of an app that never had one; None if there is no such app.

    Its base territory is the United States (inferred), and its prices are those of a resource of type ``null``.
    """
    if route.resource_type != _SCHEDULE or store.get("apps", route.identifier) is None:
        return None
    action = route.operation.action
    if action == "getInstance":
        return Resource(_SCHEDULE, route.identifier, {})
    if action.startswith("getToOne"):
        return store.get("territories", "USA") or Resource("territories", "USA", {"currency": "USD"})
    return ApiError(errors.NOT_FOUND, {"type": "null", "id": route.identifier})
