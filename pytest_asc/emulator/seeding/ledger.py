"""Sales and measurements that a test enters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_asc.emulator.account.times import today
from pytest_asc.emulator.seeding.measurements import make_measurement
from pytest_asc.emulator.seeding.resources import resource_of
from pytest_asc.emulator.seeding.sales import as_day, make_sale

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from pytest_asc.emulator.account.account import Account


def sell(account: Account, product: Mapping[str, Any], **details: Any) -> None:
    """Enter a sale into the ledger; see :func:`pytest_asc.emulator.seeding.sales.make_sale`.

    Args:
        account: Whose ledger.
        product: The app, in-app purchase or subscription: its type and id.
        **details: Number of units, day, country and price.

    Raises:
        ValueError: It is not there or not sold, or a detail does not fit.
    """
    __tracebackhide__ = True
    account.ledger.sales.append(make_sale(account.store, resource_of(account, product), today(account.now), **details))


def measure(
    account: Account, resource: Mapping[str, Any], metric: str, *, day: str | date | int = -1, **members: Any
) -> None:
    """Enter a measurement into the ledger; see :func:`pytest_asc.emulator.seeding.measurements.make_measurement`.

    Raises:
        ValueError: The resource is not there, or it has no such measurements.
    """
    __tracebackhide__ = True
    measured = resource_of(account, resource)
    measured_on = as_day(day, today(account.now))
    account.ledger.measurements.append(make_measurement(account.store, measured, metric, measured_on, members))
