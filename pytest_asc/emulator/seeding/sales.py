"""Validation and creation of the sales that a test records."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from inspect import signature
from typing import TYPE_CHECKING

from pytest_asc.emulator.account.app_lookup import app_of
from pytest_asc.emulator.account.ledger import Sale
from pytest_asc.emulator.reports.regions import currency_of

if TYPE_CHECKING:
    from pytest_asc.emulator.account.store import Resource, Store

PRODUCT_TYPES = (
    *("1", "1-B", "F1-B", "1E", "1EP", "1EU", "1F", "1T", "F1"),
    *("3", "3F", "7", "7F", "7T", "F7"),
    *("FI1", "IA1", "IA1-M", "IA3", "IA9", "IA9-M", "IAC", "IAC-M", "IAY", "IAY-M"),
)
"""Apple's product type identifiers (documented). Those in the first line are first-time downloads."""
DEVICES = ("iPhone", "iPad", "iPod touch", "Desktop", "Apple TV", "Apple Watch", "Apple Vision")

# Default product types: a universal app, an in-app purchase, and an auto-renewable subscription.
_DEFAULT_PRODUCT_TYPES = {"apps": "1F", "inAppPurchases": "IA1", "subscriptions": "IAY"}
_NAMES = {"apps": ("name", "sku"), "inAppPurchases": ("name", "productId"), "subscriptions": ("name", "productId")}
_COMMISSION = Decimal("0.30")


def make_sale(
    store: Store,
    product: Resource,
    today: date,
    *,
    units: int = 1,
    day: str | date | int = -1,
    country: str = "US",
    product_type: str | None = None,
    price: float | str = 0,
    currency: str | None = None,
    proceeds: float | str | None = None,
    device: str = "iPhone",
    version: str = "1.0",
) -> Sale:
    """Create a sale, with defaults for the details that are not given.

    Raises:
        ValueError: Resources of the product's type cannot be sold, or a value is not valid.
    """
    __tracebackhide__ = True
    if product.type not in _NAMES:
        raise ValueError(f"{product.type!r} are not sold; expected one of {', '.join(_NAMES)}")
    if product_type is None:
        product_type = _DEFAULT_PRODUCT_TYPES[product.type]
    if product_type not in PRODUCT_TYPES:
        raise ValueError(f"product_type: got {product_type!r}, expected one of {', '.join(PRODUCT_TYPES)}")
    if device not in DEVICES:
        raise ValueError(f"device: got {device!r}, expected one of {', '.join(DEVICES)}")
    if not re.fullmatch("[A-Z]{2}", str(country)):
        raise ValueError(f"country: got {country!r}, expected two capital letters, such as 'US'")
    if currency is not None and not re.fullmatch("[A-Z]{3}", str(currency)):
        raise ValueError(f"currency: got {currency!r}, expected three capital letters, such as 'USD'")
    if type(version) is not str or not version.strip() or not version.isprintable():
        raise ValueError(f"version: got {version!r}, expected a version of the app, such as '1.0'")
    if type(units) is not int:
        raise ValueError(f"units: got {units!r}, expected a whole number")
    name, sku = (str(product.attributes.get(member, "")) for member in _NAMES[product.type])
    app = app_of(store, product)
    paid = _money("price", price)
    return Sale(
        resource_type=product.type,
        id=product.id,
        name=name,
        sku=sku,
        app_id=app.id if app else "",
        app_name=str(app.attributes.get("name") or "") if app else "",
        app_sku=str(app.attributes.get("sku") or "") if app else "",
        product_type=product_type,
        version=version,
        units=units,
        day=as_day(day, today),
        country=country,
        price=paid,
        currency=currency or currency_of(country),
        proceeds=_money("proceeds", paid * (1 - _COMMISSION) if proceeds is None else proceeds),
        device=device,
    )


DETAILS = tuple(
    name for name, parameter in signature(make_sale).parameters.items() if parameter.kind is parameter.KEYWORD_ONLY
)
"""Names of the details of a sale."""


def as_day(day: str | date | int, today: date) -> date:
    """Return the day for a date, an ISO 8601 date as text, or a number of days relative to today: -1 is yesterday.

    Raises:
        ValueError: The argument is none of these.
    """
    __tracebackhide__ = True
    if isinstance(day, date):
        return day
    if not isinstance(day, bool):
        with suppress(TypeError, ValueError, OverflowError):
            return today + timedelta(days=day) if isinstance(day, int) else date.fromisoformat(day)
    raise ValueError(f"day: got {day!r}, expected a date, 'YYYY-MM-DD', or a number of days from today")


def _money(name: str, amount: float | str | Decimal) -> Decimal:
    __tracebackhide__ = True
    try:
        money = Decimal(str(amount)).quantize(Decimal("0.01"))
    except InvalidOperation:
        money = Decimal("NaN")
    if money.is_nan():
        raise ValueError(f"{name}: got {amount!r}, expected an amount of money")
    return money
