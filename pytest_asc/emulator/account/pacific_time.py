"""US Pacific time, the time zone of Apple's times and days.

Observed: the offset of daylight saving time in a build's expirationDate, and the days on which prices change
(rorkai/App-Store-Connect-CLI, docs/API_NOTES.md). That days follow daylight saving time as well is inferred.
The rule of daylight saving time is implemented here, because zoneinfo has no time zone data on some platforms.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from functools import lru_cache
from time import gmtime

_STANDARD, _DAYLIGHT = timezone(timedelta(hours=-8)), timezone(timedelta(hours=-7))


def pacific_time(now: float) -> datetime:
    """Return the date and time in US Pacific time, with its offset.

    Args:
        now: Seconds since 1970.
    """
    return datetime.fromtimestamp(now, pacific_zone(int(now // 3600)))


@lru_cache(maxsize=256)
def pacific_zone(hour: int) -> timezone:
    """Return the offset of US Pacific time in an hour, given as the number of hours since 1970."""
    begin, end = _daylight_saving(gmtime(hour * 3600).tm_year)
    return _DAYLIGHT if begin <= hour * 3600 < end else _STANDARD


def pacific_day(now: float) -> date:
    """Return the day in US Pacific time.

    Args:
        now: Seconds since 1970.
    """
    return pacific_time(now).date()


def start_of_day(day: date) -> datetime:
    """Return midnight at the start of a day in US Pacific time, with its offset."""
    start = datetime(day.year, day.month, day.day, tzinfo=_DAYLIGHT)
    # Daylight saving time begins and ends at 2:00, so midnight still has the offset of the day before.
    return start.replace(tzinfo=pacific_zone(int(start.timestamp() // 3600)))


def pacific_midnight(day: date) -> int:
    """Return midnight at the start of a day in US Pacific time, in seconds since 1970."""
    return int(start_of_day(day).timestamp())


def _daylight_saving(year: int) -> tuple[float, float]:
    """Return the start and the end of daylight saving time in a year, in seconds since 1970.

    It lasts from 2:00 on the second Sunday in March to 1:00 standard time on the first Sunday in November.
    """
    begin = _first_sunday(year, 3) + timedelta(days=7, hours=2)
    end = _first_sunday(year, 11) + timedelta(hours=1)
    return begin.timestamp(), end.timestamp()


def _first_sunday(year: int, month: int) -> datetime:
    first = datetime(year, month, 1, tzinfo=_STANDARD)
    return first + timedelta(days=(6 - first.weekday()) % 7)
