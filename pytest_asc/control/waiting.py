"""A client that waits for Apple's work: it has seen the work pending, and reads it once more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_asc.emulator.account.store import Resource

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_asc.emulator.account.account import Account
    from pytest_asc.emulator.http_models import Request, Response

RECORDER = "pytest-asc-recorder"
"""User agent of a client that reads an account as it is, and waits for nothing."""

_READS = frozenset({"GET", "HEAD"})
_HUBS = frozenset({"apps", "territories"})
"""Types that are related to everything: to see one is not to see the work."""
_STEPS = 2
"""A submission is two steps from the versions in it, by its items."""
_MOST_EVENTS = 200
"""Pending events that are looked for in a response."""


class WaitingClient:
    """Lets a pending event happen when a client reads what it is about for the second time.

    Nothing happens before a client has seen it pending, and writes let nothing happen: what was submitted can be
    cancelled. A client that reads the same again gets the next state; a recorder does not.
    """

    def __init__(self) -> None:
        self._seen: dict[int, set[str]] = {}
        """By the number of an event: paths and queries of the reads that have shown what it is about."""

    def forget(self) -> None:
        """Forget what was seen."""
        self._seen.clear()

    def before(self, request: Request, account: Account) -> None:
        """Let the events happen that this client has seen and asks about again."""
        if not self._seen or not _may_wait(request):
            return
        schedule = account.schedule
        for event in [event for event in schedule.work if event.number in self._seen]:
            if request.url in self._seen[event.number] or _shows(request.url, event.key, account):
                schedule.run_now(event)
                self._seen.pop(event.number, None)

    def after(self, request: Request, response: Response, account: Account) -> None:
        """Note the pending events whose resources a response shows."""
        if not _may_wait(request):
            return
        pending = account.schedule.work[:_MOST_EVENTS]
        numbers = {event.number for event in pending}
        for number in self._seen.keys() - numbers:
            del self._seen[number]
        body = response.body.decode("utf-8", "replace")
        for event in pending:
            if _shows(body, event.key, account):
                self._seen.setdefault(event.number, set()).add(request.url)


def _may_wait(request: Request) -> bool:
    return request.method in _READS and request.header("User-Agent") != RECORDER


def _shows(text: str, subject: object, account: Account) -> bool:
    """Return whether a text has the id of an event's resource, or of one that is near it."""
    if not isinstance(subject, Resource):
        return True
    return any(one.id in text for one in _near(subject, account))


def _near(subject: Resource, account: Account) -> Iterator[Resource]:
    found = {(subject.type, subject.id): subject}
    border = [subject]
    for _ in range(_STEPS):
        border = [
            neighbour
            for resource in border
            for neighbour in account.related(resource)
            if neighbour.type not in _HUBS and found.setdefault((neighbour.type, neighbour.id), neighbour) is neighbour
        ]
    yield from found.values()
