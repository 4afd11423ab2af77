"""The resources of the emulated account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pytest_asc.emulator.spec.relationships import Relation

# Selections are kept until the next write; more different ones than this in between are not expected.
_SELECTIONS = 256


class Resource:
    """One resource. Only its store changes it."""

    __slots__ = ("attributes", "id", "related", "rendered", "type")

    def __init__(self, kind: str, identifier: str, attributes: dict[str, Any]) -> None:
        self.type = kind
        self.id = identifier
        self.attributes = attributes
        self.related: dict[str, Any] = {}
        """By relation: an id where it is to-one, a dict with ids as keys (an ordered set) where it is to-many."""
        self.rendered: dict[Any, bytes] = {}
        """What has been rendered of it; emptied by every change."""

    def ids(self, name: str) -> list[str]:
        """The ids on the other side of a relation."""
        related = self.related.get(name)
        return [related] if isinstance(related, str) else list(related or ())


class Store:
    """Resources by type and id, in the order in which they came, and the links between them."""

    def __init__(self) -> None:
        self._types: dict[str, dict[str, Resource]] = {}
        self._selections: dict[Any, list[Resource]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._types.values()))

    def get(self, kind: str, identifier: str) -> Resource | None:
        """The resource of this type and id, or None."""
        resources = self._types.get(kind)
        return resources.get(identifier) if resources else None

    def all(self, kind: str) -> Iterable[Resource]:
        """Every resource of a type."""
        return self._types.get(kind, {}).values()

    def some(self, kind: str, identifiers: Iterable[str]) -> list[Resource]:
        """The resources of a type with these ids, as far as they are there."""
        resources = self._types.get(kind, {})
        return [resources[identifier] for identifier in identifiers if identifier in resources]

    def count(self, kind: str) -> int:
        """How many resources of a type there are."""
        return len(self._types.get(kind, ()))

    def add(self, resource: Resource) -> None:
        """Put a new resource in.

        Raises:
            ValueError: There is one of this type and id.
        """
        resources = self._types.setdefault(resource.type, {})
        if resource.id in resources:
            raise ValueError(f"there is already a resource of type {resource.type!r} with id {resource.id!r}")
        resources[resource.id] = resource
        self._selections.clear()

    def update(self, resource: Resource, attributes: dict[str, Any]) -> None:
        """Give a resource these values for these attributes."""
        resource.attributes.update(attributes)
        self._changed(resource)

    def remove(self, resource: Resource, relations: Iterable[Relation]) -> None:
        """Take a resource out, and out of its relations: those of its type, and those that only others show."""
        for relation in relations:
            self.relate(resource, relation, ())
        for name in [name for name in resource.related if name.startswith("~")]:
            owner, _, slot = name[1:].partition(".")
            for identifier in resource.ids(name):
                _detach(self._types[owner][identifier], slot, resource.id)
                self._changed(self._types[owner][identifier])
        del self._types[resource.type][resource.id]
        self._selections.clear()

    def relate(self, resource: Resource, relation: Relation, identifiers: Iterable[str]) -> None:
        """Make a relation lead to these and no others, on both sides.

        Raises:
            ValueError: One of them is not there, or there are several and the relation is to-one.
        """
        others = [self._expect(relation.target, identifier) for identifier in dict.fromkeys(identifiers)]
        if len(others) > 1 and not relation.many:
            raise ValueError(f"{relation.name!r} of {relation.type!r} leads to one resource, got {len(others)}")
        for identifier in resource.ids(relation.name):
            self.unlink(resource, relation, self._types[relation.target][identifier])
        for other in others:
            self.link(resource, relation, other)

    def link(self, resource: Resource, relation: Relation, other: Resource) -> None:
        """Put another resource on the other side of a relation, in place of the one there where it is to-one."""
        if not relation.many:
            for identifier in resource.ids(relation.name):
                self.unlink(resource, relation, self._types[relation.target][identifier])
        if not relation.inverse_many:
            for identifier in other.ids(relation.inverse):
                self.unlink(self._types[relation.type][identifier], relation, other)
        _attach(resource, relation.name, other.id, many=relation.many)
        _attach(other, relation.inverse, resource.id, many=relation.inverse_many)
        self._changed(resource, other)

    def unlink(self, resource: Resource, relation: Relation, other: Resource) -> None:
        """Take another resource off the other side of a relation; nothing happens where it is not there."""
        _detach(resource, relation.name, other.id)
        _detach(other, relation.inverse, resource.id)
        self._changed(resource, other)

    def related(self, resource: Resource, relation: Relation) -> list[Resource]:
        """The resources on the other side of a relation."""
        targets = self._types.get(relation.target, {})
        return [targets[identifier] for identifier in resource.ids(relation.name)]

    def selection(self, key: Any, make: Callable[[], list[Resource]]) -> list[Resource]:
        """A list of resources that is made once and kept until the next write. It must not be changed."""
        selected = self._selections.get(key)
        if selected is None:
            if len(self._selections) >= _SELECTIONS:
                self._selections.clear()
            selected = self._selections[key] = make()
        return selected

    def _changed(self, *resources: Resource) -> None:
        for resource in resources:
            resource.rendered.clear()
        self._selections.clear()

    def _expect(self, kind: str, identifier: str) -> Resource:
        resource = self.get(kind, identifier)
        if resource is None:
            raise ValueError(f"there is no resource of type {kind!r} with id {identifier!r}: add it first")
        return resource


def _attach(resource: Resource, name: str, identifier: str, *, many: bool) -> None:
    if many:
        resource.related.setdefault(name, {})[identifier] = None
    else:
        resource.related[name] = identifier


def _detach(resource: Resource, name: str, identifier: str) -> None:
    related = resource.related.get(name)
    if isinstance(related, dict):
        related.pop(identifier, None)
    elif related == identifier:
        del resource.related[name]
