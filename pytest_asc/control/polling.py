"""Detection of clients that poll for the end of Apple's work, to finish the work when they poll again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_asc.emulator.account.store import Resource

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_asc.emulator.account.account import Account
    from pytest_asc.emulator.account.schedule import Event
    from pytest_asc.emulator.http_models import Request, Response

RECORDER = "pytest-asc-recorder"
"""User agent of the recorder, which reads the account without waiting for anything."""

_READS = frozenset({"GET", "HEAD"})
_OK = 200
_RELATED_TO_ALL = frozenset({"apps", "territories"})
"""Types that are related to almost all others: reading one of them is not polling for a related resource."""
_MAX_STEPS = 2
"""Maximum distance of related resources: a submission is two steps from its versions, by way of its items."""
_MAX_EVENTS = 200
"""Maximum number of pending events whose resources are searched for in a response."""
_MAX_SEARCHED = 64
"""Maximum number of responses that are kept, to be recognised when they are sent again."""
_MAX_SEARCHED_LENGTH = 2**18
"""Maximum length of the URL and the body of a response that is kept."""


class PollDetector:
    """Runs a pending event when a client reads the resource that the event is about for the second time.

    A client always sees the pending state first, and then gets the next state each time it reads the resource again.
    Requests that write run no events, so that a client can still cancel what it has submitted. Neither do requests of
    the recorder.
    """

    def __init__(self) -> None:
        self._seen: dict[int, set[str]] = {}
        """URLs of reads that have shown the resource of an event, by the number of the event."""
        self._ids: dict[int, tuple[str, ...]] = {}
        """Ids of the resource of an event and of resources near it, by the number of the event."""
        self._ids_until: tuple[object, int] = (None, 0)
        """Account and number of changes for which these ids are right."""
        self._searched: dict[str, bytes] = {}
        """Latest responses by URL, which need not be searched again."""
        self._searched_for: list[tuple[int, tuple[str, ...]]] = []
        """Numbers of the pending events with the ids for which they were searched."""

    def forget(self) -> None:
        """Forget all reads."""
        self._seen.clear()
        self._searched.clear()

    def before_request(self, request: Request, account: Account) -> None:
        """Before a request is handled, run the events whose resources it reads again."""
        if not self._seen or not _is_poll(request):
            return
        schedule = account.schedule
        for event in [event for event in schedule.work if event.number in self._seen]:
            if request.url in self._seen[event.number] or _contains(request.url, self._ids_of(event, account)):
                schedule.run_now(event)
                self._seen.pop(event.number, None)

    def after_response(self, request: Request, response: Response, account: Account) -> None:
        """After a request was handled, remember the pending events whose resources the response shows."""
        if response.status != _OK or not _is_poll(request):
            return
        pending = [(event.number, self._ids_of(event, account)) for event in account.schedule.work[:_MAX_EVENTS]]
        if pending != self._searched_for:
            self._searched_for = pending
            self._searched.clear()
        elif self._searched.get(request.url) == response.body:
            return
        for number in self._seen.keys() - dict(pending):
            del self._seen[number]
        body = response.body.decode("utf-8", "replace")
        for number, ids in pending:
            if _contains(body, ids):
                self._seen.setdefault(number, set()).add(request.url)
        if len(self._searched) >= _MAX_SEARCHED:
            self._searched.clear()
        if len(request.url) + len(response.body) <= _MAX_SEARCHED_LENGTH:
            self._searched[request.url] = response.body

    def _ids_of(self, event: Event, account: Account) -> tuple[str, ...]:
        """Return the ids whose presence shows an event's resource; an empty one is in every text."""
        now = (account.store, account.store.changes)
        if now != self._ids_until:
            self._ids_until = now
            self._ids.clear()
        ids = self._ids.get(event.number)
        if ids is None:
            subject = event.key
            ids = tuple(one.id for one in _near(subject, account)) if isinstance(subject, Resource) else ("",)
            self._ids[event.number] = ids
        return ids


def _is_poll(request: Request) -> bool:
    return request.method in _READS and request.header("User-Agent") != RECORDER


def _contains(text: str, ids: tuple[str, ...]) -> bool:
    return any(one in text for one in ids)


def _near(subject: Resource, account: Account) -> Iterator[Resource]:
    found = {(subject.type, subject.id): subject}
    border = [subject]
    for _ in range(_MAX_STEPS):
        border = [
            neighbour
            for resource in border
            for neighbour in account.related(resource)
            if neighbour.type not in _RELATED_TO_ALL
            and found.setdefault((neighbour.type, neighbour.id), neighbour) is neighbour
        ]
    yield from found.values()
