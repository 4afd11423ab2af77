"""What the operations that change something do, for every type of resource alike.

A body is judged whole before anything happens: first by its form, then by the catalogue, then by what the account
holds, last by the workflow of its type.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import quote

from pytest_asc.emulator.account.account import members_of
from pytest_asc.emulator.http_models import JSON, Response
from pytest_asc.emulator.jsonapi import entity_errors, errors
from pytest_asc.emulator.jsonapi.errors import ApiError, RefusedError, at_pointer
from pytest_asc.emulator.jsonapi.request_validator import is_local, read_entity, read_ids
from pytest_asc.emulator.jsonapi.uniqueness import uniqueness_errors
from pytest_asc.emulator.operations.reads import single
from pytest_asc.emulator.resources import hooks_of
from pytest_asc.emulator.spec.relationships import create_inverse, relation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pytest_asc.emulator.account.account import Account
    from pytest_asc.emulator.account.store import Resource, Store
    from pytest_asc.emulator.jsonapi.request_validator import ValidatedResource
    from pytest_asc.emulator.jsonapi.routing import Route
    from pytest_asc.emulator.spec.relationships import Relation


_Write: TypeAlias = "Callable[[Account, Route, bytes], Response]"


def write(account: Account, asked: Route, content: bytes) -> Response | tuple[ApiError, ...]:
    """Do what a POST, PATCH or DELETE asks for: the answer, or what is wrong.

    Args:
        account: What is changed.
        asked: What is asked for.
        content: The body of the request.
    """
    account.base = asked.base
    try:
        return _WRITES[asked.operation.action](account, asked, content)
    except RefusedError as refused:
        return refused.reasons


def _create(account: Account, asked: Route, content: bytes) -> Response:
    entity = read_entity(asked.operation, "", content)
    _refuse(*_dangling(account.store, entity), *uniqueness_errors(account.store, entity))
    resource = hooks_of(entity.type).existing(account, entity) or _new(account, entity)
    address = f"{asked.base}{asked.operation.path}/{quote(resource.id, safe='')}"
    return _document(account, asked, resource, {"Location": address})


def _new(account: Account, entity: ValidatedResource) -> Resource:
    workflow = hooks_of(entity.type)
    workflow.creating(account, entity)
    brought = _bring(account, entity)
    resource = account.create(entity.type, workflow.identify(account, entity), _shown(entity))
    _link(account.store, (resource, entity), *brought)
    workflow.created(account, resource, entity)
    return resource


def _update(account: Account, asked: Route, content: bytes) -> Response:
    resource = _start(account, asked)
    entity = read_entity(asked.operation, asked.identifier, content)
    _refuse(*_dangling(account.store, entity))
    workflow = hooks_of(entity.type)
    workflow.updating(account, resource, entity)
    account.store.update(resource, _shown(entity))
    _link(account.store, (resource, entity), *_bring(account, entity))
    workflow.updated(account, resource, entity)
    return _document(account, asked, resource, {})


def _delete(account: Account, asked: Route, _content: bytes) -> Response:
    resource = _start(account, asked)
    hooks_of(resource.type).deleting(account, resource)
    account.remove(resource)
    return _nothing(asked)


def _relate(change: Callable[[Store, Resource, Relation, list[str]], None]) -> _Write:
    """The write that changes a relationship in this way."""

    def write(account: Account, asked: Route, content: bytes) -> Response:
        resource = _start(account, asked)
        operation = asked.operation
        over = relation(resource.type, operation.relationship)
        assert over is not None, f"{operation.path} leads to no resource"  # noqa: S101  the catalogue's tests show it
        ids = read_ids(operation, content)
        store = account.store
        missing = [number for number, identifier in enumerate(ids) if store.get(over.target, identifier) is None]
        place = "/data/{}/id" if over.many else "/data/id"
        _refuse(
            *(at_pointer(entity_errors.RELATIONSHIP_ID, place.format(number), id=ids[number]) for number in missing)
        )
        workflow = hooks_of(resource.type)
        workflow.relating(account, resource, operation.relationship, operation.method, ids)
        change(store, resource, over, ids)
        workflow.related(account, resource, operation.relationship, operation.method, ids)
        return _nothing(asked)

    return write


def _add(store: Store, resource: Resource, over: Relation, ids: list[str]) -> None:
    for other in store.some(over.target, ids):
        store.link(resource, over, other)


def _take_away(store: Store, resource: Resource, over: Relation, ids: list[str]) -> None:
    for other in store.some(over.target, ids):
        store.unlink(resource, over, other)


def _replace(store: Store, resource: Resource, over: Relation, ids: list[str]) -> None:
    store.relate(resource, over, ids)


_WRITES: Mapping[str, _Write] = {
    "createInstance": _create,
    "updateInstance": _update,
    "deleteInstance": _delete,
    "createToManyRelationship": _relate(_add),
    "replaceToManyRelationship": _relate(_replace),
    "deleteToManyRelationship": _relate(_take_away),
    "updateToOneRelationship": _relate(_replace),
}
EMULATED = frozenset(_WRITES)
"""The kinds of operation that this module answers."""


def _start(account: Account, asked: Route) -> Resource:
    """The resource whose id is in the path."""
    kind = asked.operation.root
    found = account.store.get(kind, asked.identifier)
    if found is None:
        raise RefusedError(ApiError(errors.NOT_FOUND, {"type": kind, "id": asked.identifier}))
    return found


def _document(account: Account, asked: Route, resource: Resource, headers: dict[str, str]) -> Response:
    body = single(account.store, asked, resource)
    return Response(asked.operation.status, {"Content-Type": JSON, **headers}, body)


def _nothing(asked: Route) -> Response:
    return Response(asked.operation.status, {}, b"")


# Entities.


def _refuse(*faults: ApiError) -> None:
    if faults:
        raise RefusedError(*faults)


def _dangling(store: Store, entity: ValidatedResource) -> Iterator[ApiError]:
    """The relationships of an entity, and of those that it brings along, to what is not there."""
    places = {"/data": entity, **{f"/included/{number}": one for number, one in enumerate(entity.included)}}
    for place, one in places.items():
        for name, linkages in one.relationships.items():
            for kind, identifier in linkages:
                if not is_local(identifier) and store.get(kind, identifier) is None:
                    yield at_pointer(entity_errors.RELATIONSHIP_ID, f"{place}/relationships/{name}", id=identifier)


def _bring(account: Account, entity: ValidatedResource) -> list[tuple[Resource, ValidatedResource]]:
    """Create what an entity brings along."""
    return [(account.create(one.type, None, _shown(one)), one) for one in entity.included]


def _link(store: Store, *written: tuple[Resource, ValidatedResource]) -> None:
    """Set the relationships of entities that were written together."""
    ids = {(resource.type, entity.id): resource.id for resource, entity in written}
    for resource, entity in written:
        for name, linkages in entity.relationships.items():
            real = [(kind, ids.get((kind, identifier), identifier)) for kind, identifier in linkages]
            _lead(store, resource, name, real)


def _lead(store: Store, resource: Resource, name: str, linkages: list[tuple[str, str]]) -> None:
    """Make a relationship lead to these, from the other side where the resource does not show it."""
    over = relation(resource.type, name)
    if over:
        store.relate(resource, over, [identifier for _, identifier in linkages])
        return
    for kind, identifier in linkages:
        back, other = create_inverse(resource.type, kind), store.get(kind, identifier)
        if back and other:
            store.link(other, back, resource)


def _shown(entity: ValidatedResource) -> dict[str, Any]:
    """The attributes that the resource has; the others, such as passwords and commands, are for its workflow alone."""
    known = members_of(entity.type).attributes
    return {name: value for name, value in entity.attributes.items() if name in known}
