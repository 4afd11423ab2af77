from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_asc.emulator.account.pacific_time import pacific_day
from pytest_asc.emulator.reports.periods import FREQUENCIES, Period, fiscal_month


@pytest.mark.parametrize(
    ("text", "begin", "end"),
    [
        ("2026-01", date(2025, 9, 28), date(2025, 11, 1)),
        ("2026-02", date(2025, 11, 2), date(2025, 11, 29)),
        ("2026-12", date(2026, 8, 30), date(2026, 9, 26)),
        ("2023-03", date(2022, 11, 27), date(2022, 12, 31)),  # of a year with 53 weeks
        ("2023-12", date(2023, 9, 3), date(2023, 9, 30)),
    ],
)
def test_months_of_apples_fiscal_calendar_start_and_end_as_published(text: str, begin: date, end: date) -> None:
    assert fiscal_month(text) == Period(begin, end)


@given(st.integers(1001, 2998))
def test_fiscal_months_are_contiguous(year: int) -> None:
    names = [f"{year:04}-{month:02}" for month in range(1, 13)] + [f"{year + 1:04}-01"]
    months = [period for period in map(fiscal_month, names) if period]
    assert len(months) == 13
    for one, other in pairwise(months):
        assert other.begin - one.end == timedelta(days=1)


@given(st.text(max_size=12) | st.from_regex(r"\d{4}-\d\d(-\d\d)?", fullmatch=True))
def test_any_text_is_accepted_or_rejected_as_a_report_date(text: str) -> None:
    for frequency in FREQUENCIES.values():
        period = frequency.parse(text)
        assert period is None or period.begin <= period.end
    fiscal_month(text)


def test_today_is_the_day_in_us_pacific_time() -> None:
    assert pacific_day(1_780_000_000.0) == date(2026, 5, 28)
    assert pacific_day(1_780_037_999.0) == date(2026, 5, 28)
    assert pacific_day(1_780_038_000.0) == date(2026, 5, 29)
    assert pacific_day(1_767_599_999.0) == date(2026, 1, 4)
    assert pacific_day(1_767_600_000.0) == date(2026, 1, 5)
