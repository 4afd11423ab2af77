from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_asc.diagnosis.formatting import host_of, one_line, span, time_of_day


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("as it is", "as it is"),
        (" two\r\nlines\tand\x00a tab ", "two lines and a tab"),
        ("\x1b[31mred\x1b[0m and \x9b1mbold", "red and bold"),
        ("\x1b]0;window title\x07after", "after"),
        ("\x1b]8;;https://evil.example\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("left \u202eto right", "left to right"),
        ("line\u2028paragraph\u2029next\x85end", "line paragraph next end"),
        ("x" * 500, "x" * 399 + "…"),
    ],
)
def test_quoted_text_is_shown_on_one_line(text: str, line: str) -> None:
    assert one_line(text) == line


@given(st.text(), st.integers(1, 50))
def test_one_line_is_printable_and_short(text: str, limit: int) -> None:
    line = one_line(text, limit)
    assert len(line) <= limit
    assert line.isprintable()


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://api.appstoreconnect.apple.com/v1/apps", "api.appstoreconnect.apple.com"),
        ("http://user:password@proxy.example:3128/", "proxy.example:3128"),
        ("http://user:p@ss@[::1]:80/", "[::1]:80"),
        ("//login.example/a", "login.example"),
        ("/v1/apps", "an unnamed host"),
        ("http://[broken", "an unnamed host"),
    ],
)
def test_host_never_shows_a_password(url: str, host: str) -> None:
    assert host_of(url) == host


@pytest.mark.parametrize(
    ("seconds", "near", "shown"),
    [
        (1528407600, None, "21:40:00"),
        (1528407600.9, 1528407600, "21:40:00"),
        (1528407600, 1528407600 + 86_399, "21:40:00"),
        (1528407600, 1528407600 + 86_400, "2018-06-07 21:40:00"),
        (-1, 0, "23:59:59"),
        (10**15, 0, "1000000000000000 s since 1970"),
    ],
)
def test_a_time_of_day_has_its_date_when_far_away(seconds: float, near: float | None, shown: str) -> None:
    assert time_of_day(seconds, near) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0.4, "0 s"),
        (34.2, "34 s"),
        (60, "1 min"),
        (1199, "19 min 59 s"),
        (-3600, "1 h"),
        (3601, "1 h 1 s"),
        (86_400, "1 day"),
        (5 * 86_400 + 3_600 + 60, "5 days 1 h"),
    ],
)
def test_a_duration_is_shown_in_its_two_largest_units(seconds: float, shown: str) -> None:
    assert span(seconds) == shown
