"""Comparison: asks both sides the same questions within a budget of live requests."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from pytest_asc.emulator.account.account import members_of
from pytest_asc.emulator.spec.api_spec import api_spec
from pytest_asc.recording.comparison.differences import Difference, differences
from pytest_asc.recording.comparison.known import CHANGED, OTHER_STATE, reason
from pytest_asc.recording.comparison.questions import Question, questions
from pytest_asc.recording.reader import ReadError, unauthorized

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_asc.recording.comparison.recorded_account import RecordedAccount
    from pytest_asc.recording.reader import Reader, Reply

BUDGET = 1500
"""Live requests of a comparison, unless another number is given."""
SCHEMA_VERSION = 1
_OK, _UNAUTHORIZED = 200, 401
_MOST_LOOKED_AT = 5
"""Resources whose state is looked up where a filter finds others than before."""


@dataclass
class Report:
    """Result of a comparison. It holds no value of the account: names, types, codes, ids and links alone."""

    differences: list[Difference] = field(default_factory=list)
    known: list[Difference] = field(default_factory=list)
    """Differences with a known reason."""
    asked: int = 0
    """Number of questions that both sides were asked."""
    left_out: int = 0
    """Number of questions that the budget left out."""

    @property
    def ok(self) -> bool:
        """True if nothing differs but what is known to."""
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
    """Ask the live API and the emulator the same, and report what differs.

    Args:
        account: The recorded account.
        reader: Reads the live API.
        budget: Number of live requests, those that are tried again included.
        advance: Called after each question.

    Raises:
        ReadError: The live API cannot be read.
    """
    report = Report()
    for question in questions(account):
        if reader.sent >= budget:
            report.left_out += 1
            continue
        for difference in _ask(question, account, reader, budget):
            (report.known if difference.known else report.differences).append(difference)
        report.asked += 1
        advance()
    return report


def _ask(question: Question, account: RecordedAccount, reader: Reader, budget: int) -> Iterator[Difference]:
    live, emulator = reader.get(question.path), account.get(question.path)
    if live.status == _UNAUTHORIZED:
        raise ReadError(unauthorized(question.operation.path, live))
    found = list(compare_replies(question, live, emulator, account))
    if question.filtered and found and _has_changed(question, live, emulator, reader, account):
        found = [one._replace(known=one.known or CHANGED) for one in found]
    if not all(one.known for one in found) and _is_in_another_state(question, reader, account):
        found = [one._replace(known=one.known or OTHER_STATE) for one in found]
    yield from found
    links = [_next(live), _next(emulator)]
    if question.pages and all(links) and reader.sent < budget:
        paths = [reader.path_in(str(links[0]), question.path), str(links[1]).removeprefix(account.emulator.base_url)]
        following = question._replace(path=f"{question.path} (next page)")
        yield from compare_replies(following, reader.get(paths[0]), account.get(paths[1]), account)


def _has_changed(question: Question, live: Reply, emulator: Reply, reader: Reader, account: RecordedAccount) -> bool:
    """Return whether every resource that one answer alone has was changed since it was recorded."""
    schema, name = question.operation.schema, question.filtered
    if schema is None or name not in schema.attributes:
        return False
    different = sorted(_ids_of(live) ^ _ids_of(emulator))
    if not different or len(different) > _MOST_LOOKED_AT:
        return False
    for identifier in different:
        path = f"{schema.path}/{quote(identifier, safe='')}"
        if _attribute(reader.get(path), name) == _attribute(account.get(path), name):
            return False
    return True


def _is_in_another_state(question: Question, reader: Reader, account: RecordedAccount) -> bool:
    """Return whether the resource in the path of a related list has a state that it did not have in the recording."""
    operation = question.operation
    path = "/".join(question.path.partition("?")[0].split("/")[:4])
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


def _ids_of(reply: Reply) -> set[str]:
    data = reply.document.get("data") if isinstance(reply.document, dict) else None
    return {str(one.get("id")) for one in (data if isinstance(data, list) else ()) if isinstance(one, dict)}


def _attribute(reply: Reply, name: str | None) -> Any:
    data = reply.document.get("data") if isinstance(reply.document, dict) else None
    attributes = data.get("attributes") if isinstance(data, dict) else None
    return attributes.get(name) if isinstance(attributes, dict) else None


def compare_replies(question: Question, live: Reply, emulator: Reply, account: RecordedAccount) -> Iterator[Difference]:
    """Give the differences of two answers, each with its reason where it is a known one."""
    for one in differences(question.path, live, emulator):
        yield one._replace(known=reason(one, question, live.document, account))


def _next(reply: Reply) -> str | None:
    links = reply.document.get("links") if reply.status == _OK and isinstance(reply.document, dict) else None
    link = links.get("next") if isinstance(links, dict) else None
    return link if isinstance(link, str) else None
