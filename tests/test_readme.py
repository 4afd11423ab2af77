from __future__ import annotations

import re
from pathlib import Path

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
