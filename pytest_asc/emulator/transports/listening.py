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
    from collections.abc import Callable, Coroutine

Serve: TypeAlias = "Callable[[socket.socket], Coroutine[object, object, object]]"
"""Serves a connection, or hands it to a protocol; it closes the connection where that fails."""

_BACKLOG = 1024
_PAUSE = 0.1


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens.

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


async def accept(listener: socket.socket, serve: Serve) -> None:
    """Serve whatever connects, until this is cancelled."""
    loop = asyncio.get_running_loop()
    tasks: set[asyncio.Task[None]] = set()  # the loop alone would let them be collected
    while True:
        try:
            connection, _ = await loop.sock_accept(listener)
        except OSError:  # this process has as many files open as it may
            await asyncio.sleep(_PAUSE)
            continue
        task = loop.create_task(_quietly(serve(connection)))
        tasks.add(task)
        task.add_done_callback(tasks.discard)


async def _quietly(serving: Coroutine[object, object, object]) -> None:
    """What a client does to its own connection is no news."""
    with suppress(OSError, EOFError, asyncio.TimeoutError):
        await serving
