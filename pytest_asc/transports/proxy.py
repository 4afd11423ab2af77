"""A proxy in front of the server, for clients whose URL cannot be changed from Apple's."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from pytest_asc.transports.aiohttp_app import HttpRejectionError
from pytest_asc.transports.connections import EXHAUSTED, PAUSE

if TYPE_CHECKING:
    import socket
    from collections.abc import AsyncIterator, Collection

    from pytest_asc.transports.aiohttp_app import Application
    from pytest_asc.transports.connections import OpenConnections
    from pytest_asc.transports.sockets import AcceptedConnection

    Address: TypeAlias = tuple[str, int]

_CONNECT = b"CONNECT "
_CHUNK = 64 * 1024
_PLAIN = 80
_ATTEMPTS = 50


class Proxy:
    """Opens tunnels (RFC 9110, CONNECT) to the emulator; what is no CONNECT goes to its HTTP port as it is.

    Args:
        application: Knows which hosts are emulated.
        http: The emulator's HTTP port.
        https: Its HTTPS port.
        allowed: Other hosts that tunnels may lead to.
        connections: All connections of the server.
    """

    def __init__(
        self,
        application: Application,
        http: Address,
        https: Address,
        allowed: Collection[str],
        connections: OpenConnections,
    ) -> None:
        self._application = application
        self._http = http
        self._https = https
        self._allowed = allowed
        self._connections = connections

    async def serve(self, connection: socket.socket, accepted: AcceptedConnection) -> None:
        """Serve a client until it or the other end closes the connection.

        Args:
            connection: The connection to the client.
            accepted: The same, for those who watch it.
        """
        reader, writer = await asyncio.open_connection(sock=connection)
        accepted.transport = writer.transport
        async with _closing(writer):
            start = await reader.readexactly(1)
            accepted.head_since = accepted.last_active = asyncio.get_running_loop().time()
            start += await reader.readexactly(len(_CONNECT) - 1)
            client = _Client(reader, writer, accepted, self._connections)
            try:
                if start != _CONNECT:
                    await client.relay(self._http, start)
                    return
                head = await reader.readuntil(b"\r\n\r\n")
                address = self._address(head.split(maxsplit=1)[0].decode("latin-1"))
                await client.relay(address, b"", greeting=b"HTTP/1.1 200 Connection established\r\n\r\n")
            except asyncio.LimitOverrunError:
                _refuse(writer, 431, "The head of the request is too long")
            except HttpRejectionError as error:
                _refuse(writer, error.status, str(error))

    def _address(self, authority: str) -> Address:
        """Return the address that a CONNECT to this authority leads to."""
        name, _, port = authority.rpartition(":")
        host = name.strip("[]").lower()
        if not (host and port.isascii() and port.isdigit()):
            raise HttpRejectionError(400, "Expected CONNECT with a host and a port")
        if host in self._application.hosts:
            if self._application.control is not None:
                self._application.control.tunnels += 1
            return self._http if int(port) == _PLAIN else self._https
        if host in self._allowed or authority in self._application.own:
            return host, int(port)
        shown = host if host.isprintable() else "this host"
        raise HttpRejectionError(
            403, f"{shown} is not emulated; to let it through, add --allow-host {shown} to serve or run"
        )


class _Client(NamedTuple):
    """A client of the proxy."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    accepted: AcceptedConnection
    connections: OpenConnections

    async def relay(self, address: Address, start: bytes, greeting: bytes = b"") -> None:
        """Carry bytes both ways, until the other end has sent all, or the client is gone.

        Args:
            address: Where the other end is.
            start: Bytes that the client has sent.
            greeting: Sent to the client once the other end is reached.
        """
        self.accepted.head_since = None
        reader, writer = await self._connect(address)
        async with _closing(writer):
            self.writer.write(greeting)
            writer.write(start)
            to_server = asyncio.ensure_future(self._copy(self.reader, writer, idle=False))
            to_client = asyncio.ensure_future(self._copy(reader, self.writer, idle=True))
            try:
                await asyncio.wait({to_server, to_client}, return_when=asyncio.FIRST_COMPLETED)
                if to_server.done() and not to_server.exception():
                    await to_client  # a client may have sent all, and wait for the response
            finally:
                for one in (to_server, to_client):
                    one.cancel()
                await asyncio.gather(to_server, to_client, return_exceptions=True)

    async def _connect(self, address: Address) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect to the other end; where this process can open no more files, close others and wait."""
        for attempt in reversed(range(_ATTEMPTS)):
            try:
                return await asyncio.open_connection(*address)
            except OSError as error:
                if error.errno not in EXHAUSTED or not attempt:
                    reason = error.strerror or type(error).__name__
                    raise HttpRejectionError(502, f"{address[0]} cannot be reached: {reason}") from None
            self.connections.close_idle()
            await asyncio.sleep(PAUSE)
        raise AssertionError

    async def _copy(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, idle: bool) -> None:
        """Carry bytes one way. Whose turn it is to speak shows whether a response is owed."""
        accepted, time = self.accepted, asyncio.get_running_loop().time
        while data := await source.read(_CHUNK):
            accepted.last_active, accepted.idle = time(), idle
            sink.write(data)
            await sink.drain()
        sink.write_eof()


@asynccontextmanager
async def _closing(writer: asyncio.StreamWriter) -> AsyncIterator[None]:
    """Send what is left and close; after an error, close at once."""
    try:
        yield
        writer.close()
        await writer.wait_closed()
    finally:
        writer.transport.abort()


def _refuse(writer: asyncio.StreamWriter, status: int, message: str) -> None:
    """Refuse a tunnel; most clients show the reason phrase alone."""
    head = f"HTTP/1.1 {status} {message}\r\nContent-Type: text/plain\r\nContent-Length: {len(message) + 1}\r\n"
    writer.write(f"{head}Connection: close\r\n\r\n{message}\n".encode("ascii", "replace"))
