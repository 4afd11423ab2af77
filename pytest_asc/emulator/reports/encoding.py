"""Formats of reports: tab-separated text in gzip, and CSV."""

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
    """Return rows as tab-separated text in gzip. Equal rows give identical bytes."""
    text = "".join("\t".join(_cells(row)) + "\n" for row in rows)
    return gzip.compress(text.encode(), mtime=0)


def report_file(media_type: str, name: str, rows: Iterable[Sequence[object]]) -> Response:
    """Return the response with a report to download (headers observed).

    ``Content-Encoding`` names an encoding that no client knows, so clients do not decompress the file.

    Args:
        media_type: Media type of the response.
        name: Name of the file, including ``.txt``.
        rows: The header row and the other rows.
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
    csv.writer(text).writerows(map(_cells, rows))
    return Response(200, {"Content-Type": CSV}, text.getvalue().encode())


def _cells(row: Iterable[object]) -> list[str]:
    """Return the texts of a row, without tabs and newlines, which separate cells and lines."""
    return ["" if value is None else " ".join(str(value).split()) for value in row]
