"""Report SALES SUMMARY: units by product, version, country, price and device."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_asc.emulator.account.ledger import Sale
    from pytest_asc.emulator.reports.periods import Period
    from pytest_asc.emulator.reports.report_request import ReportRequest

# Documented, in this order: App Store Connect Help, "Summary Sales Report".
COLUMNS = (
    "Provider", "Provider Country", "SKU", "Developer", "Title", "Version", "Product Type Identifier", "Units",
    "Developer Proceeds", "Begin Date", "End Date", "Customer Currency", "Country Code", "Currency of Proceeds",
    "Apple Identifier", "Customer Price", "Promo Code", "Parent Identifier", "Subscription", "Period", "Category",
    "CMB", "Device", "Supported Platforms", "Proceeds Reason", "Preserved Pricing", "Client", "Order Type",
)  # fmt: skip
DEVELOPER = "Example"
CATEGORY = "Productivity"
_PLATFORMS = {"Desktop": "macOS", "Apple TV": "tvOS", "Apple Watch": "watchOS", "Apple Vision": "visionOS"}


def summary(request: ReportRequest, period: Period, version: str) -> Iterator[Sequence[object]]:
    """Yield the header, and one row for all sales that only differ in their units."""
    del version  # there is only one
    units: Counter[Sale] = Counter()
    for sale in request.ledger.sales:
        if sale.day in period:
            # Refunds have their own row, with a negative price (documented).
            price = -sale.price if sale.units < 0 else sale.price
            units[sale._replace(units=0, day=period.begin, price=price)] += sale.units
    yield COLUMNS
    begin, end = (day.strftime("%m/%d/%Y") for day in period)
    for sale, sold in units.items():
        app = sale.resource_type == "apps"
        yield (
            "APPLE", "US", sale.sku, DEVELOPER, sale.name, sale.version if app else "", sale.product_type, sold,
            sale.proceeds, begin, end, sale.currency, sale.country, sale.currency,
            sale.id, sale.price, "", "" if app else sale.app_sku,
            "New" if sale.resource_type == "subscriptions" else "", "", CATEGORY, "",
            sale.device, _PLATFORMS.get(sale.device, "iOS"), "", "", "", "",
        )  # fmt: skip
