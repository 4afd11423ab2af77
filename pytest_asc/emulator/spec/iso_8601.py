"""Formats of ISO 8601 that Apple's API accepts and returns."""

from __future__ import annotations

import re
from datetime import date, datetime

YEAR = re.compile(r"\d{4}", re.ASCII)
MONTH = re.compile(r"\d{4}-\d\d", re.ASCII)
DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
# Apple rejects a date without a time if a date and time is expected (observed). Times in its responses can have
# fractions of a second, and offsets without a colon (observed in recordings).
DATE_TIME = re.compile(
    r"(?P<date>\d{4}-\d\d-\d\d)T(?P<minute>([01]\d|2[0-3]):[0-5]\d)(?P<second>:[0-5]\d)?(?(second)(\.\d+)?)"
    r"(Z|(?P<zone_hours>[+-]\d\d):?(?P<zone_minutes>\d\d))",
    re.ASCII,
)


def parse_day(text: str, pattern: re.Pattern[str] = DATE) -> date | None:
    """Return the day, or the first day of the month or year, that a text names; None if the text is not a date.

    Args:
        text: A date such as ``2026-05-28``, ``2026-05`` or ``2026``.
        pattern: Expected precision: :data:`DATE`, :data:`MONTH` or :data:`YEAR`.
    """
    if not pattern.fullmatch(text):
        return None
    try:
        return date.fromisoformat(f"{text}-01-01"[:10])
    except ValueError:
        return None


def is_date_time(text: str) -> bool:
    """Return whether a text is a valid date and time."""
    return DATE_TIME.fullmatch(text) is not None and parse_day(text[:10]) is not None


def parse_date_time(text: str) -> float:
    """Parse a date and time, and return it in seconds since 1970, without fractions.

    Raises:
        ValueError: The text is not a date and time.
    """
    found = DATE_TIME.fullmatch(text)
    if found is None:
        raise ValueError(f"expected a date-time, got {text!r}")
    # Python 3.10 does not parse Z, nor offsets without a colon.
    zone = f"{found['zone_hours'] or '+00'}:{found['zone_minutes'] or '00'}"
    return datetime.fromisoformat(f"{found['date']}T{found['minute']}{found['second'] or ''}{zone}").timestamp()
