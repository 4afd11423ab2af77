"""Dates and times in the time zones and formats of Apple's responses."""

from __future__ import annotations

from datetime import datetime, timezone

from pytest_asc.emulator.account.pacific_time import pacific_zone


def timestamp(now: float) -> str:
    """Return a date and time in Apple's format: ``2021-02-02T04:00:19-08:00``; ``-07:00`` in daylight saving time.

    Args:
        now: Seconds since 1970.
    """
    # This does not call pacific_time, to save a function call in every request that creates a resource.
    return datetime.fromtimestamp(now, pacific_zone(int(now // 3600))).isoformat(timespec="seconds")


def utc_timestamp(now: float) -> str:
    """Return a date and time in the format of the App Asset Library: ``2026-08-11T22:45:27Z`` (documented).

    Args:
        now: Seconds since 1970.
    """
    return f"{datetime.fromtimestamp(now, timezone.utc):%Y-%m-%dT%H:%M:%SZ}"
