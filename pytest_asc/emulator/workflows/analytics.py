"""Analytics report requests: the reports come after a day, and those of an ongoing request have more every day.

What stands in them is :mod:`pytest_asc.emulator.reports.analytics`'s.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from pytest_asc.emulator.relations import relation
from pytest_asc.emulator.reports.analytics import DOWNLOADS
from pytest_asc.emulator.reports.calendars import today
from pytest_asc.emulator.schedule import DAY
from pytest_asc.emulator.workflows.hooks import Workflow

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytest_asc.emulator.account import Account
    from pytest_asc.emulator.entities import Entity
    from pytest_asc.emulator.store import Resource

_REPORTS = {
    DOWNLOADS: "COMMERCE",
    "App Crashes": "APP_USAGE",
    "App Install Performance": "PERFORMANCE",
    "App Sessions Standard": "APP_USAGE",
    "App Store Discovery and Engagement Standard": "APP_STORE_ENGAGEMENT",
    "App Store Installation and Deletion Standard": "APP_USAGE",
    "App Store Purchases Standard": "COMMERCE",
}
"""The reports that a request brings, each with its category: some of more than a hundred (names observed)."""


def _request(account: Account, request: Resource, _entity: Entity) -> None:
    # Documented: the first reports are there after one or two days.
    account.schedule.at(DAY, f"analyticsReportRequests {request.id}: reports", lambda: _bring_reports(account, request))


def _bring_reports(account: Account, request: Resource) -> None:
    if account.store.get(request.type, request.id) is not request:  # deleted in the meantime
        return
    for name, category in _REPORTS.items():
        report = account.create("analyticsReports", None, {"name": name, "category": category})
        _add(account, request, "reports", report)
    _bring_instances(account, request)


def _bring_instances(account: Account, request: Resource) -> None:
    if account.store.get(request.type, request.id) is not request:
        return
    over = relation(request.type, "reports")
    for report in account.store.related(request, over) if over else ():
        for granularity in _granularities(account):
            attributes = {"granularity": granularity, "processingDate": today(account.now).isoformat()}
            instance = account.create("analyticsReportInstances", None, attributes)
            _add(account, report, "instances", instance)
            _add(account, instance, "segments", account.create("analyticsReportSegments", None, {}))
    if request.attributes["accessType"] == "ONGOING":
        what = f"analyticsReportRequests {request.id}: another day"
        account.schedule.at(DAY, what, lambda: _bring_instances(account, request), calendar=True)


def _granularities(account: Account) -> Iterator[str]:
    """What is processed today: every day's; the last week's on Mondays and the last month's on its first (inferred)."""
    day = today(account.now)
    yield "DAILY"
    if day.weekday() == 0:
        yield "WEEKLY"
    if day.month != (day - timedelta(days=1)).month:
        yield "MONTHLY"


def _add(account: Account, resource: Resource, name: str, other: Resource) -> None:
    over = relation(resource.type, name)
    if over:
        account.store.link(resource, over, other)


WORKFLOWS: Mapping[str, Workflow] = {"analyticsReportRequests": Workflow(created=_request)}
