"""The quick start of ``serve`` and ``run``: it restores what it changes, and imports no more than needed."""

from __future__ import annotations

import gc
import ssl
import subprocess
import sys
from contextlib import nullcontext

import pytest

from pytest_asc.cli.main import COMMANDS
from pytest_asc.cli.quick_start import quick_start


def certificates() -> dict[str, int]:
    return ssl.create_default_context().cert_store_stats()


@pytest.mark.parametrize("error", [None, ValueError])
def test_the_quick_start_restores_certificate_loading_and_garbage_collection(error: type[Exception] | None) -> None:
    before = certificates()
    with pytest.raises(error) if error else nullcontext(), quick_start():
        assert not gc.isenabled()
        assert not certificates()["x509"]
        if error:
            raise error
    assert gc.isenabled()
    assert certificates() == before
    assert "set_default_verify_paths" not in vars(ssl.SSLContext)


SCRIPT = """
import sys
from pytest_asc.cli.main import main
main(["serve", "--quiet"])
print(*sys.modules)
"""


def test_serve_imports_neither_other_commands_nor_clients() -> None:
    command = [sys.executable, "-c", SCRIPT]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline()
        process.terminate()
        imported = set(process.stdout.read().split())
    assert imported & {f"pytest_asc.cli.{name}" for name in COMMANDS} == {"pytest_asc.cli.serve"}
    assert "aiohttp.web" in imported
    libraries = {"pytest", "requests", "responses", "urllib3"}
    assert not imported & {*libraries, "pytest_asc.plugin", "pytest_asc.recording", "pytest_asc.smoke"}
