"""Reports about subscriptions, made from the recorded sales of subscriptions.

A unit is a subscription at its standard price that starts on the day of the sale and lasts for one period; a negative
unit is a refund. Offers, renewals and cancellations are not emulated. The columns are documented in App Store Connect
Help; those that only version 1_4 has are observed.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from pytest_asc.emulator.spec.relationships import relation

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_asc.emulator.account.ledger import Sale
    from pytest_asc.emulator.reports.periods import Period
    from pytest_asc.emulator.reports.report_request import ReportRequest

_SUBSCRIPTION = (
    "App Name", "App Apple ID", "Subscription Name", "Subscription Apple ID", "Subscription Group ID",
    "Standard Subscription Duration",
)  # fmt: skip
ACTIVE_COLUMNS = (
    *_SUBSCRIPTION, "Subscription Offer Name", "Promotional Offer ID", "Customer Price", "Customer Currency",
    "Developer Proceeds", "Proceeds Currency", "Preserved Pricing", "Proceeds Reason", "Client", "Device", "State",
    "Country", "Active Standard Price Subscriptions", "Active Free Trial Introductory Offer Subscriptions",
    "Active Pay Up Front Introductory Offer Subscriptions", "Active Pay As You Go Introductory Offer Subscriptions",
    "Free Trial Promotional Offer Subscriptions", "Pay Up Front Promotional Offer Subscriptions",
    "Pay As You Go Promotional Offer Subscriptions", "Free Trial Offer Code Subscriptions",
    "Pay Up Front Offer Code Subscriptions", "Pay As You Go Offer Code Subscriptions", "Marketing Opt-Ins",
    "Billing Retry", "Grace Period", "Subscribers",
)  # fmt: skip
_WIN_BACK_COLUMNS = ("Free Trial Win-back Offers", "Pay Up Front Win-back Offers", "Pay As You Go Win-back Offers")
EVENT_COLUMNS = (
    "Event Date", "Event", *_SUBSCRIPTION, "Subscription Offer Type", "Subscription Offer Duration", "Marketing Opt-In",
    "Marketing Opt-In Duration", "Preserved Pricing", "Proceeds Reason", "Subscription Offer Name",
    "Promotional Offer ID", "Consecutive Paid Periods", "Original Start Date", "Device", "Client", "State", "Country",
    "Previous Subscription Name", "Previous Subscription Apple ID", "Days Before Canceling", "Cancellation Reason",
    "Days Canceled", "Quantity", "Paid Service Days Recovered",
)  # fmt: skip
SUBSCRIBER_COLUMNS = (
    "Event Date", *_SUBSCRIPTION, "Subscription Offer Name", "Promotional Offer ID", "Subscription Offer Type",
    "Subscription Offer Duration", "Marketing Opt-In Duration", "Customer Price", "Customer Currency",
    "Developer Proceeds", "Proceeds Currency", "Preserved Pricing", "Proceeds Reason", "Client", "Device", "Country",
    "Subscriber ID", "Subscriber ID Reset", "Refund", "Purchase Date", "Units",
)  # fmt: skip


class _Duration(NamedTuple):
    text: str
    days: int


_DURATIONS = {
    "ONE_WEEK": _Duration("7 Days", 7),
    "ONE_MONTH": _Duration("1 Month", 30),
    "TWO_MONTHS": _Duration("2 Months", 61),
    "THREE_MONTHS": _Duration("3 Months", 91),
    "SIX_MONTHS": _Duration("6 Months", 182),
    "ONE_YEAR": _Duration("1 Year", 365),
}
_MONTH = _DURATIONS["ONE_MONTH"]


def active(request: ReportRequest, period: Period, version: str) -> Iterator[Sequence[object]]:
    """Yield the rows of active subscriptions at the end of the period."""
    more = _WIN_BACK_COLUMNS if version == "1_4" else ()
    yield (*ACTIVE_COLUMNS, *more)
    units: Counter[tuple[object, ...]] = Counter()
    for sale in _sales(request):
        if sale.day <= period.end < sale.day + timedelta(days=_duration(request, sale).days):
            priced = (sale.price, sale.currency, sale.proceeds, sale.currency)
            line = (*_subscription(request, sale), "", "", *priced, "", "", "", sale.device, "", sale.country)
            units[line] += sale.units
    for line, number in units.items():
        if number > 0:
            yield (*line, number, *[0] * 12, number, *[0 for _ in more])


def events(request: ReportRequest, period: Period, version: str) -> Iterator[Sequence[object]]:
    """Yield the rows of subscriptions that started or were refunded."""
    del version  # the columns of 1_4 are not known to differ
    yield EVENT_COLUMNS
    for sale in _sales(request):
        if sale.day in period and sale.units:
            day, event = sale.day.isoformat(), "Subscribe" if sale.units > 0 else "Refund"
            yield (
                day, event, *_subscription(request, sale), "", "", "", "", "", "", "", "", 1, day, sale.device, "", "",
                sale.country, "", "", "", "", "", abs(sale.units), "",
            )  # fmt: skip


def subscribers(request: ReportRequest, period: Period, version: str) -> Iterator[Sequence[object]]:
    """Yield one row for each unit, which stands for one subscriber."""
    del version  # the columns of 1_4 are not known to differ
    yield SUBSCRIBER_COLUMNS
    for place, sale in enumerate(_sales(request)):
        if sale.day not in period:
            continue
        day, refund = sale.day.isoformat(), "Yes" if sale.units < 0 else ""
        for number in range(abs(sale.units)):
            yield (
                day, *_subscription(request, sale), "", "", "", "", "", sale.price, sale.currency, sale.proceeds,
                sale.currency, "", "", "", sale.device, sale.country, f"{place + 1:05}{number + 1:05}", "", refund,
                day if refund else "", -1 if refund else 1,
            )  # fmt: skip


def _sales(request: ReportRequest) -> list[Sale]:
    return [sale for sale in request.ledger.sales if sale.resource_type == "subscriptions"]


def _subscription(request: ReportRequest, sale: Sale) -> tuple[str, ...]:
    found, group_relation = request.account.store.get(sale.resource_type, sale.id), relation("subscriptions", "group")
    group = found.ids(group_relation.name) if found and group_relation else []
    return sale.app_name, sale.app_id, sale.name, sale.id, group[0] if group else "", _duration(request, sale).text


def _duration(request: ReportRequest, sale: Sale) -> _Duration:
    found = request.account.store.get(sale.resource_type, sale.id)
    return _DURATIONS.get(str(found.attributes.get("subscriptionPeriod")), _MONTH) if found else _MONTH
