"""The values of one-time use codes."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from pytest_asc.emulator.reports.encoding import table

if TYPE_CHECKING:
    from pytest_asc.emulator.http_models import Response
    from pytest_asc.emulator.reports.report_request import ReportRequest

# Without what is easily mistaken for another.
_LETTERS = "ABCDEFGHJKLMNPRTUVWXY34678"
_LENGTH = 18


def codes(asked: ReportRequest) -> Response:
    """As many codes as the resource has, one a line and without a head; the same each time (their form is inferred)."""
    batch = asked.start()
    source = random.Random(batch.id)  # noqa: S311  made-up codes open nothing
    number = batch.attributes.get("numberOfCodes") or 0
    return table(["".join(source.choices(_LETTERS, k=_LENGTH))] for _ in range(number))
