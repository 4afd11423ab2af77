"""Data of an emulated account: resources, ledger, uploaded files, scheduled events and chosen outcomes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import deepcopy
from difflib import get_close_matches
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_asc.apple.services import APP_STORE_CONNECT
from pytest_asc.emulator.account.defaults import defaults
from pytest_asc.emulator.account.ids import IdGenerator
from pytest_asc.emulator.account.ledger import Ledger
from pytest_asc.emulator.account.outcomes import Outcomes
from pytest_asc.emulator.account.schedule import Schedule
from pytest_asc.emulator.account.store import Resource, Store
from pytest_asc.emulator.account.upload_storage import UploadStorage
from pytest_asc.emulator.spec.api_spec import api_spec
from pytest_asc.emulator.spec.relationships import Relation, dependants, relation
from pytest_asc.emulator.spec.type_validation import type_mismatch

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_asc.emulator.spec.compiled_format import ValueType


class Account:
    """Data of an account. It calls no hooks: API writes and seeding do.

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
        self.vendor_number = "80012345"
        """Vendor whose sales and finance reports there are."""
        self.base = APP_STORE_CONNECT.base_url
        """Scheme and host of the write that is being answered: files are uploaded to where the client is."""
        self._identifiers = IdGenerator(seed)

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
        self.schedule.cancel(resource)
        self.store.remove(resource, {over for over in members_of(resource.type).relationships.values() if over})
        for orphan in orphans:
            if self.store.get(orphan.type, orphan.id) is orphan:  # not gone with another one
                self.remove(orphan)

    @property
    def now(self) -> float:
        """The account's time, in seconds since 1970: the clock's, and what a test has let pass."""
        return self.schedule.now()

    def relate(self, resource: Resource, relationships: Mapping[str, Any]) -> None:
        """Set relationships of a resource.

        Args:
            resource: The resource.
            relationships: By name, the id of the related resource, the resource as a mapping, a list of these, or None.

        Raises:
            ValueError: There is no such relationship, or a value is none of these.
        """
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
