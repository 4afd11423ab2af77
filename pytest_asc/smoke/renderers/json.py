"""Renderer of the smoke report as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_asc.smoke.report import Report


def render(report: Report) -> str:
    """Return the report as a JSON document of schema version 1."""
    return json.dumps(report.to_json(), indent=2, ensure_ascii=False) + "\n"
