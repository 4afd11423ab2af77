"""GET operations, for all resource types."""

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

# Paths of to-many relationships without a defined order (observed: dates neither ascend nor descend).
_UNORDERED = frozenset({"/v1/apps/{id}/builds", "/v1/apps/{id}/relationships/builds"})
# Types of the developer portal. Their documents omit ``included`` if it would be empty (observed for certificates,
# rorkai/App-Store-Connect-CLI:docs/API_NOTES.md; inferred for the others).
_PORTAL_TYPES = frozenset({"bundleIds", "certificates", "devices", "merchantIds", "passTypeIds", "profiles"})
_MAX_CACHED_LENGTH = 1024
"""Maximum length of a query, in characters, whose results are cached."""


def read(store: Store, route: Route) -> bytes | ApiError:
    """Return the JSON document of a GET request, or the error to respond with."""
    return READS[route.operation.action](store, route)


def selected(store: Store, route: Route) -> Sequence[Resource] | ApiError:
    """Return the resources on all pages of a GET request for a list, or the error to respond with."""
    if route.operation.action == "getCollection":
        return select(store, route.resource_type, route.query)
    resource = store.get(route.resource_type, route.identifier)
    if resource is None:
        return errors.not_found(route.resource_type, route.identifier)
    return _related(store, route, resource)


def _get_collection(store: Store, route: Route) -> bytes:
    resource_type, query = route.resource_type, route.query
    if len(query.text) > _MAX_CACHED_LENGTH:
        return _page(store, route, select(store, resource_type, query))
    key = (resource_type, query.selection)
    return _page(store, route, store.selection(key, lambda: select(store, resource_type, query)))


def _get_instance(store: Store, route: Route) -> bytes | ApiError:
    resource = store.get(route.resource_type, route.identifier)
    if resource is None:
        return _not_found(store, route)
    # A document without included resources only changes if the resource changes, so it is cached in the resource.
    cached = resource.rendered.get(route.envelope)
    if cached is not None:
        return cached
    document = render_single(store, route, resource)
    if route.query.include or len(route.query.text) > _MAX_CACHED_LENGTH:
        return document
    return cache_rendered(resource, route.envelope, document)


def _get_to_many(store: Store, route: Route) -> bytes | ApiError:
    resource = store.get(route.resource_type, route.identifier)
    if resource is None:
        return _not_found(store, route)
    return _page(store, route, _related(store, route, resource))


def _related(store: Store, route: Route, resource: Resource) -> Sequence[Resource]:
    relationship = _relation(route)
    related = store.related(resource, relationship)
    if route.operation.path in _UNORDERED:
        related = sorted(related, key=_arbitrary_key)
    return select(store, relationship.target, route.query, related)


def _get_to_one(store: Store, route: Route) -> bytes | ApiError:
    resource = store.get(route.resource_type, route.identifier)
    if resource is None:
        return _not_found(store, route)
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
"""Functions that read, by the action of the operation."""
EMULATED = frozenset(READS)


def _not_found(store: Store, route: Route) -> bytes | ApiError:
    """Return the response to a request for a resource that does not exist."""
    found = unset_schedule(store, route) or errors.not_found(route.resource_type, route.identifier)
    return found if isinstance(found, ApiError) else render_single(store, route, found)


def _relation(route: Route) -> Relation:
    found = relation(route.resource_type, route.operation.relationship)
    assert found is not None, f"{route.operation.path} leads to no resource"  # noqa: S101  a test checks the spec
    return found


def render_single(store: Store, route: Route, resource: Resource | None) -> bytes:
    """Render the document for one resource or its linkage; None renders null."""
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
        # Most resources have been rendered before: looking into their cache here saves a function call for each.
        rendered = resource.rendered.get(serializer)
        if rendered is None:
            rendered = render_resource(store, resource, serializer) if serializer else linkage(resource).encode()
        data.append(rendered)
    included = _render_included(store, route, resources) if query.include else None
    return route.envelope.page(data, included, len(selected))


def _arbitrary_key(resource: Resource) -> int:
    """Return a sort key that is arbitrary, but the same at each call: a checksum of the id."""
    return crc32(resource.id.encode())


def _render_included(store: Store, route: Route, resources: Sequence[Resource]) -> list[bytes] | None:
    """Render the resources of included relationships without duplicates; None if the document omits ``included``."""
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
