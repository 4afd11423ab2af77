"""Cases of versions, their localizations and screenshots, and of review submissions."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from emulator.recorded.replay import Case

CASES: Mapping[int, Case] = {}
"""By the number of the line."""

DIFFERENCES: Mapping[int, str] = {}
"""Reasons for which the emulator answers otherwise, by the number of the line."""
