from __future__ import annotations

from collections import Counter

import generate
import pytest

from pytest_asc.apple.causes import CAUSES


@pytest.mark.parametrize("name", sorted(generate.pages()))
def test_a_page_is_generated_from_the_table_and_the_notes(name: str) -> None:
    assert (generate.PAGES / name).read_text(encoding="utf-8") == generate.pages()[name], "run python docs/generate.py"


def test_every_page_is_of_a_cause_and_every_note_file_of_a_group() -> None:
    assert {path.name for path in generate.PAGES.glob("*.md")} == set(generate.pages())
    assert {path.stem for path in (generate.PAGES / "notes").iterdir()} == set(generate.GROUPS)


def test_every_cause_has_one_note_and_every_note_a_cause() -> None:
    noted = Counter(note.slug for group in generate.groups() for note in group.notes)
    assert set(noted.values()) == {1}
    assert set(CAUSES) == set(noted)


@pytest.mark.parametrize("group", generate.groups(), ids=lambda group: group.name)
def test_the_lines_of_a_note_are_sentences(group: generate.Group) -> None:
    for note in group.notes:
        assert all(text.rstrip("`").endswith(".") for text in (note.symptom, note.why, note.detected)), note.slug


def test_every_cause_that_can_be_injected_has_its_command() -> None:
    pages = generate.pages()
    for slug, cause in CAUSES.items():
        command = f"$ pytest --asc-smoke --asc-mode=emulator --asc-fault={slug}\n"
        assert (command in pages[f"{slug}.md"]) is not cause.of_evidence
