"""A connection of aiohttp's server that can be watched."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiohttp import web

if TYPE_CHECKING:
    import asyncio

    from pytest_asc.transports.connections import OpenConnections


class HttpConnection(web.RequestHandler):
    """Protocol of an HTTP connection; see :class:`pytest_asc.transports.connections.Connection`.

    Args:
        connections: Where it is listed while it is open.
        arguments: Of aiohttp's own protocol.
        options: Of aiohttp's own protocol.
    """

    __slots__ = ("_connections", "head_since", "last_active", "reads_body")

    def __init__(self, connections: OpenConnections, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._connections = connections
        self.last_active = self._loop.time()
        self.head_since: float | None = None
        self.reads_body = False

    @property
    def idle(self) -> bool:
        """It waits for the rest of a request, or for the next one."""
        waiter = self._waiter
        return waiter is not None and not waiter.done()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """List it."""
        super().connection_made(transport)
        self._connections.add(self)

    def connection_lost(self, exc: BaseException | None) -> None:
        """Remove it from the list."""
        self._connections.discard(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Note the time, and go on as aiohttp does."""
        self.last_active = self._loop.time()
        if self.head_since is None:
            self.head_since = self.last_active
        super().data_received(data)

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
