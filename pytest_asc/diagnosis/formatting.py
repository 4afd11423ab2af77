"""Formatting of quoted text, hosts, times and claims for evidence."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pytest_asc.apple.services import DAY, HOUR, MINUTE
from pytest_asc.secrets import hide_secrets, mask

if TYPE_CHECKING:
    from collections.abc import Sequence

# Terminal escape sequences: colours and cursor (CSI), titles and links (OSC), and those of two characters.
_ESCAPES = re.compile(r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|(?:\x1b\]|\x9d)[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?|\x1b.?")
# one_line() reads at most this many characters for each character that it may return. The rest leaves room for escape
# sequences and spaces, which are removed.
_READ_FACTOR = 20
_LONGEST_CLAIM = 10_000
_UNITS = ((DAY, "day"), (HOUR, "h"), (MINUTE, "min"), (1, "s"))


def one_line(text: str, limit: int = 400) -> str:
    """Make untrusted text safe to print: one line of at most ``limit`` characters, without control characters.

    Terminal escape sequences are removed, and parts that look like secrets are replaced.
    """
    start = text[: limit * _READ_FACTOR]
    plain = start
    if not start.isprintable():
        plain = "".join(char if char.isprintable() else " " for char in _ESCAPES.sub("", start))
    line = hide_secrets(" ".join(plain.split()))
    return line if len(line) <= limit and len(start) == len(text) else f"{line[: limit - 1]}…"


def host_of(url: str) -> str:
    """Return the host of a URL, with its port if it has one, but without user name and password."""
    try:
        authority = urlsplit(url).netloc
    except ValueError:
        authority = ""
    return one_line(authority.rpartition("@")[2], 100) or "an unnamed host"


def time_of_day(seconds: float, near: float | None = None) -> str:
    """Format a time in UTC as ``21:40:00``; with the date if it is a day or more before or after ``near``.

    Args:
        seconds: Seconds since 1970.
        near: Another time in the same report, in seconds since 1970; None to leave out the date.
    """
    try:
        moment = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(seconds=seconds)
    except (ValueError, OverflowError):
        return f"{seconds} s since 1970"
    if near is None or abs(seconds - near) < DAY:
        return f"{moment:%H:%M:%S}"
    return f"{moment:%Y-%m-%d %H:%M:%S}"


def span(seconds: float) -> str:
    """Format a duration in its two largest units: ``34 s``, ``19 min 59 s``, ``2 h``, ``5 days 1 h``."""
    rest = abs(round(seconds))
    parts: list[str] = []
    for size, unit in _UNITS:
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count} {unit}s" if unit == "day" and count > 1 else f"{count} {unit}")
    return " ".join(parts[:2]) or "0 s"


def utc(seconds: float) -> str:
    """Format a time in UTC with its date; as seconds since 1970 if it is outside the range of dates."""
    try:
        moment = datetime.fromtimestamp(seconds, tz=timezone.utc)
    except (ValueError, OverflowError, OSError):
        return f"{seconds:g} s since 1970"
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def json_type(value: object) -> str:
    """Return the name of a JSON value's type, with an article."""
    names = {bool: "a boolean", int: "a number", float: "a fraction", str: "a string"}
    return {**names, list: "an array", dict: "an object"}.get(type(value), "null")


def format_claim(value: object, *, clear: bool = False) -> str:
    """Format the value of a claim or header parameter for evidence.

    Args:
        value: The value, of any JSON type. Values other than strings are shortened.
        clear: Do not mask a string, because it identifies nobody.
    """
    if value is None:
        return "missing"
    if isinstance(value, str) and not clear:
        return mask(value)
    text = hide_secrets(repr(value)[:_LONGEST_CLAIM])
    return text if len(text) <= 60 else f"{text[:57]}…"  # noqa: PLR2004  fits on a line


def join_or(names: Sequence[str]) -> str:
    """Join names as alternatives: ``APNs, MapKit JS or DeviceCheck``."""
    return _join(names, " or ")


def join_and(names: Sequence[str]) -> str:
    """Join names as an enumeration: ``iss, sub and exp``."""
    return _join(names, " and ")


def _join(names: Sequence[str], conjunction: str) -> str:
    return conjunction.join(filter(None, (", ".join(names[:-1]), names[-1])))
