"""Which operations are answered here, and by what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_asc.emulator.reports.analytics import segment, segments
from pytest_asc.emulator.reports.asking import RefusedError
from pytest_asc.emulator.reports.codes import codes
from pytest_asc.emulator.reports.diagnostics import logs
from pytest_asc.emulator.reports.finance import finance_report
from pytest_asc.emulator.reports.metrics import METRICS, metric
from pytest_asc.emulator.reports.performance import performance
from pytest_asc.emulator.reports.sales import sales_report
from pytest_asc.emulator.reports.tables import document_or_table

if TYPE_CHECKING:
    from pytest_asc.emulator.catalogue import Operation
    from pytest_asc.emulator.errors import ApiError
    from pytest_asc.emulator.message import Response
    from pytest_asc.emulator.reports.asking import Answerer, Asked

_ANSWERERS: dict[str, Answerer] = {
    "/v1/salesReports": sales_report,
    "/v1/financeReports": finance_report,
    "/v1/apps/{id}/perfPowerMetrics": performance,
    "/v1/builds/{id}/perfPowerMetrics": performance,
    "/v1/diagnosticSignatures/{id}/logs": logs,
    "/v1/analyticsReportInstances/{id}/segments": segments,
    "/v1/analyticsReportSegments/{id}": segment,
    "/v1/inAppPurchaseOfferCodeOneTimeUseCodes/{id}/values": codes,
    "/v1/subscriptionOfferCodeOneTimeUseCodes/{id}/values": codes,
    "/v1/nominations": document_or_table,
    "/v1/apps/{id}/appPricePoints": document_or_table,
    "/v3/appPricePoints/{id}/equalizations": document_or_table,
    "/v2/inAppPurchases/{id}/pricePoints": document_or_table,
    "/v1/inAppPurchasePricePoints/{id}/equalizations": document_or_table,
    "/v1/subscriptions/{id}/pricePoints": document_or_table,
    "/v1/subscriptionPricePoints/{id}/equalizations": document_or_table,
    "/v1/subscriptionPricePoints/{id}/adjustedEqualizations": document_or_table,
    **dict.fromkeys(METRICS, metric),
}


def is_report(operation: Operation) -> bool:
    """Whether an operation is answered here, and not from the catalogue alone."""
    return operation.method == "GET" and operation.path in _ANSWERERS


def answer(asked: Asked) -> bytes | Response | ApiError:
    """Answer what :func:`is_report`."""
    try:
        return _ANSWERERS[asked.route.operation.path](asked)
    except RefusedError as refused:
        return refused.error
