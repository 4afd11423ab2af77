from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from forked_python import ForkedPython


def test_a_forked_process_gets_the_current_environment_and_the_given_folder_and_input(
    forked_python: ForkedPython, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    code = "import os, sys, tempfile; print(tempfile.gettempdir(), os.getcwd(), sys.stdin.read()); sys.exit('ended')"
    done = forked_python.run("-c", code, folder=tmp_path, given="lines")
    assert (done.stdout, done.stderr, done.returncode) == (f"{tmp_path} {tmp_path} lines\n", "ended\n", 1)


def test_a_signal_that_ends_a_forked_process_is_reported(forked_python: ForkedPython, tmp_path: Path) -> None:
    assert (
        forked_python.run("-c", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)", folder=tmp_path).returncode
        == -9
    )


@pytest.mark.parametrize("library", ["aiohttp", "anyio", "hypothesis", "httpx", "trio"])
def test_a_forked_process_starts_without_the_optional_libraries(
    forked_python: ForkedPython, tmp_path: Path, library: str
) -> None:
    code = f"import sys; print({library!r} in sys.modules)"
    assert forked_python.run("-c", code, folder=tmp_path).stdout == "False\n"


def test_a_process_that_does_not_end_in_time_is_an_error(forked_python: ForkedPython, tmp_path: Path) -> None:
    with pytest.raises((TimeoutError, subprocess.TimeoutExpired)):
        forked_python.run("-c", "import threading; threading.Event().wait()", folder=tmp_path, timeout=0.05)
