"""Which of the forms that are offered a client takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_asc.emulator.message import Response

if TYPE_CHECKING:
    from collections.abc import Sequence

GZIP = "application/a-gzip"
CSV = "text/csv"

# Plain text and no JSON (documented); the words are inferred.
NOT_ACCEPTABLE = Response(406, {"Content-Type": "text/plain"}, b"Not Acceptable")


def choose(accept: str | None, offered: Sequence[str]) -> str | None:
    """The media type that an Accept header likes best, the first where it likes several; None where it takes none.

    Args:
        accept: The header; None takes anything.
        offered: The media types that there are, the usual one first.
    """
    ranges = dict(map(_range, accept.lower().split(","))) if accept and accept.strip() else {"*/*": 1.0}
    liked = {one: _liking(one, ranges) for one in offered}
    best = max(offered, key=lambda one: liked[one])
    return best if liked[best] > 0 else None


def _liking(media: str, ranges: dict[str, float]) -> float:
    """The weight of the closest range (RFC 9110, 12.5.1)."""
    for one in (media, f"{media.partition('/')[0]}/*", "*/*"):
        if one in ranges:
            return ranges[one]
    return 0.0


def _range(text: str) -> tuple[str, float]:
    media, *parameters = (part.strip() for part in text.split(";"))
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            return media, _weight(value)
    return media, 1.0


def _weight(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
