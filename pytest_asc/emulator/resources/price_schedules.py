"""Price schedules of apps and in-app purchases, and prices of subscriptions.

A new schedule replaces the whole schedule of a product. Days are those of US Pacific time, and the end of an interval
is the start of the next (observed: rorkai/App-Store-Connect-CLI, docs/API_NOTES.md).
"""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from pytest_asc.apple.territories import TERRITORIES
from pytest_asc.emulator.account.generated import PricePoint, encode_id, parse_price_point
from pytest_asc.emulator.account.pacific_time import pacific_day, pacific_midnight
from pytest_asc.emulator.jsonapi import entity_errors, price_errors
from pytest_asc.emulator.jsonapi.errors import RefusedError, at_pointer
from pytest_asc.emulator.resources.hooks import ResourceHooks
from pytest_asc.emulator.resources.product_states import update_state
from pytest_asc.emulator.resources.state_machine import link, related_many, related_one, request_resources

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_asc.emulator.account.account import Account
    from pytest_asc.emulator.account.store import Resource
    from pytest_asc.emulator.jsonapi.errors import ApiError
    from pytest_asc.emulator.jsonapi.request_validator import ValidatedResource


class _ScheduleKind(NamedTuple):
    """Names that differ between the schedules of apps and of in-app purchases."""

    product: str
    """Relationship of the create request to the product."""
    schedule: str
    """Relationship of the product to its schedule."""
    price_type: str
    point: str
    """Relationship of a price to its price point."""
    point_type: str
    availability: str | None
    """Relationship of the product to its availability, if that must be set before prices; otherwise None."""


_KINDS: Mapping[str, _ScheduleKind] = {
    "appPriceSchedules": _ScheduleKind("app", "appPriceSchedule", "appPrices", "appPricePoint", "appPricePoints", None),
    "inAppPurchasePriceSchedules": _ScheduleKind(
        "inAppPurchase",
        "iapPriceSchedule",
        "inAppPurchasePrices",
        "inAppPurchasePricePoint",
        "inAppPurchasePricePoints",
        "inAppPurchaseAvailability",
    ),
}
_KIND_OF_PRICE = {kind.price_type: kind for kind in _KINDS.values()}
PRICE_POINTS = frozenset((kind.price_type, kind.point) for kind in _KINDS.values())
"""Relationships from prices to price points."""
_PRICES = "/data/relationships/manualPrices"


class _Interval(NamedTuple):
    """Interval of a manual price in a request."""

    position: int
    """Index of the price among the manual prices."""
    territory: str
    point: str
    start: date | None
    """First day with this price; None for today."""
    end: date | None
    """First day without this price; None for no end."""


def _intervals(account: Account, entity: ValidatedResource) -> list[_Interval]:
    """Return the intervals of the manual prices in a request to create a schedule."""
    kind = _KINDS[entity.type]
    base = entity.relationships["baseTerritory"][0].id
    included = {(one.type, one.id): one for one in entity.included}
    found = []
    for index, linkage in enumerate(dict.fromkeys(entity.relationships["manualPrices"])):
        price = included.get(linkage)
        if price is None:
            found.append(_stored_interval(account, kind, linkage.id, index, base))
        elif price.relationships.get(kind.point):
            found.append(_interval(account, price, index, base))
    return found


def _stored_interval(account: Account, kind: _ScheduleKind, identifier: str, index: int, base: str) -> _Interval:
    """Return the interval of an existing price."""
    price = account.store.get(kind.price_type, identifier)
    attributes = price.attributes if price else {}
    point = next(iter(price.ids(kind.point)), "") if price else ""
    start, end = _date(attributes.get("startDate")), _date(attributes.get("endDate"))
    return _Interval(index, _territory(account, kind, point) or base, point, start, end)


def _interval(account: Account, price: ValidatedResource, index: int, base: str) -> _Interval:
    kind = _KIND_OF_PRICE[price.type]
    point, start = price.relationships[kind.point][0].id, _date(price.attributes.get("startDate"))
    territory = _territory(account, kind, point) or base
    begins_today = start == pacific_day(account.now)
    end = _date(price.attributes.get("endDate"))
    return _Interval(index, territory, point, None if begins_today else start, end)


def _date(value: str | None) -> date | None:
    return date.fromisoformat(value) if value else None


def _territory(account: Account, kind: _ScheduleKind, identifier: str) -> str | None:
    """Return the territory of a price point; None if a test has added a price point without a territory."""
    point = account.store.get(kind.point_type, identifier)
    return next(iter(point.ids("territory")), None) if point else None


def _validate_create(account: Account, entity: ValidatedResource) -> None:
    kind = _KINDS[entity.type]
    ((_, product),) = entity.relationships[kind.product]
    base = entity.relationships["baseTerritory"][0].id
    intervals = _intervals(account, entity)
    today = pacific_day(account.now)
    errors = (
        _missing_point_errors(kind, entity)
        or _unknown_point_errors(account, kind, product, intervals)
        or _past_start_errors(intervals, today)
        or _base_territory_errors(intervals, base)
        or _interval_errors(intervals)
    )
    if not errors and kind.availability:
        (resource,) = request_resources(account, entity, kind.product)
        if related_one(account, resource, kind.availability) is None:
            errors = [at_pointer(price_errors.NOT_AVAILABLE, _PRICES)]
    if errors:
        raise RefusedError(*errors)


def _missing_point_errors(kind: _ScheduleKind, entity: ValidatedResource) -> list[ApiError]:
    return [
        at_pointer(
            entity_errors.RELATIONSHIP_REQUIRED, f"/included/{index}/relationships/{kind.point}", name=kind.point
        )
        for index, one in enumerate(entity.included)
        if one.type == kind.price_type and not one.relationships.get(kind.point)
    ]


def _unknown_point_errors(
    account: Account, kind: _ScheduleKind, product: str, intervals: list[_Interval]
) -> list[ApiError]:
    return [
        at_pointer(
            price_errors.PRICE_POINT_NOT_FOUND,
            f"/included/relationships/{kind.point_type}/data/{interval.position}/id",
            type=kind.point_type,
            id=interval.point,
        )
        for interval in intervals
        if interval.point and not _is_point_of(account, kind, interval.point, product)
    ]


def _is_point_of(account: Account, kind: _ScheduleKind, identifier: str, product: str) -> bool:
    parts = parse_price_point(identifier)
    if parts:
        return parts.product == product
    point = account.store.get(kind.point_type, identifier)
    return point is not None and point.ids(kind.product) in ([], [product])


def _past_start_errors(intervals: list[_Interval], today: date) -> list[ApiError]:
    return [
        at_pointer(price_errors.START_IN_PAST, f"{_PRICES}/data/{interval.position}/attributes/startDate")
        for interval in intervals
        if interval.start and interval.start < today
    ]


def _base_territory_errors(intervals: list[_Interval], base: str) -> list[ApiError]:
    """Return an error if the base territory has no price from today on."""
    of_base = sorted((one for one in intervals if one.territory == base), key=_start)
    if not of_base:
        return [at_pointer(price_errors.BASE_TERRITORY_REQUIRED, _PRICES)]
    first = of_base[0]
    if first.start is None:
        return []
    pointer = f"{_PRICES}/data/{first.position}/attributes/startDate"
    return [at_pointer(price_errors.START_IN_FUTURE, pointer, territory=base, day=first.start)]


def _interval_errors(intervals: list[_Interval]) -> list[ApiError]:
    """Return an error for each territory with an interval that does not end when the next one starts."""
    wrong: dict[str, int] = {}
    ordered = sorted(intervals, key=_start)
    for interval in ordered:
        if interval.end and interval.end <= _start(interval):
            wrong.setdefault(interval.territory, interval.position)
    for territory in dict.fromkeys(interval.territory for interval in ordered):
        of_territory = [interval for interval in ordered if interval.territory == territory]
        for before, after in pairwise(of_territory):
            if before.start == after.start or before.end not in {None, after.start}:
                wrong.setdefault(territory, after.position)
    return [
        at_pointer(price_errors.INTERVALS, f"{_PRICES}/data/{index}", territory=territory)
        for territory, index in wrong.items()
    ]


def _start(interval: _Interval) -> date:
    return interval.start or date.min


def _before_create(account: Account, entity: ValidatedResource) -> None:
    """Remove the schedule that the new one replaces."""
    kind = _KINDS[entity.type]
    (product,) = request_resources(account, entity, kind.product)
    schedule = related_one(account, product, kind.schedule)
    if schedule is None:
        return
    kept = {identifier for _, identifier in entity.relationships["manualPrices"]}
    for name in ("manualPrices", "automaticPrices"):
        for price in related_many(account, schedule, name):
            if price.id not in kept:
                account.remove(price)
    account.remove(schedule)


def _choose_id(account: Account, entity: ValidatedResource) -> str | None:
    """Return the id of the product, which is also that of its schedule (observed)."""
    ((_, product),) = entity.relationships[_KINDS[entity.type].product]
    return None if account.store.get(entity.type, product) else product


def _choose_price_id(account: Account, entity: ValidatedResource) -> str | None:
    """Build the id from the price point and the bounds of the interval, in seconds since 1970 (observed)."""
    interval = _interval(account, entity, 0, "")
    parts = parse_price_point(interval.point)
    return _price_id(account, entity.type, parts, interval.start, interval.end) if parts else None


def _price_id(account: Account, price_type: str, point: PricePoint, start: date | None, end: date | None) -> str | None:
    parts = {"s": point.product, "t": point.territory, "p": point.tier_text, "sd": _bound(start), "ed": _bound(end)}
    identifier = encode_id(parts)
    return None if account.store.get(price_type, identifier) else identifier


def _bound(day: date | None) -> float:
    return float(pacific_midnight(day)) if day else 0.0


def _after_create(account: Account, schedule: Resource, entity: ValidatedResource) -> None:
    kind = _KINDS[entity.type]
    base = entity.relationships["baseTerritory"][0].id
    intervals = sorted(_intervals(account, entity), key=_start)
    prices = related_many(account, schedule, "manualPrices")
    for number, interval in enumerate(intervals):
        price = prices[interval.position]
        following = (one.start for one in intervals[number + 1 :] if one.territory == interval.territory)
        end = interval.end or next(following, None)
        account.store.update(price, {"manual": True, "startDate": _iso(interval.start), "endDate": _iso(end)})
        territory = account.store.get("territories", interval.territory)
        if territory:
            link(account, price, "territory", territory)
        if interval.territory == base:
            _create_automatic_prices(account, kind, schedule, interval._replace(end=end), intervals)
    if kind.availability:
        for product in request_resources(account, entity, kind.product):
            update_state(account, product)


def _create_automatic_prices(
    account: Account, kind: _ScheduleKind, schedule: Resource, base: _Interval, intervals: list[_Interval]
) -> None:
    """Add equivalent prices for the territories without a manual price."""
    parts = parse_price_point(base.point)
    if parts is None:  # a test has added the price point, so its id does not encode a tier
        return
    manual = {interval.territory for interval in intervals}
    for territory in TERRITORIES:
        if territory in manual:
            continue
        point = parts._replace(territory=territory)
        price = account.create(
            kind.price_type,
            _price_id(account, kind.price_type, point, base.start, base.end),
            {"manual": False, "startDate": _iso(base.start), "endDate": _iso(base.end)},
        )
        account.relate(price, {kind.point: point.id, "territory": territory})
        link(account, schedule, "automaticPrices", price)


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _today(account: Account) -> str:
    return pacific_day(account.now).isoformat()


# Prices of subscriptions.


def validate_available(account: Account, subscription: Resource) -> None:
    """Reject prices for a subscription that has no availability (observed).

    Raises:
        RefusedError: The availability was never set.
    """
    if related_one(account, subscription, "subscriptionAvailability") is None:
        pointer = "/data/relationships/subscriptionPricePoint/id"
        raise RefusedError(at_pointer(price_errors.NOT_AVAILABLE, pointer))


def _validate_create_price(account: Account, entity: ValidatedResource) -> None:
    (subscription,) = request_resources(account, entity, "subscription")
    validate_available(account, subscription)
    point = parse_price_point(entity.relationships["subscriptionPricePoint"][0].id)
    if point and point.product != subscription.id:
        # A price point belongs to one subscription (observed); title and detail of the error are inferred.
        pointer = "/data/relationships/subscriptionPricePoint"
        raise RefusedError(at_pointer(entity_errors.RELATIONSHIP_ID, pointer, id=point.id))


def _after_create_price(account: Account, price: Resource, entity: ValidatedResource) -> None:
    account.store.update(price, {"preserved": bool(entity.attributes.get("preserveCurrentPrice"))})
    complete_price(account, price)
    for subscription in request_resources(account, entity, "subscription"):
        update_state(account, subscription)


def complete_price(account: Account, price: Resource) -> None:
    """Set territory, plan and start of a subscription price; today becomes null as in schedules (inferred)."""
    point = related_one(account, price, "subscriptionPricePoint")
    territory = related_one(account, point, "territory") if point else None
    if territory:
        link(account, price, "territory", territory)
    start = price.attributes["startDate"]
    account.store.update(
        price,
        {
            "startDate": None if start == _today(account) else start,
            "planType": price.attributes["planType"] or "UPFRONT",
        },
    )


HOOKS: Mapping[str, ResourceHooks] = {
    **dict.fromkeys(
        _KINDS,
        ResourceHooks(
            validate_create=_validate_create,
            before_create=_before_create,
            choose_id=_choose_id,
            after_create=_after_create,
        ),
    ),
    **dict.fromkeys(_KIND_OF_PRICE, ResourceHooks(choose_id=_choose_price_id)),
    "subscriptionPrices": ResourceHooks(validate_create=_validate_create_price, after_create=_after_create_price),
}
