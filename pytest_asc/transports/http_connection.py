"""A connection of aiohttp's server that can be watched."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from aiohttp import web

if TYPE_CHECKING:
    from multidict import CIMultiDictProxy

    from pytest_asc.transports.connections import OpenConnections


_END_OF_HEAD = b"\r\n\r\n"


class HttpConnection(web.RequestHandler):
    """Protocol of an HTTP connection; see :class:`pytest_asc.transports.connections.Connection`.

    Args:
        connections: Where it is listed while it is open.
        arguments: Of aiohttp's own protocol.
        options: Of aiohttp's own protocol.
    """

    __slots__ = ("_after_head", "_connections", "_end", "_lost", "head_since", "last_active", "reads_body")

    def __init__(self, connections: OpenConnections, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._connections = connections
        self.last_active = self._loop.time()
        self.head_since: float | None = None
        self.reads_body = False
        self._after_head = 0
        """Bytes after the end of the latest head."""
        self._end = b""
        """The latest bytes."""
        self._lost: asyncio.Future[None] | None = None
        """Done when the client has hung up while its response is late."""

    @property
    def idle(self) -> bool:
        """It waits for the rest of a request, or for the next one."""
        waiter = self._waiter
        return waiter is not None and not waiter.done()

    @property
    def unread(self) -> int:
        """Bytes that the client has not taken yet."""
        # Below TLS there is a second transport, with a buffer of its own.
        tls = getattr(self.transport, "_ssl_protocol", None)
        transports = (self.transport, getattr(tls, "_transport", None))
        return sum(one.get_write_buffer_size() for one in transports if one is not None)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """List it."""
        super().connection_made(transport)
        self._connections.add(self)

    def connection_lost(self, exc: BaseException | None) -> None:
        """Remove it from the list."""
        self._connections.discard(self)
        if self._lost and not self._lost.done():
            self._lost.set_result(None)
        super().connection_lost(exc)

    async def pause(self, seconds: float) -> None:
        """Wait, but no longer than the client does."""
        self._lost = self._loop.create_future()
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._lost, seconds)

    def data_received(self, data: bytes) -> None:
        """Note the time, and go on as aiohttp does."""
        self.last_active = self._loop.time()
        if self.head_since is None:
            self.head_since = self.last_active
        count = self._request_count
        super().data_received(data)
        if self._request_count == count:
            self._after_head += len(data)
        else:
            text = self._end[1:] + data
            # A body may look like the end of a head.
            find = text.find if self._request_count == count + 1 else text.rfind
            end = find(_END_OF_HEAD)
            self._after_head = len(text) - end - len(_END_OF_HEAD) if end >= 0 else 0
        self._end = (self._end + data[-len(_END_OF_HEAD) :])[-len(_END_OF_HEAD) :]

    def request_ends(self, headers: CIMultiDictProxy[str]) -> None:
        """Wait for the next request, which may have begun in the packet that ended this one.

        Args:
            headers: Those of the request that has been answered.
        """
        self.reads_body = False
        if "Transfer-Encoding" in headers:
            has_more = self._end != _END_OF_HEAD
        else:
            has_more = self._after_head > int(headers.get("Content-Length", 0))  # aiohttp lets digits alone through
        self.head_since = self.last_active if has_more else None

    def drop(self) -> None:
        """Close it at once, without a response."""
        if self.transport is not None:
            self.transport.abort()


class HttpServer(web.Server):
    """Factory of these protocols for asyncio.

    Args:
        connections: Where open connections are listed.
        arguments: Of aiohttp's own server.
        options: Of aiohttp's own server and protocol.
    """

    def __init__(self, connections: OpenConnections, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._list = connections

    def __call__(self) -> HttpConnection:
        """Return the protocol of a new connection."""
        return HttpConnection(self._list, self, loop=self._loop, **self._kwargs)
