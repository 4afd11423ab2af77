"""Rate limit: number of requests that each key may send within an hour."""

from __future__ import annotations

from collections import deque

RATE_LIMIT = 3600  # requests per hour for each key (observed)
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
            limit: Allowed number of requests within an hour.

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
            times[-1] = (times[-1][0], times[-1][1] + 1)  # one entry a second bounds the memory for high limits
        else:
            times.append((now, 1))
        return limit - window.requests


class UnlimitedRate(RateLimiter):
    """Rate limiter that refuses no request, and always reports that one request of the limit has been used."""

    def count(self, key_id: str, now: float, limit: int) -> int:  # noqa: ARG002  the signature of the base class
        """Return the number of requests left."""
        return limit - 1


class _Window:
    """Requests of a key within the last hour."""

    __slots__ = ("requests", "times")

    def __init__(self) -> None:
        self.requests = 0
        self.times: deque[tuple[float, int]] = deque()
        """Times in seconds since 1970, oldest first, each with the number of requests at that time."""
