"""Filtering and sorting of resources (JSON:API, fetching data)."""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING, Any

from pytest_asc.emulator.account.store import FilterableList
from pytest_asc.emulator.jsonapi.query_aliases import FILTER_PREDICATES, AttributePath, query_alias
from pytest_asc.emulator.spec.api_spec import api_spec, depends_on_spec
from pytest_asc.emulator.spec.relationships import relation

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pytest_asc.emulator.account.store import Resource, Store
    from pytest_asc.emulator.jsonapi.query import Query
    from pytest_asc.emulator.spec.relationships import Relation


@depends_on_spec
@cache
def resolve(resource_type: str, name: str) -> AttributePath | None:
    """Return the path to the values for a name in a filter, ``exists`` or ``sort``; None if its meaning is unknown."""
    relations: list[Relation] = []
    *before, last = name.split(".")
    for step in before:
        found = relation(resource_type, step)
        if found is None:
            return None
        relations.append(found)
        resource_type = found.target
    if not before and (path := query_alias(resource_type, last)):
        return path
    if last == "id":
        return AttributePath(tuple(relations), None)
    if any(last in schema.attributes for schema in api_spec().schemas_of(resource_type)):
        return AttributePath(tuple(relations), last)
    found = relation(resource_type, last)
    return AttributePath((*relations, found), None) if found else None


def unknown_names(resource_type: str, query: Query) -> list[str]:
    """Return the parameters of a query that the emulator cannot apply, because their meaning is not known."""
    names = {
        **{f"filter[{name}]": name for name in query.filters},
        **{f"exists[{name}]": name for name in query.exists},
        **{f"sort={name}": name for name, _ in query.sort},
    }
    return [parameter for parameter, name in names.items() if resolve(resource_type, name) is None]


def select(
    store: Store, resource_type: str, query: Query, among: Iterable[Resource] | None = None
) -> Sequence[Resource]:
    """Return the resources that match every filter, sorted.

    Args:
        store: Store of the resources.
        resource_type: Type of the resources.
        query: A query that has no errors and no :func:`unknown_names`.
        among: Resources to select from; None for all resources of the type.
    """
    selected: Iterable[Resource] = _candidates(store, resource_type, query) if among is None else among
    for name, filter_values in query.filters.items():
        selected = _filter(store, resource_type, selected, name, filter_values)
    for name, exists in query.exists.items():
        path = _resolved(resource_type, name)
        selected = [one for one in selected if (next(_values(store, one, path), None) is not None) == exists]
    if isinstance(selected, FilterableList) and not query.sort:
        return selected
    ordered = list(selected)
    for name, descending in reversed(query.sort):
        ordered.sort(key=partial(_sort_key, store, _resolved(resource_type, name)), reverse=descending)
    return ordered


def _candidates(store: Store, resource_type: str, query: Query) -> Iterable[Resource]:
    """Return the resources with the ids in a filter, if a filter has ids, otherwise all resources of the type."""
    for name, filter_values in query.filters.items():
        relations, attribute, _ = _resolved(resource_type, name)
        if attribute is not None or len(relations) > 1:
            continue
        found: dict[str, Resource] = {}
        for identifier in filter_values:
            for one in _with_id(store, resource_type, relations, identifier):
                found[one.id] = one
        return found.values()
    return store.all(resource_type)


def _with_id(store: Store, resource_type: str, relations: tuple[Relation, ...], identifier: str) -> Iterator[Resource]:
    ids = [identifier]
    if relations:
        (only,) = relations
        other = store.get(only.target, identifier)
        ids = other.ids(only.inverse) if other else []
    for one in ids:
        resource = store.get(resource_type, one)
        if resource:
            yield resource


def _filter(
    store: Store, resource_type: str, resources: Iterable[Resource], name: str, filter_values: tuple[str, ...]
) -> Sequence[Resource]:
    narrowed = resources.filtered(name, filter_values) if isinstance(resources, FilterableList) else None
    if narrowed is not None:
        return narrowed
    path = _resolved(resource_type, name)
    matches = FILTER_PREDICATES.get((resource_type, name))
    if matches:
        return [
            one
            for one in resources
            if any(matches(wanted, value) for value in _values(store, one, path) for wanted in filter_values)
        ]
    allowed = frozenset(filter_values)
    return [one for one in resources if any(value in allowed for value in _values(store, one, path))]


def _values(store: Store, resource: Resource, path: AttributePath) -> Iterator[str]:
    """Yield the values at the end of a path from a resource, as text, without null values."""
    reached = [resource]
    for step in path.relations:
        reached = [other for one in reached for other in store.related(one, step)]
    for one in reached:
        value = one.id if path.attribute is None else one.attributes.get(path.attribute)
        if value is None or (path.only_value is not None and path.only_value != value):
            continue
        yield from map(_text, value if isinstance(value, list) else (value,))


def _sort_key(store: Store, path: AttributePath, resource: Resource) -> tuple[bool, Any]:
    if not path.relations and path.attribute is not None:
        value = resource.attributes.get(path.attribute)
    else:
        value = next(_values(store, resource, path), None)
    return value is not None, "" if value is None else value


def _text(value: object) -> str:
    """Return a value in the format of a query parameter."""
    if isinstance(value, str):
        return value
    return str(value).lower() if isinstance(value, bool) else str(value)


def _resolved(resource_type: str, name: str) -> AttributePath:
    path = resolve(resource_type, name)
    assert path is not None, f"{name} of {resource_type} has no known meaning"  # noqa: S101  unknown_names comes first
    return path
