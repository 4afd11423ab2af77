from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

import pytest
from emulator.harness import TOKEN
from emulator.transports.wire import check_that_it_serves

from pytest_asc.emulator.transports.server import Server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from emulator.harness import Bench


@pytest.fixture
def server(bench: Bench, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Iterator[Server]:
    """A server that logs nothing, lets the emulator crash at nothing and leaves nothing."""
    threads = threading.enumerate()
    bench.emulator.add("apps", id="1", name="Lists")
    with caplog.at_level(logging.DEBUG), Server(tmp_path) as server, server.answering(bench.emulator) as crashes:
        yield server
        check_that_it_serves(server)
    assert crashes == []
    assert [record for record in caplog.records if record.levelno > logging.DEBUG] == []
    assert TOKEN not in caplog.text
    assert threading.enumerate() == threads
