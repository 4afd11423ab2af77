"""Functions with which a test records sales and measurements."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_asc.emulator.account.account import nearest_names
from pytest_asc.emulator.account.pacific_time import pacific_day
from pytest_asc.emulator.seeding.measurements import make_measurement
from pytest_asc.emulator.seeding.resources import resource_of
from pytest_asc.emulator.seeding.sales import DETAILS, as_day, make_sale

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from pytest_asc.emulator.account.account import Account


def sell(account: Account, product: Mapping[str, Any], **details: Any) -> None:
    """Record a sale in the ledger; see :func:`pytest_asc.emulator.seeding.sales.make_sale`.

    Args:
        account: The account.
        product: The app, in-app purchase or subscription, a mapping with type and id.
        **details: Number of units, day, country, price and others; see ``make_sale``.

    Raises:
        TypeError: There is no such detail.
        ValueError: The product does not exist or cannot be sold, or a detail is not valid.
    """
    __tracebackhide__ = True
    for name in details:
        if name not in DETAILS:
            raise TypeError(f"sell() got an unexpected keyword argument {name!r}{nearest_names(name, DETAILS)}")
    account.ledger.sales.append(
        make_sale(account.store, resource_of(account, product), pacific_day(account.now), **details)
    )


def measure(
    account: Account, resource: Mapping[str, Any], metric: str, *, day: str | date | int = -1, **members: Any
) -> None:
    """Record a measurement in the ledger; see :func:`pytest_asc.emulator.seeding.measurements.make_measurement`.

    Raises:
        ValueError: The resource does not exist or has no such metric, or a member is not valid.
    """
    __tracebackhide__ = True
    measured = resource_of(account, resource)
    measured_on = as_day(day, pacific_day(account.now))
    account.ledger.measurements.append(make_measurement(account.store, measured, metric, measured_on, members))
