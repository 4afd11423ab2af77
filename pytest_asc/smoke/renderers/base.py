"""Interface of the renderers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pytest_asc.smoke.report import Report


class Renderer(Protocol):
    """Renders a report as text. The module of each format is a renderer."""

    def render(self, report: Report) -> str:
        """Return the report as text."""
