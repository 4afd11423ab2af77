"""Lines on standard error, one for each request that the emulator has handled."""

from __future__ import annotations

import json
import sys
import time
from collections import deque
from contextlib import contextmanager, suppress
from threading import Event, Thread
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from pytest_asc.emulator.http_models import Request
from pytest_asc.secrets import redactor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_asc.control.served_emulator import HandledRequest

LogFormat = Literal["text", "json"]

_MOST_WAITING = 10_000
"""Lines that wait for a reader of standard error; of more, the oldest are left out."""
_MOST_CHARACTERS = 2_000
"""Of a method or a URL."""
_MOST_BYTES = 20_000
"""Of a body that is read for the code of an error."""
_PATIENCE = 2.0
_INTERVAL = 0.05  # seconds
_CLIENT_ERROR = 400


@contextmanager
def printing(form: LogFormat) -> Iterator[Callable[[HandledRequest], None]]:
    """Print requests in a thread of its own, so that a slow reader of standard error delays no response.

    Args:
        form: ``text`` for people, ``json`` for one object a line.

    Yields:
        A function that takes a request.
    """
    waiting: deque[HandledRequest] = deque(maxlen=_MOST_WAITING)
    stopping = Event()
    line_of = _LINES[form]

    def write() -> None:
        with suppress(OSError, ValueError):
            while not stopping.wait(_INTERVAL) or waiting:
                lines = []
                while waiting:
                    lines.append(line_of(waiting.popleft()))
                if lines:
                    sys.stderr.write("".join(lines))
                    sys.stderr.flush()

    thread = Thread(target=write, name="pytest-asc log", daemon=True)
    thread.start()
    try:
        yield lambda handled: waiting.append(_without_bodies(handled))
    finally:
        stopping.set()
        thread.join(_PATIENCE)


def _without_bodies(handled: HandledRequest) -> HandledRequest:
    """Return what a line is made of: a client may send any amount while nobody reads the lines."""
    request, response = handled.request, handled.response
    return handled._replace(
        request=Request(_clipped(request.method), _clipped(request.url), {}),
        response=response._replace(headers={}, body=response.body if len(response.body) <= _MOST_BYTES else b""),
    )


def _clipped(text: str) -> str:
    return text if len(text) <= _MOST_CHARACTERS else f"{text[:_MOST_CHARACTERS]}…"


def text_line(handled: HandledRequest) -> str:
    """Return method, path, status and milliseconds; of a refusal, the cause and the evidence."""
    refusal, response = handled.refusal, handled.response
    broken = response.delivery.broken if response.delivery else None
    status = str(response.status) if response.status else f"no response ({broken})"
    why = f"  {refusal.cause}: {refusal.evidence}" if refusal else _code(handled)
    text = f"{handled.request.method} {_target(handled)} {status} {handled.milliseconds:.1f} ms{why}"
    return _printable(redactor.clean(text)) + "\n"


def json_line(handled: HandledRequest) -> str:
    """Return the same as a JSON object, with the time."""
    refusal = handled.refusal
    members = {
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "method": handled.request.method,
        "path": redactor.clean(_target(handled)),
        "status": handled.response.status,
        "milliseconds": round(handled.milliseconds, 1),
        "cause": refusal.cause if refusal else None,
        "evidence": refusal.evidence if refusal else None,
    }
    return json.dumps(members) + "\n"


_LINES = {"text": text_line, "json": json_line}


def _target(handled: HandledRequest) -> str:
    try:
        parts = urlsplit(handled.request.url)
    except ValueError:
        return handled.request.url
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def _code(handled: HandledRequest) -> str:
    """Return the code of the first error of a response."""
    if handled.response.status < _CLIENT_ERROR:
        return ""
    try:
        return f"  {json.loads(handled.response.body)['errors'][0]['code']}"
    except (ValueError, LookupError, TypeError):
        return ""


def _printable(text: str) -> str:
    return text if text.isprintable() else "".join(one if one.isprintable() else "?" for one in text)
