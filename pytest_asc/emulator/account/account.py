"""The account that is emulated: its resources, and the ways to put them there and to take them out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import deepcopy
from difflib import get_close_matches
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_asc.apple.services import APP_STORE_CONNECT
from pytest_asc.emulator.account.defaults import defaults
from pytest_asc.emulator.account.fixture_loader import Entry, read_document
from pytest_asc.emulator.account.ids import IdGenerator
from pytest_asc.emulator.account.outcomes import Outcomes
from pytest_asc.emulator.account.schedule import Schedule
from pytest_asc.emulator.account.store import Resource, Store
from pytest_asc.emulator.account.upload_storage import UploadStorage
from pytest_asc.emulator.jsonapi.type_validation import type_mismatch
from pytest_asc.emulator.reports.ledger import Ledger, as_day, make_sale
from pytest_asc.emulator.reports.measurements import make_measurement
from pytest_asc.emulator.reports.periods import today
from pytest_asc.emulator.resources import HOOKS, NO_HOOKS
from pytest_asc.emulator.spec.api_spec import api_spec
from pytest_asc.emulator.spec.relationships import Relation, dependants, relation

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date
    from os import PathLike

    from pytest_asc.emulator.spec.api_spec import ValueType


class Account:
    """Its resources, and the ways to make them and to take them out.

    Args:
        clock: Gives the time of new resources, in seconds since 1970.
        seed: The same seed makes the same ids.
    """

    def __init__(self, clock: Callable[[], float], seed: int) -> None:
        self.store = Store()
        self.ledger = Ledger()
        self.storage = UploadStorage()
        self.schedule = Schedule(clock)
        self.outcomes: Outcomes = Outcomes()
        self.base = APP_STORE_CONNECT.base_url
        """Scheme and host of the write that is being answered: files are uploaded to where the client is."""
        self._identifiers = IdGenerator(seed)

    def add(self, kind: str, identifier: str | None, members: Mapping[str, Any]) -> dict[str, Any]:
        """Add one resource, and fill in what was left out.

        Args:
            kind: The type, such as ``apps``.
            identifier: Its id; None for a new one.
            members: Attributes, and relationships as ids, as resources or as lists of them.

        Returns:
            The resource, as :meth:`show` gives it.

        Raises:
            ValueError: There is no such type, attribute or relationship, a value does not fit, or the id is taken.
        """
        known = members_of(kind).relationships
        attributes = {name: value for name, value in members.items() if name not in known}
        relationships = {name: value for name, value in members.items() if name in known}
        resource = self.create(kind, identifier, attributes)
        self._relate(resource, relationships)
        HOOKS.get(kind, NO_HOOKS).added(self, resource)
        return self.show(resource)

    def load(self, source: str | PathLike[str] | Mapping[str, Any]) -> None:
        """Add what a document or a JSON file holds: ``{"data": [{"type", "id", "attributes", …}, …]}``.

        The order does not matter: a relationship may lead to a resource that comes later. Beside ``data``, it may hold
        ``sales`` and ``measurements``, each an array of the arguments of :meth:`sell` and :meth:`measure`.

        Raises:
            OSError: The file cannot be read.
            ValueError: It is no such document, or something in it does not fit.
        """
        document = read_document(source)
        entries = [Entry.read(place, entry) for place, entry in enumerate(document["data"])]
        added = [self.create(one.kind, one.identifier, one.attributes) for one in entries]
        for resource, entry in zip(added, entries, strict=True):
            self._relate(resource, entry.relationships)
        for resource in added:
            HOOKS.get(resource.type, NO_HOOKS).added(self, resource)
        _enter(document, "sales", self.sell)
        _enter(document, "measurements", self.measure)

    def sell(self, product: Mapping[str, Any], **details: Any) -> None:
        """Enter a sale into the ledger; see :func:`pytest_asc.emulator.reports.ledger.make_sale`.

        Args:
            product: The app, in-app purchase or subscription: its type and id.
            **details: How many, when, where, for how much.

        Raises:
            ValueError: It is not there or not sold, or a detail does not fit.
        """
        self.ledger.sales.append(make_sale(self.store, self._given(product), today(self.now), **details))

    def measure(self, resource: Mapping[str, Any], metric: str, *, day: str | date | int = -1, **members: Any) -> None:
        """Enter a measurement into the ledger; see :func:`pytest_asc.emulator.reports.measurements.make_measurement`.

        Raises:
            ValueError: The resource is not there, or it has no such measurements.
        """
        measured = self._given(resource)
        on = as_day(day, today(self.now))
        self.ledger.measurements.append(make_measurement(self.store, measured, metric, on, members))

    def decide(self, about: Mapping[str, Any] | str, outcome: str) -> None:
        """Say how something will end.

        Args:
            about: The resource; or a type, for all of its resources that nothing else is said of.
            outcome: One of :data:`~pytest_asc.emulator.account.outcomes.OUTCOMES` for the type.

        Raises:
            ValueError: The resource is not there, or does not end so.
        """
        if isinstance(about, str):
            self.outcomes.take(about, None, outcome)
            return
        resource = self._given(about)
        self.outcomes.take(resource.type, resource.id, outcome)
        HOOKS.get(resource.type, NO_HOOKS).decided(self, resource, outcome)

    def _given(self, resource: Mapping[str, Any]) -> Resource:
        kind, identifier = resource.get("type"), resource.get("id")
        found = self.store.get(str(kind), str(identifier))
        if found is None:
            raise ValueError(f"there is no resource of type {kind!r} with id {identifier!r}: add it first")
        return found

    def show(self, resource: Resource) -> dict[str, Any]:
        """A resource as a mapping: type, id, every attribute, and the relationships that lead somewhere."""
        relationships: dict[str, Any] = {}
        for name, over in members_of(resource.type).relationships.items() if resource.related else ():
            ids = resource.ids(over.name) if over else []
            if over and ids:
                data = [{"type": over.target, "id": identifier} for identifier in ids]
                relationships[name] = {"data": data if over.many else data[0]}
        return {
            "type": resource.type,
            "id": resource.id,
            "attributes": _copy(resource.attributes),
            "relationships": relationships,
        }

    def create(self, kind: str, identifier: str | None, attributes: Mapping[str, Any]) -> Resource:
        """Add a resource without relationships, and fill in the attributes that were left out.

        Raises:
            ValueError: There is no such type or attribute, a value does not fit, or the id is taken.
        """
        codes, relationships = members_of(kind)
        for name, value in attributes.items():
            if name not in codes:
                hint = _hint(name, (*codes, *relationships))
                raise ValueError(f"{kind!r} has no attribute or relationship {name!r}{hint}")
            problem = type_mismatch(codes[name], value)
            if problem:
                raise ValueError(f"{name!r} of {kind!r}: {problem}")
        filled = defaults(kind, self.store.count(kind) + 1, self.now)
        resource = Resource(kind, identifier or self._identifiers.new(kind), _copy({**filled, **attributes}))
        self.store.add(resource)
        return resource

    def new_uuid(self) -> str:
        """The next UUID, for what has one beside its id."""
        return self._identifiers.uuid()

    def remove(self, resource: Resource) -> None:
        """Take a resource out, with all that cannot be without it."""
        orphans = [
            orphan for kind, name in dependants(resource.type) for orphan in self.store.some(kind, resource.ids(name))
        ]
        self.schedule.forget(resource)
        self.store.remove(resource, {over for over in members_of(resource.type).relationships.values() if over})
        for orphan in orphans:
            if self.store.get(orphan.type, orphan.id) is orphan:  # not gone with another one
                self.remove(orphan)

    @property
    def now(self) -> float:
        """The account's time, in seconds since 1970: the clock's, and what a test has let pass."""
        return self.schedule.now()

    def _relate(self, resource: Resource, relationships: Mapping[str, Any]) -> None:
        for name, value in relationships.items():
            over = relation(resource.type, name)
            if over is None:
                raise ValueError(f"{resource.type!r} has no relationship {name!r} that leads to resources")
            self.store.relate(resource, over, _ids(over, value))


class Members(NamedTuple):
    """What a resource of a type may have, over all its schemas."""

    attributes: Mapping[str, ValueType]
    relationships: Mapping[str, Relation | None]


@cache
def members_of(kind: str) -> Members:
    """What a resource of a type may have.

    Raises:
        ValueError: There is no such type.
    """
    schemas = api_spec().schemas_of(kind)
    if not schemas:
        raise ValueError(f"there is no type {kind!r}{_hint(kind, api_spec().types)}")
    return Members(
        {name: code for schema in schemas for name, code in schema.attributes.items()},
        {name: relation(kind, name) for schema in schemas for name in schema.relationships},
    )


def _copy(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Attributes that nobody else can change."""
    return {name: deepcopy(value) if isinstance(value, (dict, list)) else value for name, value in attributes.items()}


def _hint(name: str, names: Iterable[str]) -> str:
    close = get_close_matches(str(name), list(names), n=3)
    return f"; did you mean {' or '.join(map(repr, close))}?" if close else ""


def _enter(document: Mapping[str, Any], name: str, enter: Callable[..., None]) -> None:
    """Call a function with the arguments that each entry of a member of a document holds."""
    try:
        for entry in document.get(name, ()):
            enter(**entry)
    except TypeError as error:
        raise ValueError(f"{name!r} of the document: {error}") from None


def _ids(over: Relation, value: Any) -> list[str]:
    """The ids of what was given for a relationship: an id, a resource, a list of them, or nothing."""
    if value is None:
        return []
    items = value if isinstance(value, (list, tuple)) else [value]
    given = [item.get("id") if isinstance(item, Mapping) else item for item in items]
    ids = [identifier for identifier in given if isinstance(identifier, str)]
    if len(ids) != len(given):
        raise ValueError(
            f"{over.name!r} of {over.type!r}: expected ids or resources of type {over.target!r}, got {value!r}"
        )
    return ids
