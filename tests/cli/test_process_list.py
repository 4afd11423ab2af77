"""No secret is in a command line, which every user of the machine can read, or in the environment of a subprocess."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from base64 import b64encode
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_asc.credentials.settings import SECRET_VARIABLES

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="this system has no /proc to read")
GRAM = 16
# Prints the command lines of all processes, and the environments of this process and of its siblings.
LIST = """
import json, os
from pathlib import Path

def read(path):
    try:
        return path.read_bytes().decode("latin-1")
    except OSError:
        return ""

def parent(process):
    return (read(process / "stat").rpartition(")")[2].split() or [0, 0])[1]

processes = [one for one in Path("/proc").iterdir() if one.name.isdigit()]
beside = [one for one in processes if parent(one) == str(os.getppid())]
print(json.dumps([[read(one / "cmdline") for one in processes], [read(one / "environ") for one in beside]]))
"""


@pytest.fixture
def pieces(
    key_text: str, make_token: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> Callable[[list[str]], list[str]]:
    """Put a secret into every variable that may hold one; return a function that finds pieces of them."""
    token = make_token(sub="sentinel")
    encoded = b64encode(key_text.encode()).decode()
    for name in SECRET_VARIABLES:
        monkeypatch.setenv(name, token if "TOKEN" in name else encoded if "B64" in name else key_text)
    monkeypatch.setenv("ASC_ISSUER_ID", "57246542-96fe-1a63-e053-0824d011072a")
    monkeypatch.setenv("ASC_KEY_ID", "2X9R4HXF34")
    # All keys of this curve have the same first line, also those that the emulator generates; the second line differs.
    secrets = (token.rpartition(".")[2], key_text.splitlines()[2], encoded[130:200])
    grams = {secret[at : at + GRAM] for secret in secrets for at in range(len(secret) - GRAM + 1)}

    def pieces(texts: list[str]) -> list[str]:
        return [text[at : at + GRAM] for text in texts for at in range(len(text)) if text[at : at + GRAM] in grams]

    return pieces


def test_run_shows_no_secret_to_other_processes_and_passes_none_to_its_child(
    pieces: Callable[[list[str]], list[str]],
) -> None:
    command = [sys.executable, "-m", "pytest_asc", "run", "--", sys.executable, "-c", LIST]
    output = subprocess.run(command, env=os.environ, capture_output=True, text=True, check=True).stdout
    command_lines, environments = json.loads(output)
    assert any("pytest_asc\0run" in one for one in command_lines)
    assert len(environments) == 2  # the command, and the process that watches it
    assert pieces(command_lines) == pieces(environments) == []


@pytest.mark.parametrize("options", [("--asc-smoke", "--asc-mode=emulator"), ("-n", "1"), ()])
def test_pytest_shows_no_secret_to_other_processes(
    pytester: pytest.Pytester, pieces: Callable[[list[str]], list[str]], options: tuple[str, ...]
) -> None:
    list_file = pytester.path / "list.json"
    pytester.makeconftest(
        f"""
        import subprocess, sys
        from pathlib import Path

        def pytest_sessionfinish():
            Path({str(list_file)!r}).write_text(subprocess.check_output([sys.executable, "-c", {LIST!r}], text=True))
        """
    )
    pytester.makepyfile("def test(asc_token, asc_session): asc_session.get('/v1/apps')")
    assert pytester.runpytest_subprocess(*options).ret == 0
    command_lines, _ = json.loads(list_file.read_text("utf-8"))
    assert any("pytest" in one for one in command_lines)
    assert pieces(command_lines) == []


def test_a_program_that_a_test_starts_with_the_environment_of_asc_server_gets_no_secret(
    pytester: pytest.Pytester, pieces: Callable[[list[str]], list[str]]
) -> None:
    pytester.makepyfile(
        """
        import subprocess, sys
        from pathlib import Path

        def test_environment(asc_server):
            command = [sys.executable, "-c", "import os; print(os.environ)"]
            Path("environment.txt").write_bytes(subprocess.check_output(command, env=asc_server.env))
        """
    )
    pytester.runpytest().assert_outcomes(passed=1)
    assert pieces([(pytester.path / "environment.txt").read_text("utf-8")]) == []
