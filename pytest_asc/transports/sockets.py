"""Accepting connections, each in a task of its own, so that none outlives the server.

asyncio's own servers lose sight of a connection whose TLS handshake has stopped half way, and leave it open when they
are closed.
"""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable

Serve: TypeAlias = "Callable[[socket.socket], Coroutine[object, object, object]]"
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


def accept(listener: socket.socket, serve: Serve, tasks: set[asyncio.Task[None]]) -> None:
    """Accept connections from now on, in the running loop.

    Args:
        listener: Where to listen.
        serve: Serves a connection.
        tasks: Holds the task of each open connection; the loop alone would let it be collected.
    """
    loop = asyncio.get_running_loop()

    def accept_one() -> None:
        try:
            connection, _ = listener.accept()
        except OSError:  # it has gone again, or this process may open no more files: the loop will ask once more
            return
        connection.setblocking(False)  # noqa: FBT003  its only argument
        task = loop.create_task(_quietly(serve(connection)))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    loop.add_reader(listener, accept_one)


async def refuse(listeners: Iterable[socket.socket]) -> None:
    """Stop accepting connections in the running loop."""
    loop = asyncio.get_running_loop()
    for listener in listeners:
        loop.remove_reader(listener)
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
