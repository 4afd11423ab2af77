"""What the GET operations answer, for every type of resource alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
from pytest_asc.emulator.spec.api_spec import api_spec
from pytest_asc.emulator.spec.relationships import relation

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pytest_asc.emulator.account.store import Resource, Store
    from pytest_asc.emulator.jsonapi.routing import Route
    from pytest_asc.emulator.spec.relationships import Relation


def read(store: Store, asked: Route) -> bytes | ApiError:
    """Answer a GET: the document, or what is wrong."""
    return _READS[asked.operation.action](store, asked)


def _collection(store: Store, asked: Route) -> bytes:
    kind = asked.operation.root
    key = (kind, asked.query.selection)
    return _page(store, asked, store.selection(key, lambda: select(store, kind, asked.query)))


def _instance(store: Store, asked: Route) -> bytes | ApiError:
    found = _start(store, asked)
    if isinstance(found, ApiError):
        return found
    # The commonest request of all: where nothing is included, the document is as lasting as its resource.
    kept = found.rendered.get(asked.envelope)
    if kept is not None:
        return kept
    document = single(store, asked, found)
    return document if asked.query.include else cache_rendered(found, asked.envelope, document)


def _to_many(store: Store, asked: Route) -> bytes | ApiError:
    start = _start(store, asked)
    if isinstance(start, ApiError):
        return start
    over = _relation(asked, start)
    related = store.related(start, over)
    return _page(store, asked, select(store, over.target, asked.query, related))


def _to_one(store: Store, asked: Route) -> bytes | ApiError:
    start = _start(store, asked)
    if isinstance(start, ApiError):
        return start
    related = store.related(start, _relation(asked, start))
    return single(store, asked, related[0] if related else None)


_READS: Mapping[str, Callable[[Store, Route], bytes | ApiError]] = {
    "getCollection": _collection,
    "getInstance": _instance,
    "getToManyRelated": _to_many,
    "getToManyRelationship": _to_many,
    "getToOneRelated": _to_one,
    "getToOneRelationship": _to_one,
}
EMULATED = frozenset(_READS)
"""The kinds of operation that this module answers."""


def _start(store: Store, asked: Route) -> Resource | ApiError:
    """The resource whose id is in the path."""
    kind = asked.operation.root
    found = store.get(kind, asked.identifier)
    return found or ApiError(errors.NOT_FOUND, {"type": kind, "id": asked.identifier})


def _relation(asked: Route, start: Resource) -> Relation:
    over = relation(start.type, asked.operation.relationship)
    assert over is not None, f"{asked.operation.path} leads to no resource"  # noqa: S101  the catalogue's tests show it
    return over


def single(store: Store, asked: Route, resource: Resource | None) -> bytes:
    """The document of one resource, or of none."""
    if resource is None:
        return asked.envelope.single(b"null", _included(store, asked, ()))
    return asked.envelope.single(_shown(store, asked, resource), _included(store, asked, (resource,)))


def _page(store: Store, asked: Route, selected: Sequence[Resource]) -> bytes:
    query = asked.query
    here = selected[query.offset : query.offset + query.limit]
    data = [_shown(store, asked, resource) for resource in here]
    return asked.envelope.page(data, _included(store, asked, here), len(selected))


def _shown(store: Store, asked: Route, resource: Resource) -> bytes:
    return render_resource(store, resource, asked.serializer) if asked.serializer else linkage(resource).encode()


def _included(store: Store, asked: Route, resources: Sequence[Resource]) -> list[bytes] | None:
    """The resources on the other side of the included relationships, each once."""
    query = asked.query
    if not query.include:
        return None
    found: dict[tuple[str, str], Resource] = {}
    for name, limit in included_limits(query.include, query.limits):
        for resource in resources:
            over = relation(resource.type, name)
            for other in store.related(resource, over)[:limit] if over else ():
                found[other.type, other.id] = other
    return [_included_piece(store, asked, resource) for resource in found.values()]


def _included_piece(store: Store, asked: Route, resource: Resource) -> bytes:
    name = asked.operation.included.get(resource.type)
    schema = api_spec().schema(name) if name else api_spec().schemas_of(resource.type)[-1]
    return render_resource(store, resource, get_serializer(schema, asked.base, asked.query.fields.get(resource.type)))
