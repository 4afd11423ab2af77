"""GET /v1/salesReports: Apple's sales and trends reports."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_asc.emulator.account.pacific_time import pacific_day
from pytest_asc.emulator.jsonapi.errors import NOT_EMULATED, ApiError, RefusedError, at_parameter
from pytest_asc.emulator.reports import report_errors
from pytest_asc.emulator.reports.encoding import report_file
from pytest_asc.emulator.reports.periods import FREQUENCIES, Period
from pytest_asc.emulator.reports.sales_report_types import SALES_REPORT_TYPES, SalesReportType

if TYPE_CHECKING:
    from datetime import date

    from pytest_asc.emulator.http_models import Response
    from pytest_asc.emulator.reports.report_request import ReportRequest


def sales_report(request: ReportRequest) -> Response:
    """Return a sales report.

    Raises:
        RefusedError: The combination of parameters is invalid, or there is no such report.
    """
    request.check_vendor()
    report_type = _report_type(request)
    version = _version(request, report_type)
    period = _period(request, report_type)
    if report_type.rows is None:
        raise RefusedError(ApiError(NOT_EMULATED, {"what": f"the report {report_type.type} {report_type.sub_type}"}))
    head, *lines = report_type.rows(request, period, version)
    if not lines:
        raise RefusedError(ApiError(report_errors.NO_SALES))
    frequency = str(request.filter_value("frequency"))[0]
    name = f"{report_type.letter}_{frequency}_{version}_{request.account.vendor_number}_{period.end:%Y%m%d}.txt"
    return report_file(request.media_type, name, [head, *lines])


def _report_type(request: ReportRequest) -> SalesReportType:
    """Return the report type for the parameters of the request."""
    named = (request.filter_value("reportType"), request.filter_value("reportSubType"))
    for report_type in SALES_REPORT_TYPES:
        if (report_type.type, report_type.sub_type) == named and request.filter_value(
            "frequency"
        ) in report_type.frequencies:
            return report_type
    raise RefusedError(ApiError(report_errors.COMBINATION, {"names": "reportType, reportSubType and frequency"}))


def _version(request: ReportRequest, report_type: SalesReportType) -> str:
    version = request.filter_value("version")
    if version is None and not report_type.needs_version:
        return report_type.versions[-1]
    if version not in report_type.versions or version is None:
        template = report_errors.VERSION if version else report_errors.VERSION_MISSING
        raise RefusedError(at_parameter(template, "filter[version]", latest=report_type.versions[-1]))
    return version


def _period(request: ReportRequest, report_type: SalesReportType) -> Period:
    name = str(request.filter_value("frequency"))
    frequency = FREQUENCIES[name]
    text, now = request.filter_value("reportDate"), pacific_day(request.now)
    if text is None and name == "DAILY" and not report_type.needs_version:
        text = _latest(request, now)
    if text is None:
        # Only daily reports have a default date, and only if they are not about subscriptions (both observed).
        daily = name == "DAILY"
        missing = at_parameter(report_errors.DATE_MISSING, "filter[reportDate]")
        raise RefusedError(ApiError(report_errors.NO_SALES) if daily else missing)
    period = frequency.parse(text)
    if period is None:
        raise RefusedError(ApiError(report_errors.DATE_FORMAT))
    age = (now - period.end).days - frequency.delay
    if not 0 <= age < frequency.available_days:
        raise RefusedError(ApiError(report_errors.NOT_YET if age < 0 else report_errors.GONE))
    return period


def _latest(request: ReportRequest, now: date) -> str | None:
    """Return the last day with sales for which a report is available; None if there is none."""
    return max((sale.day.isoformat() for sale in request.ledger.sales if sale.day < now), default=None)
