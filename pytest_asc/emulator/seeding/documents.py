"""Documents of an account: ``{"data": [{"type", "id", "attributes", "relationships"}, …]}``, read and written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_asc.emulator.account.account import members_of, validate_attributes
from pytest_asc.emulator.account.fixture_loader import Entry, read_document, read_sample
from pytest_asc.emulator.account.times import today
from pytest_asc.emulator.resources import hooks_of
from pytest_asc.emulator.seeding.ledger import measure, sell
from pytest_asc.emulator.seeding.measurements import metrics_of
from pytest_asc.emulator.seeding.resources import relate_parents, sort_members
from pytest_asc.emulator.spec.api_spec import api_spec, depends_on_spec
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


def load_sample(account: Account) -> None:
    """Add the sample account that ships with the package; without the values that the user's OpenAPI document lacks."""
    document, entries = _sample(today(account.now))
    _add(account, document, entries)


@depends_on_spec
@lru_cache(maxsize=4)
def _sample(day: date) -> tuple[Mapping[str, Any], Mapping[int, Entry]]:
    """Return the document of the sample, and its resources, checked once a day."""
    document = read_sample(day)
    measured = list(filter(_is_measured, document.get("measurements", ())))
    return {**document, "measurements": measured}, _read_entries(list(map(_fitting, document["data"])))


def _fitting(entry: dict[str, Any]) -> dict[str, Any]:
    """Return an entry of the sample without values and relationships that do not fit the user's OpenAPI document."""
    value_types, relations = members_of(entry["type"])
    attributes = entry.get("attributes", {})
    bad = [name for name, value in attributes.items() if next(type_mismatches(value_types[name], value), None)]
    relationships = entry.get("relationships", {})
    misled = [name for name, value in relationships.items() if name in relations and not _leads(relations[name], value)]
    return {
        **entry,
        "attributes": {name: attributes[name] for name in attributes if name not in bad},
        "relationships": {name: relationships[name] for name in relationships if name not in misled},
    }


def _leads(relation: Relation | None, value: Mapping[str, Any]) -> bool:
    """Return whether a relationship may lead to what an entry of the sample has there."""
    data = value.get("data") or []
    linkage = data if isinstance(data, list) else [data]
    return not linkage or (relation is not None and all(one["type"] == relation.target for one in linkage))


def _is_measured(entry: Mapping[str, Any]) -> bool:
    """Return whether the metric of a measurement of the sample, and each of its members, is there."""
    names = metrics_of(entry["resource"]["type"]).get(entry["metric"])
    return names is not None and entry.keys() - {"resource", "metric", "day"} <= names


class CheckedDocument(dict[str, Any]):
    """A document whose entries are checked, to be loaded into any number of accounts.

    Args:
        document: The document.

    Raises:
        ValueError: An entry does not fit.
    """

    def __init__(self, document: Mapping[str, Any]) -> None:
        __tracebackhide__ = True
        super().__init__(document)
        self.entries = _as_listed(_read_entries(document["data"]), document.get("recording"))
        """The entries by their places, in the order in which they are added."""


def check_document(source: str | PathLike[str] | Mapping[str, Any]) -> CheckedDocument:
    """Read a document, and check each of its entries by itself.

    Raises:
        OSError: The file cannot be read.
        ValueError: It is no such document, or something in it does not fit.
    """
    __tracebackhide__ = True
    return CheckedDocument(read_document(source))


def load(account: Account, source: str | PathLike[str] | Mapping[str, Any]) -> None:
    """Add the content of a document or a JSON file: ``{"data": [{"type", "id", "attributes", …}, …]}``.

    A relationship may lead to a resource that comes later. Beside ``data``, the document may hold ``sales`` and
    ``measurements``, each an array of the arguments of :func:`sell` and :func:`measure`, and ``recording``, which says
    how the document was made, and in which order the account listed its resources.

    Raises:
        OSError: The file cannot be read.
        ValueError: It is no such document, or something in it does not fit.
    """
    __tracebackhide__ = True
    document = source if isinstance(source, CheckedDocument) else check_document(source)
    _add(account, document, document.entries)


def _add(account: Account, document: Mapping[str, Any], entries: Mapping[int, Entry]) -> None:
    """Add resources, and the sales and measurements of their document.

    Args:
        account: The account.
        document: The document.
        entries: Its resources by their places, each checked by itself, in the order to add them in.

    Raises:
        ValueError: Something does not fit; no resource was added.
    """
    __tracebackhide__ = True
    for entry in entries.values():
        account.discard_automatic(entry.resource_type, entry.identifier)
    problems: list[str] = []
    added: list[Resource] = []
    present = {
        (entry.resource_type, entry.identifier)
        for entry in entries.values()
        if entry.identifier and account.store.stored(entry.resource_type, entry.identifier)
    }
    for place, entry in entries.items():
        with _noting(problems, place):
            added.append(account.create(entry.resource_type, entry.identifier, entry.attributes))
    if not problems:
        for resource, (place, entry) in zip(added, entries.items(), strict=True):
            with _noting(problems, place):
                _attributes, relationships, parents = sort_members(entry.resource_type, entry.relationships)
                account.relate(resource, relationships)
                relate_parents(account, resource, parents)
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
    """Check every entry by itself; return them by their places.

    Raises:
        ValueError: Some do not fit; the message has a line for each.
    """
    __tracebackhide__ = True
    problems: list[str] = []
    entries: dict[int, Entry] = {}
    for place, item in enumerate(data):
        with _noting(problems, place):
            entry = Entry.read(place, item)
            validate_attributes(entry.resource_type, entry.attributes)
            entries[place] = entry
    if problems:
        raise ValueError("\n".join(problems))
    return entries


def _as_listed(entries: dict[int, Entry], recording: Any) -> dict[int, Entry]:
    """Return the entries of a recording in the order in which the account listed them, as far as it is known."""
    listed = recording.get("listed") if isinstance(recording, Mapping) else None
    if not isinstance(listed, Mapping):
        return entries
    places: dict[tuple[str, Any], int] = {
        (resource_type, identifier): place
        for resource_type, ids in listed.items()
        for place, identifier in enumerate(ids if isinstance(ids, list) else ())
        if isinstance(identifier, str)
    }

    def place_of(resource: tuple[str, Any]) -> int:
        return places.get(resource, len(places))

    def listed_links(entry: Entry) -> Entry:
        links = dict(entry.relationships)
        for name, data in links.items():
            found = relation(entry.resource_type, name)
            if found and isinstance(data, list) and not is_ordered(found):
                links[name] = sorted(data, key=lambda one: place_of((one.get("type"), one.get("id"))))
        return entry._replace(relationships=links)

    ordered = sorted(entries.items(), key=lambda item: place_of((item[1].resource_type, item[1].identifier)))
    return {place: listed_links(entry) for place, entry in ordered}


@contextmanager
def _noting(problems: list[str], place: int) -> Iterator[None]:
    """Note a ValueError with the place in the document that it is about."""
    try:
        yield
    except ValueError as error:
        text = str(error)
        problems.append(text if text.startswith(f"data[{place}]") else f"data[{place}]: {text}")


def _call_for_each(document: Mapping[str, Any], name: str, function: Callable[..., None]) -> None:
    """Call a function with the arguments that each entry of an array in the document holds."""
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
        ``{"data": [{"type", "id", "attributes", "relationships"}, …], "sales": […], "measurements": […]}``; the last
        two only where there are any.
    """
    store = account.store
    document: dict[str, Any] = {
        "data": [
            account.show(resource) for resource_type in api_spec().types for resource in store.all_stored(resource_type)
        ]
    }
    if account.ledger.sales:
        document["sales"] = [_sale(sale) for sale in account.ledger.sales]
    if account.ledger.measurements:
        document["measurements"] = [_measurement(one) for one in account.ledger.measurements]
    return document


def _sale(sale: Sale) -> dict[str, Any]:
    """Return the arguments of ``sell`` that make a sale."""
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
    """Return the arguments of ``measure`` that make a measurement."""
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
    """Write a document to a JSON file, which only its owner can read.

    The file is replaced as a whole: it holds the old document or the new one, whatever happens on the way.

    Args:
        document: Of :func:`dump`.
        path: The file.

    Raises:
        OSError: The file cannot be written.
    """
    target = Path(path)
    unfinished = target.with_name(f".{target.name}.unfinished")
    unfinished.touch(mode=0o600)
    unfinished.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    unfinished.replace(target)
