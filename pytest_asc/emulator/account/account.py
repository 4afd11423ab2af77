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


_SCALARS = frozenset({bool, float, int, str, type(None)})
_APPLE_OWNED = frozenset({"appCategories"})
"""Types of resources that Apple provides in every account. A loaded document may contain those that are there."""


class Account:
    """Data of an account. Its methods run no hooks: the operations that write and the seeding functions do.

    Args:
        clock: Function that returns the caller's time, in seconds since 1970.
        seed: Seed of the generated ids: accounts with the same seed generate the same ids.
    """

    def __init__(self, clock: Callable[[], float], seed: int) -> None:
        self.store = Store(GENERATORS, COLLECTIONS, LISTS)
        self.ledger = Ledger()
        self.storage = UploadStorage()
        self.schedule = Schedule(clock)
        self.outcomes: Outcomes = Outcomes()
        self.outbox = Outbox()
        self.review_requirements = DEFAULT
        """Names of the requirements that a version or a submission must meet to be reviewed."""
        self.retired_product_ids: set[str] = set()
        """Product ids of deleted products, which no new product can use."""
        self.vendor_number = "80012345"
        """Number of the only vendor that has sales and finance reports."""
        self.base = APP_STORE_CONNECT.base_url
        """Scheme and host of the request that is being handled, for the URLs of its uploads."""
        self._identifiers = IdGenerator(seed)
        self._automatic: set[tuple[str, str]] = set()

    def show(self, resource: Resource) -> dict[str, Any]:
        """Return a resource as a mapping with type, id, all attributes, and the relationships that are not empty."""
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
        """Add a resource without relationships, with defaults for the attributes that are not given.

        Args:
            resource_type: The type.
            identifier: The id; None for a new one.
            attributes: Valid attributes of the type; see :func:`validate_attributes`.

        Raises:
            ValueError: The id is taken.
        """
        present = self.store.stored(resource_type, identifier) if identifier else None
        if present and self._is_in_every_account(present):
            self.store.update(present, _copy(attributes))
            return present
        values = defaults(resource_type, self.store.count(resource_type) + 1, self.schedule.now(), attributes)
        values.update(attributes)
        resource = Resource(resource_type, identifier or self._identifiers.new(resource_type), _copy(values))
        try:
            self.store.add(resource)
        except ValueError:
            if identifier:
                raise
            # A loaded document already has the generated id: it was saved from an account with the same seed.
            resource = Resource(resource_type, self._unused_id(resource_type), _copy(values))
            self.store.add(resource)
        return resource

    def _is_in_every_account(self, resource: Resource) -> bool:
        make = GENERATORS.get(resource.type)
        return resource.type in _APPLE_OWNED or bool(make and make(self.store, resource.id))

    def _unused_id(self, resource_type: str) -> str:
        identifier = self._identifiers.new(resource_type)
        while self.store.stored(resource_type, identifier):
            identifier = self._identifiers.new(resource_type)
        return identifier

    def create_automatic(self, resource_type: str, identifier: str | None, attributes: Mapping[str, Any]) -> Resource:
        """Add a resource that Apple creates automatically, and that a test may replace; see :meth:`create`."""
        resource = self.create(resource_type, identifier, attributes)
        self._automatic.add((resource_type, resource.id))
        return resource

    def is_automatic(self, resource: Resource) -> bool:
        """Return whether Apple has created a resource automatically."""
        return (resource.type, resource.id) in self._automatic

    def discard_automatic(self, resource_type: str, identifier: str | None) -> None:
        """Remove the resource of this type and id if Apple created it automatically, so that a test can replace it."""
        resource = self.store.get(resource_type, identifier) if identifier else None
        if resource and self.is_automatic(resource):
            self.remove(resource)

    def new_uuid(self) -> str:
        """Return the next generated UUID, for an attribute that is a UUID."""
        return self._identifiers.uuid()

    def remove(self, resource: Resource) -> None:
        """Remove a resource and the resources that cannot exist without it."""
        orphans = [
            orphan
            for resource_type, name in dependants(resource.type)
            for orphan in self.store.get_many(resource_type, resource.ids(name))
        ]
        self.schedule.cancel(resource)
        self._automatic.discard((resource.type, resource.id))
        self.store.remove(
            resource,
            {relationship for relationship in members_of(resource.type).relationships.values() if relationship},
        )
        for orphan in orphans:
            if self.store.get(orphan.type, orphan.id) is orphan:  # not removed yet as the dependant of another one
                self.remove(orphan)

    @property
    def now(self) -> float:
        """Time of the account, in seconds since 1970: that of the clock, plus the time that tests have let pass."""
        return self.schedule.now()

    def related(self, resource: Resource) -> Iterable[Resource]:
        """Return the related resources of a resource, over all its relationships."""
        for name, relationship in members_of(resource.type).relationships.items() if resource.related else ():
            if relationship and name in resource.related:
                yield from self.store.related(resource, relationship)

    def relate(self, resource: Resource, relationships: Mapping[str, Any]) -> None:
        """Set relationships of a resource.

        Args:
            resource: The resource.
            relationships: Values by name: the id of a resource, the resource as a mapping, a list of these, or None.

        Raises:
            ValueError: A relationship does not exist, or its value is not valid.
        """
        __tracebackhide__ = True
        for name, value in relationships.items():
            relationship = relation(resource.type, name)
            if relationship is None:
                raise ValueError(f"{resource.type!r} has no relationship {name!r} to other resources")
            self.store.relate(resource, relationship, _ids(relationship, value))


def validate_attributes(resource_type: str, attributes: Mapping[str, Any], further_names: Collection[str] = ()) -> None:
    """Check names and values of attributes.

    Args:
        resource_type: The type.
        attributes: The attributes.
        further_names: Names that the caller accepts besides attributes, to suggest in the message of the error.

    Raises:
        ValueError: The type or an attribute does not exist, or a value does not match its value type.
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
        ValueError: The type does not exist.
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
    """Return a deep copy of attributes."""
    if _SCALARS.issuperset(map(type, attributes.values())):
        return dict(attributes)
    return {name: deepcopy(value) if isinstance(value, (dict, list)) else value for name, value in attributes.items()}


def nearest_names(name: str, names: Iterable[str]) -> str:
    """Return a suggestion of the most similar names, such as ``; did you mean 'apps'?``, or an empty text."""
    close = get_close_matches(str(name), list(names), n=3)
    return f"; did you mean {' or '.join(map(repr, close))}?" if close else ""


def _ids(relationship: Relation, value: Any) -> list[str]:
    """Return the ids in the value of a relationship: an id, a resource, a list of these, or None."""
    __tracebackhide__ = True
    if value is None:
        return []
    ids: list[str] = []
    for item in value if isinstance(value, (list, tuple)) else [value]:
        identifier = item
        if isinstance(item, (dict, Mapping)):  # a dict is recognised much faster by its own type
            if item.get("type", relationship.target) != relationship.target:
                raise ValueError(
                    f"{relationship.name!r} of {relationship.type!r}: expected a resource of type "
                    f"{relationship.target!r}, got one of type {item['type']!r}"
                )
            identifier = item.get("id")
        if isinstance(identifier, str):
            ids.append(identifier)
            continue
        raise ValueError(
            f"{relationship.name!r} of {relationship.type!r}: expected ids or resources of type "
            f"{relationship.target!r}, got {value!r}"
        )
    return ids
