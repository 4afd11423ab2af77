"""Acceptance of connections, each in its own task, so that no connection outlives the server.

asyncio's servers do not keep track of connections with an unfinished TLS handshake, and leave them open when they are
closed.
"""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from typing import TYPE_CHECKING, TypeAlias

from pytest_asc.transports.connections import EXHAUSTED, PAUSE, first_reserved_file, max_connections

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable

    from pytest_asc.transports.connections import OpenConnections

Serve: TypeAlias = "Callable[[socket.socket, AcceptedConnection], Coroutine[object, object, object]]"
"""Coroutine function that serves a connection, or passes it to a protocol; it closes the connection on failure."""

_BACKLOG = 1024
# An aborted transport closes its socket in the next iteration of the loop, with TLS in the one after that.
_ITERATIONS = 3


def listen(host: str, port: int) -> socket.socket:
    """Open a listening socket.

    Args:
        host: An address or name of this machine.
        port: The port; 0 lets the system choose one.

    Raises:
        OSError: The address does not exist, or the port is in use.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, port), family=family, backlog=_BACKLOG)
    listener.setblocking(False)  # noqa: FBT003  its only argument
    return listener


class AcceptedConnection:
    """An accepted connection until the end of its task, which does the TLS handshake or serves a client of the proxy.

    See :class:`pytest_asc.transports.connections.Connection`. The function that serves it updates its attributes.
    """

    def __init__(self, now: float) -> None:
        self.last_active = now
        self.head_since: float | None = None
        self.reads_body = False
        self.idle = True
        self.transport: asyncio.WriteTransport | None = None
        """Transport to the client; None before there is one."""
        self.task: asyncio.Task[None] | None = None

    @property
    def unread(self) -> int:
        """Number of bytes that are not sent yet, because the client has not read earlier ones."""
        return self.transport.get_write_buffer_size() if self.transport else 0

    def drop(self) -> None:
        """Cancel the task in the loop's next iteration, since a task must have started to close the connection."""
        if self.task:
            asyncio.get_running_loop().call_soon(self.task.cancel)


class Listener:
    """Accepts connections in the running loop.

    Args:
        listening: The listening socket.
        serve: Function that serves a connection.
        connections: List of the open connections of the server.
    """

    def __init__(self, listening: socket.socket, serve: Serve, connections: OpenConnections) -> None:
        self._socket = listening
        self._serve = serve
        self._connections = connections
        self._loop = asyncio.get_running_loop()
        self._first_reserved_file = first_reserved_file()
        self._max_connections = max_connections()
        self._resuming: asyncio.TimerHandle | None = None
        self._stopped = False
        # The loop only has weak references to tasks: without these, they could be garbage-collected.
        self._tasks: set[asyncio.Task[None]] = set()
        self._listen()

    def stop(self) -> None:
        """Stop accepting connections."""
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
                self._pause()  # without a pause, the loop would report the same connection again and again
            return  # with any other error, the connection is gone again
        is_full = connection.fileno() >= self._first_reserved_file or len(self._connections) >= self._max_connections
        if is_full and not self._connections.close_idle():
            self._pause()
        self.take(connection)

    def take(self, connection: socket.socket) -> None:
        """Serve a connection in a separate task.

        Args:
            connection: One that was accepted, or an end of a pair; it is closed after the listener was stopped.
        """
        if self._stopped:
            connection.close()
            return
        connection.setblocking(False)  # noqa: FBT003  its only argument
        accepted = AcceptedConnection(self._loop.time())
        task = accepted.task = self._loop.create_task(_ignoring_errors(self._serve(connection, accepted)))
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
    await asyncio.sleep(0)  # let new tasks start, since only a started task closes its connection


async def end_tasks() -> None:
    """Cancel the other tasks of the running loop, and wait until they have ended."""
    while others := asyncio.all_tasks() - {asyncio.current_task()}:
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
    for _ in range(_ITERATIONS):
        await asyncio.sleep(0)


async def _ignoring_errors(serving: Coroutine[object, object, object]) -> None:
    """Ignore errors of the connection, which a client may close at any time."""
    with suppress(OSError, EOFError, asyncio.TimeoutError):
        await serving
