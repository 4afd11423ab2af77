"""GET /v1/salesReports: what was sold, as Apple's sales and trends reports tell it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_asc.emulator.account.times import today
from pytest_asc.emulator.jsonapi.errors import NOT_EMULATED, ApiError, RefusedError, at_parameter
from pytest_asc.emulator.reports import report_errors
from pytest_asc.emulator.reports.encoding import report
from pytest_asc.emulator.reports.periods import FREQUENCIES, Period
from pytest_asc.emulator.reports.sales_report_types import SALES_REPORT_TYPES, SalesReportType

if TYPE_CHECKING:
    from datetime import date

    from pytest_asc.emulator.http_models import Response
    from pytest_asc.emulator.reports.report_request import ReportRequest


def sales_report(asked: ReportRequest) -> Response:
    """One report."""
    asked.check_vendor()
    kind = _kind(asked)
    version = _version(asked, kind)
    period = _period(asked, kind)
    if kind.rows is None:
        raise RefusedError(ApiError(NOT_EMULATED, {"what": f"the report {kind.type} {kind.sub_type}"}))
    head, *lines = kind.rows(asked, period, version)
    if not lines:
        raise RefusedError(ApiError(report_errors.NO_SALES))
    frequency = str(asked.filter_value("frequency"))[0]
    name = f"{kind.letter}_{frequency}_{version}_{asked.account.vendor_number}_{period.end:%Y%m%d}.txt"
    return report(name, [head, *lines])


def _kind(asked: ReportRequest) -> SalesReportType:
    """The line of Apple's table that the parameters name together."""
    named = (asked.filter_value("reportType"), asked.filter_value("reportSubType"))
    for kind in SALES_REPORT_TYPES:
        if (kind.type, kind.sub_type) == named and asked.filter_value("frequency") in kind.frequencies:
            return kind
    raise RefusedError(ApiError(report_errors.COMBINATION, {"names": "reportType, reportSubType and frequency"}))


def _version(asked: ReportRequest, kind: SalesReportType) -> str:
    version = asked.filter_value("version")
    if version is None and not kind.version_needed:
        return kind.versions[-1]
    if version not in kind.versions or version is None:
        form = report_errors.VERSION if version else report_errors.VERSION_MISSING
        raise RefusedError(at_parameter(form, "filter[version]", latest=kind.versions[-1]))
    return version


def _period(asked: ReportRequest, kind: SalesReportType) -> Period:
    name = str(asked.filter_value("frequency"))
    frequency = FREQUENCIES[name]
    text, now = asked.filter_value("reportDate"), today(asked.now)
    if text is None and name == "DAILY" and not kind.version_needed:
        text = _latest(asked, now)
    if text is None:
        # Others than daily ones must name their date, and reports on subscriptions have no latest one (both observed).
        daily = name == "DAILY"
        missing = at_parameter(report_errors.DATE_MISSING, "filter[reportDate]")
        raise RefusedError(ApiError(report_errors.NO_SALES) if daily else missing)
    period = frequency.parse(text)
    if period is None:
        raise RefusedError(ApiError(report_errors.DATE_FORMAT))
    age = (now - period.end).days - frequency.delay
    if not 0 <= age < frequency.kept:
        raise RefusedError(ApiError(report_errors.NOT_YET if age < 0 else report_errors.GONE))
    return period


def _latest(asked: ReportRequest, now: date) -> str | None:
    """The last day with sales that there is a report of."""
    return max((sale.day.isoformat() for sale in asked.ledger.sales if sale.day < now), default=None)
