"""What names in queries mean that the catalogue cannot explain: they are no attribute and no relationship.

All are inferred from the names. Two more, ``filter[upfrontPricePointId]`` and ``filter[planType]`` of subscription
price points, are documented and not modelled: they ask for the prices of another plan.
"""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from pytest_asc.emulator.account.times import CUPERTINO
from pytest_asc.emulator.spec.relationships import Relation, relation

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class AttributePath(NamedTuple):
    """Where a name leads: over relations to an attribute, or to the id where there is none."""

    relations: tuple[Relation, ...]
    attribute: str | None
    only: str | None = None
    """The one value that counts; None: every value."""


# Each step is a relationship's name, or TYPE.NAME for the way back along that of another type.
_WAYS: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("alternativeDistributionKeys", "app"): ("apps.alternativeDistributionKey",),
    ("appKeywords", "locale"): ("appStoreVersionLocalizations.searchKeywords",),
    ("appKeywords", "platform"): ("appStoreVersionLocalizations.searchKeywords", "appStoreVersion"),
    ("customerReviews", "publishedResponse"): ("response",),
    ("inAppPurchaseOfferCodes", "territory"): ("prices", "territory"),
    ("inAppPurchasePricePoints", "inAppPurchaseV2"): ("inAppPurchases.pricePoints",),
    ("inAppPurchases", "canBeSubmitted"): (),
    ("subscriptionOfferCodes", "territory"): ("prices", "territory"),
    ("subscriptionPricePoints", "subscription"): ("subscriptions.pricePoints",),
    ("subscriptionPromotionalOffers", "territory"): ("prices", "territory"),
    ("webhookDeliveries", "createdDateGreaterThanOrEqualTo"): (),
    ("webhookDeliveries", "createdDateLessThan"): (),
}
# What stands at their end, where it is not an id, and the one value that counts.
_ENDS: Mapping[tuple[str, str], tuple[str, str | None]] = {
    ("appKeywords", "locale"): ("locale", None),
    ("appKeywords", "platform"): ("platform", None),
    ("customerReviews", "publishedResponse"): ("state", "PUBLISHED"),
    ("inAppPurchases", "canBeSubmitted"): ("state", None),
    ("webhookDeliveries", "createdDateGreaterThanOrEqualTo"): ("createdDate", None),
    ("webhookDeliveries", "createdDateLessThan"): ("createdDate", None),
}


@cache
def query_alias(kind: str, name: str) -> AttributePath | None:
    """Where a name of a type leads; None where it is not in the table."""
    mutation = _WAYS.get((kind, name))
    if mutation is None:
        return None
    attribute, only = _ENDS.get((kind, name), (None, None))
    relations: list[Relation] = []
    for step in mutation:
        over = _step(kind, step)
        relations.append(over)
        kind = over.target
    return AttributePath(tuple(relations), attribute, only)


def _step(kind: str, step: str) -> Relation:
    owner, _, name = step.rpartition(".")
    over = relation(owner or kind, name)
    assert over is not None, f"{step} of {kind} leads nowhere"  # noqa: S101  the table is tested
    return over.reverse if owner else over


def _contains(wanted: str, value: str) -> bool:
    return wanted in value


def _is_ready(wanted: str, value: str) -> bool:
    return (value == "READY_TO_SUBMIT") == (wanted == "true")


def _not_before(wanted: str, value: str) -> bool:
    moment, at = _moment(wanted), _moment(value)
    return moment is not None and at is not None and at >= moment


def _before(wanted: str, value: str) -> bool:
    moment, at = _moment(wanted), _moment(value)
    return moment is not None and at is not None and at < moment


def _moment(text: str) -> float | None:
    # A plus sign that was not quoted arrives as a blank; 3.10 knows no Z.
    try:
        moment = datetime.fromisoformat(text.replace(" ", "+").replace("Z", "+00:00"))
        return (moment if moment.tzinfo else moment.replace(tzinfo=CUPERTINO)).timestamp()
    except (ValueError, OverflowError):
        return None


FILTER_PREDICATES: Mapping[tuple[str, str], Callable[[str, str], bool]] = {
    # They find longer values, too (observed: clients have to compare bundle ids again).
    ("apps", "bundleId"): _contains,
    ("bundleIds", "identifier"): _contains,
    ("inAppPurchases", "canBeSubmitted"): _is_ready,
    ("webhookDeliveries", "createdDateGreaterThanOrEqualTo"): _not_before,
    ("webhookDeliveries", "createdDateLessThan"): _before,
}
"""Filters that ask for another thing than for a value that is equal: whether what is wanted fits a value."""
