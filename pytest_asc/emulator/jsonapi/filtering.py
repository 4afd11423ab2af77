"""Which resources a query selects, and in which order."""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING, Any

from pytest_asc.emulator.jsonapi.query_aliases import FILTER_PREDICATES, AttributePath, query_alias
from pytest_asc.emulator.spec.api_spec import api_spec
from pytest_asc.emulator.spec.relationships import relation

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pytest_asc.emulator.account.store import Resource, Store
    from pytest_asc.emulator.jsonapi.query import Query
    from pytest_asc.emulator.spec.relationships import Relation


@cache
def resolve(kind: str, name: str) -> AttributePath | None:
    """Find what a name in a filter, an exists or a sort stands for; None where nobody says."""
    relations: list[Relation] = []
    *before, last = name.split(".")
    for step in before:
        over = relation(kind, step)
        if over is None:
            return None
        relations.append(over)
        kind = over.target
    if not before and (path := query_alias(kind, last)):
        return path
    if last == "id":
        return AttributePath(tuple(relations), None)
    if any(last in schema.attributes for schema in api_spec().schemas_of(kind)):
        return AttributePath(tuple(relations), last)
    over = relation(kind, last)
    return AttributePath((*relations, over), None) if over else None


def unknown_names(kind: str, query: Query) -> list[str]:
    """The parameters of a query that this emulator cannot apply."""
    names = {
        **{f"filter[{name}]": name for name in query.filters},
        **{f"exists[{name}]": name for name in query.exists},
        **{f"sort={name}": name for name, _ in query.sort},
    }
    return [parameter for parameter, name in names.items() if resolve(kind, name) is None]


def select(store: Store, kind: str, query: Query, among: Iterable[Resource] | None = None) -> list[Resource]:
    """The resources that pass every filter, in order.

    Args:
        store: Where they are.
        kind: Their type.
        query: Checked, and of known names.
        among: Where to look; None for all of the type.
    """
    selected = _candidates(store, kind, query) if among is None else among
    for name, wanted in query.filters.items():
        selected = _filter(store, kind, selected, name, wanted)
    for name, there in query.exists.items():
        path = _resolved(kind, name)
        selected = [one for one in selected if (next(_values(store, one, path), None) is not None) == there]
    ordered = list(selected)
    for name, descending in reversed(query.sort):
        ordered.sort(key=partial(_sort_key, store, _resolved(kind, name)), reverse=descending)
    return ordered


def _candidates(store: Store, kind: str, query: Query) -> Iterable[Resource]:
    """Few resources to look at where a filter names ids, all of the type where none does."""
    for name, wanted in query.filters.items():
        relations, attribute, _ = _resolved(kind, name)
        if attribute is not None or len(relations) > 1:
            continue
        found: dict[str, Resource] = {}
        for identifier in wanted:
            for one in _with_id(store, kind, relations, identifier):
                found[one.id] = one
        return found.values()
    return store.all(kind)


def _with_id(store: Store, kind: str, relations: tuple[Relation, ...], identifier: str) -> Iterator[Resource]:
    if not relations:
        ids, wanted_type = [identifier], kind
    else:
        (over,) = relations
        other = store.get(over.target, identifier)
        ids, wanted_type = (other.ids(over.inverse) if other else []), kind
    for one in ids:
        resource = store.get(wanted_type, one)
        if resource:
            yield resource


def _filter(
    store: Store, kind: str, resources: Iterable[Resource], name: str, wanted: tuple[str, ...]
) -> list[Resource]:
    path = _resolved(kind, name)
    test = FILTER_PREDICATES.get((kind, name))
    if test:
        return [
            one for one in resources if any(test(item, value) for value in _values(store, one, path) for item in wanted)
        ]
    allowed = frozenset(wanted)
    return [one for one in resources if any(value in allowed for value in _values(store, one, path))]


def _values(store: Store, resource: Resource, path: AttributePath) -> Iterator[str]:
    """What a path leads to from a resource, as text; nothing where it is null."""
    reached = [resource]
    for over in path.relations:
        reached = [other for one in reached for other in store.related(one, over)]
    for one in reached:
        value = one.id if path.attribute is None else one.attributes.get(path.attribute)
        if value is None or (path.only is not None and path.only != value):
            continue
        yield from map(_text, value if isinstance(value, list) else (value,))


def _sort_key(store: Store, path: AttributePath, resource: Resource) -> tuple[bool, Any]:
    if not path.relations and path.attribute is not None:
        value = resource.attributes.get(path.attribute)
    else:
        value = next(_values(store, resource, path), None)
    return value is not None, "" if value is None else value


def _text(value: Any) -> str:
    """A value as it stands in a query."""
    if isinstance(value, str):
        return value
    return str(value).lower() if isinstance(value, bool) else str(value)


def _resolved(kind: str, name: str) -> AttributePath:
    path = resolve(kind, name)
    assert path is not None, f"{name} of {kind} was not checked"  # noqa: S101  unknown_names comes first
    return path
