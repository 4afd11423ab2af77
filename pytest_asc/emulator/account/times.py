"""Times in the zone and the form that Apple writes them in."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING

from pytest_asc.emulator.account.pacific_time import pacific_day, pacific_zone

if TYPE_CHECKING:
    from datetime import date


def timestamp(now: float) -> str:
    """Return a date and time as Apple writes it: ``2021-02-02T04:00:19-08:00``, in summer with ``-07:00``.

    Args:
        now: Seconds since 1970.
    """
    # Each create calls this: one call less than by way of pacific_time.
    return datetime.fromtimestamp(now, pacific_zone(int(now // 3600))).isoformat(timespec="seconds")


def utc_timestamp(now: float) -> str:
    """Return a date and time as the App Asset Library writes it: ``2026-08-11T22:45:27Z`` (documented).

    Args:
        now: Seconds since 1970.
    """
    return f"{datetime.fromtimestamp(now, timezone.utc):%Y-%m-%dT%H:%M:%SZ}"


def today(now: float) -> date:
    """Return the day in Cupertino.

    Args:
        now: Seconds since 1970.
    """
    return pacific_day(now)
