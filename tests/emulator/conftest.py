from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from emulator.harness import EmulatorClient

if TYPE_CHECKING:
    from pytest_asc.emulator.app import Emulator


@pytest.fixture
def emulator_client() -> EmulatorClient:
    """Client of an emulator with an empty account, a key and a clock."""
    return EmulatorClient()


@pytest.fixture
def emulator(emulator_client: EmulatorClient) -> Emulator:
    """The emulator of ``emulator_client``."""
    return emulator_client.emulator
