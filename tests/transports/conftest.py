from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

import pytest
from emulator.harness import TOKEN, EmulatorClient
from transports.raw_connections import check_that_it_serves

from pytest_asc.transports.server import Server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def emulator_client() -> EmulatorClient:
    """Client of an emulator with an empty account, a key and a clock."""
    return EmulatorClient()


@pytest.fixture
def server(emulator_client: EmulatorClient, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Iterator[Server]:
    """A server. After the tests, there must be no log messages, no crashes of the emulator and no open connections."""
    threads = threading.enumerate()
    emulator_client.emulator.add("apps", id="1", name="Lists")
    with (
        caplog.at_level(logging.DEBUG),
        Server(tmp_path) as server,
        server.answering(emulator_client.emulator) as crashes,
    ):
        yield server
        check_that_it_serves(server)
    assert crashes == []
    assert [record for record in caplog.records if record.levelno > logging.DEBUG] == []
    assert TOKEN not in caplog.text
    assert set(threading.enumerate()) <= set(threads)
