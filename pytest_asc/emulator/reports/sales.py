"""GET /v1/salesReports: what was sold, as Apple's sales and trends reports tell it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_asc.emulator.errors import NOT_EMULATED, ApiError, RefusedError, at_parameter
from pytest_asc.emulator.reports import refusals
from pytest_asc.emulator.reports.calendars import FREQUENCIES, Period, today
from pytest_asc.emulator.reports.files import report
from pytest_asc.emulator.reports.kinds import KINDS, Kind

if TYPE_CHECKING:
    from datetime import date

    from pytest_asc.emulator.message import Response
    from pytest_asc.emulator.reports.asking import Asked


def sales_report(asked: Asked) -> Response:
    """One report."""
    asked.check_vendor()
    kind = _kind(asked)
    version = _version(asked, kind)
    period = _period(asked, kind)
    if kind.rows is None:
        raise RefusedError(ApiError(NOT_EMULATED, {"what": f"the report {kind.type} {kind.sub_type}"}))
    head, *lines = kind.rows(asked, period, version)
    if not lines:
        raise RefusedError(ApiError(refusals.NO_SALES))
    frequency = str(asked.wanted("frequency"))[0]
    name = f"{kind.letter}_{frequency}_{version}_{asked.vendor_number}_{period.end:%Y%m%d}.txt"
    return report(name, [head, *lines])


def _kind(asked: Asked) -> Kind:
    """The line of Apple's table that the parameters name together."""
    named = (asked.wanted("reportType"), asked.wanted("reportSubType"))
    for kind in KINDS:
        if (kind.type, kind.sub_type) == named and asked.wanted("frequency") in kind.frequencies:
            return kind
    raise RefusedError(ApiError(refusals.COMBINATION, {"names": "reportType, reportSubType and frequency"}))


def _version(asked: Asked, kind: Kind) -> str:
    version = asked.wanted("version")
    if version is None and not kind.version_needed:
        return kind.versions[-1]
    if version not in kind.versions or version is None:
        form = refusals.VERSION if version else refusals.VERSION_MISSING
        raise RefusedError(at_parameter(form, "filter[version]", latest=kind.versions[-1]))
    return version


def _period(asked: Asked, kind: Kind) -> Period:
    name = str(asked.wanted("frequency"))
    frequency = FREQUENCIES[name]
    text, now = asked.wanted("reportDate"), today(asked.now)
    if text is None and name == "DAILY" and not kind.version_needed:
        text = _latest(asked, now)
    if text is None:
        # Others than daily ones must name their date, and reports on subscriptions have no latest one (both observed).
        daily = name == "DAILY"
        missing = at_parameter(refusals.DATE_MISSING, "filter[reportDate]")
        raise RefusedError(ApiError(refusals.NO_SALES) if daily else missing)
    period = frequency.parse(text)
    if period is None:
        raise RefusedError(ApiError(refusals.DATE_FORMAT))
    age = (now - period.end).days - frequency.delay
    if not 0 <= age < frequency.kept:
        raise RefusedError(ApiError(refusals.NOT_YET if age < 0 else refusals.GONE))
    return period


def _latest(asked: Asked, now: date) -> str | None:
    """The last day with sales that there is a report of."""
    return max((sale.day.isoformat() for sale in asked.ledger.sales if sale.day < now), default=None)
