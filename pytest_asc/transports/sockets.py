"""Accepting connections, each in a task of its own, so that none outlives the server.

asyncio's own servers lose sight of a connection whose TLS handshake has stopped half way, and leave it open when they
are closed.
"""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from typing import TYPE_CHECKING, TypeAlias

from pytest_asc.transports.connections import EXHAUSTED, PAUSE, first_reserved_file, most_connections

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable

    from pytest_asc.transports.connections import OpenConnections

Serve: TypeAlias = "Callable[[socket.socket, AcceptedConnection], Coroutine[object, object, object]]"
"""Serves a connection, or hands it to a protocol; it closes the connection where that fails."""

_BACKLOG = 1024
# What is aborted closes its socket in the loop's next turn, and below TLS in the one after that.
_TURNS = 3


def listen(host: str, port: int) -> socket.socket:
    """Open a listening socket.

    Args:
        host: An address or name of this machine.
        port: The port; 0 has the system choose one.

    Raises:
        OSError: There is no such address, or the port is taken.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, port), family=family, backlog=_BACKLOG)
    listener.setblocking(False)  # noqa: FBT003  its only argument
    return listener


class AcceptedConnection:
    """A connection from its acceptance to the end of its task, which is a TLS handshake or that of a proxy's client.

    See :class:`pytest_asc.transports.connections.Connection`. Whoever serves it keeps its members up to date.
    """

    def __init__(self, now: float) -> None:
        self.last_active = now
        self.head_since: float | None = None
        self.reads_body = False
        self.idle = True
        self.transport: asyncio.WriteTransport | None = None
        """To the client."""
        self.task: asyncio.Task[None] | None = None

    @property
    def unread(self) -> int:
        """Bytes that the client has not taken yet."""
        return self.transport.get_write_buffer_size() if self.transport else 0

    def drop(self) -> None:
        """Cancel its task, once that has begun: before, it knows no connection to close."""
        if self.task:
            asyncio.get_running_loop().call_soon(self.task.cancel)


class Listener:
    """Accepts connections in the running loop.

    Args:
        listening: The listening socket.
        serve: Serves a connection.
        connections: Where open connections are listed.
    """

    def __init__(self, listening: socket.socket, serve: Serve, connections: OpenConnections) -> None:
        self._socket = listening
        self._serve = serve
        self._connections = connections
        self._loop = asyncio.get_running_loop()
        self._first_reserved_file = first_reserved_file()
        self._most_connections = most_connections()
        self._resuming: asyncio.TimerHandle | None = None
        self._stopped = False
        # The loop alone would let them be collected.
        self._tasks: set[asyncio.Task[None]] = set()
        self._listen()

    def stop(self) -> None:
        """Take no more connections."""
        self._stopped = True
        if self._resuming:
            self._resuming.cancel()
        self._loop.remove_reader(self._socket)

    def _listen(self) -> None:
        self._loop.add_reader(self._socket, self._accept)

    def _pause(self) -> None:
        self._loop.remove_reader(self._socket)
        self._resuming = self._loop.call_later(PAUSE, self._listen)

    def _accept(self) -> None:
        if self._connections.shortage.locked():
            self._pause()
            return
        try:
            connection, _ = self._socket.accept()
        except OSError as error:
            if error.errno in EXHAUSTED:
                self._connections.close_idle()
                self._pause()  # the system would report the same connection over and over
            return  # else it has gone again
        is_full = connection.fileno() >= self._first_reserved_file or len(self._connections) >= self._most_connections
        if is_full and not self._connections.close_idle():
            self._pause()
        self.take(connection)

    def take(self, connection: socket.socket) -> None:
        """Serve a connection in a task of its own.

        Args:
            connection: One that was accepted, or an end of a pair; it is closed after the listener was stopped.
        """
        if self._stopped:
            connection.close()
            return
        connection.setblocking(False)  # noqa: FBT003  its only argument
        accepted = AcceptedConnection(self._loop.time())
        task = accepted.task = self._loop.create_task(_quietly(self._serve(connection, accepted)))
        self._tasks.add(task)
        self._connections.add(accepted)
        task.add_done_callback(lambda _: self._forget(accepted, task))

    def _forget(self, accepted: AcceptedConnection, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._connections.discard(accepted)


async def refuse(listeners: Iterable[Listener]) -> None:
    """Stop accepting connections in the running loop."""
    for listener in listeners:
        listener.stop()
    await asyncio.sleep(0)  # a task that has not begun knows no connection to close


async def end_tasks() -> None:
    """Cancel the other tasks of the running loop, and wait until they have ended."""
    while others := asyncio.all_tasks() - {asyncio.current_task()}:
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
    for _ in range(_TURNS):
        await asyncio.sleep(0)


async def _quietly(serving: Coroutine[object, object, object]) -> None:
    """Ignore errors of the connection: a client may break its own."""
    with suppress(OSError, EOFError, asyncio.TimeoutError):
        await serving
