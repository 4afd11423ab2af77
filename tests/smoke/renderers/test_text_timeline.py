from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from smoke.renderers.sample_reports import NOON, make_report
from smoke.renderers.sample_reports import report_of_times as report

from pytest_asc.smoke.renderers.text_timeline import ASCII, draw

if TYPE_CHECKING:
    from pytest_asc.smoke.report import Report


def timeline(report: Report, width: int = 50) -> str:
    return "".join(text for _, text in draw(report, width=width, glyphs=ASCII))


@pytest.mark.parametrize(
    ("case", "line"),
    [
        (report(NOON - 60, NOON + 840), "iat == now ==================== exp ........ limit"),
        (report(NOON - 60, NOON + 840, here=NOON + 1), "iat == now ==================== exp ........ limit"),
        (report(NOON - 60, NOON + 840, apple=None), "iat == now ==================== exp ........ limit"),
        # At the limit, and beyond it.
        (report(NOON, NOON + 1200), "iat=now ================================ exp=limit"),
        (report(NOON - 1100, NOON + 100), "iat ============================ now === exp=limit"),
        (report(NOON, NOON + 3600), "iat=now =========== limit xxxxxxxxxxxxxxxxxxxx exp"),
        (report(NOON - 60, NOON + 86_400), "iat = now = limit xxxxxxxxxxxxxxxxxxxxxxxxxxxx exp"),
        # Expired, just now and long ago; not issued yet.
        (report(NOON - 1000, NOON - 100), "iat ===================== exp ... now ...... limit"),
        (report(NOON - 8000, NOON - 7100), "iat ==== exp .. limit ........................ now"),
        (report(NOON + 600, NOON + 1500), "now ............ iat ============ limit xxxxxx exp"),
        # This machine's clock is ahead, so exp is beyond the limit by Apple's clock only; then it is behind.
        (report(NOON + 34, NOON + 1234, here=NOON + 34), "Apple .. iat=here =================== limit xx exp"),
        (report(NOON - 94, NOON + 806, here=NOON - 34), "iat == here = Apple ============== exp ..... limit"),
        # Claims and clocks that are missing or odd.
        (report(None, NOON + 900), "now ========================== exp ......... limit"),
        (report(None, NOON + 3600), "now ============ limit xxxxxxxxxxxxxxxxxxxxxxx exp"),
        (report(NOON, NOON - 60), "exp .. iat=now ............................. limit"),
        (report(NOON - 60, NOON + 840, here=None, apple=None), "iat ========================== exp ......... limit"),
        (report(None, NOON, here=None, apple=None), ""),
        (report(NOON, None), ""),
        (make_report(), ""),
    ],
)
def test_the_labels_of_a_timeline_are_placed_to_scale(case: Report, line: str) -> None:
    assert timeline(case) == line


def test_no_timeline_is_drawn_if_the_line_is_too_narrow() -> None:
    assert timeline(report(NOON - 60, NOON + 840), width=23) == "iat = now = exp = limit".replace("exp =", "exp .")
    assert timeline(report(NOON - 60, NOON + 840), width=22) == ""


TIMES = st.none() | st.integers(NOON - 4000, NOON + 4000) | st.integers()


@given(iat=TIMES, exp=TIMES, here=TIMES, apple=TIMES, width=st.integers(40, 120))
def test_a_timeline_fills_its_line_with_the_labels_in_order(
    iat: int | None, exp: int | None, here: int | None, apple: int | None, width: int
) -> None:
    case = report(iat, exp, here=here, apple=apple)
    line = timeline(case, width)
    if not line:
        return
    assert len(line) == width
    known = {"iat": iat, "exp": exp, "here": here, "Apple": apple}
    labels = [name for label in line.split() for name in label.split("=") if known.get(name) is not None]
    assert labels == sorted(labels, key=lambda name: known[name] or 0)
