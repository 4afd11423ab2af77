from __future__ import annotations

import gzip
from datetime import date, datetime, timezone
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import requests
from emulator.harness import BASE, TOKEN, token
from emulator.reports.report_client import SALES, VENDOR, detail, lines, query, sales

from pytest_asc.transports.responses_mock import intercept

if TYPE_CHECKING:
    from emulator.harness import EmulatorClient

# The clock of emulator_client is on Thursday, 28 May 2026, in US Pacific time.
YESTERDAY = "2026-05-27"
COLUMNS = (
    "Provider|Provider Country|SKU|Developer|Title|Version|Product Type Identifier|Units|Developer Proceeds|Begin Date|"
    "End Date|Customer Currency|Country Code|Currency of Proceeds|Apple Identifier|Customer Price|Promo Code|"
    "Parent Identifier|Subscription|Period|Category|CMB|Device|Supported Platforms|Proceeds Reason|Preserved Pricing|"
    "Client|Order Type"
)


@pytest.fixture
def app(emulator_client: EmulatorClient) -> dict[str, Any]:
    return emulator_client.emulator.add("apps", id="1234567890", name="Lists", sku="LISTS")


def test_a_sales_report_has_a_line_for_each_sale(emulator_client: EmulatorClient, app: dict[str, Any]) -> None:
    emulator_client.emulator.sell(app, units=3, price="1.99", version="2.0")
    emulator_client.emulator.sell(app, units=4, price=1.99, version="2.0", day=YESTERDAY)
    emulator_client.emulator.sell(app, units=5, country="DE", device="iPad", day=date(2026, 5, 27))
    answer = sales(emulator_client, reportDate=YESTERDAY)
    assert answer.status == 200
    assert gzip.decompress(answer.body).decode().splitlines()[0].split("\t") == COLUMNS.split("|")
    paid, free = lines(answer.body)
    told = {
        "SKU": "LISTS", "Title": "Lists", "Version": "2.0", "Product Type Identifier": "1F", "Units": "7",
        "Developer Proceeds": "1.39", "Begin Date": "05/27/2026", "End Date": "05/27/2026", "Customer Currency": "USD",
        "Country Code": "US", "Apple Identifier": "1234567890", "Customer Price": "1.99", "Device": "iPhone",
    }  # fmt: skip
    assert told.items() <= paid.items()
    assert (free["Units"], free["Country Code"], free["Customer Currency"], free["Device"]) == (
        "5",
        "DE",
        "EUR",
        "iPad",
    )


def test_a_sales_report_has_the_observed_headers(emulator_client: EmulatorClient, app: dict[str, Any]) -> None:
    emulator_client.emulator.sell(app)
    headers = sales(emulator_client).headers
    name = f"S_D_1_0_{VENDOR}_20260527.txt.gz"
    assert headers["Content-Type"] == "application/a-gzip"
    assert headers["Content-Encoding"] == "agzip"
    assert headers["Content-Disposition"] == f"attachment;filename={name}"
    assert headers["x-reports-filename"] == name


def test_a_report_is_identical_each_time(emulator_client: EmulatorClient, app: dict[str, Any]) -> None:
    emulator_client.emulator.sell(app)
    first = sales(emulator_client).body
    emulator_client.clock.now += 5
    assert sales(emulator_client).body == first


def test_requests_does_not_decompress_the_file(emulator_client: EmulatorClient, app: dict[str, Any]) -> None:
    emulator_client.emulator.sell(app, units=9)
    headers = {"Authorization": f"Bearer {TOKEN}", "Accept": "application/a-gzip"}
    with intercept(emulator_client.emulator):
        answer = requests.get(
            f"{BASE}/v1/salesReports?{query({'vendorNumber': VENDOR, **SALES})}", headers=headers, timeout=5
        )
    assert [line["Units"] for line in lines(answer.content)] == ["9"]


def test_httpx_does_not_decompress_the_file(emulator_client: EmulatorClient, app: dict[str, Any]) -> None:
    emulator_client.emulator.sell(app, units=9)

    def answer(request: httpx.Request) -> httpx.Response:
        given = emulator_client.send("GET", str(request.url))
        return httpx.Response(given.status, headers=given.headers, content=given.body)

    with httpx.Client(transport=httpx.MockTransport(answer)) as client:
        got = client.get(f"{BASE}/v1/salesReports?{query({'vendorNumber': VENDOR, **SALES})}")
    assert [line["Units"] for line in lines(got.content)] == ["9"]


@pytest.mark.parametrize(
    ("frequency", "report_date", "units"),
    [
        ("DAILY", "2026-05-20", 1),
        ("DAILY", None, 1),
        ("WEEKLY", "2026-05-24", 1),
        ("WEEKLY", "2026-05-17", 2),
        ("MONTHLY", "2026-04", 4),
        ("YEARLY", "2025", 8),
    ],
)
def test_a_report_has_the_total_of_all_sales_in_its_period(
    emulator_client: EmulatorClient, app: dict[str, Any], frequency: str, report_date: str | None, units: int
) -> None:
    for day, sold in (("2026-05-20", 1), ("2026-05-11", 2), ("2026-04-30", 4), ("2025-12-31", 8)):
        emulator_client.emulator.sell(app, units=sold, day=day)
    answer = sales(emulator_client, frequency=frequency, reportDate=report_date)
    assert [int(line["Units"]) for line in lines(answer.body)] == [units]


NO_SALES = (404, "NOT_FOUND", "There were no sales for the date specified.")
WRONG_DATE = (
    400,
    "PARAMETER_ERROR.INVALID.INVALID_COMBINATION",
    (
        "Invalid combination of date type and date. For daily and weekly reports, use format YYYY-MM-DD. For monthly, "
        "use YYYY-MM. For yearly, use YYYY."
    ),
)
COMBINATION = (
    400,
    "PARAMETER_ERROR.INVALID.INVALID_COMBINATION",
    "Invalid combination of reportType, reportSubType and frequency.",
)
LATEST = "The latest version for this report is"
INVALID = "PARAMETER_ERROR.INVALID"


@pytest.mark.parametrize(
    ("filters", "refusal"),
    [
        ({"vendorNumber": "1"}, (400, INVALID, "Invalid vendor number specified. Try again.")),
        ({"reportDate": "2026-05-26"}, NO_SALES),
        ({"reportDate": "2026-5-26"}, WRONG_DATE),
        ({"reportDate": "2026-02-30"}, WRONG_DATE),
        ({"reportDate": "٢٠٢٦-05-26"}, WRONG_DATE),
        ({"frequency": "MONTHLY", "reportDate": "2026-04-01"}, WRONG_DATE),
        ({"frequency": "WEEKLY", "reportDate": "2026-05-23"}, WRONG_DATE),
        ({"frequency": "MONTHLY"}, (400, INVALID, "Please include the reportDate parameter.")),
        ({"reportSubType": "DETAILED"}, COMBINATION),
        ({"reportType": "SUBSCRIPTION", "frequency": "MONTHLY", "reportDate": "2026-04"}, COMBINATION),
        ({"reportType": "SALES,PRE_ORDER"}, COMBINATION),
        ({"version": "1_1"}, (400, INVALID, f"The version parameter you have specified is invalid. {LATEST} 1_0.")),
        (
            {"reportType": "SUBSCRIPTION", "version": "1_2"},
            (400, INVALID, f"The version parameter you have specified is invalid. {LATEST} 1_4."),
        ),
        ({"reportType": "SUBSCRIPTION"}, (400, INVALID, f"Please include the version parameter. {LATEST} 1_4.")),
        ({"reportType": "SUBSCRIPTION_EVENT", "version": "1_3"}, NO_SALES),
        ({"reportDate": "2025-05-27"}, (410, "GONE", "Report is no longer available.")),
    ],
)
def test_parameters_without_a_report_are_rejected(
    emulator_client: EmulatorClient, app: dict[str, Any], filters: dict[str, str], refusal: tuple[int, str, str]
) -> None:
    emulator_client.emulator.sell(app)
    assert detail(sales(emulator_client, **filters)) == refusal


@pytest.mark.parametrize(
    ("frequency", "report_date"),
    [
        ("DAILY", "2026-05-28"),
        ("WEEKLY", "2026-05-31"),
        ("MONTHLY", "2026-05"),
        ("YEARLY", "2026"),
        ("DAILY", "2999-12-31"),
    ],
)
def test_a_report_that_is_not_available_yet_or_any_more_is_rejected(
    emulator_client: EmulatorClient, app: dict[str, Any], frequency: str, report_date: str
) -> None:
    emulator_client.emulator.sell(app, day=0)
    status, code, words = detail(sales(emulator_client, frequency=frequency, reportDate=report_date))
    assert (status, code) == (404, "NOT_FOUND")
    assert words.startswith("Report is not available yet.")


@pytest.mark.parametrize(
    ("frequency", "report_date", "there_from"),
    [("WEEKLY", "2026-05-24", 25), ("MONTHLY", "2026-05", 36), ("YEARLY", "2026", 251)],
)
def test_a_report_is_available_some_days_after_its_period(
    emulator_client: EmulatorClient, app: dict[str, Any], frequency: str, report_date: str, there_from: int
) -> None:
    emulator_client.emulator.sell(app, day="2026-05-24")
    filters = query({"vendorNumber": VENDOR, **SALES, "frequency": frequency, "reportDate": report_date})
    statuses = []
    for day in (there_from - 1, there_from):
        now = emulator_client.clock.now = datetime(2026, 5, 1, 12, tzinfo=timezone.utc).timestamp() + (day - 1) * 86400
        bearer = token(iat=int(now), exp=int(now) + 900)
        headers = {"Authorization": f"Bearer {bearer}"}
        statuses.append(emulator_client.send("GET", f"/v1/salesReports?{filters}", headers=headers).status)
    assert statuses == [404, 200]


@pytest.mark.parametrize(
    ("report", "sub_type", "frequency"),
    [
        ("PRE_ORDER", "SUMMARY", "DAILY"),
        ("NEWSSTAND", "DETAILED", "DAILY"),
        ("SUBSCRIPTION_OFFER_CODE_REDEMPTION", "SUMMARY", "DAILY"),
        ("WIN_BACK_ELIGIBILITY", "SUMMARY", "DAILY"),
        ("FIRST_ANNUAL", "DETAILED", "DAILY"),
    ],
)
def test_a_report_without_data_gets_501(
    emulator_client: EmulatorClient, report: str, sub_type: str, frequency: str
) -> None:
    answer = sales(
        emulator_client, reportType=report, reportSubType=sub_type, frequency=frequency, reportDate=YESTERDAY
    )
    assert (answer.status, answer.codes) == (501, ["PYTEST_ASC.NOT_EMULATED"])


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        (None, 200),
        ("*/*", 200),
        ("application/a-gzip", 200),
        ("application/json, application/a-gzip;q=0.5", 200),
        ("application/*", 200),
        ("application/json", 406),
        ("application/a-gzip;q=0, text/html", 406),
        ("", 200),
    ],
)
def test_a_client_must_accept_gzip(
    emulator_client: EmulatorClient, app: dict[str, Any], accept: str | None, status: int
) -> None:
    emulator_client.emulator.sell(app)
    headers = {"Authorization": f"Bearer {TOKEN}", **({} if accept is None else {"Accept": accept})}
    answer = emulator_client.send(
        "GET", f"/v1/salesReports?{query({'vendorNumber': VENDOR, **SALES})}", headers=headers
    )
    assert answer.status == status
    if status == 406:
        assert answer.headers["Content-Type"] == "text/plain"


def test_missing_and_unknown_parameters_are_rejected(emulator_client: EmulatorClient) -> None:
    assert emulator_client.get("/v1/salesReports").codes == ["PARAMETER_ERROR.REQUIRED"] * 4
    assert sales(emulator_client, frequency="HOURLY").codes == ["PARAMETER_ERROR.INVALID"]


@pytest.mark.parametrize(
    ("details", "complaint"),
    [
        ({"units": "3"}, "units: got '3'"),
        ({"day": "yesterday"}, "day: got 'yesterday'"),
        ({"day": 10**10}, "day: got 10000000000"),
        ({"country": "USA"}, "country: got 'USA'"),
        ({"product_type": "9X"}, "product_type: got '9X'"),
        ({"device": "Newton"}, "device: got 'Newton'"),
        ({"price": "cheap"}, "price: got 'cheap'"),
        ({"price": float("nan")}, "price: got nan"),
        ({"proceeds": "Infinity"}, "proceeds: got 'Infinity'"),
        ({"country": 49}, "country: got 49"),
    ],
)
def test_an_invalid_sale_is_rejected(
    emulator_client: EmulatorClient, app: dict[str, Any], details: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint):
        emulator_client.emulator.sell(app, **details)


def test_a_sale_of_a_resource_that_is_not_a_product_is_rejected(emulator_client: EmulatorClient) -> None:
    with pytest.raises(ValueError, match="'builds' are not sold"):
        emulator_client.emulator.sell(emulator_client.emulator.add("builds"))
    with pytest.raises(ValueError, match="add it first"):
        emulator_client.emulator.sell({"type": "apps", "id": "1"})


def test_sales_of_in_app_purchases_have_the_app_as_parent(emulator_client: EmulatorClient, app: dict[str, Any]) -> None:
    ten, pro = (emulator_client.emulator.add("inAppPurchases", productId=name) for name in ("ten", "pro"))
    emulator_client.emulator.add("apps", sku="OTHER", inAppPurchasesV2=[ten])
    emulator_client.emulator.sell(app)
    for purchase in (ten, pro):
        emulator_client.emulator.sell(purchase, price=0.99)
    told = [
        (line["SKU"], line["Parent Identifier"], line["Product Type Identifier"])
        for line in lines(sales(emulator_client).body)
    ]
    assert told == [("LISTS", "", "1F"), ("ten", "OTHER", "IA1"), ("pro", "", "IA1")]


def test_sales_can_be_loaded(emulator_client: EmulatorClient) -> None:
    app = {"type": "apps", "id": "1"}
    emulator_client.emulator.load({"data": [app], "sales": [{"product": app, "units": 2}]})
    assert [line["Units"] for line in lines(sales(emulator_client).body)] == ["2"]
    with pytest.raises(ValueError, match="'sales' of the document"):
        emulator_client.emulator.load({"data": [], "sales": [{"product": app, "colour": "red"}]})


def test_a_hidden_account_has_no_sales(emulator_client: EmulatorClient, app: dict[str, Any]) -> None:
    emulator_client.emulator.sell(app)
    emulator_client.emulator.hide_account()
    assert detail(sales(emulator_client, reportDate=YESTERDAY)) == NO_SALES


def test_a_reset_account_has_no_sales(emulator_client: EmulatorClient, app: dict[str, Any]) -> None:
    emulator_client.emulator.sell(app)
    emulator_client.emulator.reset()
    assert detail(sales(emulator_client, reportDate=YESTERDAY)) == NO_SALES


def test_the_sample_account_has_sales_of_yesterday(emulator_client: EmulatorClient) -> None:
    emulator_client.emulator.load_sample()
    found = lines(sales(emulator_client).body)
    downloads = [line for line in found if line["Product Type Identifier"] in {"1F", "F1"}]
    assert sum(int(line["Units"]) for line in downloads) == 25
