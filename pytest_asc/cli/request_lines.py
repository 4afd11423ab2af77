"""Log on standard error, with a line for each request that the emulator handled."""

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

_MAX_QUEUED = 10_000
"""Maximum number of lines that are kept until they are written. The oldest are dropped."""
_MAX_CHARACTERS = 2_000
"""Maximum length of a method or a URL in a line."""
_MAX_ERROR_BODY = 20_000
"""Maximum size in bytes of a body that is searched for an error code."""
_CLOSE_TIMEOUT = 2.0  # seconds
_WRITE_INTERVAL = 0.05  # seconds
_CLIENT_ERROR = 400


class _RequestLine(NamedTuple):
    """Data for the line of a request. It has no large bodies, because many lines may be queued."""

    method: str
    url: str
    status: int
    broken: str | None
    refusal: Finding | None
    error: bytes
    """The body of an error response; empty for other responses."""
    milliseconds: float


class Log:
    """Writes log lines in a thread of its own, so that a slow reader of standard error does not delay responses.

    Within its context, it also writes the records of Python's root logger, which would otherwise block.

    Args:
        form: ``text``, or ``json`` for a JSON object on each line.
    """

    def __init__(self, form: LogFormat) -> None:
        self._format_request = _text_line if form == "text" else _json_line
        self._format_message = _text_message if form == "text" else _json_message
        self._queue: deque[_RequestLine | str] = deque(maxlen=_MAX_QUEUED)
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
        self._thread.join(_CLOSE_TIMEOUT)

    def add_request(self, handled: HandledRequest) -> None:
        """Add a line for a request."""
        request, response = handled.request, handled.response
        method, url, status = request.method, request.url, response.status
        self._queue.append(
            _RequestLine(
                method if len(method) <= _MAX_CHARACTERS else f"{method[:_MAX_CHARACTERS]}…",
                url if len(url) <= _MAX_CHARACTERS else f"{url[:_MAX_CHARACTERS]}…",
                status,
                response.delivery.broken if response.delivery else None,
                handled.refusal,
                response.body if status >= _CLIENT_ERROR and len(response.body) <= _MAX_ERROR_BODY else b"",
                handled.milliseconds,
            )
        )

    def add(self, message: str) -> None:
        """Add a message."""
        self._queue.append(message)

    def _write(self) -> None:
        write = _writer()
        with suppress(OSError, ValueError):
            while not self._stopping.wait(_WRITE_INTERVAL) or self._queue:
                lines = []
                while self._queue:
                    item = self._queue.popleft()
                    lines.append(self._format_message(item) if isinstance(item, str) else self._format_request(item))
                if lines:
                    write("".join(lines))


class _Handler(logging.Handler):
    """Handler of Python's log records.

    Args:
        add: Function that is called with each message.
    """

    def __init__(self, add: Callable[[str], None]) -> None:
        super().__init__()
        self._add = add

    def emit(self, record: logging.LogRecord) -> None:
        """Pass on a message and its traceback."""
        self._add(redactor.clean(self.format(record)))


def _writer() -> Callable[[str], object]:
    """Return a function that writes to standard error without Python's buffer.

    A thread that is blocked in a write holds the lock of the buffer. Other threads, and the exit of the process, would
    have to wait for it.
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


def _text_line(line: _RequestLine) -> str:
    """Format a line: method, path, status and milliseconds, and for an error response its cause or code."""
    status = str(line.status) if line.status else f"no response ({line.broken})"
    why = f"  {line.refusal.cause}: {line.refusal.evidence}" if line.refusal else _error_code(line)
    text = f"{line.method} {_target(line.url)} {status} {line.milliseconds:.1f} ms{why}"
    return _printable(redactor.clean(text)) + "\n"


def _json_line(line: _RequestLine) -> str:
    """Format a line as a JSON object, with the time."""
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
    """Return the path and query of a URL."""
    _, _, without_scheme = url.partition("://")
    _, slash, rest = without_scheme.partition("/")
    return slash + rest


def _error_code(line: _RequestLine) -> str:
    """Return two spaces and the code of the first error in a response; empty if there is none."""
    if not line.error:
        return ""
    try:
        return f"  {json.loads(line.error)['errors'][0]['code']}"
    except (ValueError, LookupError, TypeError):
        return ""


def _printable(text: str) -> str:
    return text if text.isprintable() else "".join(char if char.isprintable() else "?" for char in text)
