"""GET operations, for resources of every type."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zlib import crc32

from pytest_asc.emulator.jsonapi import errors
from pytest_asc.emulator.jsonapi.errors import ApiError
from pytest_asc.emulator.jsonapi.filtering import select
from pytest_asc.emulator.jsonapi.serializer import (
    cache_rendered,
    get_serializer,
    included_limits,
    linkage,
    render_resource,
)
from pytest_asc.emulator.operations.unset import unset_schedule, unset_to_one
from pytest_asc.emulator.spec.api_spec import api_spec
from pytest_asc.emulator.spec.relationships import relation

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pytest_asc.emulator.account.store import Resource, Store
    from pytest_asc.emulator.jsonapi.routing import Route
    from pytest_asc.emulator.spec.relationships import Relation

# To-many relationships whose resources come in no order, by path (observed: neither ascending nor descending dates).
_UNORDERED = frozenset({"/v1/apps/{id}/builds", "/v1/apps/{id}/relationships/builds"})
# Types of the developer portal. Their documents have no empty ``included`` (observed for certificates, inferred for the
# others: rorkai/App-Store-Connect-CLI:docs/API_NOTES.md).
_PORTAL_TYPES = frozenset({"bundleIds", "certificates", "devices", "merchantIds", "passTypeIds", "profiles"})
_MOST_CACHED = 1024
"""Characters of a query whose results are cached."""


def read(store: Store, route: Route) -> bytes | ApiError:
    """Return the JSON document that a GET operation responds with, or the reason why there is none."""
    return READS[route.operation.action](store, route)


def selected(store: Store, route: Route) -> Sequence[Resource] | ApiError:
    """Return the resources on all pages of a GET operation that lists some, or the reason why there are none."""
    if route.operation.action == "getCollection":
        return select(store, route.resource_type, route.query)
    resource = store.get(route.resource_type, route.identifier)
    if resource is None:
        return errors.not_found(route.resource_type, route.identifier)
    return _related(store, route, resource)


def _get_collection(store: Store, route: Route) -> bytes:
    resource_type, query = route.resource_type, route.query
    if len(query.text) > _MOST_CACHED:
        return _page(store, route, select(store, resource_type, query))
    key = (resource_type, query.selection)
    return _page(store, route, store.selection(key, lambda: select(store, resource_type, query)))


def _get_instance(store: Store, route: Route) -> bytes | ApiError:
    resource = store.get(route.resource_type, route.identifier)
    if resource is None:
        return _absent(store, route)
    # Without included resources, the document changes with its resource alone.
    cached = resource.rendered.get(route.envelope)
    if cached is not None:
        return cached
    document = render_single(store, route, resource)
    if route.query.include or len(route.query.text) > _MOST_CACHED:
        return document
    return cache_rendered(resource, route.envelope, document)


def _get_to_many(store: Store, route: Route) -> bytes | ApiError:
    resource = store.get(route.resource_type, route.identifier)
    if resource is None:
        return _absent(store, route)
    return _page(store, route, _related(store, route, resource))


def _related(store: Store, route: Route, resource: Resource) -> Sequence[Resource]:
    relationship = _relation(route)
    related = store.related(resource, relationship)
    if route.operation.path in _UNORDERED:
        related = sorted(related, key=_arbitrary_place)
    return select(store, relationship.target, route.query, related)


def _get_to_one(store: Store, route: Route) -> bytes | ApiError:
    resource = store.get(route.resource_type, route.identifier)
    if resource is None:
        return _absent(store, route)
    relationship = _relation(route)
    related = store.related(resource, relationship)
    found = related[0] if related else unset_to_one(route, relationship.target)
    return found if isinstance(found, ApiError) else render_single(store, route, found)


READS: Mapping[str, Callable[[Store, Route], bytes | ApiError]] = {
    "getCollection": _get_collection,
    "getInstance": _get_instance,
    "getToManyRelated": _get_to_many,
    "getToManyRelationship": _get_to_many,
    "getToOneRelated": _get_to_one,
    "getToOneRelationship": _get_to_one,
}
"""By the action of the operation."""
EMULATED = frozenset(READS)


def _absent(store: Store, route: Route) -> bytes | ApiError:
    """Return the answer for a resource that does not exist."""
    found = unset_schedule(store, route) or errors.not_found(route.resource_type, route.identifier)
    return found if isinstance(found, ApiError) else render_single(store, route, found)


def _relation(route: Route) -> Relation:
    found = relation(route.resource_type, route.operation.relationship)
    assert found is not None, f"{route.operation.path} leads to no resource"  # noqa: S101  the spec's tests show it
    return found


def render_single(store: Store, route: Route, resource: Resource | None) -> bytes:
    """Render the document of one resource or linkage, or of null."""
    included = _render_included(store, route, (resource,) if resource else ()) if route.query.include else None
    if resource is None:
        return route.envelope.single(b"null", included)
    serializer = route.serializer
    data = render_resource(store, resource, serializer) if serializer else linkage(resource).encode()
    return route.envelope.single(data, included)


def _page(store: Store, route: Route, selected: Sequence[Resource]) -> bytes:
    query, serializer = route.query, route.serializer
    resources = selected[query.offset : query.offset + query.limit]
    data: list[bytes] = []
    for resource in resources:
        # Most are rendered already: a look here saves a call for each.
        rendered = resource.rendered.get(serializer)
        if rendered is None:
            rendered = render_resource(store, resource, serializer) if serializer else linkage(resource).encode()
        data.append(rendered)
    included = _render_included(store, route, resources) if query.include else None
    return route.envelope.page(data, included, len(selected))


def _arbitrary_place(resource: Resource) -> int:
    """Return a number to sort by that says nothing of a resource, and is the same each time."""
    return crc32(resource.id.encode())


def _render_included(store: Store, route: Route, resources: Sequence[Resource]) -> list[bytes] | None:
    """Render the related resources of the included relationships, each once; None for a document without the member."""
    query = route.query
    found: dict[tuple[str, str], Resource] = {}
    for name, limit in included_limits(query.include, query.limits):
        for resource in resources:
            relationship = relation(resource.type, name)
            for other in store.related(resource, relationship)[:limit] if relationship else ():
                found[other.type, other.id] = other
    if not found and route.resource_type in _PORTAL_TYPES:
        return None
    return [_render_one_included(store, route, resource) for resource in found.values()]


def _render_one_included(store: Store, route: Route, resource: Resource) -> bytes:
    name = route.operation.included.get(resource.type)
    schema = api_spec().schema(name) if name else api_spec().schemas_of(resource.type)[-1]
    return render_resource(store, resource, get_serializer(schema, route.base, route.query.fields.get(resource.type)))
