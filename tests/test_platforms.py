"""Support of Windows and other systems, as far as it can be simulated on the system that runs the tests."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import pytest_asc

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_asc import Credentials, Server

PACKAGE = Path(pytest_asc.__file__).parent
MODULES = sorted(
    ".".join(("pytest_asc", *file.relative_to(PACKAGE).with_suffix("").parts))
    for file in PACKAGE.rglob("*.py")
    if file.stem not in {"__init__", "__main__"}
)
WITHOUT_POSIX = """
import asyncio, importlib, os, signal, subprocess, sys
import aiohttp, cryptography.x509, httpcore, httpx, pytest, requests, responses, trustme, yaml
for module in ("fcntl", "grp", "pwd", "resource", "termios"):
    sys.modules[module] = None  # an import raises ImportError
for name in ("fork", "getegid", "geteuid", "getgid", "getsid", "getuid", "killpg", "setsid", "O_NOFOLLOW"):
    delattr(os, name)
kept = {"SIGABRT", "SIGFPE", "SIGILL", "SIGINT", "SIGSEGV", "SIGTERM"}
for name in [name for name in dir(signal) if name.startswith("SIG") and name.isupper()]:
    if name not in kept:
        delattr(signal, name)
sys.platform = "win32"
for module in sys.argv[1:]:
    importlib.import_module(module)
"""


def test_every_module_can_be_imported_without_posix_modules_and_functions() -> None:
    subprocess.run([sys.executable, "-W", "error", "-c", WITHOUT_POSIX, *MODULES], check=True, timeout=120)


@pytest.fixture
def windows_text_mode(monkeypatch: pytest.MonkeyPatch) -> None:
    """Write text with the line breaks of Windows."""
    write: Callable[..., int] = Path.write_text

    def write_text(path: Path, text: str, *arguments: str, newline: str | None = None, **options: str) -> int:
        return write(path, text, *arguments, newline=newline or "\r\n", **options)

    monkeypatch.setattr(Path, "write_text", write_text)


@pytest.mark.usefixtures("windows_text_mode")
def test_key_files_have_unix_line_breaks_even_where_text_mode_writes_crlf(
    asc_credentials: Credentials, asc_server: Server
) -> None:
    for file in (asc_credentials.key_file, Path(asc_server.env["ASC_PRIVATE_KEY_PATH"])):
        assert file.read_bytes() == asc_credentials.pem.encode()


@pytest.mark.skipif(sys.platform == "win32", reason="a user of Windows has a home folder")
@pytest.mark.parametrize("options", [(), ("--asc-mode=emulator",)], ids=["live", "emulator"])
def test_the_smoke_check_works_without_a_home_folder(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...]
) -> None:
    def no_home(*_: object) -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", no_home)
    result = pytester.runpytest_inprocess("--asc-smoke", *options)
    assert result.ret == (0 if options else 1)
    assert "credentials-missing" in result.stdout.str() or options
    assert "INTERNALERROR" not in result.stdout.str() + result.stderr.str()
