"""Segments of analytics reports: files in the upload storage, which are written whenever a segment is read.

A segment is tab-separated text in gzip. Its checksum is MD5 in hex, and its URL expires after five minutes (all
documented).
"""

from __future__ import annotations

import hashlib
from datetime import date, timedelta
from typing import TYPE_CHECKING

from pytest_asc.emulator.account.app_lookup import owner
from pytest_asc.emulator.jsonapi.errors import ApiError, RefusedError
from pytest_asc.emulator.operations.reads import read
from pytest_asc.emulator.reports.encoding import tsv
from pytest_asc.emulator.resources.analytics import DOWNLOADS
from pytest_asc.emulator.spec.relationships import relation

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_asc.emulator.account.ledger import Sale
    from pytest_asc.emulator.account.store import Resource
    from pytest_asc.emulator.reports.report_request import ReportRequest

_HEAD = ("Date", "App Name", "App Apple Identifier")  # columns of all reports (documented)
# The columns are documented on the page of the report; their order is inferred.
_DOWNLOADS_HEAD = (
    *_HEAD, "Download Type", "App Version", "Device", "Platform Version", "Source Type", "Page Type", "Pre-Order",
    "Territory", "Counts",
)  # fmt: skip
# Download types by the first characters of the product type.
_TYPES = {
    "1": "First-time download",
    "F1": "First-time download",
    "3": "Redownload",
    "7": "Auto-update",
    "F7": "Auto-update",
}
_DAYS = {"DAILY": 1, "WEEKLY": 7, "MONTHLY": 30}


def segments(request: ReportRequest) -> bytes:
    """Return the segments of an instance, with new URLs."""
    relation_to_segments = relation("analyticsReportInstances", "segments")
    instance = request.resource()
    for one in request.account.store.related(instance, relation_to_segments) if relation_to_segments else ():
        _rewrite(request, one)
    return _document(request)


def segment(request: ReportRequest) -> bytes:
    """Return one segment, with a new URL."""
    _rewrite(request, request.resource())
    return _document(request)


def _document(request: ReportRequest) -> bytes:
    document = read(request.account.store, request.route)
    if isinstance(document, ApiError):
        raise RefusedError(document)
    return document


def _rewrite(request: ReportRequest, one: Resource) -> None:
    content = tsv(_rows(request, one))
    attributes = {
        "checksum": hashlib.md5(content, usedforsecurity=False).hexdigest(),
        "sizeInBytes": len(content),
        "url": request.account.storage.share(f"analytics/{one.id}.txt.gz", content, request.route.base, request.now),
    }
    request.account.store.update(one, attributes)


def _rows(request: ReportRequest, one: Resource) -> Iterator[Sequence[object]]:
    """Yield the rows of a segment: the instance's sales before its processing date are split among its segments."""
    store = request.account.store
    instance = owner(store, "analyticsReportInstances", "segments", one)
    report = owner(store, "analyticsReports", "instances", instance)
    report_request = owner(store, "analyticsReportRequests", "reports", report)
    app = owner(store, "apps", "analyticsReportRequests", report_request)
    end = _processing_date(instance)
    if not (instance and report and report_request and app and end) or report.attributes.get("name") != DOWNLOADS:
        yield _HEAD
        return
    yield _DOWNLOADS_HEAD
    begin = end - timedelta(days=_DAYS.get(str(instance.attributes.get("granularity")), 1))
    if report_request.attributes.get("accessType") == "ONE_TIME_SNAPSHOT":  # a snapshot has all past days (documented)
        begin = date.min
    sold = [sale for sale in request.ledger.sales if sale.id == app.id and begin <= sale.day < end and _type(sale)]
    relation_to_segments = relation("analyticsReportInstances", "segments")
    ids = instance.ids(relation_to_segments.name) if relation_to_segments else []
    for sale in sold[ids.index(one.id) :: len(ids)]:
        yield (
            sale.day.isoformat(), sale.name, sale.id, _type(sale), sale.version, sale.device, "iOS 18.0",
            "App Store search", "Product page", "", sale.country, sale.units,
        )  # fmt: skip


def _processing_date(instance: Resource | None) -> date | None:
    try:
        return date.fromisoformat(str(instance.attributes.get("processingDate"))) if instance else None
    except ValueError:
        return None


def _type(sale: Sale) -> str:
    return _TYPES.get(sale.product_type[:2], _TYPES.get(sale.product_type[:1], ""))
