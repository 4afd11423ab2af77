"""A client of raw bytes: what no HTTP library would send, and what exactly comes back."""

from __future__ import annotations

import json
import socket
import ssl
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from emulator.harness import TOKEN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from typing_extensions import Self

    from pytest_asc.transports.server import Server

APPLE = "api.appstoreconnect.apple.com"
TIMEOUT = 20.0


class Reply(NamedTuple):
    """One answer as it came."""

    status: int
    reason: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Wire:
    """A connection."""

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
        """The next answer."""
        _, status, reason = self._file.readline().decode("latin-1").rstrip("\r\n").split(" ", 2)
        headers = {}
        while line := self._file.readline().strip().decode("latin-1"):
            name, _, value = line.partition(": ")
            headers[name] = value
        length = 0 if method == "HEAD" else int(headers.get("Content-Length", 0))
        return Reply(int(status), reason, headers, self._file.read(length))

    def hang_up(self) -> bytes:
        """Say that nothing more comes; give what still came from the server until it closed, too."""
        self.socket.shutdown(socket.SHUT_WR)
        return self._file.read()


def get(target: str, *headers: str, host: str = APPLE, method: str = "GET", body: bytes = b"") -> bytes:
    """The bytes of a good request."""
    lines = [f"{method} {target} HTTP/1.1", f"Host: {host}", f"Authorization: Bearer {TOKEN}", *headers]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


def connect(url: str) -> Wire:
    parts = urlsplit(url)
    return Wire(socket.create_connection((parts.hostname, parts.port), timeout=TIMEOUT))


def secured(wire: Wire, server: Server) -> Wire:
    """The same connection with TLS, as for Apple."""
    context = ssl.create_default_context(cafile=server.ca_file)
    return Wire(context.wrap_socket(wire.socket, server_hostname=APPLE))


@contextmanager
def opened(server: Server, door: str) -> Iterator[Wire]:
    """A connection through a door: ``http``, ``https``, or the tunnel or the plain way of the ``proxy``."""
    with ExitStack() as stack:
        url = {"http": server.url, "https": server.https_url}.get(door, server.proxy_url)
        wire = stack.enter_context(connect(url))
        if door == "tunnel":
            wire.send(f"CONNECT {APPLE}:443 HTTP/1.1\r\nHost: {APPLE}:443\r\n\r\n".encode())
            assert wire.read().status == 200
        if door in {"https", "tunnel"}:
            wire = stack.enter_context(secured(wire, server))
        yield wire


TRANSPORTS = ("http", "https", "tunnel", "proxy")


def check_that_it_serves(server: Server) -> None:
    for door in TRANSPORTS:
        with opened(server, door) as wire:
            target = f"http://{APPLE}/v1/apps/1" if door == "proxy" else "/v1/apps/1"
            wire.send(get(target))
            assert wire.read().status == 200
