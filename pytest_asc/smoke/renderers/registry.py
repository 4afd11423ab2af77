"""Registry of the renderers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_asc.smoke.renderers import github, html, json, terminal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pytest_asc.smoke.renderers.base import Renderer

RENDERERS: Mapping[str, Renderer] = {"terminal": terminal, "json": json, "html": html, "github": github}
"""The renderers by the name of the format."""

_FORMATS = {".html": "html", ".json": "json"}
_DEFAULT_FORMAT = "json"


def renderer_for(path: Path) -> Renderer:
    """Return the renderer for a file by its suffix: HTML for ``.html``, JSON for any other."""
    return RENDERERS[_FORMATS.get(path.suffix.lower(), _DEFAULT_FORMAT)]
