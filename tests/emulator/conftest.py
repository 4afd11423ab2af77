from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from emulator.harness import Bench

if TYPE_CHECKING:
    from pytest_asc.emulator.api import Emulator


@pytest.fixture
def bench() -> Bench:
    """An emulator with an empty account, a key and a clock."""
    return Bench()


@pytest.fixture
def emulator(bench: Bench) -> Emulator:
    """The emulator of the bench."""
    return bench.emulator
