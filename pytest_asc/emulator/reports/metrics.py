"""Reports of the metrics operations (``…/metrics/…``): data points made of the recorded measurements."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from pytest_asc.emulator.account.pacific_time import pacific_day, start_of_day
from pytest_asc.emulator.jsonapi.errors import ApiError, RefusedError
from pytest_asc.emulator.reports import report_errors
from pytest_asc.emulator.reports.periods import Period
from pytest_asc.emulator.spec.relationships import relation

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pytest_asc.emulator.account.ledger import Measurement
    from pytest_asc.emulator.account.store import Resource
    from pytest_asc.emulator.reports.report_request import ReportRequest
    from pytest_asc.emulator.spec.compiled_format import Metrics


_DAY = timedelta(days=1)
# Duration of a data point, by granularity.
_GRANULARITIES = {"P1D": _DAY, "PT1H": timedelta(hours=1), "PT15M": timedelta(minutes=15)}
# Number of days, by period. Without a period it is a year (as in Apple's example).
_PERIODS = {"P7D": 7, "P30D": 30, "P90D": 90, "P365D": 365}
_DEFAULT_PERIOD = "P365D"
_COUNT = re.compile("count|(?!average|p50|p95).*Count")


def metrics(request: ReportRequest) -> bytes:
    """Return the data points for each combination of values of the dimensions that the request groups by."""
    operation, query = request.route.operation, request.route.query
    compiled = operation.metrics
    assert compiled is not None, f"{operation.path} has no data points"  # noqa: S101  the registry calls this for metrics alone
    start = request.resource()
    # If the operation has no groupBy, it always groups by all dimensions (inferred).
    grouped = "groupBy" in operation.enum_parameters
    names = query.enum_parameters.get("groupBy", ()) if grouped else tuple(compiled["dimensions"])
    if operation.path.startswith("/v1/apps/") and not names and not query.filters:
        raise RefusedError(ApiError(report_errors.DIMENSION_MISSING, {"dimension": "betaTesters"}))
    groups: dict[tuple[Any, ...], list[Measurement]] = {}
    for one in _measured(request, start):
        groups.setdefault(tuple(one.members.get(name) for name in names), []).append(one)
    shown = [_group(request, compiled, dict(zip(names, key, strict=True)), group) for key, group in groups.items()]
    for name, descending in reversed(query.sort):
        shown.sort(key=lambda group: group["dataPoints"][0]["values"][name], reverse=descending)
    page = shown[query.offset : query.offset + query.limit]
    return request.route.envelope.page([json.dumps(group).encode() for group in page], None, len(shown))


def _measured(request: ReportRequest, start: Resource) -> Iterable[Measurement]:
    operation, query = request.route.operation, request.route.query
    period = _period(request)
    return (
        one
        for one in request.ledger.measurements
        if one.metric == operation.relationship
        and one.day in period
        and _is_about(start, one)
        and all(one.members.get(name) in values for name, values in query.filters.items())
    )


def _is_about(start: Resource, one: Measurement) -> bool:
    if one.members.get(start.type) == start.id:
        return True
    # Usage of a tester also counts for the groups of the tester.
    app, testers = (relation(start.type, name) for name in ("app", "betaTesters"))
    return (
        start.type == "betaGroups"
        and app is not None
        and testers is not None
        and one.members.get("apps") in start.ids(app.name)
        and one.members.get("betaTesters") in start.ids(testers.name)
    )


def _period(request: ReportRequest) -> Period:
    (name,) = request.route.query.enum_parameters.get("period", (_DEFAULT_PERIOD,))
    now = pacific_day(request.now)
    return Period(now - _PERIODS[name] * _DAY, now)


def _group(
    request: ReportRequest, compiled: Metrics, key: Mapping[str, Any], group: Sequence[Measurement]
) -> dict[str, Any]:
    granularity = request.route.query.enum_parameters.get("granularity")
    if granularity:
        begins = {one.day: start_of_day(one.day) for one in group}
        points = [
            _point(compiled, begin, begin + _GRANULARITIES[granularity[0]], [one for one in group if one.day == day])
            for day, begin in sorted(begins.items())
        ]
    else:
        begin, end = (start_of_day(day) for day in _period(request))
        points = [_point(compiled, begin, end, group)]
    shown: dict[str, Any] = {"dataPoints": points}
    if key:
        shown["dimensions"] = {
            name: _dimension(request, compiled["dimensions"][name], value) for name, value in key.items()
        }
    return {**shown, "granularity": granularity[0]} if granularity else shown


def _point(compiled: Metrics, begin: datetime, end: datetime, group: Sequence[Measurement]) -> dict[str, Any]:
    values = {name: _aggregate(name, [one.members.get(name, 0) for one in group]) for name in compiled["values"]}
    return {"start": begin.isoformat(), "end": end.isoformat(), "values": values}


def _aggregate(name: str, values: Sequence[float]) -> float:
    """Return the sum of counts, or the mean of ratios, averages and percentiles."""
    return sum(values) if _COUNT.fullmatch(name) else sum(values) / len(values)


def _dimension(request: ReportRequest, resource_type: str | None, value: Any) -> dict[str, Any]:
    """Return the value of a dimension and the link to its resource.

    An id is plain text, as in the OpenAPI document; Apple's page has this form and another one.
    """
    links = {"related": f"{request.route.base}/v1/{resource_type}/{value}"} if resource_type and value else {}
    return {"links": links, "data": value}
