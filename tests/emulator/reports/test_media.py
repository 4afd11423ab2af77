from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_asc.emulator.reports.media import choose

OFFERED = ("application/json", "text/csv")


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        (None, "application/json"),
        (" ", "application/json"),
        ("*/*", "application/json"),
        ("text/csv", "text/csv"),
        ("Text/CSV", "text/csv"),
        ("text/*", "text/csv"),
        ("text/csv, */*;q=0.1", "text/csv"),
        ("text/csv;q=0.5, application/json;q=0.6", "application/json"),
        ("application/json;q=0, */*", "text/csv"),
        ("text/csv; header=absent ; q=0.3, application/json;q=0.2", "text/csv"),
        ("text/html", None),
        ("text/csv;q=none", None),
    ],
)
def test_what_a_client_likes_best(accept: str | None, chosen: str | None) -> None:
    assert choose(accept, OFFERED) == chosen


@given(st.text())
def test_no_header_is_too_much(accept: str) -> None:
    assert choose(accept, OFFERED) in {None, *OFFERED}
