"""Tables of text, packed and named as Apple sends them."""

from __future__ import annotations

import csv
import gzip
import io
from typing import TYPE_CHECKING

from pytest_asc.emulator.http_models import Response
from pytest_asc.emulator.jsonapi.negotiation import CSV, GZIP

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def tsv(rows: Iterable[Sequence[object]]) -> bytes:
    """Lines of cells with tabs between, packed; the same bytes for the same rows."""
    text = "".join("\t".join(map(_cell, row)) + "\n" for row in rows)
    return gzip.compress(text.encode(), mtime=0)


def report(name: str, rows: Iterable[Sequence[object]]) -> Response:
    """A download as Apple names it (headers observed).

    ``Content-Encoding`` is no encoding that a client knows, so it hands the file on packed.

    Args:
        name: The file's name, with ``.txt``.
        rows: The head and the lines.
    """
    headers = {
        "Content-Type": GZIP,
        "Content-Encoding": "agzip",
        "Content-Disposition": f"attachment;filename={name}.gz",
        "x-reports-filename": f"{name}.gz",
        "x-reports-download-version": "v1",
    }
    return Response(200, headers, tsv(rows))


def table(rows: Iterable[Sequence[object]]) -> Response:
    """An answer in CSV (RFC 4180)."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows([_cell(cell) for cell in row] for row in rows)
    return Response(200, {"Content-Type": CSV}, text.getvalue().encode())


def _cell(value: object) -> str:
    """A value as it stands in a cell: what parts cells and lines is no part of one."""
    return "" if value is None else " ".join(str(value).split())
