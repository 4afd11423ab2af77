"""The open connections of a server: time limits for what stalls, and the end of idle ones when files run out."""

from __future__ import annotations

import asyncio
import errno
import sys
from typing import TYPE_CHECKING, Protocol

if sys.platform != "win32":
    import resource

if TYPE_CHECKING:
    from collections.abc import Callable

TIMEOUT = 10.0
"""Seconds for the head of a request, for a TLS handshake, and in which a client must take some of a response."""

EXHAUSTED = frozenset(
    getattr(errno, name) for name in ("EMFILE", "ENFILE", "ENOBUFS", "ENOMEM", "WSAEMFILE") if hasattr(errno, name)
)
"""Errors of a process or a system that can open no more files."""

PAUSE = 0.2
"""Seconds to wait after one of them."""

_BODY = 6
"""Factor to the timeout of heads: a body may pause for a minute."""
_CHECKS = 10
"""Checks of all connections within the timeout."""
_CLOSED_AT_ONCE = 4
_MOMENT = 0.5  # seconds
_RESERVED = 16
"""Files that the process can still open while the server closes idle connections for each new one."""


class Connection(Protocol):
    """An open connection. Times are those of the event loop, in seconds."""

    last_active: float
    """Time of the last bytes."""
    head_since: float | None
    """Time of the first byte of a head that is not complete; without meaning while a request is answered."""
    reads_body: bool
    """The body of a request is on its way."""

    @property
    def idle(self) -> bool:
        """No response is owed to the client."""

    @property
    def unread(self) -> int:
        """Bytes that the client has not taken yet, those in the system's buffers left aside."""

    def drop(self) -> None:
        """Close the connection at once."""


class OpenConnections:
    """All connections of a server.

    Args:
        timeout: Seconds for the head of a request, and seconds in which a client must take some of a response.
    """

    def __init__(self, timeout: float = TIMEOUT) -> None:
        self.shortage = asyncio.Lock()
        """Held for a client that was accepted and needs more files; none is accepted meanwhile."""
        self._timeout = timeout
        self._open: set[Connection] = set()
        self._unread: dict[Connection, tuple[int, float]] = {}
        """Bytes that clients have not taken, and the time since when they have taken none."""
        self.add: Callable[[Connection], None] = self._open.add
        self.discard: Callable[[Connection], None] = self._open.discard

    def __len__(self) -> int:
        return len(self._open)

    async def close_stalled(self) -> None:
        """Close connections whose request or response stops half way, until this task is cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(self._timeout / _CHECKS)
            now = loop.time()
            self._look_at_unread(now)
            for one in [one for one in self._open if self._is_stalled(one, now)]:
                one.drop()

    def _look_at_unread(self, now: float) -> None:
        known, self._unread = self._unread, {}
        for one in self._open:
            if unread := one.unread:
                before, since = known.get(one, (unread + 1, now))
                self._unread[one] = (unread, since if unread >= before else now)

    def close_idle(self) -> bool:
        """Close some of the connections that have been idle for longest.

        A client gets a moment for its next request. Where too few are idle, those go that have sent and received
        nothing for the time of a head.

        Returns:
            False where there is none to close.
        """
        now = asyncio.get_running_loop().time()
        closable = [
            one for one in self._open if now - one.last_active > (_MOMENT if one.idle else max(_MOMENT, self._timeout))
        ]
        closable.sort(key=lambda one: (not one.idle, one.last_active))
        for one in closable[:_CLOSED_AT_ONCE]:
            self._open.discard(one)  # it is closed in the loop's next turns
            one.drop()
        return bool(closable)

    def _is_stalled(self, one: Connection, now: float) -> bool:
        if one in self._unread and now - self._unread[one][1] > self._timeout:
            return True
        if one.reads_body:
            return now - one.last_active > self._timeout * _BODY
        return one.idle and one.head_since is not None and now - one.head_since > self._timeout


def most_connections() -> int:
    """Return the number of connections beyond which idle ones are closed for new ones.

    An event loop of Windows watches 512 sockets at most, and breaks with one more. A tunnel has two of them.
    """
    return 250 if sys.platform == "win32" else sys.maxsize


def first_reserved_file() -> int:
    """Return the number from which on open files are reserved: a new file gets the lowest number that is free."""
    if sys.platform == "win32":
        return sys.maxsize  # it has no such limit, and handles in place of numbers
    most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return sys.maxsize if most == resource.RLIM_INFINITY else most - min(_RESERVED, most // 4)
