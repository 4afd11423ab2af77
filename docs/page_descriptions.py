"""Hook of MkDocs that gives each page a description of its own, for search engines and previews of links."""

from __future__ import annotations

import re
from typing import Protocol

_MAX_LENGTH = 160


class Page(Protocol):
    """Attributes of a MkDocs page that the hook uses."""

    meta: dict[str, object]


def on_page_markdown(markdown: str, page: Page, **_: object) -> str:
    """Set the description of a page to its first paragraph, and return its text unchanged."""
    if first := first_paragraph(markdown):
        page.meta.setdefault("description", first)
    return markdown


def first_paragraph(markdown: str) -> str:
    """Return the first paragraph as plain text, shortened to whole words; empty if there is none."""
    for block in re.split(r"\n{2,}", markdown):
        if re.match(r"[\w*`\[]", block):
            text = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", block)
            text = " ".join(re.sub(r"[*`]", "", text).split())
            if len(text) <= _MAX_LENGTH:
                return text
            return text[:_MAX_LENGTH].rsplit(" ", 1)[0].rstrip(",;:.") + "…"
    return ""
