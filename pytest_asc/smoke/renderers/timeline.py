"""Timeline of a token as an SVG element, to scale: its lifetime, the limit and the clocks.

Positions along the line are in per cent and text sizes in pixels, so that the picture fits every width and is legible.
"""

from __future__ import annotations

from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Literal, NamedTuple

from pytest_asc.diagnosis.formatting import time_of_day
from pytest_asc.html_elements import element
from pytest_asc.smoke.renderers import text_timeline

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from xml.etree.ElementTree import Element

    from pytest_asc.smoke.report import Report

Anchor = Literal["start", "middle", "end"]

# Texts of the labels: the clocks are above the line, the times of the token and the limit below.
_CLOCKS = {"Apple": "Apple's clock", "here": "this machine", "now": "now"}
_TOKEN = {"iat": "iat", "exp": "exp", "limit": "limit"}

# In per cent of the width: the ends of the line, and the width of a label on a phone.
_LEFT, _RIGHT = 0.5, 99.5
_LABEL = 30.0
# In pixels.
_ROW, _LINE, _STEM, _BAR = 38, 15, 12, 12


class Label(NamedTuple):
    """A label at a position of the line."""

    name: str
    time: str
    at: float
    """Position, in per cent of the width."""

    @property
    def anchor(self) -> Anchor:
        """The end of the text that is at the position, so that the text stays within the picture."""
        return "start" if self.at < _LABEL else "end" if self.at > 100 - _LABEL else "middle"

    @property
    def left(self) -> float:
        """The left edge of the text, in per cent."""
        return self.at - {"start": 0.0, "middle": _LABEL / 2, "end": _LABEL}[self.anchor]


def draw(report: Report) -> Element | None:
    """Return the SVG element; None if there are fewer than two different times."""
    times = text_timeline.times_of(report)
    if not times or times[0][1] == times[-1][1]:
        return None
    start, end = times[0][1], times[-1][1]
    now = next((time for name, time in times if name in _CLOCKS), end)

    def at(time: float) -> float:
        return _LEFT + (_RIGHT - _LEFT) * (time - start) / (end - start)

    def labels(texts: Mapping[str, str]) -> list[Label]:
        marks = [(texts[name], time) for name, time in times if name in texts]
        groups = groupby(marks, key=lambda mark: mark[1])
        return [
            Label(" = ".join(name for name, _ in group), time_of_day(time, now), at(time)) for time, group in groups
        ]

    above, below = labels(_CLOCKS), labels(_TOKEN)
    rows_above, rows_below = _rows(above), _rows(below)
    top = _ROW * (1 + max(rows_above, default=-1)) + _STEM
    height = top + _BAR + _STEM + _ROW * (1 + max(rows_below, default=-1))
    times_by_label = dict(times)
    stretches = [
        (text_timeline.tone_between(since, until, times_by_label), at(since), at(until))
        for (_, since), (_, until) in pairwise(times)
    ]
    description = ", ".join(f"{_CLOCKS.get(name) or _TOKEN[name]} {time_of_day(time, now)}" for name, time in times)
    return element(
        "svg",
        element("title", f"The token's times in order: {description} UTC", id="times"),
        element("defs", _hatching()),
        element("line", class_="axis", **_line(_LEFT, _RIGHT, top + _BAR / 2, top + _BAR / 2)),
        *(_stretch(tone, left, right, top) for tone, left, right in stretches if tone != "outside" and left < right),
        *(
            mark
            for label, row in zip(above, rows_above, strict=True)
            for mark in _marked(label, top + _BAR, top - _STEM - _ROW * row, top - _STEM - _ROW * row - _LINE - 6)
        ),
        *(
            mark
            for label, row in zip(below, rows_below, strict=True)
            for mark in _marked(label, top, top + _BAR + _STEM + _ROW * row, top + _BAR + _STEM + _ROW * row + _LINE)
        ),
        role="img",
        aria_labelledby="times",
        width="100%",
        height=str(height),
    )


def _rows(labels: Sequence[Label]) -> list[int]:
    """Return the row of each label, counted from the line: the nearest row that is free at its position.

    Labels are placed in an order in which no stem crosses a text.
    """
    order = sorted(range(len(labels)), key=lambda number: _placement_order(labels[number]))
    rows: dict[int, int] = {}
    for number in order:
        taken = {row for other, row in rows.items() if abs(labels[other].left - labels[number].left) < _LABEL}
        rows[number] = next(row for row in range(len(labels)) if row not in taken)
    return [rows[number] for number in range(len(labels))]


def _placement_order(label: Label) -> tuple[int, float]:
    return {"start": (0, -label.at), "end": (1, label.at), "middle": (2, label.at)}[label.anchor]


def _marked(label: Label, stem_start: float, stem_end: float, text_y: float) -> Iterable[Element]:
    """Return the elements of a label: a stem, the name, and the time below it."""
    yield element("line", class_="stem", **_line(label.at, label.at, stem_start, stem_end))
    x, anchor = _percent(label.at), label.anchor
    yield element("text", label.name, class_="name", x=x, y=f"{text_y:g}", text_anchor=anchor)
    yield element("text", label.time, class_="time", x=x, y=f"{text_y + _LINE:g}", text_anchor=anchor)


def _stretch(tone: str, left: float, right: float, top: float) -> Element:
    return element("rect", class_=tone, x=_percent(left), y=f"{top:g}", width=_percent(right - left), height=f"{_BAR}")


def _hatching() -> Element:
    stripe = element("path", d="M-1 1 1-1M0 6 6 0M5 7 7 5")
    return element("pattern", stripe, id="hatched", patternUnits="userSpaceOnUse", width="6", height="6")


def _line(left: float, right: float, top: float, bottom: float) -> dict[str, str]:
    return {"x1": _percent(left), "x2": _percent(right), "y1": f"{top:g}", "y2": f"{bottom:g}"}


def _percent(place: float) -> str:
    return f"{place:.2f}%"
