"""Schedule of the events in the account, and the account's time.

Time stands still until a test lets it pass: events that Apple causes after some time wait here.
"""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from itertools import count
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0


class Event(NamedTuple):
    """A change that Apple makes at a time."""

    due: float
    number: int
    description: str
    callback: Callable[[], str | None]
    key: object


class Schedule:
    """Events in the order of their times; events of the same time in the order in which they were scheduled.

    Args:
        clock: Returns the caller's time, in seconds since 1970.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._numbers = count()
        self._work: list[Event] = []
        self._calendar: list[Event] = []
        self._keys: set[object] = set()
        self._moment: float | None = None
        self.passed = 0.0
        """Seconds that the account is ahead of the clock."""

    @property
    def work(self) -> list[Event]:
        """Events that :meth:`finish` waits for, in no order."""
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
            delay: Seconds from the account's present time.
            description: Short description of the event: ``builds 1f0c…: VALID``.
            callback: Runs at the time of the event. It may schedule further events, and may return a description that
                replaces the given one.
            key: Object that the event belongs to; see :meth:`cancel`.
            calendar: The event belongs to a date, such as the expiration of a build after 90 days; :meth:`finish` does
                not wait for it.
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
        """Let time pass, and return the descriptions of the events in it, in order."""
        return list(self.steps(seconds))

    def finish(self) -> list[str]:
        """Let time pass until Apple's work is done, and return the descriptions of the events in it, in order."""
        return list(self.steps(None))

    def steps(self, seconds: float | None) -> Iterator[str]:
        """Let time pass from event to event, and yield the description of each once it has happened.

        Args:
            seconds: Seconds that pass; None until Apple's work is done.
        """
        if seconds is None:
            while self._work and (event := self._next()):
                yield self._run(event)
            return
        until = self.now() + seconds
        while (event := self._next()) and event.due <= until:
            yield self._run(event)
        # Between two steps more time may have passed.
        self.passed = max(self.passed, until - self._clock())

    def happen(self, event: Event) -> str | None:
        """Let one of the work's events happen now, though others were due before it; return its description.

        None where it waits no longer.
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
