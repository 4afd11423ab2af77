"""ARCHITECTURE.md agrees with the code: the paths of requests, and the files that it names."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import pytest_asc

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType, FrameType

    from pytest_asc import Emulator, Session

ROOT = Path(__file__).parents[2]
PACKAGE = Path(pytest_asc.__file__).parent
FOLDERS = ("pytest_asc", "tests", "docs")
FILES = tuple(
    f"/{file.relative_to(ROOT).as_posix()}"
    for folder in FOLDERS
    for file in (ROOT / folder, *(ROOT / folder).rglob("*"))
)
PAGE = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    """Return the text under a heading."""
    return PAGE.split(f"\n## {title}\n")[1].split("\n## ")[0]


def steps(title: str) -> list[str]:
    """Return the functions that a path names, in order, as ``folder/file.py:function``."""
    return re.findall(r"`([\w/]+\.py:\w+)`", section(title))


def profile(call: Callable[[], object]) -> list[str]:
    """Return the functions of the package that a call reaches, in the order of the first calls."""
    called: dict[CodeType, None] = {}

    def record(frame: FrameType, event: str, _argument: object) -> None:
        if event == "call":
            called.setdefault(frame.f_code)

    sys.setprofile(record)
    try:
        call()
    finally:
        sys.setprofile(None)
    of_package = [
        (Path(code.co_filename), code.co_name) for code in called if code.co_filename.startswith(str(PACKAGE))
    ]
    return list(dict.fromkeys(f"{file.relative_to(PACKAGE).as_posix()}:{name}" for file, name in of_package))


def test_the_path_of_a_get_in_architecture_matches_a_profile(asc_session: Session, asc_emulator: Emulator) -> None:
    asc_emulator.add("apps", name="Lists", bundleId="com.example.lists")
    reached = profile(lambda: asc_session.get("/v1/apps?filter[bundleId]=com.example.lists").raise_for_status())
    named = steps("The path of a GET")
    assert named
    assert [function for function in reached if function in named] == named


def test_the_path_of_a_post_in_architecture_matches_a_profile(asc_session: Session, asc_emulator: Emulator) -> None:
    app = asc_emulator.add("apps", name="Lists", bundleId="com.example.lists")
    body: dict[str, Any] = {
        "data": {
            "type": "betaGroups",
            "attributes": {"name": "Friends"},
            "relationships": {"app": {"data": {"type": "apps", "id": app["id"]}}},
        }
    }
    reached = profile(lambda: asc_session.post("/v1/betaGroups", json=body).raise_for_status())
    named = steps("The path of a POST")
    assert named
    assert [function for function in reached if function in named] == named


def test_the_path_of_a_smoke_run_in_architecture_matches_a_profile(pytester: pytest.Pytester) -> None:
    reached = profile(lambda: pytester.runpytest_inprocess("--asc-smoke", "--asc-mode=emulator"))
    named = steps("The path of a smoke run")
    assert named
    assert [function for function in reached if function in named] == named


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`([a-z_/]+(?:\.py|/))`", PAGE))))
def test_every_file_named_in_architecture_exists(path: str) -> None:
    assert any(file.endswith(f"/{path.rstrip('/')}") for file in FILES)


@pytest.mark.parametrize("layer", ["control", "transports", "plugin", "cli"])
def test_every_module_of_the_outer_layers_is_named_in_architecture(layer: str) -> None:
    modules = {file.name for file in (PACKAGE / layer).glob("*.py")} - {"__init__.py"}
    assert modules - set(re.findall(r"`(\w+\.py)`", PAGE)) == set()
