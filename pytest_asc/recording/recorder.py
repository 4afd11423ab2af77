"""Recorder that reads an account as planned, and makes a document of it."""

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
_MAX_FAILURES = 3
"""Number of consecutive requests with a server error after which the whole service is regarded as unavailable."""
FORMAT = 1


class Options(NamedTuple):
    """Options that choose what to record."""

    areas: tuple[str, ...]
    keep: frozenset[str] = frozenset()
    territories: tuple[str, ...] = ("USA",)

    def as_json(self) -> dict[str, Any]:
        """Return the options as a JSON value."""
        return {"areas": [*self.areas], "kept": sorted(self.keep), "territories": [*self.territories]}


class Recorder:
    """Records an account.

    Args:
        reader: Reader of the live API.
        redaction: Redaction of the resources.
        journal: Journal with the pages of an earlier run, to which new pages are added.
        options: Options that choose what to record.
        progress: Display of the progress.
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
        """Number of resources whose type is not in the API spec."""

    @property
    def closed(self) -> Mapping[str, str]:
        """Paths to which the key has no access, each with the code of the error."""
        return self._closed

    @property
    def unread(self) -> tuple[str, ...]:
        """Paths that were not read completely, because of errors other than missing access."""
        return tuple(self._unread)

    def counts(self) -> dict[str, int]:
        """Return the number of recorded resources by type."""
        return self._collector.counts()

    def record(self) -> dict[str, Any]:
        """Read the account, and return it as a document.

        Returns:
            A document for ``load``, with ``data``, and with ``recording``, which says how it was recorded.

        Raises:
            KeptSecretError: A value of a type that is not redacted looks like a key or a token.
            ReadError: The API cannot be read.
            ValueError: A text in the document looks like a key or a token.
        """
        for operation in self._plan.roots():
            before = self._collector.count()
            primary, included = self._read(operation)
            for item in (*primary, *included):
                self._expand(item)
            self._report_progress(operation, self._collector.count() - before)
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
        """Read all pages of a list, or a single resource, with included resources.

        Returns:
            The primary data, and the included resources that are read by no other request.
        """
        found: list[Item] = []
        included: list[Item] = []
        if operation.path in self._closed:
            return found, included
        url: str | None = self._plan.url(operation, identifier, bare=operation.path in self._refused_includes)
        seen: set[str] = set()
        while url:
            if url in seen:
                raise ReadError(f"GET {path_of(url)}: the link to the next page points to a page that was already read")
            seen.add(url)
            page = self._page(url)
            if page.status != _OK:
                if self._retries_without_include(operation, page):
                    return self._read(operation, identifier)
                self._record_unread(operation, identifier, page)
                break
            self._open.add(operation.path)
            found += self._with_empty_links(operation, page.data)
            included += [item for item in page.included if self._plan.is_only_included(item.type)]
            self.unknown += page.unknown
            for item in (*page.data, *page.included):
                self._collector.add(item)
            self._note_order(operation, page)
            self._progress.advance(len(page.data))
            url = page.next
        return found, included

    def _note_order(self, operation: Operation, page: Page) -> None:
        """Remember the order of the listed resources, if it is the one that a recording keeps."""
        if operation.schema and self._plan.lists(operation):
            self._collector.note_order(operation.schema.type, [item.id for item in page.data])
        for item in page.data:
            for name, linkage in item.links.items():
                target = self._plan.listed_by(item.type, name)
                if target:
                    self._collector.note_order(target, linkage.ids)

    def _with_empty_links(self, operation: Operation, items: tuple[Item, ...]) -> tuple[Item, ...]:
        """Add empty linkage for included relationships that a resource does not have, if others on the page do."""
        if operation.path in self._refused_includes or not any(item.links for item in items):
            return items
        empty = dict.fromkeys(self._plan.included(operation), Linkage((), complete=True))
        return tuple(item._replace(links={**empty, **item.links}) for item in items)

    def _retries_without_include(self, operation: Operation, page: Page) -> bool:
        """Return whether to retry without ``include``, since Apple rejects some values that are in its document."""
        refusable = page.status == _BAD_REQUEST or page.status >= _SERVER_ERRORS
        if not refusable or operation.path in self._refused_includes or not self._plan.included(operation):
            return False
        self._refused_includes.add(operation.path)
        return True

    def _record_unread(self, operation: Operation, identifier: str, page: Page) -> None:
        """Remember that a path was not read.

        A 404 means that the related resources were never set. This also applies to the default price schedule of an app
        without prices (observed), which is removed, because it is not a resource of the account.
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
        response = self._reader.get(url)
        if response.status == _UNAUTHORIZED:
            raise ReadError(unauthorized(url, response))
        if response.status == _OK:
            if not isinstance(response.document, dict) or "data" not in response.document:
                raise ReadError(
                    f"GET {path_of(url)}: status 200, but not a JSON document with data. "
                    "Check that the response is from Apple, and not from a proxy or a sign-in page."
                )
            links = response.document.get("links")
            link = links.get("next") if isinstance(links, dict) else None
            following = self._reader.path_in(link, url) if isinstance(link, str) and link else None
            page = make_page(response.document, self._redaction, following)
        else:
            code = response.codes[0] if response.codes else ""
            page = Page(response.status, code if code.replace("_", "").replace(".", "").isalnum() else "")
        self._failures = self._failures + 1 if response.status >= _SERVER_ERRORS else 0
        if self._failures >= _MAX_FAILURES:
            raise ReadError(
                f"GET {path_of(url)}: status {response.status}, the server error number {self._failures} in a row. "
                "Try again later."
            )
        if response.status < _SERVER_ERRORS:
            self._journal.add(url, page.as_json())
        return page

    def _expand(self, item: Item) -> None:
        """Read the related resources of a resource, and their related resources."""
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
                related, included = self._read(step.operation, one.id)
                self._collector.relate(one.type, one.id, step.name, [other.id for other in related])
                waiting += (one for one in (*related, *included) if not self._plan.has_root(one.type))

    def _report_progress(self, operation: Operation, added: int) -> None:
        area = area_of(operation.root)
        if operation.path in self._closed:
            self._progress.tell(f"{area}: {operation.path}, no access with this key ({self._closed[operation.path]})")
        elif added:
            self._progress.tell(f"{area}: {operation.path}, {added} resources, {self._reader.sent} requests so far")

    def _possible_roles(self) -> list[str]:
        """Return the roles that explain which paths were accessible and which were not; none if all were accessible."""
        if not self._closed:
            return []

        def fits(role: str) -> bool:
            return all(_can_read(role, path) for path in self._open) and not any(
                _can_read(role, path) for path in self._closed
            )

        return [role for role in ROLES if fits(role)]


def _can_read(role: str, path: str) -> bool:
    area = role_area_of(path)
    return area is None or role in {"ACCOUNT_HOLDER", *area.roles("GET")}


def closed_areas(closed: Mapping[str, str]) -> Iterator[str]:
    """Yield the areas of paths without access, without duplicates."""
    yield from dict.fromkeys(area_of(path.split("/")[2]) for path in closed)
