"""Encodings of reports: tab-separated text in gzip, and CSV."""

from __future__ import annotations

import csv
import gzip
import io
from typing import TYPE_CHECKING

from pytest_asc.emulator.http_models import Response
from pytest_asc.emulator.jsonapi.negotiation import CSV

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def tsv(rows: Iterable[Sequence[object]]) -> bytes:
    """Return tab-separated lines in gzip; the same bytes for the same rows."""
    text = "".join("\t".join(map(_cell, row)) + "\n" for row in rows)
    return gzip.compress(text.encode(), mtime=0)


def report_file(media_type: str, name: str, rows: Iterable[Sequence[object]]) -> Response:
    """Return the response that downloads a report (headers observed).

    ``Content-Encoding`` names an encoding that no client knows, so that clients leave the file in gzip.

    Args:
        media_type: Media type of the response.
        name: Name of the file, with ``.txt``.
        rows: Header and lines.
    """
    headers = {
        "Content-Type": media_type,
        "Content-Encoding": "agzip",
        "Content-Disposition": f"attachment;filename={name}.gz",
        "x-reports-filename": f"{name}.gz",
        "x-reports-download-version": "v1",
    }
    return Response(200, headers, tsv(rows))


def table(rows: Iterable[Sequence[object]]) -> Response:
    """Return a response in CSV (RFC 4180)."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows([_cell(cell) for cell in row] for row in rows)
    return Response(200, {"Content-Type": CSV}, text.getvalue().encode())


def _cell(value: object) -> str:
    """Text of a cell, without the tabs and newlines that separate cells and lines."""
    return "" if value is None else " ".join(str(value).split())
