"""The lines that ``serve`` and ``run`` print for requests: short, without secrets, and small while they are queued."""

from __future__ import annotations

import io
import json
import logging
import sys
import tracemalloc
from threading import Event
from typing import TYPE_CHECKING

from emulator.harness import BASE

from pytest_asc.cli.request_lines import Log
from pytest_asc.control.served_emulator import HandledRequest
from pytest_asc.emulator.http_models import Request, Response
from pytest_asc.secrets import redactor

if TYPE_CHECKING:
    import pytest

LONG = "x" * 1_000_000


def handled(number: int, body: bytes = b"", url: str = f"{BASE}/v1/apps") -> HandledRequest:
    return HandledRequest(number, Request("POST", url, {}, body), Response(409, {}, body), None, 1.0)


def test_a_long_url_is_shortened_in_a_request_line(capsys: pytest.CaptureFixture[str]) -> None:
    with Log("text") as text, Log("json") as as_json:
        for log in (text, as_json):
            log.add_request(handled(1, url=f"{BASE}/v1/{LONG}"))
    lines = capsys.readouterr().err.splitlines()
    assert [len(line) < 3000 for line in lines] == [True, True]
    assert json.loads(next(line for line in lines if line.startswith("{")))["path"].endswith("x…")


def test_queued_request_lines_do_not_keep_request_bodies_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    reading = Event()

    class SlowReader(io.StringIO):
        def write(self, text: str) -> int:
            reading.wait()
            return super().write(text)

    monkeypatch.setattr(sys, "stderr", SlowReader())
    tracemalloc.start()
    try:
        with Log("text") as log:
            for number in range(50):
                log.add_request(handled(number, LONG.encode(), f"{BASE}/{number}{LONG}"))
            assert tracemalloc.get_traced_memory()[0] < 10_000_000
            reading.set()
    finally:
        tracemalloc.stop()


def test_logged_messages_are_printed_without_secrets(capsys: pytest.CaptureFixture[str]) -> None:
    redactor.add_token("one.made-up.token")
    with Log("text"):
        logging.getLogger("asyncio").warning("lost %s", "one.made-up.token")
    with Log("json"):
        logging.getLogger("asyncio").warning("lost %s", "a connection")
    logging.getLogger("asyncio").warning("not printed")
    first, second = capsys.readouterr().err.splitlines()
    assert first == "lost ***"
    assert json.loads(second)["message"] == "lost a connection"
