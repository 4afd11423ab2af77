"""Power and performance metrics of the versions of an app, in the format of Xcode."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_asc.emulator.http_models import Response
from pytest_asc.emulator.jsonapi.errors import NOT_EMULATED, ApiError, RefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_asc.emulator.account.ledger import Measurement
    from pytest_asc.emulator.reports.report_request import ReportRequest

METRIC = "perfPowerMetrics"


class Category(NamedTuple):
    """A quantity that is measured, of one of Apple's metric types (names inferred)."""

    metric: str
    unit: str
    display: str


CATEGORIES = {
    "HANG": Category("hangRate", "seconds_per_hour", "s/hr"),
    "LAUNCH": Category("launchTime", "milliseconds", "ms"),
    "MEMORY": Category("peakMemory", "megabytes", "MB"),
    "DISK": Category("diskWrites", "megabytes", "MB"),
    "BATTERY": Category("onScreen", "percent", "%"),
    "TERMINATION": Category("onScreen", "count", ""),
    "ANIMATION": Category("scrollHitchRate", "milliseconds_per_second", "ms/s"),
    "STORAGE": Category("documentsAndData", "megabytes", "MB"),
}
DEFAULTS = {
    "platform": "IOS",
    "deviceType": "all_iphones",
    "percentile": "percentile.fifty",
    "version": "1.0",
}
MEMBERS = frozenset({"metricType", "value", *DEFAULTS})


def performance(request: ReportRequest) -> Response:
    """Return a data set for each metric type, device and percentile, with a point for each version."""
    start = request.resource()
    found = [
        one
        for one in request.ledger.measurements
        if one.metric == METRIC and _is_selected(request, start.type, start.id, one)
    ]
    platforms = dict.fromkeys(one.members["platform"] for one in found)
    document = {
        "version": "1.0",
        "insights": {"trendingUp": [], "regressions": []},
        "productData": [
            {"platform": platform, "metricCategories": _categories(platform, found)} for platform in platforms
        ],
    }
    return Response(200, {"Content-Type": request.route.operation.media_types[0]}, json.dumps(document).encode())


def performance_overview(request: ReportRequest) -> Response:
    """Reject the request for an overview of an app, since the format of the response is not known.

    Raises:
        RefusedError: Always.
    """
    request.resource()
    operation = request.route.operation
    raise RefusedError(ApiError(NOT_EMULATED, {"what": f"the document of {operation.method} {operation.relationship}"}))


def _is_selected(request: ReportRequest, resource_type: str, identifier: str, one: Measurement) -> bool:
    filters: Mapping[str, tuple[str, ...]] = request.route.query.filters
    return one.members.get(resource_type) == identifier and all(one.members[name] in filters[name] for name in filters)


def _categories(platform: str, found: list[Measurement]) -> list[dict[str, Any]]:
    here = [one for one in found if one.members["platform"] == platform]
    return [
        {"identifier": name, "metrics": [_metric(category, [one for one in here if one.members["metricType"] == name])]}
        for name, category in CATEGORIES.items()
        if any(one.members["metricType"] == name for one in here)
    ]


def _metric(category: Category, found: list[Measurement]) -> dict[str, Any]:
    sets: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for one in found:
        point = {"version": one.members["version"], "value": one.members["value"], "errorMargin": 0}
        sets.setdefault((one.members["percentile"], one.members["deviceType"]), []).append(point)
    return {
        "identifier": category.metric,
        "goalKeys": [],
        "unit": {"identifier": category.unit, "displayName": category.display},
        "datasets": [
            {
                "filterCriteria": {"percentile": percentile, "device": device, "deviceMarketingName": device},
                "points": points,
            }
            for (percentile, device), points in sets.items()
        ],
    }
