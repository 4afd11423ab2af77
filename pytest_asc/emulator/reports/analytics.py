"""Segments of analytics reports: files at the storage, made when their address is asked for.

The file is of gzip and has tabs between cells (documented), its checksum is of MD5 in hex and its address is good for
five minutes (documented).
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

_HEAD = ("Date", "App Name", "App Apple Identifier")  # of every report (documented)
# Documented, on the page of the report; the order is inferred.
_DOWNLOADS_HEAD = (
    *_HEAD, "Download Type", "App Version", "Device", "Platform Version", "Source Type", "Page Type", "Pre-Order",
    "Territory", "Counts",
)  # fmt: skip
# What a first digit or letter of the product type says of a download.
_TYPES = {
    "1": "First-time download",
    "F1": "First-time download",
    "3": "Redownload",
    "7": "Auto-update",
    "F7": "Auto-update",
}
_DAYS = {"DAILY": 1, "WEEKLY": 7, "MONTHLY": 30}


def segments(asked: ReportRequest) -> bytes:
    """The segments of an instance, each with an address that is good from now on."""
    over = relation("analyticsReportInstances", "segments")
    for one in asked.account.store.related(asked.start(), over) if over else ():
        _renew(asked, one)
    return _document(asked)


def segment(asked: ReportRequest) -> bytes:
    """One segment, with an address that is good from now on."""
    _renew(asked, asked.start())
    return _document(asked)


def _document(asked: ReportRequest) -> bytes:
    document = read(asked.account.store, asked.route)
    if isinstance(document, ApiError):
        raise RefusedError(document)
    return document


def _renew(asked: ReportRequest, one: Resource) -> None:
    content = tsv(_rows(asked, one))
    attributes = {
        "checksum": hashlib.md5(content, usedforsecurity=False).hexdigest(),
        "sizeInBytes": len(content),
        "url": asked.account.storage.share(f"analytics/{one.id}.txt.gz", content, asked.route.base, asked.now),
    }
    asked.account.store.update(one, attributes)


def _rows(asked: ReportRequest, one: Resource) -> Iterator[Sequence[object]]:
    """The sales of the days before the instance was processed, shared out among its segments."""
    store = asked.account.store
    instance = owner(store, "analyticsReportInstances", "segments", one)
    report = owner(store, "analyticsReports", "instances", instance)
    request = owner(store, "analyticsReportRequests", "reports", report)
    app = owner(store, "apps", "analyticsReportRequests", request)
    end = _processed(instance)
    if not (instance and report and request and app and end) or report.attributes.get("name") != DOWNLOADS:
        yield _HEAD
        return
    yield _DOWNLOADS_HEAD
    begin = end - timedelta(days=_DAYS.get(str(instance.attributes.get("granularity")), 1))
    if request.attributes.get("accessType") == "ONE_TIME_SNAPSHOT":  # it has all that there was (documented)
        begin = date.min
    sold = [sale for sale in asked.ledger.sales if sale.id == app.id and begin <= sale.day < end and _type(sale)]
    over = relation("analyticsReportInstances", "segments")
    ids = instance.ids(over.name) if over else []
    for sale in sold[ids.index(one.id) :: len(ids)]:
        yield (
            sale.day.isoformat(), sale.name, sale.id, _type(sale), sale.version, sale.device, "iOS 18.0",
            "App Store search", "Product page", "", sale.country, sale.units,
        )  # fmt: skip


def _processed(instance: Resource | None) -> date | None:
    try:
        return date.fromisoformat(str(instance.attributes.get("processingDate"))) if instance else None
    except ValueError:
        return None


def _type(sale: Sale) -> str:
    return _TYPES.get(sale.product_type[:2], _TYPES.get(sale.product_type[:1], ""))
