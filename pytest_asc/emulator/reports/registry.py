"""Which operations are answered here, and by what."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pytest_asc.emulator.http_models import JSON
from pytest_asc.emulator.jsonapi.errors import NOT_ACCEPTABLE, RefusedError
from pytest_asc.emulator.jsonapi.negotiation import CSV, DIAGNOSTIC_LOGS, GZIP, XCODE_METRICS, choose
from pytest_asc.emulator.reports.analytics import segment, segments
from pytest_asc.emulator.reports.codes import codes
from pytest_asc.emulator.reports.csv_tables import document_or_table
from pytest_asc.emulator.reports.diagnostics import logs
from pytest_asc.emulator.reports.finance import finance_report
from pytest_asc.emulator.reports.metrics import METRICS, metric
from pytest_asc.emulator.reports.performance import performance
from pytest_asc.emulator.reports.report_request import ReportRequest
from pytest_asc.emulator.reports.sales import sales_report

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_asc.emulator.account.account import Account
    from pytest_asc.emulator.http_models import Response
    from pytest_asc.emulator.jsonapi.errors import ApiError
    from pytest_asc.emulator.jsonapi.routing import Route
    from pytest_asc.emulator.reports.report_request import ReportHandler
    from pytest_asc.emulator.spec.api_spec import Operation


class Report(NamedTuple):
    """What answers an operation, and the media types that it offers: the usual one first."""

    answer: ReportHandler
    media: tuple[str, ...] = (JSON,)


# Xcode's own forms are given to those who ask for any JSON, too (inferred).
_REPORTS: Mapping[str, Report] = {
    "/v1/salesReports": Report(sales_report, (GZIP,)),
    "/v1/financeReports": Report(finance_report, (GZIP,)),
    "/v1/apps/{id}/perfPowerMetrics": Report(performance, (XCODE_METRICS, JSON)),
    "/v1/builds/{id}/perfPowerMetrics": Report(performance, (XCODE_METRICS, JSON)),
    "/v1/diagnosticSignatures/{id}/logs": Report(logs, (DIAGNOSTIC_LOGS, JSON)),
    "/v1/analyticsReportInstances/{id}/segments": Report(segments),
    "/v1/analyticsReportSegments/{id}": Report(segment),
    "/v1/inAppPurchaseOfferCodeOneTimeUseCodes/{id}/values": Report(codes, (CSV,)),
    "/v1/subscriptionOfferCodeOneTimeUseCodes/{id}/values": Report(codes, (CSV,)),
    "/v1/nominations": Report(document_or_table, (JSON, CSV)),
    "/v1/apps/{id}/appPricePoints": Report(document_or_table, (JSON, CSV)),
    "/v3/appPricePoints/{id}/equalizations": Report(document_or_table, (JSON, CSV)),
    "/v2/inAppPurchases/{id}/pricePoints": Report(document_or_table, (JSON, CSV)),
    "/v1/inAppPurchasePricePoints/{id}/equalizations": Report(document_or_table, (JSON, CSV)),
    "/v1/subscriptions/{id}/pricePoints": Report(document_or_table, (JSON, CSV)),
    "/v1/subscriptionPricePoints/{id}/equalizations": Report(document_or_table, (JSON, CSV)),
    "/v1/subscriptionPricePoints/{id}/adjustedEqualizations": Report(document_or_table, (JSON, CSV)),
    **dict.fromkeys(METRICS, Report(metric)),
}


def is_report(operation: Operation) -> bool:
    """Whether an operation is answered here, and not from the catalogue alone."""
    return operation.method == "GET" and operation.path in _REPORTS


def answer(route: Route, accept: str | None, account: Account, now: float) -> bytes | Response | tuple[ApiError, ...]:
    """Answer what :func:`is_report`.

    Args:
        route: What is asked for.
        accept: The header, where there is one.
        account: What it is answered from.
        now: Seconds since 1970.
    """
    report = _REPORTS[route.operation.path]
    media = choose(accept, report.media)
    if media is None:
        return NOT_ACCEPTABLE
    try:
        return report.answer(ReportRequest(route, media, account, now))
    except RefusedError as refused:
        return refused.reasons
