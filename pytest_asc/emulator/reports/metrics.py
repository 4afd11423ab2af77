"""The 15 operations ``…/metrics/…``: what was measured, as points in time."""

from __future__ import annotations

import json
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_asc.emulator.account.times import CUPERTINO, today
from pytest_asc.emulator.jsonapi.errors import ApiError, RefusedError
from pytest_asc.emulator.reports import report_errors
from pytest_asc.emulator.reports.periods import Period
from pytest_asc.emulator.spec.relationships import relation

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pytest_asc.emulator.account.ledger import Measurement
    from pytest_asc.emulator.account.store import Resource
    from pytest_asc.emulator.reports.report_request import ReportRequest


class Metric(NamedTuple):
    """What one of them measures, in Apple's names (documented, in the OpenAPI document)."""

    values: tuple[str, ...]
    dimensions: Mapping[str, str | None] = {}
    """Each with the type that it leads to; None where it has words."""
    always: bool = False
    """Whether the dimensions are shown without ``groupBy``."""


_USAGES = ("crashCount", "sessionCount", "feedbackCount")
_LINK_USAGES = (
    "viewCount", "acceptedCount", "didNotAcceptCount", "didNotMeetCriteriaCount", "notRelevantRatio", "notClearRatio",
    "notInterestingRatio",
)  # fmt: skip
_SECONDS = ("count", "averageSecondsInQueue", "p50SecondsInQueue", "p95SecondsInQueue")
_NUMBERS = ("count", "averageNumberOfRequests", "p50NumberOfRequests", "p95NumberOfRequests")
_PLAYERS = ("count", "averagePlayerCount", "p50PlayerCount", "p95PlayerCount")
_RESULTS = ("count", "averageResult", "p50Result", "p95Result")
_APP_REQUESTS = Metric(_SECONDS, {"result": None})
_QUEUE_REQUESTS = Metric(_SECONDS, {"result": None, "gameCenterDetail": "gameCenterDetails"})
_QUEUE = {"gameCenterMatchmakingQueue": "gameCenterMatchmakingQueues"}

METRICS = {
    "/v1/apps/{id}/metrics/betaTesterUsages": Metric(_USAGES, {"betaTesters": "betaTesters"}),
    "/v1/betaGroups/{id}/metrics/betaTesterUsages": Metric(_USAGES, {"betaTesters": "betaTesters"}),
    "/v1/betaTesters/{id}/metrics/betaTesterUsages": Metric(_USAGES, {"apps": "apps"}, always=True),
    "/v1/betaGroups/{id}/metrics/publicLinkUsages": Metric(_LINK_USAGES),
    "/v1/builds/{id}/metrics/betaBuildUsages": Metric((*_USAGES, "installCount", "inviteCount")),
    "/v1/gameCenterDetails/{id}/metrics/classicMatchmakingRequests": _APP_REQUESTS,
    "/v1/gameCenterDetails/{id}/metrics/ruleBasedMatchmakingRequests": _APP_REQUESTS,
    "/v1/gameCenterMatchmakingQueues/{id}/metrics/experimentMatchmakingQueueSizes": Metric(_NUMBERS),
    "/v1/gameCenterMatchmakingQueues/{id}/metrics/matchmakingQueueSizes": Metric(_NUMBERS),
    "/v1/gameCenterMatchmakingQueues/{id}/metrics/experimentMatchmakingRequests": _QUEUE_REQUESTS,
    "/v1/gameCenterMatchmakingQueues/{id}/metrics/matchmakingRequests": _QUEUE_REQUESTS,
    "/v1/gameCenterMatchmakingQueues/{id}/metrics/matchmakingSessions": Metric(_PLAYERS),
    "/v1/gameCenterMatchmakingRules/{id}/metrics/matchmakingBooleanRuleResults": Metric(
        ("count",), {"result": None, **_QUEUE}
    ),
    "/v1/gameCenterMatchmakingRules/{id}/metrics/matchmakingNumberRuleResults": Metric(_RESULTS, _QUEUE),
    "/v1/gameCenterMatchmakingRules/{id}/metrics/matchmakingRuleErrors": Metric(("count",), _QUEUE),
}

_DAY = timedelta(days=1)
# How long a point of each granularity lasts.
_GRAINS = {"P1D": _DAY, "PT1H": timedelta(hours=1), "PT15M": timedelta(minutes=15)}
# What is answered where no period is asked for (Apple's example shows a year).
_PERIODS = {"P7D": 7, "P30D": 30, "P90D": 90, "P365D": 365}
_USUAL_PERIOD = "P365D"


def metric(asked: ReportRequest) -> bytes:
    """The document: a group for each value of the dimensions that are asked for, with its points in time."""
    operation, query = asked.route.operation, asked.route.query
    measures = METRICS[operation.path]
    start = asked.start()
    names = tuple(measures.dimensions) if measures.always else query.enum_parameters.get("groupBy", ())
    if operation.path.startswith("/v1/apps/") and not names and not query.filters:
        raise RefusedError(ApiError(report_errors.DIMENSION_MISSING, {"dimension": "betaTesters"}))
    groups: dict[tuple[Any, ...], list[Measurement]] = {}
    for one in _measured(asked, start):
        groups.setdefault(tuple(one.members.get(name) for name in names), []).append(one)
    shown = [_group(asked, measures, dict(zip(names, key, strict=True)), group) for key, group in groups.items()]
    for name, descending in reversed(query.sort):
        shown.sort(key=lambda group: group["dataPoints"][0]["values"][name], reverse=descending)
    page = shown[query.offset : query.offset + query.limit]
    return asked.route.envelope.page([json.dumps(group).encode() for group in page], None, len(shown))


def _measured(asked: ReportRequest, start: Resource) -> Iterable[Measurement]:
    operation, query = asked.route.operation, asked.route.query
    period = _period(asked)
    return (
        one
        for one in asked.ledger.measurements
        if one.metric == operation.relationship
        and one.day in period
        and _is_about(start, one)
        and all(one.members.get(name) in wanted for name, wanted in query.filters.items())
    )


def _is_about(start: Resource, one: Measurement) -> bool:
    if one.members.get(start.type) == start.id:
        return True
    # What testers do is the groups' that they are in.
    app, testers = (relation(start.type, name) for name in ("app", "betaTesters"))
    return (
        start.type == "betaGroups"
        and app is not None
        and testers is not None
        and one.members.get("apps") in start.ids(app.name)
        and one.members.get("betaTesters") in start.ids(testers.name)
    )


def _period(asked: ReportRequest) -> Period:
    (name,) = asked.route.query.enum_parameters.get("period", (_USUAL_PERIOD,))
    now = today(asked.now)
    return Period(now - _PERIODS[name] * _DAY, now)


def _group(
    asked: ReportRequest, measures: Metric, key: Mapping[str, Any], group: Sequence[Measurement]
) -> dict[str, Any]:
    grain = asked.route.query.enum_parameters.get("granularity")
    if grain:
        begins = {one.day: datetime.combine(one.day, time(), CUPERTINO) for one in group}
        points = [
            _point(measures, begin, begin + _GRAINS[grain[0]], [one for one in group if one.day == day])
            for day, begin in sorted(begins.items())
        ]
    else:
        begin, end = (datetime.combine(day, time(), CUPERTINO) for day in _period(asked))
        points = [_point(measures, begin, end, group)]
    shown: dict[str, Any] = {"dataPoints": points}
    if key:
        shown["dimensions"] = {name: _dimension(asked, measures.dimensions[name], value) for name, value in key.items()}
    return {**shown, "granularity": grain[0]} if grain else shown


def _point(measures: Metric, begin: datetime, end: datetime, group: Sequence[Measurement]) -> dict[str, Any]:
    values = {name: _joined(name, [one.members.get(name, 0) for one in group]) for name in measures.values}
    return {"start": begin.isoformat(), "end": end.isoformat(), "values": values}


def _joined(name: str, values: Sequence[float]) -> float:
    """Counts add up; of shares, averages and percentiles there is the mean."""
    counted = name in {"count", *_USAGES, *_LINK_USAGES[:4], "installCount", "inviteCount"}
    return sum(values) if counted else sum(values) / len(values)


def _dimension(asked: ReportRequest, kind: str | None, value: Any) -> dict[str, Any]:
    """A value with the link to its resource: an id alone, as the OpenAPI document has it; Apple's page shows both."""
    links = {"related": f"{asked.route.base}/v1/{kind}/{value}"} if kind and value else {}
    return {"links": links, "data": value}
