"""Write docs/causes from the table of causes, the notes beside it and the reports: ``python docs/generate.py``.

The table has what a report needs: title, certainty, fix, and a link for further reading. The notes have what only a
reader of the page needs: one file for each group, one section for each cause, with a line for the symptom, the reason,
and how it is detected. The reports are those that the tests compare the smoke check with.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pytest_asc.apple.causes import CAUSES
from pytest_asc.smoke.renderers.phrases import CERTAINTY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_asc.apple.causes import Cause

PAGES = Path(__file__).with_name("causes")
REPORTS = Path(__file__).parents[1] / "tests" / "smoke" / "reports" / "causes"
# In the order in which a smoke run looks.
GROUPS = ("key", "ids", "token", "request", "answer", "network")

_SECTION = re.compile(
    r"^## (?P<slug>.+)\n\nsymptom: (?P<symptom>.+)\n\nwhy: (?P<why>.+)\n\ndetected: (?P<detected>.+)\n", re.MULTILINE
)
_ORIGIN = "<!-- Written by docs/generate.py from the table of causes, the notes and the reports: change those. -->"


class Note(NamedTuple):
    """A page's text on its cause, beside the table's."""

    slug: str
    symptom: str
    why: str
    detected: str


class Group(NamedTuple):
    """The notes of one subject."""

    name: str
    title: str
    introduction: str
    notes: tuple[Note, ...]


def groups() -> list[Group]:
    """Read the notes.

    Raises:
        ValueError: A section is not of the form that is expected.
    """
    return [_read(name) for name in GROUPS]


def _read(name: str) -> Group:
    text = (PAGES / "notes" / f"{name}.md").read_text(encoding="utf-8")
    head, *_ = text.partition("\n## ")
    title, _, introduction = head.removeprefix("# ").partition("\n\n")
    notes = tuple(Note(**match.groupdict()) for match in _SECTION.finditer(text))
    if len(notes) != text.count("\n## "):
        raise ValueError(f"{name}.md has {text.count(chr(10) + '## ')} sections, and {len(notes)} of the form expected")
    return Group(name, title, introduction.strip(), notes)


def pages() -> dict[str, str]:
    """Every page by its file's name. A note whose cause is not in the table is left out."""
    read = groups()
    causes = {
        f"{note.slug}.md": "\n".join(_page(note, CAUSES[note.slug]))
        for group in read
        for note in group.notes
        if note.slug in CAUSES
    }
    return {"README.md": "\n".join(_index(read)), **causes}


def _index(read: list[Group]) -> Iterator[str]:
    yield from ("# Causes", "", _ORIGIN, "")
    yield (
        "This page lists the reasons that pytest-asc distinguishes when Apple rejects a request, or credentials\n"
        "cannot be used. Reports, `asc_emulator.requests` and `--asc-fault` use the names on this page. A name\n"
        "never changes."
    )
    for group in read:
        yield from ("", f"## {group.title}", "", group.introduction, "", "| cause | meaning |", "|---|---|")
        for note in group.notes:
            if note.slug in CAUSES:
                yield f"| [`{note.slug}`]({note.slug}.md) | {CAUSES[note.slug].title} |"
    yield ""


def _page(note: Note, cause: Cause) -> Iterator[str]:
    yield from (f"# {note.slug}", "", _ORIGIN, "")
    certainty, _, meaning = CERTAINTY[cause.certainty].partition(": ")
    yield f"**{cause.title}.** Level: {cause.level}. Usual certainty: {certainty}{f' ({meaning})' if meaning else ''}."
    for title, text in (
        ("What you see", note.symptom),
        ("Why it happens", note.why),
        ("How it is detected", note.detected),
        ("How to fix it", cause.fix),
    ):
        yield from ("", f"## {title}", "", text)
    report = REPORTS / f"{note.slug}.txt"
    if report.exists():
        yield from ("", "## The report", "", "Simulate the cause, without an Apple account:", "", "```console")
        yield f"$ pytest --asc-smoke --asc-mode=emulator --asc-fault={note.slug}"
        yield from (report.read_text(encoding="utf-8").rstrip("\n"), "```")
    yield from ("", f"See also <{cause.reference}> and [all causes](README.md).", "")


if __name__ == "__main__":
    for page in PAGES.glob("*.md"):
        page.unlink()
    for name, content in pages().items():
        (PAGES / name).write_text(content, encoding="utf-8")
