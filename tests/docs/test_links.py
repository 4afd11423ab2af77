from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
_LINK = re.compile(r"\]\((?!https?://)(?P<path>[^)#]*)(?:#(?P<anchor>[^)]+))?\)")


def anchors(document: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", document.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_relative_links_lead_to_an_existing_file_and_heading(document: Path) -> None:
    for link in _LINK.finditer(document.read_text(encoding="utf-8")):
        target = document.parent / link["path"] if link["path"] else document
        assert target.is_file(), link[0]
        assert link["anchor"] is None or link["anchor"] in anchors(target), link[0]


def test_pages_that_messages_refer_to_have_the_heading() -> None:
    modules = "".join(file.read_text(encoding="utf-8") for file in ROOT.glob("pytest_asc/**/*.py"))
    links = re.findall(r"\{DOCS_URL\}([\w/-]+)/#([\w-]+)", modules)
    assert links
    for page, anchor in links:
        assert anchor in anchors(ROOT / "docs" / f"{page}.md"), f"{page}#{anchor}"
