"""Proxy in front of the server, for clients whose base URL cannot be changed."""

from __future__ import annotations

import asyncio
import socket
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from pytest_asc.transports.aiohttp_app import HttpRejectionError
from pytest_asc.transports.connections import EXHAUSTED, PAUSE
from pytest_asc.transports.sockets import Listener

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection

    from pytest_asc.transports.aiohttp_app import Application
    from pytest_asc.transports.connections import OpenConnections
    from pytest_asc.transports.sockets import AcceptedConnection

    Address: TypeAlias = tuple[str, int]
    Streams: TypeAlias = tuple[asyncio.StreamReader, asyncio.StreamWriter]

_CONNECT = b"CONNECT "
_CHUNK = 64 * 1024
_PLAIN = 80
_ATTEMPTS = 50


class Proxy:
    """Opens tunnels (RFC 9110, CONNECT) to the emulator. Other requests are passed on to the HTTP port unchanged.

    Args:
        application: Request handler of the server, which knows the emulated hosts.
        http: Listener of the emulator's HTTP port.
        https: Listener of the emulator's HTTPS port.
        allowed: Other hosts to which tunnels may lead.
        connections: List of the open connections of the server.
    """

    def __init__(
        self,
        application: Application,
        http: Listener,
        https: Listener,
        allowed: Collection[str],
        connections: OpenConnections,
    ) -> None:
        self._application = application
        self._http = http
        self._https = https
        self._allowed = allowed
        self._connections = connections

    async def serve(self, connection: socket.socket, accepted: AcceptedConnection) -> None:
        """Serve a client until the client or the other end closes the connection.

        Args:
            connection: The connection to the client.
            accepted: The entry of this connection in the list of open connections.
        """
        reader, writer = await asyncio.open_connection(sock=connection)
        accepted.transport = writer.transport
        async with _closing(writer):
            start = await reader.readexactly(1)
            accepted.head_since = accepted.last_active = asyncio.get_running_loop().time()
            start += await reader.readexactly(len(_CONNECT) - 1)
            client = _Client(reader, writer, accepted)
            try:
                if start != _CONNECT:
                    await client.relay(*await self._connect(self._http, accepted), start)
                    return
                head = await reader.readuntil(b"\r\n\r\n")
                end = self._other_end(head.split(maxsplit=1)[0].decode("latin-1"))
                greeting = b"HTTP/1.1 200 Connection established\r\n\r\n"
                await client.relay(*await self._connect(end, accepted), b"", greeting)
            except asyncio.LimitOverrunError:
                _refuse(writer, 431, "The head of the request is too long")
            except HttpRejectionError as error:
                _refuse(writer, error.status, str(error))

    def _other_end(self, authority: str) -> Listener | Address:
        """Return the listener or the address for a CONNECT to this authority."""
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

    async def _connect(self, end: Listener | Address, accepted: AcceptedConnection) -> Streams:
        """Connect to the other end for a waiting client. If files run out, close idle connections and try again."""
        accepted.head_since, accepted.idle = None, False
        with suppress(_ExhaustedError):
            return await _open(end)
        # One client at a time, because several clients together would close far more connections than they need.
        async with self._connections.shortage:
            for _ in range(_ATTEMPTS):
                with suppress(_ExhaustedError):
                    return await _open(end)
                self._connections.close_idle()
                await asyncio.sleep(PAUSE)
        raise HttpRejectionError(502, "This process can open no more files")


class _Client(NamedTuple):
    """A client of the proxy."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    accepted: AcceptedConnection

    async def relay(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, start: bytes, greeting: bytes = b""
    ) -> None:
        """Copy bytes in both directions, until the other end has sent everything or the client is gone.

        Args:
            reader: Stream from the other end.
            writer: Stream to the other end.
            start: Bytes that the client has already sent.
            greeting: Bytes to send to the client first.
        """
        self.accepted.last_active, self.accepted.idle = asyncio.get_running_loop().time(), True
        async with _closing(writer):
            self.writer.write(greeting)
            writer.write(start)
            to_server = asyncio.ensure_future(self._copy(self.reader, writer, idle=False))
            to_client = asyncio.ensure_future(self._copy(reader, self.writer, idle=True))
            try:
                await asyncio.wait({to_server, to_client}, return_when=asyncio.FIRST_COMPLETED)
                if to_server.done() and not to_server.exception():
                    await to_client  # the client has sent everything, and waits for the response
            finally:
                for one in (to_server, to_client):
                    one.cancel()
                await asyncio.gather(to_server, to_client, return_exceptions=True)

    async def _copy(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, idle: bool) -> None:
        """Copy bytes in one direction. The direction shows whether the client is waiting for a response."""
        accepted, time = self.accepted, asyncio.get_running_loop().time
        while data := await source.read(_CHUNK):
            accepted.last_active, accepted.idle = time(), idle
            sink.write(data)
            await sink.drain()
        sink.write_eof()


class _ExhaustedError(Exception):
    """This process cannot open more files."""


async def _open(end: Listener | Address) -> Streams:
    """Connect to a host, or to a listener of this process with a pair of sockets, which needs no acceptance."""
    try:
        if not isinstance(end, Listener):
            return await asyncio.open_connection(*end)
        ours, theirs = socket.socketpair()
    except OSError as error:
        if error.errno in EXHAUSTED:
            raise _ExhaustedError from None
        host = "the emulator" if isinstance(end, Listener) else end[0]
        reason = error.strerror or type(error).__name__
        raise HttpRejectionError(502, f"{host} cannot be reached: {reason}") from None
    end.take(theirs)
    return await asyncio.open_connection(sock=ours)


@asynccontextmanager
async def _closing(writer: asyncio.StreamWriter) -> AsyncIterator[None]:
    """Flush and close the writer at the end of the context; after an error, close it immediately."""
    try:
        yield
        writer.close()
        await writer.wait_closed()
    finally:
        writer.transport.abort()


def _refuse(writer: asyncio.StreamWriter, status: int, message: str) -> None:
    """Reject a tunnel. The message is also the reason phrase, since most clients only show that."""
    head = f"HTTP/1.1 {status} {message}\r\nContent-Type: text/plain\r\nContent-Length: {len(message) + 1}\r\n"
    writer.write(f"{head}Connection: close\r\n\r\n{message}\n".encode("ascii", "replace"))
