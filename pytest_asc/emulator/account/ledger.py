"""Ledger of an account: its sales and measurements, which reports are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from decimal import Decimal


class Sale(NamedTuple):
    """Units of one product, sold on one day in one country at one price."""

    resource_type: str
    """``apps``, ``inAppPurchases`` or ``subscriptions``."""
    id: str
    name: str
    sku: str
    app_id: str
    app_name: str
    app_sku: str
    product_type: str
    version: str
    units: int
    """Negative for refunds."""
    day: date
    country: str
    price: Decimal
    currency: str
    proceeds: Decimal
    """Of one unit."""
    device: str


class Measurement(NamedTuple):
    """A measurement of one day."""

    metric: str
    day: date
    members: Mapping[str, Any]
    """Id of the resource by its type, further dimensions, and the values."""


class Ledger:
    """The sales and measurements of an account, in the order in which they came."""

    def __init__(self) -> None:
        self.sales: list[Sale] = []
        self.measurements: list[Measurement] = []
