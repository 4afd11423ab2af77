from __future__ import annotations

import pytest
from control_client import Client

from pytest_asc.control.served_emulator import InitialSettings


@pytest.fixture
def client() -> Client:
    return Client(InitialSettings())
