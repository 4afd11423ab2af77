"""Recorder: walks through an account by the plan, and makes a document of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_asc.apple.roles import ROLES, role_area_of
from pytest_asc.emulator.account.fixture_loader import refuse_secrets
from pytest_asc.emulator.spec.api_spec import api_spec
from pytest_asc.recording.areas import area_of, types_of
from pytest_asc.recording.collector import Collector
from pytest_asc.recording.pages import Linkage, Page, make_page
from pytest_asc.recording.plan import Plan
from pytest_asc.recording.reader import ReadError, path_of, unauthorized

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytest_asc.emulator.spec.api_spec import Operation
    from pytest_asc.recording.journal import Journal
    from pytest_asc.recording.pages import Item
    from pytest_asc.recording.progress import Progress
    from pytest_asc.recording.reader import Reader
    from pytest_asc.recording.redaction import Redaction

_OK, _BAD_REQUEST, _UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND, _SERVER_ERRORS = 200, 400, 401, 403, 404, 500
_MOST_FAILURES = 3
"""Requests that fail with a server error one after the other, until the whole service counts as unavailable."""
FORMAT = 1


class Options(NamedTuple):
    """The choice of what to record."""

    areas: tuple[str, ...]
    keep: frozenset[str] = frozenset()
    territories: tuple[str, ...] = ("USA",)

    def as_json(self) -> dict[str, Any]:
        """Return the options as a JSON value."""
        return {"areas": [*self.areas], "kept": sorted(self.keep), "territories": [*self.territories]}


class Recorder:
    """Records an account.

    Args:
        reader: Reads the live API.
        redaction: Redacts what was read.
        journal: Pages that were read before, and those to come.
        options: What to record.
        progress: Shows what is done.
    """

    def __init__(
        self, reader: Reader, redaction: Redaction, journal: Journal, options: Options, progress: Progress
    ) -> None:
        self._reader = reader
        self._redaction = redaction
        self._journal = journal
        self._options = options
        self._progress = progress
        types = types_of(options.areas)
        self._plan = Plan(types, options.territories)
        self._collector = Collector(types)
        self._expanded: set[tuple[str, str]] = set()
        self._closed: dict[str, str] = {}
        self._open: set[str] = set()
        self._unread: dict[str, None] = {}
        self._refused_includes: set[str] = set()
        self._failures = 0
        self.unknown = 0
        """Number of resources of types that the API spec does not have."""

    @property
    def closed(self) -> Mapping[str, str]:
        """Paths that the key has no access to, each with the code of the refusal."""
        return self._closed

    @property
    def unread(self) -> tuple[str, ...]:
        """Paths that were not read in full, for an error that is none of access."""
        return tuple(self._unread)

    def counts(self) -> dict[str, int]:
        """Return the number of resources of each type."""
        return self._collector.counts()

    def record(self) -> dict[str, Any]:
        """Read the account.

        Returns:
            The document that ``load`` reads: ``data``, and ``recording``, which says how it was made.

        Raises:
            KeptSecretError: A value that is to be kept looks like a key or token.
            ReadError: The API cannot be read.
            ValueError: There is text in the document that looks like a key or token.
        """
        for operation in self._plan.roots():
            before = self._collector.count()
            primary, further = self._read(operation)
            for item in (*primary, *further):
                self._expand(item)
            self._tell_about(operation, self._collector.count() - before)
        document = self._collector.document()
        listed = document.pop("listed")
        document["recording"] = {
            "format": FORMAT,
            "api_version": api_spec().version,
            "redacted": True,
            **self._options.as_json(),
            "closed": [{"path": path, "code": code} for path, code in sorted(self._closed.items())],
            "possible_roles": self._possible_roles(),
            "unread": sorted(self._unread),
            "listed": listed,
        }
        refuse_secrets(document)
        return document

    def _read(self, operation: Operation, identifier: str = "") -> tuple[list[Item], list[Item]]:
        """Read all pages of a collection, or the one resource, with what they include.

        Returns:
            The primary data, and those of the included resources that no other request reads.
        """
        found: list[Item] = []
        further: list[Item] = []
        if operation.path in self._closed:
            return found, further
        url: str | None = self._plan.url(operation, identifier, bare=operation.path in self._refused_includes)
        seen: set[str] = set()
        while url:
            if url in seen:
                raise ReadError(f"GET {path_of(url)}: the link to the next page points to a page that was already read")
            seen.add(url)
            page = self._page(url)
            if page.status != _OK:
                if self._retries_bare(operation, page):
                    return self._read(operation, identifier)
                self._note(operation, identifier, page)
                break
            self._open.add(operation.path)
            found += self._with_empty_links(operation, page.data)
            further += [item for item in page.included if self._plan.is_met_alone(item.type)]
            self.unknown += page.unknown
            for item in (*page.data, *page.included):
                self._collector.add(item)
            self._note_order(operation, page)
            self._progress.advance(len(page.data))
            url = page.next
        return found, further

    def _note_order(self, operation: Operation, page: Page) -> None:
        """Note the order in which the account lists resources, where that is the order to keep."""
        if operation.schema and self._plan.lists(operation):
            self._collector.note_order(operation.schema.type, [item.id for item in page.data])
        for item in page.data:
            for name, linkage in item.links.items():
                target = self._plan.listed_by(item.type, name)
                if target:
                    self._collector.note_order(target, linkage.ids)

    def _with_empty_links(self, operation: Operation, items: tuple[Item, ...]) -> tuple[Item, ...]:
        """Return resources with empty linkage where they show none of what was to be included, and others do."""
        if operation.path in self._refused_includes or not any(item.links for item in items):
            return items
        empty = dict.fromkeys(self._plan.included(operation), Linkage((), complete=True))
        return tuple(item._replace(links={**empty, **item.links}) for item in items)

    def _retries_bare(self, operation: Operation, page: Page) -> bool:
        """Return whether to read again without ``include``: Apple refuses some that its document has."""
        refusable = page.status == _BAD_REQUEST or page.status >= _SERVER_ERRORS
        if not refusable or operation.path in self._refused_includes or not self._plan.included(operation):
            return False
        self._refused_includes.add(operation.path)
        return True

    def _note(self, operation: Operation, identifier: str, page: Page) -> None:
        """Note that something was not read.

        A list of what was never set is 404, and so is the one of a price schedule that Apple makes up for an app
        without prices (observed): the schedule is no resource of the account.
        """
        if page.status == _FORBIDDEN:
            if operation.path not in self._open:
                self._closed[operation.path] = page.code
            else:
                self._unread[operation.path] = None
        elif page.status == _NOT_FOUND:
            if operation.many and operation.root.endswith("PriceSchedules"):
                self._collector.remove(operation.root, identifier)
        else:
            self._unread[operation.path] = None
            self._progress.tell(f"GET {operation.path}: not read ({page.status} {page.code})")

    def _page(self, url: str) -> Page:
        kept = self._journal.get(url)
        if kept is not None:
            return Page.from_json(kept)
        reply = self._reader.get(url)
        if reply.status == _UNAUTHORIZED:
            raise ReadError(unauthorized(url, reply))
        if reply.status == _OK:
            if not isinstance(reply.document, dict) or "data" not in reply.document:
                raise ReadError(
                    f"GET {path_of(url)}: status 200, but not a JSON document with data. "
                    "Check that the response is from Apple, and not from a proxy or a sign-in page."
                )
            links = reply.document.get("links")
            link = links.get("next") if isinstance(links, dict) else None
            following = self._reader.path_in(link, url) if isinstance(link, str) and link else None
            page = make_page(reply.document, self._redaction, following)
        else:
            code = reply.codes[0] if reply.codes else ""
            page = Page(reply.status, code if code.replace("_", "").replace(".", "").isalnum() else "")
        self._failures = self._failures + 1 if reply.status >= _SERVER_ERRORS else 0
        if self._failures >= _MOST_FAILURES:
            raise ReadError(
                f"GET {path_of(url)}: status {reply.status}, the server error number {self._failures} in a row. "
                "Try again later."
            )
        if reply.status < _SERVER_ERRORS:
            self._journal.add(url, page.as_json())
        return page

    def _expand(self, item: Item) -> None:
        """Read what a resource's relationships lead to."""
        waiting = [item]
        while waiting:
            one = waiting.pop(0)
            if (one.type, one.id) in self._expanded or "\0" in one.id:
                continue
            self._expanded.add((one.type, one.id))
            for step in self._plan.steps(one.type):
                linkage = one.links.get(step.name)
                if linkage is not None and linkage.complete:
                    continue
                related, further = self._read(step.operation, one.id)
                self._collector.relate(one.type, one.id, step.name, [other.id for other in related])
                waiting += (one for one in (*related, *further) if not self._plan.has_root(one.type))

    def _tell_about(self, operation: Operation, added: int) -> None:
        area = area_of(operation.root)
        if operation.path in self._closed:
            self._progress.tell(f"{area}: {operation.path}, no access with this key ({self._closed[operation.path]})")
        elif added:
            self._progress.tell(f"{area}: {operation.path}, {added} resources, {self._reader.sent} requests so far")

    def _possible_roles(self) -> list[str]:
        """Return the roles that read what was read, and nothing of what was closed; none if nothing was closed."""
        if not self._closed:
            return []

        def fits(role: str) -> bool:
            return all(_reads(role, path) for path in self._open) and not any(
                _reads(role, path) for path in self._closed
            )

        return [role for role in ROLES if fits(role)]


def _reads(role: str, path: str) -> bool:
    area = role_area_of(path)
    return area is None or role in {"ACCOUNT_HOLDER", *area.roles("GET")}


def closed_areas(closed: Mapping[str, str]) -> Iterator[str]:
    """Give the names of the areas of closed paths, each once."""
    yield from dict.fromkeys(area_of(path.split("/")[2]) for path in closed)
