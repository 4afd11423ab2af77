"""Rate limit of each key: requests within the last hour."""

from __future__ import annotations

from collections import deque

RATE_LIMIT = 3600  # observed: requests in an hour, for each key
_HOUR_SECONDS = 3600.0


class RateLimiter:
    """Counts the requests of each key within a sliding hour."""

    EXCEEDED = -1

    def __init__(self) -> None:
        self._windows: dict[str, _Window] = {}

    def count(self, key_id: str, now: float, limit: int) -> int:
        """Count a request, unless the limit is reached.

        Args:
            key_id: The key that signed it.
            now: Seconds since 1970.
            limit: Requests in an hour.

        Returns:
            The number of requests left, or ``EXCEEDED``.
        """
        window = self._windows.get(key_id)
        if window is None:
            window = self._windows[key_id] = _Window()
        times = window.times
        while times and times[0][0] <= now - _HOUR_SECONDS:
            window.requests -= times.popleft()[1]
        if window.requests >= limit:
            return self.EXCEEDED
        window.requests += 1
        if len(times) > RATE_LIMIT and int(times[-1][0]) == int(now):
            times[-1] = (times[-1][0], times[-1][1] + 1)  # so that a higher limit costs no more memory
        else:
            times.append((now, 1))
        return limit - window.requests


class UnlimitedRate(RateLimiter):
    """Allows any number of requests; each response shows that one of the limit's has been used."""

    def count(self, key_id: str, now: float, limit: int) -> int:  # noqa: ARG002  the interface's
        """Return the number of requests left."""
        return limit - 1


class _Window:
    """Requests of a key within the last hour."""

    __slots__ = ("requests", "times")

    def __init__(self) -> None:
        self.requests = 0
        self.times: deque[tuple[float, int]] = deque()
        """Times, in seconds since 1970, each with its number of requests."""
