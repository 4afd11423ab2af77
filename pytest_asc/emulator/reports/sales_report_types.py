"""Apple's table of sales reports: valid combinations of type, sub-type, frequency and version.

The combinations are documented on the page of GET /v1/salesReports. Version 1_4 of the reports about subscriptions is
observed, and so is the fact that requests for them must have a version.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pytest_asc.emulator.reports.sales_summary import summary
from pytest_asc.emulator.reports.subscriptions import active, events, subscribers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from pytest_asc.emulator.reports.periods import Period
    from pytest_asc.emulator.reports.report_request import ReportRequest


class SalesReportType(NamedTuple):
    """One line of the table."""

    type: str
    sub_type: str
    frequencies: tuple[str, ...]
    versions: tuple[str, ...]
    """Versions, the newest last."""
    rows: Callable[[ReportRequest, Period, str], Iterable[Sequence[object]]] | None = None
    """Function that yields the rows, the header first; None if the emulator has no data for such a report."""
    needs_version: bool = False
    """True if the request must have a version."""
    letter: str = "S"
    """First letters of the file name (inferred)."""


_ALL_FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
_DAILY, _MONTHLY, _YEARLY = ("DAILY",), ("MONTHLY",), ("YEARLY",)

SALES_REPORT_TYPES = (
    SalesReportType("SALES", "SUMMARY", _ALL_FREQUENCIES, ("1_0",), summary),
    SalesReportType("SUBSCRIPTION", "SUMMARY", _DAILY, ("1_3", "1_4"), active, needs_version=True, letter="SS"),
    SalesReportType("SUBSCRIPTION_EVENT", "SUMMARY", _DAILY, ("1_3", "1_4"), events, needs_version=True, letter="SE"),
    SalesReportType("SUBSCRIBER", "DETAILED", _DAILY, ("1_3", "1_4"), subscribers, needs_version=True, letter="SR"),
    SalesReportType("SUBSCRIPTION_OFFER_CODE_REDEMPTION", "SUMMARY", _DAILY, ("1_0",)),
    SalesReportType("PRE_ORDER", "SUMMARY", _ALL_FREQUENCIES, ("1_0",)),
    SalesReportType("NEWSSTAND", "DETAILED", ("DAILY", "WEEKLY"), ("1_0",)),
    SalesReportType("INSTALLS", "SUMMARY", _MONTHLY, ("1_2",)),
    SalesReportType("INSTALLS", "DETAILED", _MONTHLY, ("1_2",)),
    SalesReportType("INSTALLS", "DETAILED", _YEARLY, ("1_0", "1_1")),
    SalesReportType("INSTALLS", "SUMMARY_INSTALL_TYPE", _YEARLY, ("1_0", "1_1")),
    SalesReportType("INSTALLS", "SUMMARY_TERRITORY", _YEARLY, ("1_0", "1_1")),
    SalesReportType("INSTALLS", "SUMMARY_CHANNEL", _YEARLY, ("1_0", "1_1")),
    SalesReportType("FIRST_ANNUAL", "DETAILED", _DAILY, ("1_0",)),
    SalesReportType("FIRST_ANNUAL", "SUMMARY", _YEARLY, ("1_0",)),
    SalesReportType("WIN_BACK_ELIGIBILITY", "SUMMARY", _DAILY, ("1_0",)),
)  # fmt: skip
