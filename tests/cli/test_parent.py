"""``wait``, with which ``serve`` waits for a signal to end or to save its state."""

from __future__ import annotations

import signal
from queue import SimpleQueue

import pytest

from pytest_asc.cli.parent import wait

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="this system has no SIGHUP")


def test_several_signals_to_save_are_handled_by_one_save_and_do_not_end_the_server() -> None:
    signals: SimpleQueue[int] = SimpleQueue()
    saved: list[bool] = []
    for _ in range(3):
        signals.put(signal.SIGHUP)

    def save() -> None:
        saved.append(True)
        signals.put(signal.SIGTERM)

    assert wait(signals, None, signal.SIGHUP, save) == "SIGTERM"
    assert saved == [True]
