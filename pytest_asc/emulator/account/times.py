"""Times in the zone that Apple writes them in."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

# Apple writes its dates in the time of Cupertino (observed); without daylight saving here, so that they depend on
# nothing but the clock.
CUPERTINO = timezone(timedelta(hours=-8))


def timestamp(now: float) -> str:
    """Return a date and time as Apple writes it: ``2021-02-02T04:00:19-08:00``.

    Args:
        now: Seconds since 1970.
    """
    return datetime.fromtimestamp(now, CUPERTINO).isoformat(timespec="seconds")


def today(now: float) -> date:
    """Return the day in Cupertino.

    Args:
        now: Seconds since 1970.
    """
    return datetime.fromtimestamp(now, CUPERTINO).date()
