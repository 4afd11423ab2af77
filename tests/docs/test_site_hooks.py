from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
import site_hooks

DOCS = Path(site_hooks.__file__).parent
PAGES = sorted(page for page in DOCS.glob("**/*.md") if page.parent.name != "notes")


@pytest.mark.parametrize("file", PAGES, ids=lambda file: str(file.relative_to(DOCS)))
def test_every_page_starts_with_its_title_and_has_a_description(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    page = SimpleNamespace(meta={})
    assert site_hooks.on_page_markdown(text, page) == text
    assert text.startswith("# "), "MkDocs takes the title only from a heading at the beginning"
    assert 20 < len(page.meta["description"]) <= 161


def test_a_description_is_the_first_paragraph_without_markup() -> None:
    text = "# Causes\n\n<!-- generated -->\n\n**Read** the [limits](limits.md) of `run`\nfirst.\n\nMore.\n"
    assert site_hooks.first_paragraph(text) == "Read the limits of run first."


def test_roles_in_docstrings_become_code_or_links() -> None:
    html = (
        '<h4 id="pytest_asc.Emulator.load">load</h4>\n<p>::</p>\n'
        "<p>See :meth:<code>pytest_asc.Emulator.load</code>, :class:<code>~pytest_asc.session.Session</code> and "
        ":func:<code>.sales.sell</code>.</p>"
    )
    assert site_hooks.on_page_content(html, page=None) == (
        '<h4 id="pytest_asc.Emulator.load">load</h4>\n'
        '<p>See <a href="#pytest_asc.Emulator.load"><code>pytest_asc.Emulator.load</code></a>, <code>Session</code> '
        "and <code>sales.sell</code>.</p>"
    )


def test_a_description_that_a_page_sets_itself_is_kept() -> None:
    page = SimpleNamespace(meta={"description": "Own"})
    site_hooks.on_page_markdown("# Title\n\nText.\n", page)
    assert page.meta["description"] == "Own"
