"""Ledger of an account: the sales and measurements that its reports and metrics show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from decimal import Decimal


class Sale(NamedTuple):
    """Units of one product that were sold on one day, in one country, at one price."""

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
    """Number of units; negative for refunds."""
    day: date
    country: str
    price: Decimal
    currency: str
    proceeds: Decimal
    """Proceeds of one unit, in ``currency``."""
    device: str


class Measurement(NamedTuple):
    """A measurement of one day."""

    metric: str
    day: date
    members: Mapping[str, Any]
    """Ids of the measured resources by their type, other dimensions, and the measured values."""


class Ledger:
    """The sales and measurements of an account, in the order in which they were recorded."""

    def __init__(self) -> None:
        self.sales: list[Sale] = []
        self.measurements: list[Measurement] = []
