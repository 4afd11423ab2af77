"""Functions that request reports, and read them like clients."""

from __future__ import annotations

import csv
import gzip
import io
from typing import TYPE_CHECKING
from urllib.parse import urlencode

if TYPE_CHECKING:
    from emulator.harness import Answer, EmulatorClient

VENDOR = "80012345"
SALES = {"reportType": "SALES", "reportSubType": "SUMMARY", "frequency": "DAILY"}
FINANCIAL = {"reportType": "FINANCIAL", "regionCode": "ZZ"}


def query(filters: dict[str, str | None]) -> str:
    """Return filters as the query of a URL, without those that are None."""
    return urlencode({f"filter[{name}]": value for name, value in filters.items() if value is not None})


def sales(emulator_client: EmulatorClient, **filters: str | None) -> Answer:
    return emulator_client.get(f"/v1/salesReports?{query({'vendorNumber': VENDOR, **SALES, **filters})}")


def finance(emulator_client: EmulatorClient, **filters: str | None) -> Answer:
    return emulator_client.get(f"/v1/financeReports?{query({'vendorNumber': VENDOR, **FINANCIAL, **filters})}")


def lines(body: bytes) -> list[dict[str, str]]:
    """Return the rows of a compressed report, as mappings with the column names."""
    text = io.StringIO(gzip.decompress(body).decode())
    return list(csv.DictReader(text, delimiter="\t", quoting=csv.QUOTE_NONE))


def detail(answer: Answer) -> tuple[int, str, str]:
    """Return status, code and detail of an error response."""
    (error,) = answer.json["errors"]
    return answer.status, error["code"], error["detail"]
