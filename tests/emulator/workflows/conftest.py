from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from emulator.workflows.desk import Desk

if TYPE_CHECKING:
    from emulator.harness import Bench

    from pytest_asc.emulator.api import Emulator


@pytest.fixture
def desk(bench: Bench) -> Desk:
    """A client of the bench's emulator."""
    return Desk(bench)


@pytest.fixture
def app(emulator: Emulator) -> dict[str, Any]:
    """An app of the account."""
    return emulator.add("apps", name="Lists", bundleId="com.example.lists")
