"""Lines on standard error: one for each request that the emulator has handled, and messages."""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from collections import deque
from contextlib import suppress
from threading import Event, Thread
from typing import TYPE_CHECKING, Literal, NamedTuple

from pytest_asc.secrets import redactor

if TYPE_CHECKING:
    from collections.abc import Callable

    from typing_extensions import Self

    from pytest_asc.control.served_emulator import HandledRequest
    from pytest_asc.diagnosis.findings import Finding

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


class _Line(NamedTuple):
    """Data of the line of a request, without bodies: lines may wait while nobody reads them."""

    method: str
    url: str
    status: int
    broken: str | None
    refusal: Finding | None
    error: bytes
    """Body of an error response."""
    milliseconds: float


class Log:
    """Writer of log lines. Its thread keeps a slow reader of standard error from delaying responses.

    While it is entered, it prints what is logged as well, which would otherwise wait for the reader.

    Args:
        form: ``text`` for people, ``json`` for one object a line.
    """

    def __init__(self, form: LogFormat) -> None:
        self._line_of = _text_line if form == "text" else _json_line
        self._message_of = _text_message if form == "text" else _json_message
        self._waiting: deque[_Line | str] = deque(maxlen=_MOST_WAITING)
        self._stopping = Event()
        self._thread = Thread(target=self._write, name="pytest-asc log", daemon=True)
        self._handler = _Handler(self.add)

    def __enter__(self) -> Self:
        self._thread.start()
        logging.getLogger().addHandler(self._handler)
        return self

    def __exit__(self, *_: object) -> None:
        logging.getLogger().removeHandler(self._handler)
        self._stopping.set()
        self._thread.join(_PATIENCE)

    def add_request(self, handled: HandledRequest) -> None:
        """Add the line of a request."""
        request, response = handled.request, handled.response
        method, url, status = request.method, request.url, response.status
        self._waiting.append(
            _Line(
                method if len(method) <= _MOST_CHARACTERS else f"{method[:_MOST_CHARACTERS]}…",
                url if len(url) <= _MOST_CHARACTERS else f"{url[:_MOST_CHARACTERS]}…",
                status,
                response.delivery.broken if response.delivery else None,
                handled.refusal,
                response.body if status >= _CLIENT_ERROR and len(response.body) <= _MOST_BYTES else b"",
                handled.milliseconds,
            )
        )

    def add(self, message: str) -> None:
        """Add a message."""
        self._waiting.append(message)

    def _write(self) -> None:
        write = _writer()
        with suppress(OSError, ValueError):
            while not self._stopping.wait(_INTERVAL) or self._waiting:
                lines = []
                while self._waiting:
                    one = self._waiting.popleft()
                    lines.append(self._message_of(one) if isinstance(one, str) else self._line_of(one))
                if lines:
                    write("".join(lines))


class _Handler(logging.Handler):
    """Handler of logged messages.

    Args:
        add: Takes a message.
    """

    def __init__(self, add: Callable[[str], None]) -> None:
        super().__init__()
        self._add = add

    def emit(self, record: logging.LogRecord) -> None:
        """Take a message, with its traceback."""
        self._add(redactor.clean(self.format(record)))


def _writer() -> Callable[[str], object]:
    """Return a function that writes to standard error past Python's buffer.

    Whoever waits for a reader in the buffer locks it: others that write would wait as well, and the process that ends.
    """
    stream = sys.stderr
    try:
        file = stream.fileno()
    except (OSError, ValueError):  # a stream without a file
        return stream.write

    def write(text: str) -> None:
        data = text.encode(stream.encoding, "backslashreplace")
        while data:
            data = data[os.write(file, data) :]

    return write


def _text_line(line: _Line) -> str:
    """Return method, path, status and milliseconds; of a refusal, the cause and the evidence."""
    status = str(line.status) if line.status else f"no response ({line.broken})"
    why = f"  {line.refusal.cause}: {line.refusal.evidence}" if line.refusal else _code(line)
    text = f"{line.method} {_target(line.url)} {status} {line.milliseconds:.1f} ms{why}"
    return _printable(redactor.clean(text)) + "\n"


def _json_line(line: _Line) -> str:
    """Return the same as a JSON object, with the time."""
    refusal = line.refusal
    members = {
        "time": _now(),
        "method": line.method,
        "path": redactor.clean(_target(line.url)),
        "status": line.status,
        "milliseconds": round(line.milliseconds, 1),
        "cause": refusal.cause if refusal else None,
        "evidence": refusal.evidence if refusal else None,
    }
    return json.dumps(members) + "\n"


def _text_message(message: str) -> str:
    return f"{message}\n"


def _json_message(message: str) -> str:
    return json.dumps({"time": _now(), "message": message}) + "\n"


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def _target(url: str) -> str:
    """Return path and query of a URL."""
    _, _, behind_scheme = url.partition("://")
    _, slash, rest = behind_scheme.partition("/")
    return slash + rest


def _code(line: _Line) -> str:
    """Return the code of the first error of a response."""
    if not line.error:
        return ""
    try:
        return f"  {json.loads(line.error)['errors'][0]['code']}"
    except (ValueError, LookupError, TypeError):
        return ""


def _printable(text: str) -> str:
    return text if text.isprintable() else "".join(one if one.isprintable() else "?" for one in text)
