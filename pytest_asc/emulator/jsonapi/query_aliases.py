"""Names in ``filter`` and ``exists`` parameters that are neither an attribute nor a relationship of the type.

Their meanings are inferred from the names. Two more, ``filter[upfrontPricePointId]`` and ``filter[planType]`` of
subscription price points, are documented but not emulated: they select the prices of another plan.
"""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from pytest_asc.emulator.account.pacific_time import start_of_day
from pytest_asc.emulator.spec.api_spec import depends_on_spec
from pytest_asc.emulator.spec.relationships import Relation, relation

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class AttributePath(NamedTuple):
    """Path from a resource, along relations, to an attribute or an id."""

    relations: tuple[Relation, ...]
    attribute: str | None
    """Name of the attribute; None for the id."""
    only_value: str | None = None
    """The only value that counts; None if all values count."""


class _Alias(NamedTuple):
    steps: tuple[str, ...] = ()
    """Names of relationships. ``TYPE.NAME`` is the relationship of another type, followed in the reverse direction."""
    attribute: str | None = None
    only_value: str | None = None


_ALIASES: Mapping[tuple[str, str], _Alias] = {
    ("alternativeDistributionKeys", "app"): _Alias(("apps.alternativeDistributionKey",)),
    ("appKeywords", "locale"): _Alias(("appStoreVersionLocalizations.searchKeywords",), "locale"),
    ("appKeywords", "platform"): _Alias(("appStoreVersionLocalizations.searchKeywords", "appStoreVersion"), "platform"),
    # Sorting by the group is enough: inside a group, the list already has the order of the positions.
    ("appAssetLibraryPlacements", "placementGroupPosition"): _Alias((), "placementGroup"),
    ("customerReviews", "publishedResponse"): _Alias(("response",), "state", "PUBLISHED"),
    ("inAppPurchaseOfferCodes", "territory"): _Alias(("prices", "territory")),
    ("inAppPurchasePricePoints", "inAppPurchaseV2"): _Alias(("inAppPurchases.pricePoints",)),
    ("inAppPurchases", "canBeSubmitted"): _Alias((), "state"),
    ("subscriptionOfferCodes", "territory"): _Alias(("prices", "territory")),
    ("subscriptionPricePoints", "subscription"): _Alias(("subscriptions.pricePoints",)),
    ("subscriptionPromotionalOffers", "territory"): _Alias(("prices", "territory")),
    ("webhookDeliveries", "createdDateGreaterThanOrEqualTo"): _Alias((), "createdDate"),
    ("webhookDeliveries", "createdDateLessThan"): _Alias((), "createdDate"),
}


@depends_on_spec
@cache
def query_alias(resource_type: str, name: str) -> AttributePath | None:
    """Return the path for a name in a query for a type; None if the name is not in the table."""
    alias = _ALIASES.get((resource_type, name))
    if alias is None:
        return None
    relations: list[Relation] = []
    for step in alias.steps:
        relations.append(_relation(resource_type, step))
        resource_type = relations[-1].target
    return AttributePath(tuple(relations), alias.attribute, alias.only_value)


def _relation(resource_type: str, step: str) -> Relation:
    owner, _, name = step.rpartition(".")
    found = relation(owner or resource_type, name)
    assert found is not None, f"{resource_type} has no relation {step}"  # noqa: S101  the table is tested
    return found.reverse if owner else found


def _contains(filter_value: str, value: str) -> bool:
    return filter_value in value


def _matches_platform(filter_value: str, value: str) -> bool:
    return value in {filter_value, "UNIVERSAL"}


def _equals_without_case(filter_value: str, value: str) -> bool:
    return filter_value.casefold() == value.casefold()


def _is_ready(filter_value: str, value: str) -> bool:
    return (value == "READY_TO_SUBMIT") == (filter_value == "true")


def _is_not_before(filter_value: str, value: str) -> bool:
    limit, moment = _timestamp(filter_value), _timestamp(value)
    return limit is not None and moment is not None and moment >= limit


def _is_before(filter_value: str, value: str) -> bool:
    limit, moment = _timestamp(filter_value), _timestamp(value)
    return limit is not None and moment is not None and moment < limit


def _timestamp(text: str) -> float | None:
    # A plus sign that is not percent-encoded is decoded as a space. Python 3.10 does not parse Z.
    try:
        moment = datetime.fromisoformat(text.replace(" ", "+").replace("Z", "+00:00"))
        return (moment if moment.tzinfo else moment.replace(tzinfo=start_of_day(moment.date()).tzinfo)).timestamp()
    except (ValueError, OverflowError):
        return None


FILTER_PREDICATES: Mapping[tuple[str, str], Callable[[str, str], bool]] = {
    # These filters also match longer values (observed: clients have to compare the bundle ids themselves).
    ("apps", "bundleId"): _contains,
    ("bundleIds", "identifier"): _contains,
    # A bundle ID for all platforms matches each platform (inferred: a new one is shown as UNIVERSAL).
    ("bundleIds", "platform"): _matches_platform,
    # Observed: rorkai/App-Store-Connect-CLI:docs/API_NOTES.md, September 2026.
    ("betaAppLocalizations", "locale"): _equals_without_case,
    ("inAppPurchases", "canBeSubmitted"): _is_ready,
    ("webhookDeliveries", "createdDateGreaterThanOrEqualTo"): _is_not_before,
    ("webhookDeliveries", "createdDateLessThan"): _is_before,
}
"""Predicates of filters that do not test for equality. Arguments are a value of the filter and one of a resource."""
