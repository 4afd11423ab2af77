"""Progress of a run: a progress bar if tqdm is installed and standard error is a terminal, otherwise lines."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec
from typing import Any, TextIO


class Progress:
    """Messages on standard error, and a progress bar.

    Args:
        quiet: True to write nothing.
        unit: Unit that the bar counts.
        total: Expected number of units; None if it is not known.
        file: File to write to; by default standard error.
    """

    def __init__(self, *, quiet: bool, unit: str, total: int | None = None, file: TextIO | None = None) -> None:
        self._file = file or sys.stderr
        self._quiet = quiet
        self._bar: Any = None
        if not quiet and self._file.isatty() and find_spec("tqdm"):
            self._bar = import_module("tqdm").tqdm(total=total, unit=f" {unit}", file=self._file)

    def advance(self, count: int = 1) -> None:
        """Count units that have been done."""
        if self._bar is not None:
            self._bar.update(count)

    def tell(self, text: str) -> None:
        """Write a message on a line of its own."""
        if self._quiet:
            return
        if self._bar is not None:
            self._bar.write(text, file=self._file)
        else:
            print(text, file=self._file, flush=True)

    def close(self) -> None:
        """Remove the bar."""
        if self._bar is not None:
            self._bar.close()
