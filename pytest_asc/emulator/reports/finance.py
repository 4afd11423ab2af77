"""GET /v1/financeReports: proceeds of the sales in a month of Apple's fiscal calendar."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from pytest_asc.emulator.account.pacific_time import pacific_day
from pytest_asc.emulator.jsonapi.errors import FILTER_VALUE, ApiError, RefusedError, at_parameter
from pytest_asc.emulator.reports import report_errors
from pytest_asc.emulator.reports.encoding import report_file
from pytest_asc.emulator.reports.periods import Period, fiscal_month
from pytest_asc.emulator.reports.regions import ALL, ALL_DETAILED, REGIONS, region_of
from pytest_asc.emulator.reports.sales_summary import DEVELOPER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pytest_asc.emulator.account.ledger import Sale
    from pytest_asc.emulator.http_models import Response
    from pytest_asc.emulator.reports.report_request import ReportRequest

    Rows = Iterator[Sequence[object]]

# Documented, in this order: App Store Connect Help, "Financial report fields". The spelling is that of files of 2021.
FINANCIAL_COLUMNS = (
    "Start Date", "End Date", "UPC", "ISRC/ISBN", "Vendor Identifier", "Quantity", "Partner Share",
    "Extended Partner Share", "Partner Share Currency", "Sales or Return", "Apple Identifier",
    "Artist/Show/Developer/Author", "Title", "Label/Studio/Network/Developer/Publisher", "Grid",
    "Product Type Identifier", "ISAN/Other Identifier", "Country Of Sale", "Pre-order Flag", "Promo Code",
    "Customer Price", "Customer Currency",
)  # fmt: skip
# Inferred: no copy of such a file was available.
DETAIL_COLUMNS = (
    "Transaction Date", "Settlement Date", "Apple Identifier", "SKU", "Title", "Developer Name",
    "Product Type Identifier", "Country of Sale", "Quantity", "Partner Share", "Extended Partner Share",
    "Partner Share Currency", "Customer Price", "Customer Currency", "Sale or Return", "Promo Code", "Order Type",
    "Region",
)  # fmt: skip


def finance_report(request: ReportRequest) -> Response:
    """Return a finance report.

    Raises:
        RefusedError: The combination of parameters is invalid, or there were no sales.
    """
    request.check_vendor()
    name, region, text = (
        request.filter_value("reportType"),
        request.filter_value("regionCode"),
        request.filter_value("reportDate"),
    )
    if region not in REGIONS:
        raise RefusedError(at_parameter(FILTER_VALUE, "filter[regionCode]", value=region))
    # FINANCE_DETAIL is only available for all regions together, for which it has its own code (documented).
    if (name == "FINANCE_DETAIL") != (region == ALL_DETAILED):
        raise RefusedError(ApiError(report_errors.COMBINATION, {"names": "reportType and regionCode"}))
    period = fiscal_month(text or "")
    if period is None:
        raise RefusedError(at_parameter(FILTER_VALUE, "filter[reportDate]", value=text))
    sales = [
        sale
        for sale in request.ledger.sales
        if sale.day in period and sale.proceeds and region in {ALL, ALL_DETAILED, region_of(sale.country)}
    ]
    # A month that is not over yet has the same error as a month without sales (observed).
    if not sales or period.end >= pacific_day(request.now):
        raise RefusedError(ApiError(report_errors.NO_SALES))
    rows = _ROWS[str(name)]
    file_name = f"{request.account.vendor_number}_{period.end:%m%y}_{region}.txt"
    return report_file(request.media_type, file_name, list(rows(sales, period)))


def _financial(sales: list[Sale], period: Period) -> Rows:
    """Return a row for each product, price, country and direction (sale or refund), and the number of rows."""
    begin, end = (day.strftime("%m/%d/%Y") for day in period)
    units: Counter[tuple[Sale, str]] = Counter()
    for sale in sales:
        product = sale._replace(units=0, day=period.begin, device="", version="")
        units[product, "S" if sale.units > 0 else "R"] += sale.units
    yield FINANCIAL_COLUMNS
    for (sale, direction), quantity in units.items():
        yield (
            begin, end, "", sale.sku, sale.sku, quantity, sale.proceeds, quantity * sale.proceeds, sale.currency,
            direction, sale.id, DEVELOPER, sale.name, DEVELOPER, "", sale.product_type, "", sale.country, "", "",
            sale.price, sale.currency,
        )  # fmt: skip
    yield ("Total_Rows", len(units))


def _detailed(sales: list[Sale], period: Period) -> Rows:
    """Return a row for each sale."""
    yield DETAIL_COLUMNS
    settled = period.end.strftime("%m/%d/%Y")
    for sale in sales:
        yield (
            sale.day.strftime("%m/%d/%Y"), settled, sale.id, sale.sku, sale.name, DEVELOPER, sale.product_type,
            sale.country, sale.units, sale.proceeds, sale.units * sale.proceeds, sale.currency, sale.price,
            sale.currency, "S" if sale.units > 0 else "R", "", "", region_of(sale.country),
        )  # fmt: skip


_ROWS: dict[str, Callable[[list[Sale], Period], Rows]] = {"FINANCIAL": _financial, "FINANCE_DETAIL": _detailed}
