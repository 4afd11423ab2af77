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


@pytest.fixture
def emulator_client() -> EmulatorClient:
    """Client of an emulator with an empty account, a key and a clock."""
    return EmulatorClient()


class LogMessages(logging.Handler):
    """Log messages above the level DEBUG, without those of httpx about its requests."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.addFilter(lambda record: record.name != "httpx")
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@pytest.fixture(scope="module")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server for all tests of a module. When it has stopped, there must be no log messages and no new threads."""
    threads = threading.enumerate()
    messages = LogMessages()
    logging.getLogger().addHandler(messages)
    with Server(tmp_path_factory.mktemp("server")) as server:
        yield server
    logging.getLogger().removeHandler(messages)
    assert messages.records == []
    assert set(threading.enumerate()) <= set(threads)


@pytest.fixture
def server(
    shared_server: Server, emulator_client: EmulatorClient, caplog: pytest.LogCaptureFixture
) -> Iterator[Server]:
    """A server with an emulator of its own. After the test, it must serve, without log messages or crashes."""
    emulator_client.emulator.add("apps", id="1", name="Lists")
    with caplog.at_level(logging.DEBUG), shared_server.answering(emulator_client.emulator) as crashes:
        yield shared_server
        check_that_it_serves(shared_server)
    assert crashes == []
    assert [record for record in caplog.records if record.levelno > logging.DEBUG] == []
    assert TOKEN not in caplog.text
