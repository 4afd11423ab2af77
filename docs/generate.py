"""Write docs/causes from the table of causes and the notes beside it: ``python docs/generate.py``.

The table has what a report needs: title, certainty, fix, where to read on. The notes have what only a reader needs, one
file for each group, one section for each cause, with a line for the symptom, the reason, and how it is detected.
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
# In the order in which a smoke run looks.
GROUPS = ("key", "ids", "token", "request", "answer", "network")

_SECTION = re.compile(
    r"^## (?P<slug>.+)\n\nsymptom: (?P<symptom>.+)\n\nwhy: (?P<why>.+)\n\ndetected: (?P<detected>.+)\n", re.MULTILINE
)
_ORIGIN = "<!-- Written by docs/generate.py from the table of causes and the notes: change those. -->"


class Note(NamedTuple):
    """A page's text on one cause, beside the table's."""

    slug: str
    symptom: str
    why: str
    detected: str


class Group(NamedTuple):
    """The notes of one page."""

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
    return {"README.md": "\n".join(_index(read)), **{f"{group.name}.md": "\n".join(_page(group)) for group in read}}


def _index(read: list[Group]) -> Iterator[str]:
    yield from (_ORIGIN, "", "# Causes", "")
    yield (
        "Every reason for a refusal that can be distinguished. The name of a cause is the one in reports, in\n"
        "`asc_emulator.requests` and for `--asc-fault`; it never changes."
    )
    for group in read:
        yield from ("", f"## [{group.title}]({group.name}.md)", "", "| cause | in words |", "|---|---|")
        for note in group.notes:
            if note.slug in CAUSES:
                yield f"| [`{note.slug}`]({group.name}.md#{note.slug}) | {CAUSES[note.slug].title} |"
    yield ""


def _page(group: Group) -> Iterator[str]:
    yield from (_ORIGIN, "", f"# {group.title}", "", group.introduction)
    for note in group.notes:
        if note.slug in CAUSES:
            yield from _section(note, CAUSES[note.slug])
    yield ""


def _section(note: Note, cause: Cause) -> Iterator[str]:
    yield from (
        "",
        f"## {note.slug}",
        "",
        f"**{cause.title}.** {cause.level.capitalize()}; {CERTAINTY[cause.certainty]}.",
    )
    yield ""
    yield f"- **What people see:** {note.symptom}"
    yield f"- **Why:** {note.why}"
    yield f"- **How it is detected:** {note.detected}"
    yield f"- **Fix:** {cause.fix}"
    yield f"- **Read on:** <{cause.docs}>"
    if not cause.of_evidence:
        yield f"- **See it here:** `pytest --asc-smoke --asc-mode=emulator --asc-fault={note.slug}`"


if __name__ == "__main__":
    for page, content in pages().items():
        (PAGES / page).write_text(content, encoding="utf-8")
