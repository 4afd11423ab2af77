"""GET requests for a comparison, generated from the API spec: first without optional parameters, then with them."""

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
"""Maximum number of resources among which one is searched that has related resources."""


class ComparedRequest(NamedTuple):
    """A GET request whose responses are compared."""

    operation: Operation
    path: str
    """Path and query."""
    sort: str | None = None
    """Attribute by which the response is sorted."""
    filtered: str | None = None
    """Attribute by which the response is filtered."""
    pages: bool = False
    """True to compare the next page as well."""


class _Target(NamedTuple):
    """An operation with the path of a resource."""

    operation: Operation
    path: str
    query: dict[str, str]
    """Required parameters of each request."""

    def request(
        self,
        query: dict[str, str] | None = None,
        *,
        sort: str | None = None,
        filtered: str | None = None,
        pages: bool = False,
    ) -> ComparedRequest:
        pairs = {**self.query, **(query or {})}
        text = urlencode(pairs, safe="[],-")
        return ComparedRequest(self.operation, f"{self.path}?{text}" if text else self.path, sort, filtered, pages)


def compared_requests(account: RecordedAccount) -> Iterator[ComparedRequest]:
    """Yield the requests, those for collections first, because the budget may end the comparison at any time."""
    collections: list[_Target] = []
    others: list[_Target] = []
    for target in _targets(account):
        (others if "{id}" in target.operation.path else collections).append(target)
    for targets in (collections, others):
        for target in targets:
            yield target.request()
        for make_requests in (_pages, _sorts, _missing, _wrong, _includes, _fields, _filters):
            for target in targets:
                yield from make_requests(target, account)


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
    """Return the required parameters of an operation; None if the account has no values for them."""
    query = {}
    for name in sorted(operation.required):
        value = _filter_value(operation, name[7:-1], account) if name.startswith("filter[") else None
        if value is None:
            return None
        query[name] = value
    return query


def _representative(operation: Operation, query: dict[str, str], account: RecordedAccount) -> str | None:
    """Return the id of a resource for the path of an operation, preferably one with a non-empty response."""
    version = operation.path.split("/")[1]
    if not any(schema.version == version for schema in api_spec().schemas_of(operation.root)):
        return None
    ids = account.ids(operation.root)[:_CANDIDATES]
    text = urlencode(query)
    for identifier in ids:
        response = account.get(f"{_with_id(operation, identifier)}?{text}")
        if isinstance(response.document, dict) and response.document.get("data"):
            return identifier
    return ids[0] if ids else None


def _with_id(operation: Operation, identifier: str) -> str:
    return operation.path.replace("{id}", quote(identifier, safe=""))


def _includes(target: _Target, account: RecordedAccount) -> Iterator[ComparedRequest]:
    schema = target.operation.schema
    if schema is None:
        return
    names = []
    for name in sorted(target.operation.include):
        found = relation(schema.type, name)
        if found and found.target in account.types and not (found.many and found.target.endswith(_PRICE_POINTS)):
            names.append(name)
    for name in names:
        yield target.request({"include": name})


def _fields(target: _Target, _account: RecordedAccount) -> Iterator[ComparedRequest]:
    schema = target.operation.schema
    known = target.operation.fields.get(schema.type) if schema else None
    if schema and known:
        names = [name for name in (*schema.attributes, *schema.relationships) if name in known]
        yield target.request({f"fields[{schema.type}]": ",".join([*names[:2], *names[-1:]])})
        yield target.request({f"fields[{schema.type}]": names[0]})


def _pages(target: _Target, _account: RecordedAccount) -> Iterator[ComparedRequest]:
    if target.operation.many and target.operation.limit:
        yield target.request({"limit": "1"}, pages=True)
        yield target.request({"limit": str(target.operation.limit)})


def _sorts(target: _Target, _account: RecordedAccount) -> Iterator[ComparedRequest]:
    for name in sorted(target.operation.sort):
        yield target.request({"sort": name}, sort=name.removeprefix("-"))


def _missing(target: _Target, _account: RecordedAccount) -> Iterator[ComparedRequest]:
    if "{id}" in target.operation.path:
        yield target._replace(path=_with_id(target.operation, _UNKNOWN_ID)).request()


def _wrong(target: _Target, _account: RecordedAccount) -> Iterator[ComparedRequest]:
    schema = target.operation.schema
    yield target.request({_UNKNOWN_NAME: "1"})
    yield target.request({f"filter[{_UNKNOWN_NAME}]": "1"})
    yield target.request({"include": _UNKNOWN_NAME})
    yield target.request({"sort": _UNKNOWN_NAME})
    if schema:
        yield target.request({f"fields[{schema.type}]": _UNKNOWN_NAME})
    if target.operation.many:
        yield target.request({"limit": "0"})
        yield target.request({"limit": str((target.operation.limit or 200) + 1)})
    for name, value_type in sorted(target.operation.filters.items()):
        if api_spec().enum(value_type):
            yield target.request({f"filter[{name}]": "NO_SUCH_VALUE"})
            return


def _filters(target: _Target, account: RecordedAccount) -> Iterator[ComparedRequest]:
    for name in sorted(target.operation.filters):
        value = _filter_value(target.operation, name, account)
        if value is not None and f"filter[{name}]" not in target.query:
            yield target.request({f"filter[{name}]": value}, filtered=name)
    schema = target.operation.schema
    for name in sorted(target.operation.exists):
        found = relation(schema.type, name) if schema else None
        if found and found.target not in account.types:
            continue
        yield target.request({f"exists[{name}]": "true"})
        yield target.request({f"exists[{name}]": "false"})


def _filter_value(operation: Operation, name: str, account: RecordedAccount) -> str | None:
    """Return a harmless value for a filter that occurs in the account; None if there is none."""
    schema = operation.schema
    if schema is None or "." in name:
        return None
    if name == "id":
        return next(iter(account.ids(schema.type)), None)
    found = relation(schema.type, name)
    if found:
        return next(iter(account.ids(found.target)), None)
    if name in schema.attributes:
        # The most frequent value, since a rare value may be that of a transient state.
        texts = filter(None, (_text(value, schema.attributes[name]) for value in account.values(schema.type, name)))
        return next((text for text, _ in Counter(texts).most_common(1)), None)
    allowed = api_spec().enum(operation.filters[name])
    return allowed[0] if allowed else None


def _text(value: object, value_type: ValueType) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    is_plain = isinstance(value, (str, int, float)) and not isinstance(value_type, (list, dict))
    return str(value) if is_plain else None
