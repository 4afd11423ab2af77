from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from emulator.resources.api_writer import ApiWriter

if TYPE_CHECKING:
    from emulator.harness import EmulatorClient

    from pytest_asc.emulator.app import Emulator


@pytest.fixture
def api_writer(emulator_client: EmulatorClient) -> ApiWriter:
    """Client that writes to the emulator."""
    return ApiWriter(emulator_client)


@pytest.fixture
def app(emulator: Emulator) -> dict[str, Any]:
    """App of the account."""
    return emulator.add("apps", name="Lists", bundleId="com.example.lists")
