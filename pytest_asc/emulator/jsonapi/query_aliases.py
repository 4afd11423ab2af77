"""Names in filters and exists parameters that are neither an attribute nor a relationship of their type.

All are inferred from the names. Two more, ``filter[upfrontPricePointId]`` and ``filter[planType]`` of subscription
price points, are documented and not modelled: they select the prices of another plan.
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
    """Path from a resource, over relations, to an attribute or to an id."""

    relations: tuple[Relation, ...]
    attribute: str | None
    """None for the id."""
    only: str | None = None
    """Ignore every other value; None for no restriction."""


class _Alias(NamedTuple):
    steps: tuple[str, ...] = ()
    """Names of relationships; TYPE.NAME is the inverse of the relationship of another type."""
    attribute: str | None = None
    only: str | None = None


_ALIASES: Mapping[tuple[str, str], _Alias] = {
    ("alternativeDistributionKeys", "app"): _Alias(("apps.alternativeDistributionKey",)),
    ("appKeywords", "locale"): _Alias(("appStoreVersionLocalizations.searchKeywords",), "locale"),
    ("appKeywords", "platform"): _Alias(("appStoreVersionLocalizations.searchKeywords", "appStoreVersion"), "platform"),
    # The order inside a group is that of the list itself.
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
    """Return the path that a name of a type stands for; None if it is not in the table."""
    alias = _ALIASES.get((resource_type, name))
    if alias is None:
        return None
    relations: list[Relation] = []
    for step in alias.steps:
        relations.append(_relation(resource_type, step))
        resource_type = relations[-1].target
    return AttributePath(tuple(relations), alias.attribute, alias.only)


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
    # A plus sign that was not percent-encoded arrives as a space; Python 3.10 does not read Z.
    try:
        moment = datetime.fromisoformat(text.replace(" ", "+").replace("Z", "+00:00"))
        return (moment if moment.tzinfo else moment.replace(tzinfo=start_of_day(moment.date()).tzinfo)).timestamp()
    except (ValueError, OverflowError):
        return None


FILTER_PREDICATES: Mapping[tuple[str, str], Callable[[str, str], bool]] = {
    # They match longer values, too (observed: clients have to compare bundle ids again).
    ("apps", "bundleId"): _contains,
    ("bundleIds", "identifier"): _contains,
    # One for every platform is found with each (inferred from what a new one is shown as).
    ("bundleIds", "platform"): _matches_platform,
    # Observed: rorkai/App-Store-Connect-CLI:docs/API_NOTES.md, September 2026.
    ("betaAppLocalizations", "locale"): _equals_without_case,
    ("inAppPurchases", "canBeSubmitted"): _is_ready,
    ("webhookDeliveries", "createdDateGreaterThanOrEqualTo"): _is_not_before,
    ("webhookDeliveries", "createdDateLessThan"): _is_before,
}
"""Filters that compare in another way than for equality: each takes a value of the filter and one of a resource."""
