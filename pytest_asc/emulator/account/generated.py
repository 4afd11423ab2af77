"""Resources that every account has, generated when they are looked up: territories, price points, reference data.

They take no memory until another resource links to them. A resource is generated from its id alone, so it is the same
every time. Ids of price points are base64 of JSON such as ``{"s":"6448311069","t":"USA","p":"10012"}``, with the
product, the territory and the price tier (observed).
"""

from __future__ import annotations

import itertools
import json
import math
from base64 import urlsafe_b64decode, urlsafe_b64encode
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, overload

from pytest_asc.apple.territories import CURRENCIES, TERRITORIES
from pytest_asc.emulator.account.reference_data import REFERENCE_DATA, REFERENCE_DATUM_ID, make_reference_datum
from pytest_asc.emulator.account.store import FilterableList, Generator, Resource

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from pytest_asc.emulator.account.store import Store

_FIRST_TIER = 10_000
# Prices in US cents: single low prices, then ranges as (first, end, step). Lowest and highest price and the steps up to
# $50 are documented (Apple's announcement of 6 December 2022); the other steps and the single prices are inferred.
_LOWEST = (29, 39, 49, 50, 59, 69, 79, 80, 89, 90, 95, 99)
_STEPS = ((109, 1000, 10), (1049, 5000, 50), (5099, 20000, 100), (20499, 50000, 500), (50999, 100_000, 1000))
_DOLLARS = (
    0.0,
    *(cents / 100 for cents in _LOWEST),
    *(cents / 100 for start, stop, step in _STEPS for cents in range(start, stop, step)),
    *(hundreds * 100 - 0.01 for hundreds in range(11, 100)),
    10_000.0,
)
"""Price in the USA by tier. The first tier is free (documented for apps)."""
_COMMISSION = 0.3
_COMMISSION_OF_SECOND_YEAR = 0.15
_encode = json.JSONEncoder(separators=(",", ":")).encode


class PricePoint(NamedTuple):
    """Product, territory and price tier, which the id of a price point encodes."""

    product: str
    territory: str
    tier: int

    @property
    def id(self) -> str:
        """ID of the price point."""
        return _encode_base64(f'{_start_of_id(self.product, self.territory)},"p":"{self.tier_text}"}}')

    @property
    def tier_text(self) -> str:
        """The tier, in the format that ids have."""
        return str(_FIRST_TIER + self.tier)


@lru_cache(maxsize=256)
def _start_of_id(product: str, territory: str) -> str:
    """Return the part of the JSON in an id that is the same for all price points of a product in a territory."""
    return f'{{"s":{_encode(product)},"t":{_encode(territory)}'


def encode_id(values: Mapping[str, object]) -> str:
    """Return an id that encodes these values: base64 of JSON, without padding (observed)."""
    return _encode_base64(_encode(values))


def _encode_base64(text: str) -> str:
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


def parse_price_point(identifier: str) -> PricePoint | None:
    """Decode the id of a price point; None if the text is not such an id."""
    try:
        values = json.loads(urlsafe_b64decode(identifier + "=" * (-len(identifier) % 4)))
        point = PricePoint(values["s"], values["t"], int(values["p"]) - _FIRST_TIER)
        known = isinstance(values["s"], str) and point.territory in TERRITORIES and 0 <= point.tier < len(_DOLLARS)
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return point if known and point.id == identifier else None


def _price(currency: str, tier: int) -> float:
    """Return the price of a tier in a currency."""
    dollars, (level, step) = _DOLLARS[tier], CURRENCIES[currency]
    if dollars == 0 or level == 1:
        return dollars
    if step < 1:
        return math.ceil(round(dollars * level, 4)) - 0.01
    return max(round(dollars * level / step), 1) * step


class _PricePointType(NamedTuple):
    """Relationships between the price points of one type and their product."""

    product_type: str
    relationship: str
    """Relationship of the product that lists its price points."""
    inverse: str | None
    """Relationship of the price point that leads to the product; None if there is none."""
    second_year: bool = False


_PRICE_POINT_TYPES: Mapping[str, _PricePointType] = {
    "appPricePoints": _PricePointType("apps", "appPricePoints", "app"),
    "inAppPurchasePricePoints": _PricePointType("inAppPurchases", "pricePoints", None),
    "subscriptionPricePoints": _PricePointType("subscriptions", "pricePoints", None, second_year=True),
}
PRODUCT_TYPES: Mapping[str, str] = {name: kind.product_type for name, kind in _PRICE_POINT_TYPES.items()}
"""Type of the product, by the type of its price points."""


def _make_territory(_: Store, identifier: str) -> Resource | None:
    currency = TERRITORIES.get(identifier)
    return Resource("territories", identifier, {"currency": currency}) if currency else None


def _price_point(resource_type: str, point: PricePoint) -> Resource:
    kind = _PRICE_POINT_TYPES[resource_type]
    customer, proceeds, proceeds_of_second_year = _price_texts(TERRITORIES[point.territory], point.tier)
    attributes = {"customerPrice": customer, "proceeds": proceeds}
    if kind.second_year:
        attributes["proceedsYear2"] = proceeds_of_second_year
    resource = Resource(resource_type, point.id, attributes)
    resource.related["territory"] = point.territory
    if kind.inverse:
        resource.related[kind.inverse] = point.product
    return resource


@cache
def _price_texts(currency: str, tier: int) -> tuple[str, str, str]:
    """Return the price of a tier in a currency, and the proceeds in the first and in later years."""
    price = _price(currency, tier)
    return str(round(price, 2)), _proceeds(price, _COMMISSION), _proceeds(price, _COMMISSION_OF_SECOND_YEAR)


def _proceeds(price: float, commission: float) -> str:
    return str(round(price * (1 - commission), 2))


class _PricePoints(FilterableList):
    """Price points of products in territories, generated one by one when they are read."""

    def __init__(
        self, resource_type: str, products: Sequence[str], territories: Sequence[str], tiers: Sequence[int]
    ) -> None:
        self._type = resource_type
        self._products = products
        self._territories = territories
        self._tiers = tiers

    def __len__(self) -> int:
        return len(self._products) * len(self._territories) * len(self._tiers)

    def __iter__(self) -> Iterator[Resource]:
        for parts in itertools.product(self._products, self._territories, self._tiers):
            yield _price_point(self._type, PricePoint(*parts))

    @overload
    def __getitem__(self, index: int) -> Resource: ...
    @overload
    def __getitem__(self, index: slice) -> list[Resource]: ...
    def __getitem__(self, index: int | slice) -> Resource | list[Resource]:
        if isinstance(index, slice):
            return [self[place] for place in range(*index.indices(len(self)))]
        rest, tier = divmod(range(len(self))[index], len(self._tiers))
        product, territory = divmod(rest, len(self._territories))
        point = PricePoint(self._products[product], self._territories[territory], self._tiers[tier])
        return _price_point(self._type, point)

    def filtered(self, name: str, values: Collection[str]) -> _PricePoints | None:
        """Return the price points that a filter selects; None if the filter is not about product or territory."""
        if name == "territory":
            kept = [code for code in self._territories if code in values]
            return _PricePoints(self._type, self._products, kept, self._tiers)
        if name in {"subscription", "inAppPurchaseV2"}:
            kept = [product for product in self._products if product in values]
            return _PricePoints(self._type, kept, self._territories, self._tiers)
        return None


def _make_price_point(resource_type: str) -> Generator:
    product_type = PRODUCT_TYPES[resource_type]

    def make(store: Store, identifier: str) -> Resource | None:
        point = parse_price_point(identifier)
        if point is None or store.get(product_type, point.product) is None:
            return None
        return _price_point(resource_type, point)

    return make


def _of_product(resource_type: str) -> Any:
    def points(_: Store, product: Resource) -> Sequence[Resource]:
        return _PricePoints(resource_type, [product.id], list(TERRITORIES), range(len(_DOLLARS)))

    return points


def _equalizations(store: Store, resource: Resource) -> Sequence[Resource]:
    """Return the price points of the same tier in the other territories; none if the product has been deleted."""
    point = parse_price_point(resource.id)
    if point is None or store.get(PRODUCT_TYPES[resource.type], point.product) is None:
        return ()
    others = [code for code in TERRITORIES if code != point.territory]
    return _PricePoints(resource.type, [point.product], others, [point.tier])


GENERATORS: Mapping[str, Generator] = {
    REFERENCE_DATA: make_reference_datum,
    "territories": _make_territory,
    **{resource_type: _make_price_point(resource_type) for resource_type in _PRICE_POINT_TYPES},
}
"""Function that generates a resource from its id, by type."""
COLLECTIONS: Mapping[str, Collection[str]] = {REFERENCE_DATA: (REFERENCE_DATUM_ID,), "territories": TERRITORIES}
"""Ids of all resources of a type that the API has a collection for."""
LISTS = {
    **{(kind.product_type, kind.relationship): _of_product(name) for name, kind in _PRICE_POINT_TYPES.items()},
    **{(name, "equalizations"): _equalizations for name in _PRICE_POINT_TYPES},
    ("subscriptionPricePoints", "adjustedEqualizations"): _equalizations,
}
"""Function that generates the related resources of a resource, by its type and the name of the relationship."""
