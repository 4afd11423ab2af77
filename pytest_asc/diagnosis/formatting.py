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

# The escape sequences of terminals: colours and cursor (CSI), titles and links (OSC), and the two-character rest.
_ESCAPES = re.compile(r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|(?:\x1b\]|\x9d)[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?|\x1b.?")
# What may be cut away in front of a quoted character: more than that is no text that anybody wants to read.
_CUT_AT = 20
_LONGEST_CLAIM = 10_000
_UNITS = ((DAY, "day"), (HOUR, "h"), (MINUTE, "min"), (1, "s"))


def one_line(text: str, limit: int = 400) -> str:
    """Quote foreign text safely: one line, no terminal escapes, nothing unprintable, at most ``limit`` characters.

    What looks like a secret in it is hidden.
    """
    start = text[: limit * _CUT_AT]
    plain = start
    if not start.isprintable():
        plain = "".join(char if char.isprintable() else " " for char in _ESCAPES.sub("", start))
    line = hide_secrets(" ".join(plain.split()))
    return line if len(line) <= limit and len(start) == len(text) else f"{line[: limit - 1]}…"


def host_of(url: str) -> str:
    """The host of a URL, and the port where one is named: never the user and password that may stand before it."""
    try:
        place = urlsplit(url).netloc
    except ValueError:
        place = ""
    return one_line(place.rpartition("@")[2], 100) or "an unnamed host"


def time_of_day(seconds: float, near: float | None = None) -> str:
    """A time in UTC as ``21:40:00``, with its date where it is more than a day away from ``near``.

    Args:
        seconds: Seconds since 1970.
        near: The time that the reader has in mind, in seconds since 1970.
    """
    try:
        moment = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(seconds=seconds)
    except (ValueError, OverflowError):
        return f"{seconds} s since 1970"
    if near is None or abs(seconds - near) < DAY:
        return f"{moment:%H:%M:%S}"
    return f"{moment:%Y-%m-%d %H:%M:%S}"


def span(seconds: float) -> str:
    """A length of time in its two largest units: ``34 s``, ``19 min 59 s``, ``2 h``, ``5 days 1 h``."""
    rest = abs(round(seconds))
    parts: list[str] = []
    for size, unit in _UNITS:
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count} {unit}s" if unit == "day" and count > 1 else f"{count} {unit}")
    return " ".join(parts[:2]) or "0 s"


def utc(seconds: float) -> str:
    """A time in UTC with its date; what is beyond the calendar in seconds since 1970."""
    try:
        moment = datetime.fromtimestamp(seconds, tz=timezone.utc)
    except (ValueError, OverflowError, OSError):
        return f"{seconds:g} s since 1970"
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def json_type(value: object) -> str:
    """The name of a JSON value's type, with its article."""
    names = {bool: "a boolean", int: "a number", float: "a fraction", str: "a string"}
    return {**names, list: "an array", dict: "an object"}.get(type(value), "null")


def format_claim(value: object, *, clear: bool = False) -> str:
    """A member of a token as evidence shows it: texts masked, unless they are no identifiers; the rest clipped."""
    if value is None:
        return "missing"
    if isinstance(value, str) and not clear:
        return mask(value)
    text = hide_secrets(repr(value)[:_LONGEST_CLAIM])
    return text if len(text) <= 60 else f"{text[:57]}…"  # noqa: PLR2004  fits on a line


def join_or(names: Sequence[str]) -> str:
    """Names as alternatives: ``APNs or DeviceCheck``."""
    return " or ".join(filter(None, (", ".join(names[:-1]), names[-1])))
