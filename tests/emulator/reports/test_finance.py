from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from emulator.reports.report_client import VENDOR, detail, finance, lines

if TYPE_CHECKING:
    from emulator.harness import EmulatorClient

# The clock of emulator_client is in May 2026. The month before is the seventh month of Apple's fiscal year.
APRIL = "2026-07"


@pytest.fixture
def app(emulator_client: EmulatorClient) -> dict[str, Any]:
    """An app that was sold in April in three countries, in one of them for free."""
    app = emulator_client.emulator.add("apps", id="1234567890", name="Lists", sku="LISTS")
    emulator_client.emulator.sell(app, units=2, price=9.99, day="2026-04-10")
    emulator_client.emulator.sell(app, units=1, price=9.99, day="2026-04-11", device="iPad")
    emulator_client.emulator.sell(app, units=-1, price=9.99, day="2026-04-12")
    emulator_client.emulator.sell(app, units=4, price=8.99, day="2026-04-12", country="DE")
    emulator_client.emulator.sell(app, units=5, price=8.99, day="2026-04-12", country="FR")
    emulator_client.emulator.sell(app, units=7, price=9.99, day="2026-04-12", country="LK", currency="USD")
    emulator_client.emulator.sell(app, units=100, day="2026-04-12")
    return app


@pytest.mark.usefixtures("app")
def test_the_finance_report_of_all_regions_has_all_sales(emulator_client: EmulatorClient) -> None:
    answer = finance(emulator_client, reportDate=APRIL)
    assert answer.headers["Content-Type"] == "application/a-gzip"
    assert VENDOR in answer.headers["Content-Disposition"]
    *found, total = lines(answer.body)
    assert total["Start Date"] == "Total_Rows"
    assert total["End Date"] == "5"
    told = [(line["Country Of Sale"], line["Quantity"], line["Sales or Return"]) for line in found]
    assert told == [("US", "3", "S"), ("US", "-1", "R"), ("DE", "4", "S"), ("FR", "5", "S"), ("LK", "7", "S")]
    assert {"Start Date": "03/29/2026", "End Date": "05/02/2026", "Vendor Identifier": "LISTS"}.items() <= found[
        0
    ].items()
    for line in found:
        assert Decimal(line["Extended Partner Share"]) == int(line["Quantity"]) * Decimal(line["Partner Share"])


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize(("region", "countries"), [("US", ["US", "US"]), ("EU", ["DE", "FR"]), ("WW", ["LK"])])
def test_the_finance_report_of_a_region_has_its_sales(
    emulator_client: EmulatorClient, region: str, countries: list[str]
) -> None:
    *found, _ = lines(finance(emulator_client, reportDate=APRIL, regionCode=region).body)
    assert [line["Country Of Sale"] for line in found] == countries


@pytest.mark.usefixtures("app")
def test_the_detailed_finance_report_has_a_row_for_each_sale(emulator_client: EmulatorClient) -> None:
    found = lines(finance(emulator_client, reportType="FINANCE_DETAIL", regionCode="Z1", reportDate=APRIL).body)
    assert [(line["Region"], line["Quantity"]) for line in found] == [
        ("US", "2"), ("US", "1"), ("US", "-1"), ("EU", "4"), ("EU", "5"), ("WW", "7")
    ]  # fmt: skip
    assert found[0]["Transaction Date"] == "04/10/2026"


INVALID = "PARAMETER_ERROR.INVALID"
NO_SALES = (404, "NOT_FOUND", "There were no sales for the date specified.")
COMBINATION = (
    400, "PARAMETER_ERROR.INVALID.INVALID_COMBINATION", "Invalid combination of reportType and regionCode."
)  # fmt: skip


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize(
    ("filters", "refusal"),
    [
        ({"reportDate": "2026-06"}, NO_SALES),
        ({"reportDate": "2026-08"}, NO_SALES),
        ({"reportDate": APRIL, "regionCode": "JP"}, NO_SALES),
        ({"reportDate": APRIL, "vendorNumber": "1"}, (400, INVALID, "Invalid vendor number specified. Try again.")),
        ({"reportDate": APRIL, "regionCode": "XX"}, (400, INVALID, "'XX' is not a valid filter value")),
        ({"reportDate": "2026-13"}, (400, INVALID, "'2026-13' is not a valid filter value")),
        ({"reportDate": APRIL, "regionCode": "Z1"}, COMBINATION),
        ({"reportDate": APRIL, "reportType": "FINANCE_DETAIL"}, COMBINATION),
    ],
)  # fmt: skip
def test_parameters_without_a_report_are_rejected(
    emulator_client: EmulatorClient, filters: dict[str, str], refusal: tuple[int, str, str]
) -> None:
    emulator_client.emulator.sell({"type": "apps", "id": "1234567890"}, price=1, day="2026-05-10")
    assert detail(finance(emulator_client, **filters)) == refusal
