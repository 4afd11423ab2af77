"""Client that sends webhook notifications to URLs on this machine only, without proxies and redirects."""

from __future__ import annotations

import io
import ssl
import time
from functools import partial
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pytest_asc.emulator.http_models import Request, Response

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from typing_extensions import Buffer

TIMEOUT = 10.0
"""Maximum time for connecting, sending and receiving the response, in seconds."""
_MAX_BODY = 1_048_576


def post_to(url: str) -> Callable[[Request], Response]:
    """Return a function that posts a notification to a URL on this machine.

    Raises:
        ValueError: The URL does not lead to this machine.
    """
    __tracebackhide__ = True
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ValueError(f"got the URL {url!r}: {error}") from None
    host = parts.hostname or ""
    if parts.scheme not in {"http", "https"} or not _is_loopback(host):
        raise ValueError(
            f"got the URL {url!r}, expected one on this machine, such as http://127.0.0.1:5000/webhook: the emulator "
            "delivers webhooks only to 127.0.0.0/8, ::1 and localhost. For any other receiver, pass a callable"
        )
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")

    def post(request: Request) -> Response:
        deadline = time.monotonic() + TIMEOUT
        connection = (
            HTTPSConnection(host, port, timeout=TIMEOUT, context=ssl.create_default_context())
            if parts.scheme == "https"
            else HTTPConnection(host, port, timeout=TIMEOUT)
        )
        try:
            connection.connect()
            _check_peer(connection.sock)
            bounded: Any = partial(_response_until, deadline)
            connection.response_class = bounded
            connection.request(request.method, target, request.body, dict(request.headers))
            response = connection.getresponse()
            body = response.read(_MAX_BODY)
            if response.length and len(body) < _MAX_BODY:
                raise ConnectionError(f"the body ended {response.length} bytes before its Content-Length")
            return Response(response.status, dict(response.getheaders()), body)
        except HTTPException as error:
            raise ConnectionError(f"{type(error).__name__}: {error}") from error
        finally:
            connection.close()

    return post


def _is_loopback(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _check_peer(connected: socket.socket) -> None:
    """Raise an error if a name such as localhost has been resolved to another machine."""
    address = str(connected.getpeername()[0])
    if not _is_loopback(address):
        raise ConnectionError(f"localhost resolves to {address}, which is not this machine")


class _Reader(io.RawIOBase):
    """Stream of the bytes of a connection that raises a timeout at a deadline, even if bytes still arrive."""

    def __init__(self, connected: socket.socket, deadline: float) -> None:
        self._socket, self._deadline = connected, deadline
        # The file keeps the connection open if http.client closes the socket before the body was read.
        self._file = connected.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer) -> int:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        self._socket.settimeout(left)
        return self._file.readinto(buffer) or 0

    def close(self) -> None:
        self._file.close()
        super().close()


class _Connection:
    """Connection for :class:`http.client.HTTPResponse` whose file has a deadline."""

    def __init__(self, connected: socket.socket, deadline: float) -> None:
        self._reader = _Reader(connected, deadline)

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(self._reader)


def _response_until(deadline: float, connected: socket.socket, **settings: Any) -> HTTPResponse:
    bounded: Any = _Connection(connected, deadline)
    return HTTPResponse(bounded, **settings)
