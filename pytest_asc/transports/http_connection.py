"""Connection of aiohttp's server that keeps track of its activity."""

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
        connections: List of the open connections of the server, which includes this one while it is open.
        arguments: Positional arguments of aiohttp's protocol.
        options: Keyword arguments of aiohttp's protocol.
    """

    __slots__ = (
        "_after_head",
        "_closed_by_client",
        "_connections",
        "_last_bytes",
        "head_since",
        "last_active",
        "reads_body",
    )

    def __init__(self, connections: OpenConnections, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._connections = connections
        self.last_active = self._loop.time()
        self.head_since: float | None = None
        self.reads_body = False
        self._after_head = 0
        """Number of bytes received after the end of the latest head."""
        self._last_bytes = b""
        """The last bytes received, at most as many as the end of a head has."""
        self._closed_by_client: asyncio.Future[None] | None = None
        """Future that is done when the client closes the connection while the response is delayed."""

    @property
    def idle(self) -> bool:
        """True if the connection waits for the rest of a request, or for the next request."""
        waiter = self._waiter
        return waiter is not None and not waiter.done()

    @property
    def unread(self) -> int:
        """Number of bytes that are not sent yet, because the client has not read earlier ones."""
        # With TLS there is a second transport below, which has its own buffer.
        tls = getattr(self.transport, "_ssl_protocol", None)
        transports = (self.transport, getattr(tls, "_transport", None))
        return sum(one.get_write_buffer_size() for one in transports if one is not None)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Add the connection to the list of open connections."""
        super().connection_made(transport)
        self._connections.add(self)

    def connection_lost(self, exc: BaseException | None) -> None:
        """Remove the connection from the list of open connections."""
        self._connections.discard(self)
        if self._closed_by_client and not self._closed_by_client.done():
            self._closed_by_client.set_result(None)
        super().connection_lost(exc)

    async def wait_for_client(self, seconds: float) -> None:
        """Wait for some seconds, or until the client closes the connection."""
        self._closed_by_client = self._loop.create_future()
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._closed_by_client, seconds)

    def data_received(self, data: bytes) -> None:
        """Record the time and the position in the request, and let aiohttp process the data."""
        self.last_active = self._loop.time()
        if self.head_since is None:
            self.head_since = self.last_active
        count = self._request_count
        super().data_received(data)
        if self._request_count == count:
            self._after_head += len(data)
        elif (
            self._last_bytes in {b"", _END_OF_HEAD}
            and self._request_count == count + 1
            and data.find(_END_OF_HEAD) == len(data) - len(_END_OF_HEAD)
        ):  # one head in one packet, as most often
            self._after_head, self._last_bytes = 0, _END_OF_HEAD
            return
        else:
            text = self._last_bytes[1:] + data
            # A body may contain the same bytes as the end of a head.
            find = text.find if self._request_count == count + 1 else text.rfind
            end = find(_END_OF_HEAD)
            self._after_head = len(text) - end - len(_END_OF_HEAD) if end >= 0 else 0
        self._last_bytes = (self._last_bytes + data[-len(_END_OF_HEAD) :])[-len(_END_OF_HEAD) :]

    def request_ends(self, headers: CIMultiDictProxy[str]) -> None:
        """Update the state after a request was handled. The next one may already have started, in the same packet.

        Args:
            headers: Headers of the request that was handled.
        """
        self.reads_body = False
        if not self._after_head:
            has_more = False
        elif "Transfer-Encoding" in headers:
            has_more = self._last_bytes != _END_OF_HEAD
        else:
            has_more = self._after_head > int(headers.get("Content-Length", 0))  # aiohttp only accepts digits
        self.head_since = self.last_active if has_more else None

    def drop(self) -> None:
        """Close the connection immediately, without a response."""
        if self.transport is not None:
            self.transport.abort()


class HttpServer(web.Server):
    """Factory of :class:`HttpConnection` protocols for asyncio.

    Args:
        connections: List of the open connections of the server.
        arguments: Positional arguments of aiohttp's server.
        options: Keyword arguments of aiohttp's server and protocol.
    """

    def __init__(self, connections: OpenConnections, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._list = connections

    def __call__(self) -> HttpConnection:
        """Return the protocol for a new connection."""
        return HttpConnection(self._list, self, loop=self._loop, **self._kwargs)
