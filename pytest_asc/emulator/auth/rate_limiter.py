"""Rate limit of each key: requests within the last hour."""

from __future__ import annotations

from collections import deque

RATE_LIMIT = 3600  # observed: requests in an hour, for each key
_HOUR_SECONDS = 3600.0


class RateLimiter:
    """Counts the requests of each key within a sliding hour."""

    EXCEEDED = -1

    def __init__(self) -> None:
        self._times: dict[str, deque[float]] = {}

    def count(self, key_id: str, now: float, limit: int) -> int:
        """Count a request, unless the limit is reached.

        Args:
            key_id: The key that signed it.
            now: Seconds since 1970.
            limit: Requests in an hour.

        Returns:
            The number of requests left, or ``EXCEEDED``.
        """
        times = self._times.get(key_id)
        if times is None:
            times = self._times[key_id] = deque()
        while times and times[0] <= now - _HOUR_SECONDS:
            times.popleft()
        if len(times) >= limit:
            return self.EXCEEDED
        times.append(now)
        return limit - len(times)
