"""The wait of ``serve`` for its end."""

from __future__ import annotations

import signal
from queue import SimpleQueue

import pytest

from pytest_asc.cli.parent import wait

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="this system has no SIGHUP")


def test_a_signal_that_asks_for_saving_ends_nothing_and_saves_once_for_several() -> None:
    signals: SimpleQueue[int] = SimpleQueue()
    saved: list[bool] = []
    for _ in range(3):
        signals.put(signal.SIGHUP)

    def save() -> None:
        saved.append(True)
        signals.put(signal.SIGTERM)

    assert wait(signals, None, signal.SIGHUP, save) == "SIGTERM"
    assert saved == [True]
