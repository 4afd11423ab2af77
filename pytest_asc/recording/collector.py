"""Collector of the resources in responses, which makes the recorded document of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_asc.apple.territories import TERRITORIES
from pytest_asc.emulator.spec.api_spec import api_spec
from pytest_asc.emulator.spec.relationships import is_ordered, relation
from pytest_asc.recording.pseudonyms import with_pseudonyms

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from pytest_asc.emulator.spec.relationships import Relation
    from pytest_asc.recording.pages import Item

_GENERATED = {"territories": TERRITORIES}
"""Ids, by type, of resources that every emulated account has. They are left out of the document."""


class Collector:
    """Collected resources and the relationships between them.

    Args:
        types: The resource types to collect.
    """

    def __init__(self, types: Collection[str]) -> None:
        self._types = frozenset(types)
        self._resources: dict[str, dict[str, dict[str, Any]]] = {}
        self._listed: dict[str, dict[str, None]] = {}
        self._related: dict[tuple[str, str], dict[str, dict[str, None]]] = {}

    def count(self) -> int:
        """Return the number of resources."""
        return sum(len(found) for kind, found in self._resources.items() if kind not in _GENERATED)

    def counts(self) -> dict[str, int]:
        """Return the number of resources by type."""
        return {kind: len(found) for kind, found in self._resources.items() if kind not in _GENERATED}

    def add(self, item: Item) -> None:
        """Add a resource and its linkages."""
        if item.type not in self._types:
            return
        if item.attributes is not None:
            known = self._resources.setdefault(item.type, {}).setdefault(item.id, {})
            known.update({name: value for name, value in item.attributes.items() if known.get(name) is None})
        for name, linkage in item.links.items():
            self.relate(item.type, item.id, name, linkage.ids)
        self._relate_price_points_to_territory(item)

    def _relate_price_points_to_territory(self, item: Item) -> None:
        """Relate the price point of a price to the price's territory, which an included price point does not have."""
        territory = item.links.get("territory")
        for name, linkage in item.links.items() if territory else ():
            found = relation(item.type, name)
            if territory and found and found.target.endswith("PricePoints"):
                for point in linkage.ids:
                    self.relate(found.target, point, "territory", territory.ids)

    def note_order(self, resource_type: str, ids: Iterable[str]) -> None:
        """Remember the order in which the account lists resources; they come after those of earlier calls."""
        if resource_type not in _GENERATED:
            self._listed.setdefault(resource_type, {}).update(dict.fromkeys(ids))

    def relate(self, resource_type: str, identifier: str, name: str, ids: Iterable[str]) -> None:
        """Add related resources to a relationship of a resource."""
        found = relation(resource_type, name)
        if found is None:
            return
        kept = _kept_side(found)
        for other in ids:
            one, another = (identifier, other) if kept == found else (other, identifier)
            self._related.setdefault((kept.type, kept.name), {}).setdefault(one, {})[another] = None

    def remove(self, resource_type: str, identifier: str) -> None:
        """Remove a resource. Relationships to it will be left out of the document."""
        self._resources.get(resource_type, {}).pop(identifier, None)

    def document(self) -> dict[str, Any]:
        """Return ``data``, sorted by type and id and with pseudonyms, and ``listed``, the orders of lists."""
        entries = [
            self._entry(resource_type, identifier)
            for resource_type in api_spec().types
            for identifier in sorted(self._resources.get(resource_type, ()))
            if identifier not in _GENERATED.get(resource_type, ())
        ]
        entries, listed = with_pseudonyms([entries, self._orders()])
        return {"data": entries, "listed": listed}

    def _orders(self) -> dict[str, list[str]]:
        """Return the ids by type, as the account listed them, unless that is their order in the document."""
        orders = {}
        for kind in api_spec().types:
            there = self._resources.get(kind, {})
            listed = [one for one in self._listed.get(kind, ()) if one in there]
            order = [*listed, *sorted(there.keys() - set(listed))]
            if order != sorted(there):
                orders[kind] = order
        return orders

    def _entry(self, resource_type: str, identifier: str) -> dict[str, Any]:
        relationships: dict[str, Any] = {}
        for name in sorted(_names(resource_type)):
            found = relation(resource_type, name)
            ids = self._related.get((resource_type, name), {}).get(identifier) if found else None
            if found is None or not ids:
                continue
            there = self._resources.get(found.target, {})
            present = [one for one in ids if one in there or one in _GENERATED.get(found.target, ())]
            if not is_ordered(found):
                present.sort()
            data = [{"type": found.target, "id": one} for one in present]
            if data:
                relationships[name] = {"data": data if found.many else data[-1]}
        entry: dict[str, Any] = {
            "type": resource_type,
            "id": identifier,
            "attributes": self._resources[resource_type][identifier],
        }
        return {**entry, "relationships": relationships} if relationships else entry


def _names(resource_type: str) -> set[str]:
    """Return the names of the relationships of a type; of two names for the same one, only the first."""
    names = {name for schema in api_spec().schemas_of(resource_type) for name in schema.relationships}
    relations = {name: relation(resource_type, name) for name in names}
    return {found.name for found in relations.values() if found}


def _kept_side(one: Relation) -> Relation:
    """Return the side of a relation that the document has: one whose order is significant, or else a to-one side."""
    if one.inverse.startswith("~"):
        return one
    other = one.reverse
    sides = sorted((one, other), key=lambda side: (not is_ordered(side), side.many, side.type, side.name))
    return sides[0]
