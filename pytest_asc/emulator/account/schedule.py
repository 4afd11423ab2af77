"""What is still to happen in the account, and the account's own time.

Nothing happens by itself: what Apple does in time waits here until a test lets the time pass.
"""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from itertools import count
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0


class _Event(NamedTuple):
    due: float
    number: int
    what: str
    then: Callable[[], str | None]
    of: object


class Schedule:
    """Events in the order of their times, and of their planning where those are the same.

    Args:
        clock: Gives the caller's time, in seconds since 1970.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._numbers = count()
        self._work: list[_Event] = []
        self._calendar: list[_Event] = []
        self._subjects: set[object] = set()
        self._moment: float | None = None
        self.passed = 0.0
        """Seconds that the account is ahead of the clock."""

    def now(self) -> float:
        """The account's time, in seconds since 1970; while something happens, the time at which it does."""
        return self._clock() + self.passed if self._moment is None else self._moment

    def at(
        self,
        delay: float,
        what: str,
        then: Callable[[], str | None],
        *,
        of: object = None,
        calendar: bool = False,
    ) -> None:
        """Plan an event.

        Args:
            delay: Seconds from the account's now.
            what: What happens, in a few words: ``builds 1f0c…: VALID``.
            then: Makes it happen. It may plan more, and may return what has happened where only that shows it.
            of: What it happens to; see :meth:`forget`.
            calendar: It comes with its day, as the end of a build's 90 days does, and not when Apple has finished
                something that is waited for.
        """
        self._subjects.add(of)
        event = _Event(self.now() + delay, next(self._numbers), what, then, of)
        heappush(self._calendar if calendar else self._work, event)

    def forget(self, of: object) -> None:
        """Let nothing happen any more to something."""
        if of not in self._subjects:
            return
        self._subjects.discard(of)
        for events in (self._work, self._calendar):
            events[:] = [event for event in events if event.of is not of]
            heapify(events)

    def advance(self, seconds: float) -> list[str]:
        """Let time pass: what happened in it, in order."""
        until = self.now() + seconds
        happened = []
        while (event := self._next()) and event.due <= until:
            happened.append(self._happen(event))
        self.passed = until - self._clock()
        return happened

    def finish(self) -> list[str]:
        """Let time pass until Apple has nothing left to finish: what happened in it, in order."""
        happened = []
        while self._work and (event := self._next()):
            happened.append(self._happen(event))
        return happened

    def _next(self) -> _Event | None:
        return min((events[0] for events in (self._work, self._calendar) if events), default=None)

    def _happen(self, event: _Event) -> str:
        heappop(self._work if self._work and self._work[0] is event else self._calendar)
        moment = self._moment = max(event.due, self.now())
        try:
            return event.then() or event.what
        finally:
            self._moment = None
            self.passed = moment - self._clock()
