"""Runs as another user, whose home folder, current folder and TMPDIR are read-only."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="its folders have no such mode")

SUITE = """
import pytest, requests

def test_session(asc_session, asc_emulator):
    asc_emulator.add("apps", name="Lists")
    assert len(list(asc_session.resources("/v1/apps"))) == 1

def test_server(asc_server, asc_token):
    with requests.Session() as session:
        session.trust_env = False
        headers = {"Authorization": f"Bearer {asc_token}"}
        assert session.get(f"{asc_server.url}/v1/apps", headers=headers).status_code == 200
    assert asc_server.env["ASC_KEY_ID"]

@pytest.mark.asc(faults=["key-file-exposed"])
def test_key_file(asc_token):
    assert asc_token

@pytest.mark.asc_live
def test_live(asc_session):
    pass
"""


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Callable[..., subprocess.CompletedProcess[str]]]:
    """Run Python with arguments; as the user nobody if the current user is root."""
    # That user can still read this user's installation of Python.
    become = "--reuid=65534 --regid=65534 --clear-groups --inh-caps=+dac_read_search --ambient-caps=+dac_read_search"
    prefix = [shutil.which("setpriv") or "setpriv", *become.split()] if os.geteuid() == 0 else []
    if prefix and (
        not shutil.which("setpriv") or subprocess.run([*prefix, "true"], check=False, capture_output=True).returncode
    ):
        pytest.skip("root can write everything, and cannot become another user here")
    folders = [tmp_path / name for name in ("home", "current", "temporary")]
    for folder in folders:
        folder.mkdir()
    home, current, temporary = folders
    (current / "test_suite.py").write_text(SUITE)
    for folder in folders:
        folder.chmod(0o555)
    env = {**os.environ, "HOME": str(home), "TMPDIR": str(temporary), "PYTHONDONTWRITEBYTECODE": "1"}

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [*prefix, sys.executable, "-W", "error", *arguments]
        return subprocess.run(command, cwd=current, env=env, capture_output=True, text=True, check=False, timeout=100)

    yield run
    assert [list(folder.iterdir()) for folder in folders] == [[], [current / "test_suite.py"], []]
    for folder in folders:
        folder.chmod(0o755)


def test_the_emulated_smoke_check_passes_with_read_only_folders(
    run: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    result = run("-m", "pytest", "-p", "no:cacheprovider", "--asc-smoke", "--asc-mode=emulator")
    assert (result.returncode, result.stderr) == (0, "")
    assert "The emulator accepted these credentials" in result.stdout


def test_a_suite_with_asc_server_passes_with_read_only_folders(
    run: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    result = run("-m", "pytest", "-p", "no:cacheprovider", "-q", "-rs")
    assert result.returncode == 0, result.stdout
    assert "3 passed, 1 skipped" in result.stdout
