"""Registry of report handlers, for operations whose responses are not made of resources only."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from pytest_asc.emulator.http_models import JSON
from pytest_asc.emulator.jsonapi.errors import NOT_ACCEPTABLE, RefusedError
from pytest_asc.emulator.jsonapi.negotiation import choose_media_type
from pytest_asc.emulator.reports.analytics import segment, segments
from pytest_asc.emulator.reports.codes import codes
from pytest_asc.emulator.reports.csv_tables import document_or_table
from pytest_asc.emulator.reports.diagnostics import logs
from pytest_asc.emulator.reports.finance import finance_report
from pytest_asc.emulator.reports.metrics import metrics
from pytest_asc.emulator.reports.performance import performance, performance_overview
from pytest_asc.emulator.reports.report_request import ReportRequest
from pytest_asc.emulator.reports.sales import sales_report
from pytest_asc.emulator.spec.api_spec import depends_on_spec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_asc.emulator.account.account import Account
    from pytest_asc.emulator.http_models import Response
    from pytest_asc.emulator.jsonapi.errors import ApiError
    from pytest_asc.emulator.jsonapi.routing import Route
    from pytest_asc.emulator.reports.report_request import ReportHandler
    from pytest_asc.emulator.spec.api_spec import Operation

# Handlers by the path of a GET operation. All metrics share a handler, and so do collections with CSV tables.
_HANDLERS: Mapping[str, ReportHandler] = {
    "/v1/salesReports": sales_report,
    "/v1/financeReports": finance_report,
    "/v1/apps/{id}/perfPowerMetrics": performance,
    "/v1/builds/{id}/perfPowerMetrics": performance,
    "/v1/apps/{id}/performanceOverviews": performance_overview,
    "/v1/diagnosticSignatures/{id}/logs": logs,
    "/v1/analyticsReportInstances/{id}/segments": segments,
    "/v1/analyticsReportSegments/{id}": segment,
    "/v1/inAppPurchaseOfferCodeOneTimeUseCodes/{id}/values": codes,
    "/v1/subscriptionOfferCodeOneTimeUseCodes/{id}/values": codes,
}


def report_handler(operation: Operation) -> ReportHandler | None:
    """Return the report handler of an operation; None if the operation is not a report."""
    if operation.method != "GET":
        return None
    if operation.metrics:
        return metrics
    if operation.schema and len(operation.media_types) > 1:
        return document_or_table
    return _HANDLERS.get(operation.path)


@depends_on_spec
@cache
def offered_media_types(operation: Operation) -> tuple[str, ...]:
    """Return the media types of a report; the default comes first.

    Apple's vendor-specific JSON types are also sent to clients that accept ``application/json`` (inferred).
    """
    offered = operation.media_types
    return (*offered, JSON) if all(media_type.endswith("+json") for media_type in offered) else offered


def respond(route: Route, accept: str | None, account: Account, now: float) -> bytes | Response | tuple[ApiError, ...]:
    """Handle a request for a report.

    Args:
        route: Route of the request. Its operation must have a :func:`report_handler`.
        accept: Value of the Accept header; None if there is none.
        account: The account.
        now: Time of the service, in seconds since 1970.

    Returns:
        A JSON document, a complete response, or the errors of the request.
    """
    handler = report_handler(route.operation)
    assert handler is not None, f"{route.operation.path} is no report"  # noqa: S101  the dispatcher has checked it
    media_type = choose_media_type(accept, offered_media_types(route.operation))
    if media_type is None:
        return NOT_ACCEPTABLE
    try:
        return handler(ReportRequest(route, media_type, account, now))
    except RefusedError as refused:
        return refused.reasons
