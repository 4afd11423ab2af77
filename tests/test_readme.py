from __future__ import annotations

import re
from pathlib import Path

import pytest

from pytest_asc.apple.causes import DOCS_URL

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_readme_shows_the_smoke_and_test_commands_before_its_first_section() -> None:
    smoke, tests = re.findall(r"^ {4}(python3 -m venv .+)$", README, re.MULTILINE)
    assert smoke.endswith(".venv/bin/pytest --asc-smoke --asc-mode=emulator")
    assert tests in (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert README.index(tests) < README.index("\n## ")


def test_both_commands_of_the_readme_use_an_editable_install() -> None:
    # After a plain install, bytecode written by pytest remains and hides the package of a later editable install.
    commands = re.findall(r"^ {4}python3 .+ \.venv/bin/pip install -q -e .+$", README, re.MULTILINE)
    assert len(commands) == 2


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\(([^)]+)\)", README))))
def test_every_link_of_the_readme_is_absolute_and_leads_to_a_documentation_page(link: str) -> None:
    assert link.startswith(DOCS_URL), "an index shows this page, where a relative link leads nowhere"
    path = link.removeprefix(DOCS_URL).partition("#")[0]
    pages = {"": "index.md", "causes/": "causes/README.md", "how-to/": "how-to/README.md"}
    assert (ROOT / "docs" / pages.get(path, f"{path.rstrip('/')}.md" if path.endswith("/") else path)).is_file()


def test_mkdocs_and_pyproject_have_the_same_documentation_url() -> None:
    assert f"site_url: {DOCS_URL}\n" in (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    assert f'Documentation = "{DOCS_URL}"\n' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")
