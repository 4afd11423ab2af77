"""Hooks of MkDocs: a description of each page, for search engines, and docstrings without reStructuredText."""

from __future__ import annotations

import re
from typing import Protocol

_MAX_LENGTH = 160
_ROLE = re.compile(r":(?:attr|class|data|exc|func|meth|mod):<code>(?P<short>~?)(?P<target>[^<]*)</code>")


class Page(Protocol):
    """Attributes of a MkDocs page that the hooks use."""

    meta: dict[str, object]


def on_page_markdown(markdown: str, page: Page, **_: object) -> str:
    """Set the description of a page to its first paragraph, and return its text unchanged."""
    if first := first_paragraph(markdown):
        page.meta.setdefault("description", first)
    return markdown


def on_page_content(html: str, **_: object) -> str:
    """Turn the roles in docstrings into code or links, and remove the marks of literal blocks."""

    def as_html(role: re.Match[str]) -> str:
        target = role["target"]
        code = f"<code>{target.rpartition('.')[2] if role['short'] else target.lstrip('.')}</code>"
        return f'<a href="#{target}">{code}</a>' if f'id="{target}"' in html else code

    return _ROLE.sub(as_html, html).replace("<p>::</p>\n", "")


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
