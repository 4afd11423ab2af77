"""A proxy in front of the server, for clients whose URL cannot be changed from Apple's."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, TypeAlias

from pytest_asc.transports.aiohttp_app import HttpRejectionError

if TYPE_CHECKING:
    import socket
    from collections.abc import AsyncIterator, Collection

    from pytest_asc.transports.aiohttp_app import Application

    Address: TypeAlias = tuple[str, int]

_CONNECT = b"CONNECT "
_CHUNK = 64 * 1024
_PLAIN = 80


class Proxy:
    """Opens tunnels (RFC 9110, CONNECT) to the emulator; what is no CONNECT goes to its HTTP port as it is.

    Args:
        application: Knows which hosts are emulated.
        http: The emulator's HTTP port.
        https: Its HTTPS port.
        allowed: Other hosts that tunnels may lead to.
    """

    def __init__(self, application: Application, http: Address, https: Address, allowed: Collection[str]) -> None:
        self._application = application
        self._http = http
        self._https = https
        self._allowed = allowed

    async def serve(self, connection: socket.socket) -> None:
        """Serve a client until it or the other end closes the connection."""
        reader, writer = await asyncio.open_connection(sock=connection)
        async with _closing(writer):
            start = await reader.readexactly(len(_CONNECT))
            if start != _CONNECT:
                await _relay(reader, writer, self._http, start)
                return
            try:
                head = await reader.readuntil(b"\r\n\r\n")
                address = self._address(head.split(maxsplit=1)[0].decode("latin-1"))
                await _relay(reader, writer, address, b"", greeting=b"HTTP/1.1 200 Connection established\r\n\r\n")
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
            return self._http if int(port) == _PLAIN else self._https
        if host in self._allowed or authority in self._application.own:
            return host, int(port)
        shown = host if host.isprintable() else "this host"
        raise HttpRejectionError(
            403, f"{shown} is not emulated; serve and run let it through with --allow-host {shown}"
        )


async def _relay(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, address: Address, start: bytes, greeting: bytes = b""
) -> None:
    """Carry bytes both ways, until both ends have sent all.

    Args:
        reader: From the client.
        writer: To the client.
        address: Where the other end is.
        start: Bytes that the client has sent.
        greeting: Sent to the client once the other end is reached.
    """
    try:
        other_reader, other_writer = await asyncio.open_connection(*address)
    except OSError as error:
        raise HttpRejectionError(
            502, f"{address[0]} cannot be reached: {error.strerror or type(error).__name__}"
        ) from None
    async with _closing(other_writer):
        writer.write(greeting)
        other_writer.write(start)
        await asyncio.gather(_copy(reader, other_writer), _copy(other_reader, writer))


async def _copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    while data := await source.read(_CHUNK):
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
