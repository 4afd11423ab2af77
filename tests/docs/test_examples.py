"""Python code blocks of the documentation, run as tests.

A ``python`` block is a test module. One with a title, as in ```` ```python title="conftest.py" ````, is that file for
the other blocks of its section, or of the whole document where it is above the first section without a test beside it.
A ``py`` block is a fragment, which is not run.
"""

from __future__ import annotations

import os
import re
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared_runs import RunTogether

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
_FENCE = re.compile(r'^```python(?: title="(?P<name>\S+)")?\n(?P<code>.*?)^```$', re.MULTILINE | re.DOTALL)


class Section(NamedTuple):
    """Section of a document: its files and test modules."""

    title: str
    files: dict[str, str]
    tests: list[str]


def sections(document: Path) -> list[Section]:
    found = []
    shared: dict[str, str] = {}
    for part in re.split(r"^(?=#{1,2} )", document.read_text(encoding="utf-8"), flags=re.MULTILINE):
        files: dict[str, str] = {}
        tests: list[str] = []
        for block in _FENCE.finditer(part):
            if block["name"] is None:
                tests.append(block["code"])
            else:
                files[block["name"]] = block["code"]
        if part.startswith("# ") and not tests:
            shared = files
        elif files or tests:
            found.append(Section(f"{document.name}: {part.splitlines()[0].strip('# ')}", shared | files, tests))
    return found


SECTIONS = [section for document in DOCUMENTS for section in sections(document)]


@pytest.mark.usefixtures("one_certificate")
@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.title)
def test_the_code_blocks_of_a_section_pass(
    section: Section, pytester: pytest.Pytester, run_together: RunTogether
) -> None:
    assert section.tests, "a section has files but no test: add a test, or mark the blocks as fragments"
    for name, code in section.files.items():
        (pytester.path / name).write_text(code, encoding="utf-8")
    pytester.syspathinsert()
    outcomes = run_together(
        (code for one in SECTIONS if one.files == section.files for code in one.tests), "-W", "error"
    )
    for code in section.tests:
        assert not outcomes[code].failures, outcomes[code].failures
        assert outcomes[code].passed


@pytest.mark.usefixtures("one_certificate")
@pytest.mark.skipif(find_spec("pytest_socket") is None, reason="pytest-socket is not installed")
def test_the_suite_of_the_release_script_passes_with_sockets_disabled(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, runpytest_forked: Callable[..., pytest.RunResult]
) -> None:
    suite = [section for section in SECTIONS if section.title.startswith("release-script.md")]
    for name, code in suite[0].files.items():
        (pytester.path / name).write_text(code, encoding="utf-8")
    for number, section in enumerate(suite):
        (pytester.path / f"test_{number}.py").write_text("\n".join(section.tests), encoding="utf-8")
    monkeypatch.setenv("PYTEST_ADDOPTS", os.environ["PYTEST_ADDOPTS"].replace("-pno:socket", ""))
    result = runpytest_forked("-p", "no:cacheprovider", "--disable-socket", "-W", "error")
    assert result.ret == pytest.ExitCode.OK
    assert result.parseoutcomes()["passed"] >= 30


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_python_block_is_run_or_a_fragment(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    assert len(re.findall(r"^ *```python", text, re.MULTILINE)) == len(_FENCE.findall(text))


def test_code_blocks_are_found_in_every_document_with_examples() -> None:
    assert {section.title.partition(":")[0] for section in SECTIONS} == {
        "README.md",
        "coming-from.md",
        "ci.md",
        "python-tests.md",
        "release-work.md",
        "index.md",
        "release-script.md",
        "tutorial.md",
    }
