"""Formatting and parsing of dates as Apple writes them."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta, timezone

# Apple writes its dates in the time of Cupertino (observed); without daylight saving here, so that they depend on
# nothing but the clock.
CUPERTINO = timezone(timedelta(hours=-8))


def timestamp(now: float) -> str:
    """Format a date and time as Apple does: ``2021-02-02T04:00:19-08:00``."""
    return datetime.fromtimestamp(now, CUPERTINO).isoformat(timespec="seconds")


_STAMP = re.compile(r"(.{10}T\d\d:\d\d)(:\d\d)?[.\d]*(?:Z|([+-]\d\d):?(\d\d))", re.ASCII)


def moment(text: str) -> float:
    """Return the seconds since 1970 of a text of the type ``date-time``, without fractions.

    Raises:
        ValueError: It is of no such type.
    """
    found = _STAMP.fullmatch(text)
    if found is None:
        raise ValueError(f"expected a date-time, got {text!r}")
    minute, second, hours, minutes = found.groups()
    # Python 3.10 reads no Z and no zone without a colon.
    return datetime.fromisoformat(f"{minute}{second or ''}{hours or '+00'}:{minutes or '00'}").timestamp()


def today(now: float) -> date:
    """Return the day in Cupertino.

    Args:
        now: Seconds since 1970.
    """
    return datetime.fromtimestamp(now, CUPERTINO).date()
