"""Comparison of the live API and the emulator, within a budget of live requests."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from pytest_asc.emulator.account.account import members_of
from pytest_asc.emulator.spec.api_spec import api_spec
from pytest_asc.recording.comparison.compared_requests import ComparedRequest, compared_requests
from pytest_asc.recording.comparison.differences import Difference, differences
from pytest_asc.recording.comparison.known import CHANGED, OTHER_STATE, reason
from pytest_asc.recording.reader import ReadError, unauthorized

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_asc.recording.comparison.recorded_account import RecordedAccount
    from pytest_asc.recording.reader import ApiResponse, Reader

BUDGET = 1500
"""Default maximum number of live requests in a comparison."""
SCHEMA_VERSION = 1
_OK, _UNAUTHORIZED = 200, 401
_MAX_LOOKUPS = 5
"""Maximum number of resources whose state is looked up if a filter finds other resources than in the recording."""


@dataclass
class Report:
    """Result of a comparison. It contains names, types, codes, ids and links, but no values of the account."""

    differences: list[Difference] = field(default_factory=list)
    known: list[Difference] = field(default_factory=list)
    """Differences with a known reason."""
    asked: int = 0
    """Number of requests that were sent to both sides."""
    left_out: int = 0
    """Number of requests that were not sent because of the budget."""

    @property
    def ok(self) -> bool:
        """True if there are no differences other than known ones."""
        return not self.differences

    def as_json(self) -> dict[str, Any]:
        """Return the report as a JSON value."""
        return {
            "schema_version": SCHEMA_VERSION,
            "ok": self.ok,
            "asked": self.asked,
            "left_out": self.left_out,
            "differences": [one.as_json() for one in self.differences],
            "known_differences": [one.as_json() for one in self.known],
        }


def compare(
    account: RecordedAccount, reader: Reader, *, budget: int = BUDGET, advance: Callable[[], None] = lambda: None
) -> Report:
    """Send the same requests to the live API and the emulator, and report the differences.

    Args:
        account: The recorded account.
        reader: Reader of the live API.
        budget: Maximum number of live requests, including retries.
        advance: Function that is called after each request.

    Raises:
        ReadError: The live API cannot be read.
    """
    report = Report()
    for request in compared_requests(account):
        if reader.sent >= budget:
            report.left_out += 1
            continue
        for difference in _compare_responses_to(request, account, reader, budget):
            (report.known if difference.known else report.differences).append(difference)
        report.asked += 1
        advance()
    return report


def _compare_responses_to(
    request: ComparedRequest, account: RecordedAccount, reader: Reader, budget: int
) -> Iterator[Difference]:
    live, emulator = reader.get(request.path), account.get(request.path)
    if live.status == _UNAUTHORIZED:
        raise ReadError(unauthorized(request.operation.path, live))
    found = list(compare_responses(request, live, emulator, account))
    if request.filtered and found and _has_changed(request, live, emulator, reader, account):
        found = [one._replace(known=one.known or CHANGED) for one in found]
    if not all(one.known for one in found) and _is_in_another_state(request, reader, account):
        found = [one._replace(known=one.known or OTHER_STATE) for one in found]
    yield from found
    links = [_next(live), _next(emulator)]
    if request.pages and all(links) and reader.sent < budget:
        paths = [reader.path_in(str(links[0]), request.path), str(links[1]).removeprefix(account.emulator.base_url)]
        following = request._replace(path=f"{request.path} (next page)")
        yield from compare_responses(following, reader.get(paths[0]), account.get(paths[1]), account)


def _has_changed(
    request: ComparedRequest, live: ApiResponse, emulator: ApiResponse, reader: Reader, account: RecordedAccount
) -> bool:
    """Return whether all resources that only one of the responses has were changed since they were recorded."""
    schema, name = request.operation.schema, request.filtered
    if schema is None or name not in schema.attributes:
        return False
    different = sorted(_ids_of(live) ^ _ids_of(emulator))
    if not different or len(different) > _MAX_LOOKUPS:
        return False
    for identifier in different:
        path = f"{schema.path}/{quote(identifier, safe='')}"
        if _attribute(reader.get(path), name) == _attribute(account.get(path), name):
            return False
    return True


def _is_in_another_state(request: ComparedRequest, reader: Reader, account: RecordedAccount) -> bool:
    """Return whether the resource in the path has another state than in the recording."""
    operation = request.operation
    path = "/".join(request.path.partition("?")[0].split("/")[:4])
    template = "/".join(operation.path.split("/")[:4])
    if template == operation.path or api_spec().operation("GET", template) is None:
        return False
    live, recorded = reader.get(path), account.get(path)
    for name, value_type in members_of(operation.root).attributes.items():
        states = api_spec().enum(value_type) or ()
        values = {_attribute(live, name), _attribute(recorded, name)} if states else set()
        if len(values) > 1 and values <= {*states}:
            return True
    return False


def _ids_of(response: ApiResponse) -> set[str]:
    data = response.document.get("data") if isinstance(response.document, dict) else None
    return {str(one.get("id")) for one in (data if isinstance(data, list) else ()) if isinstance(one, dict)}


def _attribute(response: ApiResponse, name: str | None) -> Any:
    data = response.document.get("data") if isinstance(response.document, dict) else None
    attributes = data.get("attributes") if isinstance(data, dict) else None
    return attributes.get(name) if isinstance(attributes, dict) else None


def compare_responses(
    request: ComparedRequest, live: ApiResponse, emulator: ApiResponse, account: RecordedAccount
) -> Iterator[Difference]:
    """Yield the differences between two responses; known ones have their reason."""
    for one in differences(request.path, live, emulator):
        yield one._replace(known=reason(one, request, live.document, account))


def _next(response: ApiResponse) -> str | None:
    links = response.document.get("links") if response.status == _OK and isinstance(response.document, dict) else None
    link = links.get("next") if isinstance(links, dict) else None
    return link if isinstance(link, str) else None
