"""Days, weeks, months and years of reports.

Days are those of US Pacific time, as everywhere in the emulator.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple

from pytest_asc.emulator.spec.iso_8601 import DATE, MONTH, YEAR, parse_day

if TYPE_CHECKING:
    import re
    from collections.abc import Callable

_DAY = timedelta(days=1)
_SATURDAY, _SUNDAY = 5, 6


class Period(NamedTuple):
    """A range of days that includes both ends."""

    begin: date
    end: date

    def __contains__(self, day: object) -> bool:
        return isinstance(day, date) and self.begin <= day <= self.end


class Frequency(NamedTuple):
    """Length of the periods of a sales report: a value of ``filter[frequency]``."""

    pattern: re.Pattern[str]
    """Format of ``filter[reportDate]``."""
    period: Callable[[date], Period | None]
    delay: int
    """Days from the end of a period until its report is available (documented)."""
    available_days: int
    """Days for which the report stays available (documented as one year, and ten years for yearly reports)."""

    def parse(self, text: str) -> Period | None:
        """Return the period for a value of ``filter[reportDate]``; None if the format is wrong."""
        first = _parse(text, self.pattern)
        return self.period(first) if first else None


def _parse(text: str, pattern: re.Pattern[str]) -> date | None:
    """Return the first day that a text names; None for years outside 1000 to 2999, so that no date can overflow."""
    return parse_day(text, pattern) if text.startswith(("1", "2")) else None


def _week(end: date) -> Period | None:
    """Return the week that ends on a Sunday. Weeks start on Monday, and are named by the Sunday (observed by users)."""
    return Period(end - 6 * _DAY, end) if end.weekday() == _SUNDAY else None


def _month(begin: date) -> Period:
    return Period(begin, (begin + timedelta(days=31)).replace(day=1) - _DAY)


def _year(begin: date) -> Period:
    return Period(begin, begin.replace(month=12, day=31))


FREQUENCIES = {
    "DAILY": Frequency(DATE, lambda day: Period(day, day), 1, 365),
    "WEEKLY": Frequency(DATE, _week, 1, 365),
    "MONTHLY": Frequency(MONTH, _month, 5, 365),
    "YEARLY": Frequency(YEAR, _year, 6, 3650),
}


def fiscal_month(text: str) -> Period | None:
    """Return a month of Apple's fiscal calendar, or None: ``2026-01`` is approximately October 2025.

    The fiscal year ends on the last Saturday of September. The months of a quarter have five, four and four weeks. In
    years with 53 weeks, December has an additional week (from Apple's published fiscal calendars).
    """
    named = _parse(text, MONTH)
    if named is None:
        return None
    year, month = named.year, named.month
    begin = _last_saturday_of_september(year - 1) + _DAY
    weeks = [5, 4, 4] * 4
    if (_last_saturday_of_september(year) - begin).days + 1 == 53 * 7:
        weeks[2] = 5
    first = begin + timedelta(weeks=sum(weeks[: month - 1]))
    return Period(first, first + timedelta(weeks=weeks[month - 1]) - _DAY)


def _last_saturday_of_september(year: int) -> date:
    last = date(year, 9, 30)
    return last - timedelta(days=(last.weekday() - _SATURDAY) % 7)
