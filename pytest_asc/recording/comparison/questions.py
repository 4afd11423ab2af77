"""GET requests to ask both sides, generated from the catalogue: the plain ones first, then their parameters."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote, urlencode

from pytest_asc.emulator.operations.reads import EMULATED
from pytest_asc.emulator.spec.api_spec import api_spec
from pytest_asc.emulator.spec.relationships import relation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_asc.emulator.spec.api_spec import Operation
    from pytest_asc.emulator.spec.compiled_format import ValueType
    from pytest_asc.recording.comparison.recorded_account import RecordedAccount

_UNKNOWN_ID = "00000000-0000-4000-8000-000000000000"
_UNKNOWN_NAME = "noSuchName"
_PRICE_POINTS = "PricePoints"
_CANDIDATES = 20
"""Resources that are looked at for one whose relationship leads to others."""


class Question(NamedTuple):
    """A GET request to compare the answers to."""

    operation: Operation
    path: str
    """Path and query."""
    sort: str | None = None
    """Name of the attribute that the answer is sorted by."""
    filtered: str | None = None
    """Name of the attribute that the answer is filtered by."""
    pages: bool = False
    """Ask for the next page as well."""


class _Target(NamedTuple):
    """An operation, and the path of a resource for it."""

    operation: Operation
    path: str
    query: dict[str, str]
    """Parameters that each request needs."""

    def ask(
        self,
        query: dict[str, str] | None = None,
        *,
        sort: str | None = None,
        filtered: str | None = None,
        pages: bool = False,
    ) -> Question:
        pairs = {**self.query, **(query or {})}
        text = urlencode(pairs, safe="[],-")
        return Question(self.operation, f"{self.path}?{text}" if text else self.path, sort, filtered, pages)


def questions(account: RecordedAccount) -> Iterator[Question]:
    """Give the questions, those about collections first: a budget may end them anywhere."""
    collections: list[_Target] = []
    others: list[_Target] = []
    for target in _targets(account):
        (others if "{id}" in target.operation.path else collections).append(target)
    for targets in (collections, others):
        for target in targets:
            yield target.ask()
        for ask in (_pages, _sorts, _missing, _wrong, _includes, _fields, _filters):
            for target in targets:
                yield from ask(target, account)


def _targets(account: RecordedAccount) -> Iterator[_Target]:
    for path in api_spec().paths:
        operation = api_spec().operation("GET", path)
        if operation is None or operation.action not in EMULATED or path in account.skipped_paths:
            continue
        target_type = operation.schema.type if operation.schema else operation.linkage
        if target_type not in account.types or target_type.endswith(_PRICE_POINTS):
            continue
        query = _required(operation, account)
        if query is None or not account.can_list(operation, target_type):
            continue
        if account.territories and "territory" in operation.filters and target_type.endswith("Prices"):
            query["filter[territory]"] = ",".join(account.territories)
        if "{id}" not in path:
            yield _Target(operation, path, query)
        elif operation.root in account.types and not operation.root.endswith(_PRICE_POINTS):
            identifier = _representative(operation, query, account)
            if identifier is not None:
                yield _Target(operation, _with_id(operation, identifier), query)


def _required(operation: Operation, account: RecordedAccount) -> dict[str, str] | None:
    """Return the parameters that an operation requires; None if there is nothing to ask for."""
    query = {}
    for name in sorted(operation.required):
        value = _filter_value(operation, name[7:-1], account) if name.startswith("filter[") else None
        if value is None:
            return None
        query[name] = value
    return query


def _representative(operation: Operation, query: dict[str, str], account: RecordedAccount) -> str | None:
    """Return the id of a resource for a path: of one that the operation has data for, if there is one."""
    version = operation.path.split("/")[1]
    if not any(schema.version == version for schema in api_spec().schemas_of(operation.root)):
        return None
    ids = account.ids(operation.root)[:_CANDIDATES]
    text = urlencode(query)
    for identifier in ids:
        reply = account.get(f"{_with_id(operation, identifier)}?{text}")
        if isinstance(reply.document, dict) and reply.document.get("data"):
            return identifier
    return ids[0] if ids else None


def _with_id(operation: Operation, identifier: str) -> str:
    return operation.path.replace("{id}", quote(identifier, safe=""))


def _includes(target: _Target, account: RecordedAccount) -> Iterator[Question]:
    schema = target.operation.schema
    if schema is None:
        return
    names = []
    for name in sorted(target.operation.include):
        found = relation(schema.type, name)
        if found and found.target in account.types and not (found.many and found.target.endswith(_PRICE_POINTS)):
            names.append(name)
    for name in names:
        yield target.ask({"include": name})


def _fields(target: _Target, _account: RecordedAccount) -> Iterator[Question]:
    schema = target.operation.schema
    known = target.operation.fields.get(schema.type) if schema else None
    if schema and known:
        names = [name for name in (*schema.attributes, *schema.relationships) if name in known]
        yield target.ask({f"fields[{schema.type}]": ",".join([*names[:2], *names[-1:]])})
        yield target.ask({f"fields[{schema.type}]": names[0]})


def _pages(target: _Target, _account: RecordedAccount) -> Iterator[Question]:
    if target.operation.many and target.operation.limit:
        yield target.ask({"limit": "1"}, pages=True)
        yield target.ask({"limit": str(target.operation.limit)})


def _sorts(target: _Target, _account: RecordedAccount) -> Iterator[Question]:
    for name in sorted(target.operation.sort):
        yield target.ask({"sort": name}, sort=name.removeprefix("-"))


def _missing(target: _Target, _account: RecordedAccount) -> Iterator[Question]:
    if "{id}" in target.operation.path:
        yield target._replace(path=_with_id(target.operation, _UNKNOWN_ID)).ask()


def _wrong(target: _Target, _account: RecordedAccount) -> Iterator[Question]:
    schema = target.operation.schema
    yield target.ask({_UNKNOWN_NAME: "1"})
    yield target.ask({f"filter[{_UNKNOWN_NAME}]": "1"})
    yield target.ask({"include": _UNKNOWN_NAME})
    yield target.ask({"sort": _UNKNOWN_NAME})
    if schema:
        yield target.ask({f"fields[{schema.type}]": _UNKNOWN_NAME})
    if target.operation.many:
        yield target.ask({"limit": "0"})
        yield target.ask({"limit": str((target.operation.limit or 200) + 1)})
    for name, value_type in sorted(target.operation.filters.items()):
        if api_spec().enum(value_type):
            yield target.ask({f"filter[{name}]": "NO_SUCH_VALUE"})
            return


def _filters(target: _Target, account: RecordedAccount) -> Iterator[Question]:
    for name in sorted(target.operation.filters):
        value = _filter_value(target.operation, name, account)
        if value is not None and f"filter[{name}]" not in target.query:
            yield target.ask({f"filter[{name}]": value}, filtered=name)
    schema = target.operation.schema
    for name in sorted(target.operation.exists):
        found = relation(schema.type, name) if schema else None
        if found and found.target not in account.types:
            continue
        yield target.ask({f"exists[{name}]": "true"})
        yield target.ask({f"exists[{name}]": "false"})


def _filter_value(operation: Operation, name: str, account: RecordedAccount) -> str | None:
    """Return a value for a filter: one that the account has and that nobody minds; None if there is none."""
    schema = operation.schema
    if schema is None or "." in name:
        return None
    if name == "id":
        return next(iter(account.ids(schema.type)), None)
    found = relation(schema.type, name)
    if found:
        return next(iter(account.ids(found.target)), None)
    if name in schema.attributes:
        # The most frequent value: one that few have may be of something that is under way.
        texts = filter(None, (_text(value, schema.attributes[name]) for value in account.values(schema.type, name)))
        return next((text for text, _ in Counter(texts).most_common(1)), None)
    allowed = api_spec().enum(operation.filters[name])
    return allowed[0] if allowed else None


def _text(value: object, value_type: ValueType) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    is_plain = isinstance(value, (str, int, float)) and not isinstance(value_type, (list, dict))
    return str(value) if is_plain else None
