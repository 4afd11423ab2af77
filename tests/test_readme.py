from __future__ import annotations

import re
from pathlib import Path

import pytest

from pytest_asc.apple.causes import DOCS_URL

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_first_screen_has_the_two_commands() -> None:
    smoke, tests = re.findall(r"^ {4}(python3 -m venv .+)$", README, re.MULTILINE)
    assert smoke.endswith(".venv/bin/pytest --asc-smoke --asc-mode=emulator")
    assert tests in (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert README.index(tests) < README.index("\n## ")


def test_the_commands_can_follow_each_other_in_one_environment() -> None:
    # Bytecode that pytest wrote outlives a plain install, and then hides the package of an editable one.
    commands = re.findall(r"^ {4}python3 .+ \.venv/bin/pip install -q -e .+$", README, re.MULTILINE)
    assert len(commands) == 2


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\(([^)]+)\)", README))))
def test_every_link_is_absolute_and_leads_to_a_page(link: str) -> None:
    assert link.startswith(DOCS_URL), "an index shows this page, where a relative link leads nowhere"
    path = link.removeprefix(DOCS_URL).partition("#")[0]
    pages = {"": "index.md", "causes/": "causes/README.md", "how-to/": "how-to/README.md"}
    assert (ROOT / "docs" / pages.get(path, f"{path.rstrip('/')}.md" if path.endswith("/") else path)).is_file()


def test_the_address_of_the_documentation_is_one() -> None:
    assert f"site_url: {DOCS_URL}\n" in (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    assert f'Documentation = "{DOCS_URL}"\n' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")
