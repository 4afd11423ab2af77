from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from emulator.reports.report_client import detail, lines, sales

if TYPE_CHECKING:
    from emulator.harness import EmulatorClient


@pytest.fixture
def monthly(emulator_client: EmulatorClient) -> dict[str, Any]:
    """A subscription in a group of an app."""
    group = emulator_client.emulator.add("subscriptionGroups", id="21400001")
    emulator_client.emulator.add("apps", id="1", name="Lists", sku="LISTS", subscriptionGroups=[group])
    return emulator_client.emulator.add(
        "subscriptions", id="2", name="Plus", subscriptionPeriod="ONE_WEEK", group=group
    )


def active(emulator_client: EmulatorClient, **filters: str) -> list[dict[str, str]]:
    return lines(sales(emulator_client, reportType="SUBSCRIPTION", **{"version": "1_4", **filters}).body)


def test_a_subscription_is_active_for_its_period(emulator_client: EmulatorClient, monthly: dict[str, Any]) -> None:
    emulator_client.emulator.sell(monthly, units=3, price=1.99, day="2026-05-10", country="DE")
    emulator_client.emulator.sell(monthly, units=-1, price=1.99, day="2026-05-10", country="DE")
    for day in ("2026-05-10", "2026-05-16"):
        (line,) = active(emulator_client, reportDate=day)
        told = {
            "App Name": "Lists", "App Apple ID": "1", "Subscription Name": "Plus", "Subscription Apple ID": "2",
            "Subscription Group ID": "21400001", "Standard Subscription Duration": "7 Days", "Country": "DE",
            "Customer Price": "1.99", "Customer Currency": "EUR", "Active Standard Price Subscriptions": "2",
            "Billing Retry": "0", "Subscribers": "2", "Free Trial Win-back Offers": "0",
        }  # fmt: skip
        assert told.items() <= line.items()
    answer = sales(emulator_client, reportType="SUBSCRIPTION", version="1_4", reportDate="2026-05-17")
    assert detail(answer)[2] == "There were no sales for the date specified."


def test_version_1_3_has_no_win_back_offers(emulator_client: EmulatorClient, monthly: dict[str, Any]) -> None:
    emulator_client.emulator.sell(monthly)
    old, new = (active(emulator_client, version=version, reportDate="2026-05-27")[0] for version in ("1_3", "1_4"))
    assert set(new) - set(old) == {
        "Free Trial Win-back Offers", "Pay Up Front Win-back Offers", "Pay As You Go Win-back Offers"
    }  # fmt: skip


def test_the_event_report_has_starts_and_refunds(emulator_client: EmulatorClient, monthly: dict[str, Any]) -> None:
    emulator_client.emulator.sell(monthly, units=2)
    emulator_client.emulator.sell(monthly, units=-1)
    answer = sales(emulator_client, reportType="SUBSCRIPTION_EVENT", version="1_3", reportDate="2026-05-27")
    told = [(line["Event"], line["Quantity"], line["Event Date"]) for line in lines(answer.body)]
    assert told == [("Subscribe", "2", "2026-05-27"), ("Refund", "1", "2026-05-27")]


def test_the_subscriber_report_has_a_row_for_each_unit(
    emulator_client: EmulatorClient, monthly: dict[str, Any]
) -> None:
    emulator_client.emulator.sell(monthly, units=2)
    emulator_client.emulator.sell(monthly, units=-1)
    answer = sales(
        emulator_client, reportType="SUBSCRIBER", reportSubType="DETAILED", version="1_3", reportDate="2026-05-27"
    )
    found = lines(answer.body)
    assert [(line["Units"], line["Refund"]) for line in found] == [("1", ""), ("1", ""), ("-1", "Yes")]
    assert len({line["Subscriber ID"] for line in found}) == 3


def test_sales_of_apps_are_not_in_subscription_reports(emulator_client: EmulatorClient) -> None:
    emulator_client.emulator.sell(emulator_client.emulator.add("apps"))
    answer = sales(emulator_client, reportType="SUBSCRIPTION_EVENT", version="1_3", reportDate="2026-05-27")
    assert answer.status == 404
