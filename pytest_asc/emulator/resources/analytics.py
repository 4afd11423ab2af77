"""Analytics report requests: reports after one day, and new instances every day if the access type is ONGOING.

:mod:`pytest_asc.emulator.reports.analytics` fills the reports with data.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from pytest_asc.emulator.account.pacific_time import pacific_day
from pytest_asc.emulator.account.schedule import DAY
from pytest_asc.emulator.resources.hooks import ResourceHooks
from pytest_asc.emulator.resources.state_machine import link, matches, related_many

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytest_asc.emulator.account.account import Account
    from pytest_asc.emulator.account.store import Resource
    from pytest_asc.emulator.jsonapi.request_validator import ValidatedResource

DOWNLOADS = "App Downloads Standard"
"""The only report with data. All other reports have only a header row."""
_REPORTS = {
    DOWNLOADS: "COMMERCE",
    "App Crashes": "APP_USAGE",
    "App Install Performance": "PERFORMANCE",
    "App Sessions Standard": "APP_USAGE",
    "App Store Discovery and Engagement Standard": "APP_STORE_ENGAGEMENT",
    "App Store Installation and Deletion Standard": "APP_USAGE",
    "App Store Purchases Standard": "COMMERCE",
}
"""Names and categories of the reports for each request: a few of more than a hundred (names observed)."""


def _after_create(account: Account, request: Resource, _entity: ValidatedResource) -> None:
    # The first reports are available after one or two days (documented).
    description = f"analyticsReportRequests {request.id}: reports"
    account.schedule.call_later(DAY, description, lambda: _create_reports(account, request), key=request)


def _create_reports(account: Account, request: Resource) -> None:
    for name, category in _REPORTS.items():
        report = account.create("analyticsReports", None, {"name": name, "category": category})
        link(account, request, "reports", report)
    _create_instances(account, request)


def _create_instances(account: Account, request: Resource) -> None:
    for report in related_many(account, request, "reports"):
        for granularity in _granularities(account):
            attributes = {"granularity": granularity, "processingDate": pacific_day(account.now).isoformat()}
            instance = account.create("analyticsReportInstances", None, attributes)
            link(account, report, "instances", instance)
            link(account, instance, "segments", account.create("analyticsReportSegments", None, {}))
    if matches(request, accessType="ONGOING"):
        description = f"analyticsReportRequests {request.id}: another day"
        account.schedule.call_later(
            DAY, description, lambda: _create_instances(account, request), key=request, calendar=True
        )


def _before_delete(account: Account, request: Resource) -> None:
    """Remove the reports, instances and segments of the request (inferred)."""
    for report in related_many(account, request, "reports"):
        for instance in related_many(account, report, "instances"):
            for segment in related_many(account, instance, "segments"):
                account.remove(segment)
            account.remove(instance)
        account.remove(report)


def _granularities(account: Account) -> Iterator[str]:
    """Yield the granularities that are processed today: weekly on Mondays, monthly on the first (inferred)."""
    day = pacific_day(account.now)
    yield "DAILY"
    if day.weekday() == 0:
        yield "WEEKLY"
    if day.month != (day - timedelta(days=1)).month:
        yield "MONTHLY"


HOOKS: Mapping[str, ResourceHooks] = {
    "analyticsReportRequests": ResourceHooks(after_create=_after_create, before_delete=_before_delete)
}
