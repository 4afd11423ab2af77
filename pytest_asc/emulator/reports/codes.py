"""Values of one-time use offer codes."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from pytest_asc.emulator.reports.encoding import table

if TYPE_CHECKING:
    from pytest_asc.emulator.http_models import Response
    from pytest_asc.emulator.reports.report_request import ReportRequest

# Letters and digits without those that are easily confused.
_LETTERS = "ABCDEFGHJKLMNPRTUVWXY34678"
_LENGTH = 18


def codes(request: ReportRequest) -> Response:
    """Return the codes of a batch, one per line and without a header; they are the same each time (inferred)."""
    batch = request.resource()
    source = random.Random(batch.id)  # noqa: S311  the made-up codes protect nothing
    number = batch.attributes.get("numberOfCodes") or 0
    return table(["".join(source.choices(_LETTERS, k=_LENGTH))] for _ in range(number))
