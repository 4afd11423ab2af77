"""US Pacific time, in which Apple writes its times and counts its days.

Observed: the offset of summer in a build's expirationDate, and the days of prices
(rorkai/App-Store-Connect-CLI, docs/API_NOTES.md). That daylight saving time counts for days is inferred.
The rule of daylight saving time is written out: zoneinfo has no time zones on every platform.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from functools import lru_cache
from time import gmtime

_STANDARD, _DAYLIGHT = timezone(timedelta(hours=-8)), timezone(timedelta(hours=-7))


def pacific_time(now: float) -> datetime:
    """Return the date and time, with its offset.

    Args:
        now: Seconds since 1970.
    """
    return datetime.fromtimestamp(now, pacific_zone(int(now // 3600)))


@lru_cache(maxsize=256)
def pacific_zone(hour: int) -> timezone:
    """Return the offset of an hour, counted since 1970."""
    begin, end = _daylight_saving(gmtime(hour * 3600).tm_year)
    return _DAYLIGHT if begin <= hour * 3600 < end else _STANDARD


def pacific_day(now: float) -> date:
    """Return the day in US Pacific time.

    Args:
        now: Seconds since 1970.
    """
    return pacific_time(now).date()


def start_of_day(day: date) -> datetime:
    """Return the midnight that a day begins with, with its offset."""
    start = datetime(day.year, day.month, day.day, tzinfo=_DAYLIGHT)
    # The clock changes at 2 in the morning: at midnight, the offset is that of the day before.
    return start.replace(tzinfo=pacific_zone(int(start.timestamp() // 3600)))


def pacific_midnight(day: date) -> int:
    """Return the beginning of a day in US Pacific time, in seconds since 1970."""
    return int(start_of_day(day).timestamp())


def _daylight_saving(year: int) -> tuple[float, float]:
    """Return the beginning and the end of daylight saving time, in seconds since 1970.

    It lasts from the second Sunday in March, 2:00, to the first in November, 1:00 standard time.
    """
    begin = _first_sunday(year, 3) + timedelta(days=7, hours=2)
    end = _first_sunday(year, 11) + timedelta(hours=1)
    return begin.timestamp(), end.timestamp()


def _first_sunday(year: int, month: int) -> datetime:
    first = datetime(year, month, 1, tzinfo=_STANDARD)
    return first + timedelta(days=(6 - first.weekday()) % 7)
