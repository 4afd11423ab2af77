"""Open connections of a server: time limits for stalled ones, and closing of idle ones if files run out."""

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
"""Seconds for the head of a request, for a TLS handshake, and for a client to accept some bytes of a response."""

EXHAUSTED = frozenset(
    getattr(errno, name) for name in ("EMFILE", "ENFILE", "ENOBUFS", "ENOMEM", "WSAEMFILE") if hasattr(errno, name)
)
"""Error numbers if a process or the system cannot open more files."""

PAUSE = 0.2
"""Seconds to wait after such an error."""

_BODY_FACTOR = 6
"""Factor by which the timeout of bodies is longer than that of heads: a body may pause for a minute."""
_CHECKS = 10
"""Number of checks of all connections within the timeout."""
_CLOSED_AT_ONCE = 4
_MIN_IDLE = 0.5  # seconds
_RESERVED = 16
"""Number of files that the process can still open when the server starts closing idle connections."""


class Connection(Protocol):
    """An open connection. Times are in seconds, by the clock of the event loop."""

    last_active: float
    """Time when bytes were last received or sent."""
    head_since: float | None
    """Time of the first byte of an incomplete head; undefined while a request is being handled."""
    reads_body: bool
    """True while the body of a request is being received."""

    @property
    def idle(self) -> bool:
        """True if the client is not waiting for a response."""

    @property
    def unread(self) -> int:
        """Number of bytes that are not sent yet, because the client has not read earlier ones."""

    def drop(self) -> None:
        """Close the connection at once."""


class OpenConnections:
    """All connections of a server.

    Args:
        timeout: Seconds for the head of a request, and for a client to accept some bytes of a response.
    """

    def __init__(self, timeout: float = TIMEOUT) -> None:
        self.shortage = asyncio.Lock()
        """Held while an accepted client needs more files; no other client is accepted in the meantime."""
        self._timeout = timeout
        self._open: set[Connection] = set()
        self._unread: dict[Connection, tuple[int, float]] = {}
        """Number of unsent bytes by connection, and the time since when the client has accepted none of them."""
        self.add: Callable[[Connection], None] = self._open.add
        self.discard: Callable[[Connection], None] = self._open.discard

    def __len__(self) -> int:
        return len(self._open)

    async def close_stalled(self) -> None:
        """Close connections with a stalled request or response, until this task is cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(self._timeout / _CHECKS)
            now = loop.time()
            self._update_unread(now)
            for one in [one for one in self._open if self._is_stalled(one, now)]:
                one.drop()

    def _update_unread(self, now: float) -> None:
        known, self._unread = self._unread, {}
        for one in self._open:
            if unread := one.unread:
                before, since = known.get(one, (unread + 1, now))
                self._unread[one] = (unread, since if unread >= before else now)

    def close_idle(self) -> bool:
        """Close some of the connections that have been idle for the longest time.

        Connections that were active within the last half second are kept. If too few are idle, others that have
        neither sent nor received anything for the timeout of a head are closed as well.

        Returns:
            False if there is no connection to close.
        """
        now = asyncio.get_running_loop().time()
        closable = [
            one
            for one in self._open
            if now - one.last_active > (_MIN_IDLE if one.idle else max(_MIN_IDLE, self._timeout))
        ]
        closable.sort(key=lambda one: (not one.idle, one.last_active))
        for one in closable[:_CLOSED_AT_ONCE]:
            self._open.discard(one)  # otherwise it would be listed until the loop's next iterations
            one.drop()
        return bool(closable)

    def _is_stalled(self, one: Connection, now: float) -> bool:
        if one in self._unread and now - self._unread[one][1] > self._timeout:
            return True
        if one.reads_body:
            return now - one.last_active > self._timeout * _BODY_FACTOR
        return one.idle and one.head_since is not None and now - one.head_since > self._timeout


def max_connections() -> int:
    """Return the number of connections above which idle ones are closed for new ones.

    The event loop fails on Windows if it watches more than 512 sockets. A tunnel has two sockets.
    """
    return 250 if sys.platform == "win32" else sys.maxsize


def first_reserved_file() -> int:
    """Return the first file descriptor of the reserve: a new file always gets the lowest unused descriptor."""
    if sys.platform == "win32":
        return sys.maxsize  # Windows has handles and no such limit
    most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return sys.maxsize if most == resource.RLIM_INFINITY else most - min(_RESERVED, most // 4)
