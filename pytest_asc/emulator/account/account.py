"""Data of an emulated account: resources, ledger, uploaded files, scheduled events and chosen outcomes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from copy import deepcopy
from difflib import get_close_matches
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_asc.apple.services import APP_STORE_CONNECT
from pytest_asc.emulator.account.defaults import defaults
from pytest_asc.emulator.account.generated import COLLECTIONS, GENERATORS, LISTS
from pytest_asc.emulator.account.ids import IdGenerator
from pytest_asc.emulator.account.ledger import Ledger
from pytest_asc.emulator.account.outbox import Outbox
from pytest_asc.emulator.account.outcomes import Outcomes
from pytest_asc.emulator.account.review_requirements import DEFAULT
from pytest_asc.emulator.account.schedule import Schedule
from pytest_asc.emulator.account.store import Resource, Store
from pytest_asc.emulator.account.upload_storage import UploadStorage
from pytest_asc.emulator.spec.api_spec import api_spec, depends_on_spec
from pytest_asc.emulator.spec.relationships import Relation, dependants, relation
from pytest_asc.emulator.spec.type_validation import type_mismatch

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_asc.emulator.spec.compiled_format import ValueType


_SHARED = frozenset({"appCategories"})
"""Types of Apple's own resources, which a document may bring again."""


class Account:
    """Data of an account. It calls no hooks: API writes and seeding do.

    Args:
        clock: Returns the time of new resources, in seconds since 1970.
        seed: The same seed makes the same ids.
    """

    def __init__(self, clock: Callable[[], float], seed: int) -> None:
        self.store = Store(GENERATORS, COLLECTIONS, LISTS)
        self.ledger = Ledger()
        self.storage = UploadStorage()
        self.schedule = Schedule(clock)
        self.outcomes: Outcomes = Outcomes()
        self.outbox = Outbox()
        self.review_requirements = DEFAULT
        """Names of what a review requires."""
        self.retired_product_ids: set[str] = set()
        """Product ids of deleted products, which no other product can have."""
        self.vendor_number = "80012345"
        """Vendor whose sales and finance reports there are."""
        self.base = APP_STORE_CONNECT.base_url
        """Scheme and host of the current write, for the URLs of its uploads."""
        self._identifiers = IdGenerator(seed)
        self._automatic: set[tuple[str, str]] = set()

    def show(self, resource: Resource) -> dict[str, Any]:
        """Return a resource as a mapping: type, id, every attribute, and the relationships that are not empty."""
        relationships: dict[str, Any] = {}
        for name, relationship in members_of(resource.type).relationships.items() if resource.related else ():
            ids = resource.ids(relationship.name) if relationship else []
            if relationship and ids:
                data = [{"type": relationship.target, "id": identifier} for identifier in ids]
                relationships[name] = {"data": data if relationship.many else data[0]}
        return {
            "type": resource.type,
            "id": resource.id,
            "attributes": _copy(resource.attributes),
            "relationships": relationships,
        }

    def create(self, resource_type: str, identifier: str | None, attributes: Mapping[str, Any]) -> Resource:
        """Add a resource without relationships, with defaults for the attributes that are left out.

        Args:
            resource_type: The type.
            identifier: Its id; None for a new one.
            attributes: Valid attributes of the type; see :func:`validate_attributes`.

        Raises:
            ValueError: The id is taken.
        """
        present = self.store.stored(resource_type, identifier) if identifier else None
        if present and self._is_in_every_account(present):
            self.store.update(present, _copy(attributes))
            return present
        values = defaults(resource_type, self.store.count(resource_type) + 1, self.schedule.now())
        values.update(attributes)
        resource = Resource(resource_type, identifier or self._identifiers.new(resource_type), _copy(values))
        try:
            self.store.add(resource)
        except ValueError:
            if identifier:
                raise
            # It came from an account that was saved with the same seed.
            resource = Resource(resource_type, self._unused_id(resource_type), _copy(values))
            self.store.add(resource)
        return resource

    def _is_in_every_account(self, resource: Resource) -> bool:
        make = GENERATORS.get(resource.type)
        return resource.type in _SHARED or bool(make and make(self.store, resource.id))

    def _unused_id(self, resource_type: str) -> str:
        identifier = self._identifiers.new(resource_type)
        while self.store.stored(resource_type, identifier):
            identifier = self._identifiers.new(resource_type)
        return identifier

    def create_automatic(self, resource_type: str, identifier: str | None, attributes: Mapping[str, Any]) -> Resource:
        """Add a resource as :meth:`create` does, one that Apple makes by itself and that a test may replace."""
        resource = self.create(resource_type, identifier, attributes)
        self._automatic.add((resource_type, resource.id))
        return resource

    def is_automatic(self, resource: Resource) -> bool:
        """Return whether Apple has made a resource by itself."""
        return (resource.type, resource.id) in self._automatic

    def discard_automatic(self, resource_type: str, identifier: str | None) -> None:
        """Remove the resource of this type and id if Apple has made it by itself, so that a test can add its own."""
        resource = self.store.get(resource_type, identifier) if identifier else None
        if resource and self.is_automatic(resource):
            self.remove(resource)

    def new_uuid(self) -> str:
        """Return the next UUID, for attributes that have one."""
        return self._identifiers.uuid()

    def remove(self, resource: Resource) -> None:
        """Remove a resource, and those that depend on it."""
        orphans = [
            orphan
            for resource_type, name in dependants(resource.type)
            for orphan in self.store.some(resource_type, resource.ids(name))
        ]
        self.schedule.cancel(resource)
        self._automatic.discard((resource.type, resource.id))
        self.store.remove(
            resource,
            {relationship for relationship in members_of(resource.type).relationships.values() if relationship},
        )
        for orphan in orphans:
            if self.store.get(orphan.type, orphan.id) is orphan:  # not gone with another one
                self.remove(orphan)

    @property
    def now(self) -> float:
        """The account's time, in seconds since 1970: the clock's, and what a test has let pass."""
        return self.schedule.now()

    def related(self, resource: Resource) -> Iterable[Resource]:
        """Return the resources that relationships of a resource lead to."""
        for name, relationship in members_of(resource.type).relationships.items() if resource.related else ():
            if relationship and name in resource.related:
                yield from self.store.related(resource, relationship)

    def relate(self, resource: Resource, relationships: Mapping[str, Any]) -> None:
        """Set relationships of a resource.

        Args:
            resource: The resource.
            relationships: By name, the id of the related resource, the resource as a mapping, a list of these, or None.

        Raises:
            ValueError: There is no such relationship, or a value is none of these.
        """
        __tracebackhide__ = True
        for name, value in relationships.items():
            relationship = relation(resource.type, name)
            if relationship is None:
                raise ValueError(f"{resource.type!r} has no relationship {name!r} that leads to resources")
            self.store.relate(resource, relationship, _ids(relationship, value))


def validate_attributes(resource_type: str, attributes: Mapping[str, Any], further_names: Collection[str] = ()) -> None:
    """Check names and values of attributes.

    Args:
        resource_type: The type.
        attributes: The attributes.
        further_names: Other names that are allowed in their place, for the hint at the nearest one.

    Raises:
        ValueError: There is no such type or attribute, or a value is not of its type.
    """
    __tracebackhide__ = True
    value_types, relationships = members_of(resource_type)
    for name, value in attributes.items():
        if name not in value_types:
            hint = nearest_names(name, (*value_types, *relationships, *further_names))
            raise ValueError(f"{resource_type!r} has no attribute or relationship {name!r}{hint}")
        problem = type_mismatch(value_types[name], value)
        if problem:
            raise ValueError(f"{name!r} of {resource_type!r}: {problem}")


class Members(NamedTuple):
    """Attributes and relationships of a resource type, over all its schemas."""

    attributes: Mapping[str, ValueType]
    relationships: Mapping[str, Relation | None]


@depends_on_spec
@cache
def members_of(resource_type: str) -> Members:
    """Return the attributes and relationships of a resource type.

    Raises:
        ValueError: There is no such type.
    """
    __tracebackhide__ = True
    schemas = api_spec().schemas_of(resource_type)
    if not schemas:
        raise ValueError(f"there is no type {resource_type!r}{nearest_names(resource_type, api_spec().types)}")
    return Members(
        {name: value_type for schema in schemas for name, value_type in schema.attributes.items()},
        {name: relation(resource_type, name) for schema in schemas for name in schema.relationships},
    )


def _copy(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy of attributes that shares no object with them."""
    return {name: deepcopy(value) if isinstance(value, (dict, list)) else value for name, value in attributes.items()}


def nearest_names(name: str, names: Iterable[str]) -> str:
    """Return a hint at the names that are most like a name: ``; did you mean 'apps'?``, or nothing."""
    close = get_close_matches(str(name), list(names), n=3)
    return f"; did you mean {' or '.join(map(repr, close))}?" if close else ""


def _ids(relationship: Relation, value: Any) -> list[str]:
    """Return the ids in the value of a relationship: an id, a resource, a list of these, or None."""
    __tracebackhide__ = True
    if value is None:
        return []
    items = value if isinstance(value, (list, tuple)) else [value]
    for item in items:
        if isinstance(item, Mapping) and item.get("type", relationship.target) != relationship.target:
            raise ValueError(
                f"{relationship.name!r} of {relationship.type!r}: expected a resource of type {relationship.target!r}, "
                f"got one of type {item['type']!r}"
            )
    given = [item.get("id") if isinstance(item, Mapping) else item for item in items]
    ids = [identifier for identifier in given if isinstance(identifier, str)]
    if len(ids) != len(given):
        raise ValueError(
            f"{relationship.name!r} of {relationship.type!r}: expected ids or resources of type "
            f"{relationship.target!r}, got {value!r}"
        )
    return ids
