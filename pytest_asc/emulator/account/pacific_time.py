"""US Pacific time, in which Apple counts the days of prices.

Observed: rorkai/App-Store-Connect-CLI, docs/API_NOTES.md. That daylight saving time counts is inferred.
The rule of daylight saving time is written out: zoneinfo has no time zones on every platform.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

_STANDARD, _DAYLIGHT = timezone(timedelta(hours=-8)), timezone(timedelta(hours=-7))


def pacific_day(now: float) -> date:
    """Return the day in US Pacific time.

    Args:
        now: Seconds since 1970.
    """
    standard = datetime.fromtimestamp(now, _STANDARD)
    return datetime.fromtimestamp(now, _zone(standard.replace(tzinfo=None))).date()


def pacific_midnight(day: date) -> int:
    """Return the beginning of a day in US Pacific time, in seconds since 1970."""
    start = datetime(day.year, day.month, day.day)  # noqa: DTZ001  the zone follows from the day
    # The clock changes at 2 in the morning: at midnight, the zone is that of the day before.
    return int(start.replace(tzinfo=_zone(start)).timestamp())


def _zone(standard: datetime) -> timezone:
    """Return the zone at a time that is given as Pacific standard time.

    Daylight saving time lasts from the second Sunday in March, 2:00, to the first in November, 1:00 standard time.
    """
    start = _first_sunday(standard.year, 3) + timedelta(days=7, hours=2)
    end = _first_sunday(standard.year, 11) + timedelta(hours=1)
    return _DAYLIGHT if start <= standard < end else _STANDARD


def _first_sunday(year: int, month: int) -> datetime:
    first = datetime(year, month, 1)  # noqa: DTZ001  Pacific standard time
    return first + timedelta(days=(6 - first.weekday()) % 7)
