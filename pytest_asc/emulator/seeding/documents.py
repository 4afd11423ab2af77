"""Loading and saving of account documents: ``{"data": [{"type", "id", "attributes", "relationships"}, …]}``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_asc.emulator.account.account import members_of, validate_attributes
from pytest_asc.emulator.account.fixture_loader import Entry, read_document, read_sample
from pytest_asc.emulator.account.pacific_time import pacific_day
from pytest_asc.emulator.jsonapi.serializer import cache_rendered
from pytest_asc.emulator.resources import hooks_of
from pytest_asc.emulator.seeding.ledger import measure, sell
from pytest_asc.emulator.seeding.measurements import metrics_of
from pytest_asc.emulator.seeding.resources import relate_parents, sort_members
from pytest_asc.emulator.spec.api_spec import api_spec, depends_on_spec, is_shipped_spec
from pytest_asc.emulator.spec.relationships import is_ordered, relation
from pytest_asc.emulator.spec.type_validation import type_mismatches

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import date
    from os import PathLike

    from pytest_asc.emulator.account.account import Account
    from pytest_asc.emulator.account.ledger import Measurement, Sale
    from pytest_asc.emulator.account.store import Resource
    from pytest_asc.emulator.spec.relationships import Relation

_ENCODER = json.JSONEncoder(ensure_ascii=False)


def load_sample(account: Account) -> None:
    """Add the sample account that ships with the package, without values that the user's OpenAPI document lacks."""
    document, entries = _sample(pacific_day(account.now))
    _add(account, document, entries)


@depends_on_spec
@lru_cache(maxsize=4)
def _sample(day: date) -> tuple[Mapping[str, Any], Mapping[int, Entry]]:
    """Return the document of the sample account for a day, and its checked entries; cached."""
    document = read_sample(day)
    if is_shipped_spec():
        return document, _read_entries(document["data"])
    measured = list(filter(_is_known_measurement, document.get("measurements", ())))
    return {**document, "measurements": measured}, _read_entries(list(map(_without_unknown_members, document["data"])))


def _without_unknown_members(entry: dict[str, Any]) -> dict[str, Any]:
    """Return an entry of the sample account without the members that are not valid in the user's OpenAPI document."""
    value_types, relations = members_of(entry["type"])
    attributes = entry.get("attributes", {})
    bad = [name for name, value in attributes.items() if next(type_mismatches(value_types[name], value), None)]
    relationships = entry.get("relationships", {})
    misled = [
        name
        for name, value in relationships.items()
        if name in relations and not _is_valid_linkage(relations[name], value)
    ]
    return {
        **entry,
        "attributes": {name: attributes[name] for name in attributes if name not in bad},
        "relationships": {name: relationships[name] for name in relationships if name not in misled},
    }


def _is_valid_linkage(relation: Relation | None, value: Mapping[str, Any]) -> bool:
    """Return whether a linkage of the sample account is valid for a relationship of the user's OpenAPI document."""
    data = value.get("data") or []
    linkage = data if isinstance(data, list) else [data]
    return not linkage or (relation is not None and all(one["type"] == relation.target for one in linkage))


def _is_known_measurement(entry: Mapping[str, Any]) -> bool:
    """Return whether the user's OpenAPI document has the metric and the members of a measurement."""
    names = metrics_of(entry["resource"]["type"]).get(entry["metric"])
    return names is not None and entry.keys() - {"resource", "metric", "day"} <= names


class CheckedDocument(dict[str, Any]):
    """An account document whose entries have been checked, and which can be loaded into several accounts.

    Args:
        document: The document.

    Raises:
        ValueError: An entry is not valid.
    """

    def __init__(self, document: Mapping[str, Any]) -> None:
        __tracebackhide__ = True
        super().__init__(document)
        self.entries = _in_listed_order(_read_entries(document["data"]), document.get("recording"))
        """Entries by their index in ``data``, in the order in which they are to be added."""


def check_document(source: str | PathLike[str] | Mapping[str, Any]) -> CheckedDocument:
    """Read a document, and check each of its entries on its own, without its references to others.

    Raises:
        OSError: The file cannot be read.
        ValueError: The content is not an account document, or an entry is not valid.
    """
    __tracebackhide__ = True
    return CheckedDocument(read_document(source))


def load(account: Account, source: str | PathLike[str] | Mapping[str, Any]) -> None:
    """Add the content of a document or a JSON file: ``{"data": [{"type", "id", "attributes", …}, …]}``.

    A relationship may refer to a resource that comes later in the document. Besides ``data``, the document may have
    ``sales`` and ``measurements``, arrays with arguments of :func:`sell` and :func:`measure`, and ``recording``, which
    says how the document was recorded and in which order the account listed its resources.

    Raises:
        OSError: The file cannot be read.
        ValueError: The content is not an account document, or an entry is not valid.
    """
    __tracebackhide__ = True
    document = source if isinstance(source, CheckedDocument) else check_document(source)
    _add(account, document, document.entries)


def _add(account: Account, document: Mapping[str, Any], entries: Mapping[int, Entry]) -> None:
    """Add the resources, sales and measurements of a document.

    Args:
        account: The account.
        document: The document.
        entries: Checked entries by their index in ``data``, in the order in which they are to be added.

    Raises:
        ValueError: An entry is not valid. No resource has been added.
    """
    __tracebackhide__ = True
    for entry in entries.values():
        account.discard_automatic(entry.resource_type, entry.identifier)
    problems = _Problems()
    added: list[Resource] = []
    present = {
        (entry.resource_type, entry.identifier)
        for entry in entries.values()
        if entry.identifier and account.store.stored(entry.resource_type, entry.identifier)
    }
    for index, entry in entries.items():
        with problems.of(index):
            added.append(account.create(entry.resource_type, entry.identifier, entry.attributes))
    if not problems:
        for resource, (index, entry) in zip(added, entries.items(), strict=True):
            with problems.of(index):
                account.relate(resource, entry.relationships)
                relate_parents(account, resource, entry.parents)
    if problems:
        for resource in added:
            known = (resource.type, resource.id)
            if known not in present and account.store.get(*known) is resource:
                account.remove(resource)
        raise ValueError("\n".join(problems))
    for resource in added:
        hooks_of(resource.type).after_add(account, resource)
    _call_for_each(document, "sales", lambda **details: sell(account, **details))
    _call_for_each(document, "measurements", lambda **members: measure(account, **members))


def _read_entries(data: list[Any]) -> dict[int, Entry]:
    """Check each entry on its own, and return the entries by their index in ``data``.

    Raises:
        ValueError: Some entries are not valid; the message has a line for each of them.
    """
    __tracebackhide__ = True
    problems = _Problems()
    entries: dict[int, Entry] = {}
    for index, item in enumerate(data):
        with problems.of(index):
            entry = Entry.read(index, item)
            validate_attributes(entry.resource_type, entry.attributes)
            _attributes, relationships, parents = sort_members(entry.resource_type, entry.relationships)
            entries[index] = entry._replace(relationships=relationships, parents=parents)
    if problems:
        raise ValueError("\n".join(problems))
    return entries


def _in_listed_order(entries: dict[int, Entry], recording: Any) -> dict[int, Entry]:
    """Return the entries in the order in which the recorded account listed them, if the recording has that order."""
    listed = recording.get("listed") if isinstance(recording, Mapping) else None
    if not isinstance(listed, Mapping):
        return entries
    indexes: dict[tuple[str, Any], int] = {
        (resource_type, identifier): index
        for resource_type, ids in listed.items()
        for index, identifier in enumerate(ids if isinstance(ids, list) else ())
        if isinstance(identifier, str)
    }

    def index_of(resource: tuple[str, Any]) -> int:
        return indexes.get(resource, len(indexes))

    def listed_links(entry: Entry) -> Entry:
        links = dict(entry.relationships)
        for name, data in links.items():
            found = relation(entry.resource_type, name)
            if found and isinstance(data, list) and not is_ordered(found):
                links[name] = sorted(data, key=lambda one: index_of((one.get("type"), one.get("id"))))
        return entry._replace(relationships=links)

    ordered = sorted(entries.items(), key=lambda item: index_of((item[1].resource_type, item[1].identifier)))
    return {index: listed_links(entry) for index, entry in ordered}


class _Problems(list[str]):
    """List of the errors in a document, and context manager that catches a ValueError and adds its message.

    It is entered several times for each entry, which :func:`contextlib.contextmanager` would make much slower.
    """

    _index = 0

    def of(self, index: int) -> _Problems:
        """Return the context manager for the entry with this index, which becomes a part of the message."""
        self._index = index
        return self

    def __enter__(self) -> None:
        pass

    def __exit__(self, _: object, error: object, traceback: object) -> bool:
        if not isinstance(error, ValueError):
            return False
        text, place = str(error), f"data[{self._index}]"
        self.append(text if text.startswith(place) else f"{place}: {text}")
        return True


def _call_for_each(document: Mapping[str, Any], name: str, function: Callable[..., None]) -> None:
    """Call a function for each object in an array of the document, with the members as keyword arguments."""
    try:
        for entry in document.get(name, ()):
            function(**entry)
    except TypeError as error:
        raise ValueError(f"{name!r} of the document: {error}") from None


def dump(account: Account) -> dict[str, Any]:
    """Return the whole account as a document: resources, sales and measurements.

    Args:
        account: The account.

    Returns:
        ``{"data": [{"type", "id", "attributes", "relationships"}, …], "sales": […], "measurements": […]}``, without
        ``sales`` and ``measurements`` if there are none.
    """
    return {"data": list(map(account.show, _stored(account))), **_ledger(account)}


def dump_json(account: Account) -> bytes:
    """Return the JSON of :func:`dump`. That of a resource is cached until it changes."""
    resources = b", ".join(one.rendered.get(dump_json) or _render(account, one) for one in _stored(account))
    further = "".join(f', "{name}": {_ENCODER.encode(entries)}' for name, entries in _ledger(account).items())
    return b'{"data": [%b]%b}' % (resources, further.encode("utf-8", "replace"))


def _stored(account: Account) -> Iterator[Resource]:
    for resource_type in api_spec().types:
        yield from account.store.all_stored(resource_type)


def _render(account: Account, resource: Resource) -> bytes:
    rendered = _ENCODER.encode(account.show(resource)).encode("utf-8", "replace")
    return cache_rendered(resource, dump_json, rendered)


def _ledger(account: Account) -> dict[str, list[Any]]:
    """Return the members of a document for sales and measurements, without those that would be empty."""
    members = {
        "sales": [_sale(sale) for sale in account.ledger.sales],
        "measurements": [_measurement(one) for one in account.ledger.measurements],
    }
    return {name: entries for name, entries in members.items() if entries}


def _sale(sale: Sale) -> dict[str, Any]:
    """Return the arguments with which ``sell`` records this sale."""
    return {
        "product": {"type": sale.resource_type, "id": sale.id},
        "units": sale.units,
        "day": sale.day.isoformat(),
        "country": sale.country,
        "product_type": sale.product_type,
        "price": str(sale.price),
        "currency": sale.currency,
        "proceeds": str(sale.proceeds),
        "device": sale.device,
        "version": sale.version,
    }


def _measurement(measurement: Measurement) -> dict[str, Any]:
    """Return the arguments with which ``measure`` records this measurement."""
    owner, names = next(
        (resource_type, metrics_of(resource_type)[measurement.metric])
        for resource_type in reversed(list(measurement.members))
        if measurement.metric in metrics_of(resource_type)
    )
    members = {name: value for name, value in measurement.members.items() if name in names and name != owner}
    resource = {"type": owner, "id": measurement.members[owner]}
    return {"resource": resource, "metric": measurement.metric, "day": measurement.day.isoformat(), **members}


def save(account: Account, path: str | PathLike[str]) -> None:
    """Write the account to a JSON file; see :func:`write_document`.

    Raises:
        OSError: The file cannot be written.
    """
    write_document(dump(account), path)


def write_document(document: Mapping[str, Any], path: str | PathLike[str]) -> None:
    """Write a document to a JSON file that only its owner can read.

    The file is replaced atomically: if writing fails, the old file is still there.

    Args:
        document: A document from :func:`dump`.
        path: Path of the file.

    Raises:
        OSError: The file cannot be written.
    """
    target = Path(path)
    unfinished = target.with_name(f".{target.name}.unfinished")
    unfinished.touch(mode=0o600)
    unfinished.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    unfinished.replace(target)
