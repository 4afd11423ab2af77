"""Schedule of future events in the account, and the account's time.

What Apple would do after some time is an event here. It happens only when a test advances the account's time.
"""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from itertools import count
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
HUNDRED_YEARS = 3_200_000_000
"""Maximum number of seconds by which a test can shift or advance a clock. Later dates could not be formatted."""


class Event(NamedTuple):
    """A change that Apple makes at a certain time."""

    due: float
    number: int
    description: str
    callback: Callable[[], str | None]
    key: object


class Schedule:
    """Events in the order of their times; events of the same time in the order in which they were scheduled.

    Args:
        clock: Function that returns the caller's time, in seconds since 1970.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._numbers = count()
        self._work: list[Event] = []
        self._calendar: list[Event] = []
        self._keys: set[object] = set()
        self._moment: float | None = None
        self.passed = 0.0
        """Seconds by which the account's time is ahead of the clock."""

    @property
    def work(self) -> list[Event]:
        """Events that :meth:`finish` waits for, in no particular order."""
        return self._work

    def now(self) -> float:
        """Return the account's time, in seconds since 1970; in the callback of an event, the time of the event."""
        return self._clock() + self.passed if self._moment is None else self._moment

    def call_later(
        self,
        delay: float,
        description: str,
        callback: Callable[[], str | None],
        *,
        key: object = None,
        calendar: bool = False,
    ) -> None:
        """Schedule an event.

        Args:
            delay: Seconds from the account's current time.
            description: Short description of the event: ``builds 1f0c…: VALID``.
            callback: Function to call at the time of the event. It may schedule further events, and may return a
                description that replaces the given one.
            key: Object that the event belongs to; see :meth:`cancel`.
            calendar: True if the event has a fixed date, such as the expiration of a build after 90 days;
                :meth:`finish` does not wait for it.
        """
        self._keys.add(key)
        event = Event(self.now() + delay, next(self._numbers), description, callback, key)
        heappush(self._calendar if calendar else self._work, event)

    def cancel(self, key: object) -> None:
        """Remove all events with a key."""
        if key not in self._keys:
            return
        self._keys.discard(key)
        for events in (self._work, self._calendar):
            events[:] = [event for event in events if event.key is not key]
            heapify(events)

    def advance(self, seconds: float) -> list[str]:
        """Advance the time by some seconds, and return the descriptions of the events that happened, in order."""
        return list(self.steps(seconds))

    def finish(self) -> list[str]:
        """Advance the time until Apple's work is done, and return the descriptions of the events that happened."""
        return list(self.steps(None))

    def steps(self, seconds: float | None) -> Iterator[str]:
        """Advance the time from event to event, and yield the description of each event that has happened.

        Args:
            seconds: Seconds to advance; None to advance until Apple's work is done.
        """
        if seconds is None:
            while self._work and (event := self._next()):
                yield self._run(event)
            return
        until = self.now() + seconds
        while (event := self._next()) and event.due <= until:
            yield self._run(event)
        # The caller of this generator may have advanced the time further between two steps.
        self.passed = max(self.passed, until - self._clock())

    def run_now(self, event: Event) -> str | None:
        """Run one of the events of :attr:`work` now, even if others are due before it.

        Returns:
            The description of the event; None if it has already happened or was cancelled.
        """
        if event not in self._work:
            return None
        self._work.remove(event)
        heapify(self._work)
        return self._call(event)

    def _next(self) -> Event | None:
        return min((events[0] for events in (self._work, self._calendar) if events), default=None)

    def _run(self, event: Event) -> str:
        heappop(self._work if self._work and self._work[0] is event else self._calendar)
        return self._call(event)

    def _call(self, event: Event) -> str:
        moment = self._moment = max(event.due, self.now())
        try:
            return event.callback() or event.description
        finally:
            self._moment = None
            self.passed = moment - self._clock()
