"""Timeline of a token in one line of text: iat, the current time, exp and the limit."""

from __future__ import annotations

from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Literal, NamedTuple

from pytest_asc.smoke.renderers.phrases import CLOCK_RESOLUTION, has_times, limit_of
from pytest_asc.smoke.report import ClockSummary, TokenSummary

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pytest_asc.smoke.report import Report

Tone = Literal["mark", "valid", "over", "outside"]
"""Meaning of a piece: a label, or a period in which the token is valid, exceeds the limit, or is not valid."""


class Glyphs(NamedTuple):
    """The characters of a timeline."""

    valid: str
    over: str
    outside: str


LINES = Glyphs(valid="━", over="×", outside="·")  # noqa: RUF001  for drawing
ASCII = Glyphs(valid="=", over="x", outside=".")

# Minimum columns between two labels: a space, a character and a space.
_GAP = 3


def draw(report: Report, *, width: int, glyphs: Glyphs = LINES) -> list[tuple[Tone, str]]:
    """Draw the timeline to scale, as far as the labels leave columns for it.

    Args:
        report: The report.
        width: Number of columns.
        glyphs: The characters to use.

    Returns:
        The pieces of the line; empty if there are fewer than two times, or too few columns.
    """
    times = times_of(report)
    marks = [("=".join(name for name, _ in group), time) for time, group in groupby(times, key=lambda mark: mark[1])]
    columns = width - sum(len(name) for name, _ in marks) - _GAP * (len(marks) - 1)
    if len(marks) < 2 or columns < 0:  # noqa: PLR2004  a line has two ends
        return []
    start, end = marks[0][1], marks[-1][1]
    positions = [round(columns * (time - start) / (end - start)) for _, time in marks]
    times_by_label = dict(times)
    pieces: list[tuple[Tone, str]] = [("mark", marks[0][0])]
    for ((_, since), (name, until)), (left, right) in zip(pairwise(marks), pairwise(positions), strict=True):
        tone = tone_between(since, until, times_by_label)
        pieces += [(tone, f" {getattr(glyphs, tone) * (1 + right - left)} "), ("mark", name)]
    return pieces


_LEGEND = {"valid": "valid", "over": "beyond the limit", "outside": "not valid"}


def legend(pieces: Iterable[tuple[Tone, str]], glyphs: Glyphs = LINES) -> str:
    """Return the legend of a timeline: the characters in it and their meanings."""
    drawn = {tone for tone, _ in pieces}
    return ", ".join(f"{getattr(glyphs, tone)} {meaning}" for tone, meaning in _LEGEND.items() if tone in drawn)


def times_of(report: Report) -> list[tuple[str, float]]:
    """Return labels and times, in seconds since 1970 and in order. Both clocks have one label if they agree."""
    token, clock = report.token or TokenSummary(), report.clock or ClockSummary()
    iat, exp = token.issued_at, token.expires_at
    here, apple = clock.local_now, clock.apple_now
    if apple is not None and here is not None and abs(here - apple) <= CLOCK_RESOLUTION:
        here = None
    now = clock.now
    limit = limit_of(report)
    earliest = min((time for time in (iat, now) if time is not None), default=None)
    marks = {
        "iat": iat,
        "now" if here is None or apple is None else "Apple": now,
        "here": here if apple is not None else None,
        "exp": exp,
        # Apple counts from iat and from its own current time.
        "limit": earliest + limit if earliest is not None and limit is not None else None,
    }
    return sorted(_known(marks.items()), key=lambda mark: mark[1]) if exp is not None and has_times(report) else []


def _known(marks: Iterable[tuple[str, float | None]]) -> Iterable[tuple[str, float]]:
    return ((name, time) for name, time in marks if time is not None)


def tone_between(
    since: float, until: float, times_by_label: Mapping[str, float]
) -> Literal["valid", "over", "outside"]:
    """Return the meaning of the period between two adjacent times.

    Args:
        since: Start of the period, in seconds since 1970.
        until: End of the period, in seconds since 1970.
        times_by_label: All times of the timeline, by label.
    """
    if since < times_by_label.get("iat", since) or until > times_by_label["exp"]:
        return "outside"
    return "valid" if until <= times_by_label.get("limit", until) else "over"
