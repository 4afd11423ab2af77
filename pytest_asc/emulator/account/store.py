"""In-memory store of the resources of an account and the relationships between them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from pytest_asc.emulator.spec.relationships import relation as relation_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from pytest_asc.emulator.spec.relationships import Relation

Generator: TypeAlias = "Callable[[Store, str], Resource | None]"
"""Function that generates the resource with an id; None if there is no such resource."""
RelatedGenerator: TypeAlias = "Callable[[Store, Resource], Sequence[Resource]]"
"""Function that generates the related resources of a resource."""
Observer: TypeAlias = "Callable[[Resource, Mapping[str, Any]], None]"
"""Function called after attributes of a resource were set, with the resource and all previous attributes."""

# Maximum number of filtered and sorted lists that are cached.
_MAX_SELECTIONS = 256


class Resource:
    """A resource. Only its store changes it."""

    __slots__ = ("attributes", "id", "related", "rendered", "type")

    def __init__(self, resource_type: str, identifier: str, attributes: dict[str, Any]) -> None:
        self.type = resource_type
        self.id = identifier
        self.attributes = attributes
        self.related: dict[str, Any] = {}
        """Related ids by relationship: one id for a to-one, a dict with ids as keys (an ordered set) for a to-many."""
        self.rendered: dict[Any, bytes] = {}
        """Cached JSON of the resource, by serializer. Every change clears it."""

    def ids(self, name: str) -> list[str]:
        """Return the ids of the related resources of a relationship."""
        related = self.related.get(name)
        return [related] if isinstance(related, str) else list(related or ())


class FilterableList(Sequence[Resource]):
    """List of generated resources that can be filtered without generating each of them."""

    @abstractmethod
    def filtered(self, name: str, values: Collection[str]) -> FilterableList | None:
        """Return the resources that a filter selects; None if the list cannot apply this filter."""


class Store:
    """Resources by type and id, in the order in which they were added, and the relationships between them.

    Some types have generated resources, which are created when they are looked up, and stored when another resource is
    related to them.

    Args:
        generators: Functions that generate a resource from its id, by type.
        collections: Ids of all generated resources, for the types that can be listed.
        lists: Functions that generate the related resources of a resource, by its type and the name of the
            relationship. They apply unless the relationship has been set to resources that are not generated.
    """

    def __init__(
        self,
        generators: Mapping[str, Generator] | None = None,
        collections: Mapping[str, Collection[str]] | None = None,
        lists: Mapping[tuple[str, str], RelatedGenerator] | None = None,
    ) -> None:
        self._types: dict[str, dict[str, Resource]] = {}
        self._selections: dict[Any, Sequence[Resource]] = {}
        self.changes = 0
        """Number of changes so far. What is derived from the resources and their relationships holds until it grows."""
        self._generators = generators or {}
        self._collections = collections or {}
        self._lists = lists or {}
        self.observers: Mapping[str, Observer] = {}
        """Observers of changed attributes, by resource type."""

    def __len__(self) -> int:
        return sum(map(len, self._types.values()))

    def get(self, resource_type: str, identifier: str) -> Resource | None:
        """Return the resource of this type and id, or None."""
        resources = self._types.get(resource_type)
        found = resources.get(identifier) if resources else None
        if found is None and resource_type in self._generators:
            return self._generators[resource_type](self, identifier)
        return found

    def all(self, resource_type: str) -> Iterable[Resource]:
        """Return all resources of a type. Of generated resources, those that can be listed or have been stored."""
        stored = self._types.get(resource_type, {})
        generated = self._collections.get(resource_type)
        if not generated:
            return stored.values()
        listed = [self.get(resource_type, identifier) for identifier in generated]
        return [*filter(None, listed), *(one for one in stored.values() if one.id not in generated)]

    def all_stored(self, resource_type: str) -> Iterable[Resource]:
        """Return the stored resources of a type, without those that would have to be generated."""
        return self._types.get(resource_type, {}).values()

    def get_many(self, resource_type: str, identifiers: Iterable[str]) -> list[Resource]:
        """Return the resources of a type with these ids; ids without a resource are skipped."""
        if resource_type in self._generators:
            return list(filter(None, (self.get(resource_type, identifier) for identifier in identifiers)))
        resources = self._types.get(resource_type, {})
        return [resources[identifier] for identifier in identifiers if identifier in resources]

    def stored(self, resource_type: str, identifier: str) -> Resource | None:
        """Return a stored resource; None if there is none, even if it could be generated."""
        return self._types.get(resource_type, {}).get(identifier)

    def count(self, resource_type: str) -> int:
        """Return the number of stored resources of a type."""
        return len(self._types.get(resource_type, ()))

    def add(self, resource: Resource) -> None:
        """Add a resource.

        Raises:
            ValueError: There is already a resource with this type and id.
        """
        resources = self._types.setdefault(resource.type, {})
        if resource.id in resources:
            raise ValueError(f"there is already a resource of type {resource.type!r} with id {resource.id!r}")
        resources[resource.id] = resource
        self._selections.clear()
        self.changes += 1

    def update(self, resource: Resource, attributes: dict[str, Any]) -> None:
        """Set attributes of a resource."""
        observer = self.observers.get(resource.type)
        before = dict(resource.attributes) if observer else {}
        resource.attributes.update(attributes)
        self._discard_rendered(resource)
        if observer:
            observer(resource, before)

    def remove(self, resource: Resource, relations: Iterable[Relation]) -> None:
        """Remove a resource and its relationships: these ones, and those that only the other resource has."""
        for relation in relations:
            self.relate(resource, relation, ())
        for name in [name for name in resource.related if name.startswith("~")]:
            owner, _, slot = name[1:].partition(".")
            for identifier in resource.ids(name):
                _detach(self._types[owner][identifier], slot, resource.id)
                self._discard_rendered(self._types[owner][identifier])
        del self._types[resource.type][resource.id]
        self._selections.clear()
        self.changes += 1

    def relate(self, resource: Resource, relation: Relation, identifiers: Iterable[str]) -> None:
        """Replace the related resources of a relationship, on both sides.

        Raises:
            ValueError: A resource does not exist, or there are several and the relationship is to-one.
        """
        __tracebackhide__ = True
        targets = self._types.setdefault(relation.target, {})
        wanted = dict.fromkeys(identifiers)
        for identifier in wanted:
            if identifier not in targets and not self._store_generated(relation.target, identifier):
                raise ValueError(
                    f"there is no resource of type {relation.target!r} with id {identifier!r}: add it first"
                )
        if len(wanted) > 1 and not relation.many:
            raise ValueError(f"{relation.name!r} of {relation.type!r}: expected one resource, got {len(wanted)}")
        if relation.name in resource.related:
            for identifier in resource.ids(relation.name):
                self.unlink(resource, relation, targets[identifier])
        for identifier in wanted:
            self.link(resource, relation, targets[identifier])

    def _store_generated(self, resource_type: str, identifier: str) -> bool:
        """Store a generated resource and its relationships; return False if there is no such resource."""
        make = self._generators.get(resource_type)
        resource = make(self, identifier) if make else None
        if resource is None:
            return False
        relationships, resource.related = resource.related, {}
        self.add(resource)
        for name, other in relationships.items():
            found = relation_of(resource_type, name)
            if found:
                self.relate(resource, found, [other])
        return True

    def link(self, resource: Resource, relation: Relation, other: Resource) -> None:
        """Relate two resources. On a to-one side, the previously related resource is replaced."""
        if other.type in self._generators:
            if self.stored(other.type, other.id) is None:
                self._store_generated(other.type, other.id)
            other = self._types[other.type][other.id]
        name, inverse = relation.name, relation.inverse
        if not relation.many and name in resource.related:
            for identifier in resource.ids(name):
                self.unlink(resource, relation, self._types[relation.target][identifier])
        if not relation.inverse_many and inverse in other.related:
            for identifier in other.ids(inverse):
                self.unlink(self._types[relation.type][identifier], relation, other)
        if relation.many:
            resource.related.setdefault(name, {})[other.id] = None
        else:
            resource.related[name] = other.id
        if relation.inverse_many:
            other.related.setdefault(inverse, {})[resource.id] = None
        else:
            other.related[inverse] = resource.id
        self._discard_rendered(resource, other)

    def unlink(self, resource: Resource, relation: Relation, other: Resource) -> None:
        """Remove the relationship between two resources, if there is one."""
        _detach(resource, relation.name, other.id)
        _detach(other, relation.inverse, resource.id)
        self._discard_rendered(resource, other)

    def related(self, resource: Resource, relation: Relation) -> Sequence[Resource]:
        """Return the related resources of a relationship."""
        related = resource.related.get(relation.name)
        if relation.target in self._generators:
            return self._related_generated(resource, relation)
        if not related:
            return []
        targets = self._types[relation.target]
        return [targets[related]] if isinstance(related, str) else list(map(targets.__getitem__, related))

    def _related_generated(self, resource: Resource, relation: Relation) -> Sequence[Resource]:
        ids, make = resource.ids(relation.name), self._lists.get((relation.type, relation.name))
        generator = self._generators[relation.target]
        if make and all(generator(self, identifier) for identifier in ids):
            return make(self, resource)
        return self.get_many(relation.target, ids)

    def selection(self, key: Any, make: Callable[[], Sequence[Resource]]) -> Sequence[Resource]:
        """Return a list of resources that is computed once and cached until the next write. It must not be changed."""
        selected = self._selections.get(key)
        if selected is None:
            if len(self._selections) >= _MAX_SELECTIONS:
                self._selections.clear()
            selected = self._selections[key] = make()
        return selected

    def _discard_rendered(self, *resources: Resource) -> None:
        for resource in resources:
            resource.rendered.clear()
        self._selections.clear()
        self.changes += 1


def _detach(resource: Resource, name: str, identifier: str) -> None:
    related = resource.related.get(name)
    if isinstance(related, dict):
        related.pop(identifier, None)
    elif related == identifier:
        del resource.related[name]
