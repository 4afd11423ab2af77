"""Responses to GET requests for related resources that were never set: an error, or a default price schedule.

They are observed (rorkai/App-Store-Connect-CLI:docs/API_NOTES.md, and notes of other users of September 2026), unless a
comment says otherwise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_asc.emulator.account.store import Resource
from pytest_asc.emulator.jsonapi import errors
from pytest_asc.emulator.jsonapi.errors import ApiError

if TYPE_CHECKING:
    from pytest_asc.emulator.account.store import Store
    from pytest_asc.emulator.jsonapi.routing import Route

# To-one relationships, by type and name, that respond with 404 if nothing is set. All others respond with null.
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
    """Return the response for a to-one relationship that is not set: a resource, an error, or None for null.

    Args:
        route: Route of the request. The resource in its path exists.
        target: Type of the related resource.
    """
    if (route.resource_type, route.operation.relationship) in _NOT_FOUND:
        return ApiError(errors.NOT_FOUND, {"type": target, "id": route.identifier})
    if (route.resource_type, target) == ("apps", _SCHEDULE):
        return Resource(_SCHEDULE, route.identifier, {})
    return None


def unset_schedule(store: Store, route: Route) -> Resource | ApiError | None:
    """Return the response for the price schedule of an app without one; None if the app does not exist.

    The base territory is the United States (inferred), and the prices are those of a resource of type ``null``.
    """
    if route.resource_type != _SCHEDULE or store.get("apps", route.identifier) is None:
        return None
    action = route.operation.action
    if action == "getInstance":
        return Resource(_SCHEDULE, route.identifier, {})
    if action.startswith("getToOne"):
        return store.get("territories", "USA") or Resource("territories", "USA", {"currency": "USD"})
    return ApiError(errors.NOT_FOUND, {"type": "null", "id": route.identifier})
