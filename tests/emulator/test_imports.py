from __future__ import annotations

import subprocess
import sys

import pytest

# pytest_asc imports a submodule only when one of its names is used.
SCRIPT = "import sys, pytest_asc.emulator.app; print(*sys.modules)"


@pytest.fixture(scope="module")
def loaded() -> set[str]:
    """Return the modules that are loaded after a new process has imported the emulator."""
    shown = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True).stdout
    return set(shown.split())


@pytest.mark.parametrize(
    "module",
    ["requests", "urllib3", "responses", "aiohttp", "pytest", "pytest_asc.faults", "pytest_asc.transports"],
)
def test_importing_the_emulator_loads_neither_an_http_library_nor_a_higher_layer(loaded: set[str], module: str) -> None:
    assert "pytest_asc.emulator.app" in loaded
    assert module not in loaded
