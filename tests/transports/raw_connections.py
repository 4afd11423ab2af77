"""A client that sends raw bytes, for requests that no HTTP library sends."""

from __future__ import annotations

import json
import socket
import ssl
from contextlib import ExitStack, contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from emulator.harness import TOKEN

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from typing_extensions import Self

    from pytest_asc.transports.server import Server

APPLE = "api.appstoreconnect.apple.com"
TIMEOUT = 20.0


class Reply(NamedTuple):
    """A parsed response."""

    status: int
    reason: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class RawConnection:
    """A connection to the server."""

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection
        self._file = connection.makefile("rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self.socket.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def read(self, *, method: str = "GET") -> Reply:
        """Read the next response."""
        _, status, reason = self._file.readline().decode("latin-1").rstrip("\r\n").split(" ", 2)
        headers = {}
        while line := self._file.readline().strip().decode("latin-1"):
            name, _, value = line.partition(": ")
            headers[name] = value
        length = 0 if method == "HEAD" else int(headers.get("Content-Length", 0))
        return Reply(int(status), reason, headers, self._file.read(length))

    def hang_up(self) -> bytes:
        """Close the sending side, and return the bytes that the server sends until it closes."""
        self.socket.shutdown(socket.SHUT_WR)
        return self._file.read()


def get(target: str, *headers: str, host: str = APPLE, method: str = "GET", body: bytes = b"") -> bytes:
    """Return the bytes of a valid request."""
    lines = [f"{method} {target} HTTP/1.1", f"Host: {host}", f"Authorization: Bearer {TOKEN}", *headers]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


def connect(url: str) -> RawConnection:
    parts = urlsplit(url)
    return RawConnection(socket.create_connection((parts.hostname, parts.port), timeout=TIMEOUT))


@cache
def client_context(ca_file: Path) -> ssl.SSLContext:
    """Return the context of a client that trusts an authority; each server of the tests has a folder of its own."""
    return ssl.create_default_context(cafile=ca_file)


def start_tls(connection: RawConnection, server: Server) -> RawConnection:
    """Return the connection with TLS, for a host of Apple's."""
    context = client_context(server.ca_file)
    return RawConnection(context.wrap_socket(connection.socket, server_hostname=APPLE))


@contextmanager
def open_connection(server: Server, transport: str) -> Iterator[RawConnection]:
    """Open a connection to the port ``http`` or ``https``, to the ``proxy``, or through a ``tunnel`` of the proxy."""
    with ExitStack() as stack:
        url = {"http": server.url, "https": server.https_url}.get(transport, server.proxy_url)
        connection = stack.enter_context(connect(url))
        if transport == "tunnel":
            connection.send(f"CONNECT {APPLE}:443 HTTP/1.1\r\nHost: {APPLE}:443\r\n\r\n".encode())
            assert connection.read().status == 200
        if transport in {"https", "tunnel"}:
            connection = stack.enter_context(start_tls(connection, server))
        yield connection


TRANSPORTS = ("http", "https", "tunnel", "proxy")


def check_that_it_serves(server: Server) -> None:
    for transport in TRANSPORTS:
        with open_connection(server, transport) as connection:
            target = f"http://{APPLE}/v1/apps/1" if transport == "proxy" else "/v1/apps/1"
            connection.send(get(target))
            assert connection.read().status == 200
