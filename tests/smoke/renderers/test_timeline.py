from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from smoke.renderers.sample_reports import NOON, make_report
from smoke.renderers.sample_reports import report_of_times as report

from pytest_asc.smoke.renderers.timeline import draw

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

    from pytest_asc.smoke.report import Report


def drawn(case: Report) -> Element:
    made = draw(case)
    assert made is not None
    return made


def bars(made: Element) -> list[tuple[str, float, float]]:
    return [
        (part.attrib["class"], percent(part.attrib["x"]), percent(part.attrib["width"])) for part in made.iter("rect")
    ]


def percent(text: str) -> float:
    return float(text.removesuffix("%"))


def test_the_lifetime_is_drawn_to_scale() -> None:
    made = drawn(report(NOON - 60, NOON + 840))
    # Of the 1,200 s to the limit, the token lives for the first 900.
    assert [tone for tone, *_ in bars(made)] == ["valid", "valid"]
    assert sum(width for *_, width in bars(made)) == pytest.approx(99 * 900 / 1200, abs=0.02)
    assert made.findtext("title") == (
        "The token's times in order: iat 11:59:00, now 12:00:00, exp 12:14:00, limit 12:19:00 UTC"
    )


def test_lifetime_beyond_the_limit_is_hatched() -> None:
    assert bars(drawn(report(NOON, NOON + 3600))) == [("valid", 0.5, 33.0), ("over", 33.5, 66.0)]


def test_differing_clocks_are_drawn_beside_each_other() -> None:
    made = drawn(report(NOON + 34, NOON + 1234, here=NOON + 34))
    names = {text.text: text for text in made.iter("text") if text.get("class") == "name"}
    assert list(names) == ["Apple's clock", "this machine", "iat", "limit", "exp"]
    # Apple's label is above the other one: 34 seconds are too narrow for both labels side by side.
    assert float(names["Apple's clock"].attrib["y"]) < float(names["this machine"].attrib["y"])


def test_equal_times_share_one_label() -> None:
    made = drawn(report(NOON, NOON + 1200))
    assert [text.text for text in made.iter("text")] == [
        "now",
        "12:00:00",
        "iat",
        "12:00:00",
        "exp = limit",
        "12:20:00",
    ]


@pytest.mark.parametrize("case", [report(NOON, None), make_report(service="")])
def test_no_timeline_is_drawn_without_two_times(case: Report) -> None:
    assert draw(case) is None


TIMES = st.none() | st.integers(NOON - 4000, NOON + 4000) | st.integers(-(10**18), 10**18)


@given(iat=TIMES, exp=TIMES, here=TIMES, apple=TIMES)
def test_labels_neither_overlap_nor_leave_the_timeline(
    iat: int | None, exp: int | None, here: int | None, apple: int | None
) -> None:
    made = draw(report(iat, exp, here=here, apple=apple))
    if made is None:
        return
    height = float(made.attrib["height"])
    taken: dict[float, list[tuple[float, float]]] = {}
    for text in made.iter("text"):
        at, y = percent(text.attrib["x"]), float(text.attrib["y"])
        left = at - {"start": 0.0, "middle": 13.5, "end": 27.0}[text.attrib["text-anchor"]]
        assert left >= 0
        assert left + 27 <= 100
        assert 0 < y < height
        assert all(left + 27 <= other + 0.02 or other + 27 <= left + 0.02 for other, _ in taken.get(y, []))
        taken.setdefault(y, []).append((left, at))
