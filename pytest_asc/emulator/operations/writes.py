"""POST, PATCH and DELETE operations, for all resource types.

A request is validated completely before anything changes: first the syntax of its body, then its members against the
API spec, then its references against the account, and finally by the hooks of the resource type.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import quote

from pytest_asc.emulator.account.account import members_of
from pytest_asc.emulator.http_models import JSON, Response
from pytest_asc.emulator.jsonapi import entity_errors, errors
from pytest_asc.emulator.jsonapi.errors import ApiError, RefusedError, at_pointer
from pytest_asc.emulator.jsonapi.request_validator import is_local_id, read_entity, read_ids
from pytest_asc.emulator.jsonapi.text_rules import TEXT_RULES, text_errors
from pytest_asc.emulator.jsonapi.uniqueness import uniqueness_errors
from pytest_asc.emulator.operations.reads import render_single
from pytest_asc.emulator.resources import FOUND_BY_HOOKS, hooks_of
from pytest_asc.emulator.spec.relationships import create_inverse, relation

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytest_asc.emulator.account.account import Account
    from pytest_asc.emulator.account.store import Resource, Store
    from pytest_asc.emulator.jsonapi.request_validator import ValidatedResource
    from pytest_asc.emulator.jsonapi.routing import Route
    from pytest_asc.emulator.resources import ResourceHooks
    from pytest_asc.emulator.spec.relationships import Relation


_Write: TypeAlias = "Callable[[Account, Route, bytes], Response]"


def write(account: Account, route: Route, body: bytes) -> Response | tuple[ApiError, ...]:
    """Handle a POST, PATCH or DELETE request, and return the response or the errors of the request.

    Args:
        account: The account to change.
        route: Route of the request.
        body: Body of the request.
    """
    account.base = route.base
    try:
        return _WRITES[route.operation.action](account, route, body)
    except RefusedError as refused:
        return refused.reasons


def _create(account: Account, route: Route, body: bytes) -> Response:
    entity = read_entity(route.operation, "", body)
    api_errors = _member_errors(account.store, entity)
    if api_errors:
        raise RefusedError(*api_errors)
    hooks = hooks_of(entity.type)
    duplicates = uniqueness_errors(account.store, entity)
    resource = hooks.find_existing(account, entity) if hooks.find_existing and not duplicates else None
    if resource is None:
        _validate_create(account, hooks, entity, duplicates)
        if hooks.before_create:
            hooks.before_create(account, entity)
        included = _create_included(account, entity) if entity.included else ()
        identifier = hooks.choose_id(account, entity) if hooks.choose_id else None
        resource = account.create(entity.type, identifier, _attributes(entity))
        _relate_all(account.store, (resource, entity), *included)
        hooks.after_create(account, resource, entity)
    location = f"{route.base}{route.operation.path}/{quote(resource.id, safe='')}"
    return _document(account, route, resource, {"Location": location})


def _validate_create(
    account: Account, hooks: ResourceHooks, entity: ValidatedResource, duplicates: list[ApiError]
) -> None:
    """Reject a create request with all errors at once; those about the account come first (observed for versions)."""
    try:
        hooks.validate_create(account, entity)
    except RefusedError as refused:
        same_status = [one for one in duplicates if one.template.status == refused.reasons[0].template.status]
        raise RefusedError(*refused.reasons, *same_status) from None
    if duplicates:
        raise RefusedError(*duplicates)


def _update(account: Account, route: Route, body: bytes) -> Response:
    resource = _find(account, route)
    entity = read_entity(route.operation, route.identifier, body)
    api_errors = _member_errors(account.store, entity)
    if api_errors:
        raise RefusedError(*api_errors)
    hooks = hooks_of(entity.type)
    hooks.validate_update(account, resource, entity)
    account.store.update(resource, _attributes(entity))
    _relate_all(account.store, (resource, entity), *_create_included(account, entity))
    hooks.after_update(account, resource, entity)
    return _document(account, route, resource, {})


def _delete(account: Account, route: Route, _body: bytes) -> Response:
    resource = _find(account, route)
    hooks_of(resource.type).before_delete(account, resource)
    account.remove(resource)
    return _no_content(route)


def _change_relationship(change: Callable[[Store, Resource, Relation, list[str]], None]) -> _Write:
    """Return the handler of requests that change a relationship with the given function."""

    def write(account: Account, route: Route, body: bytes) -> Response:
        resource = _find(account, route)
        operation = route.operation
        relationship = relation(resource.type, operation.relationship)
        assert relationship is not None, f"{operation.path} leads to no resource"  # noqa: S101  a test checks the spec
        ids = read_ids(operation, body)
        store = account.store
        pointer = "/data/{}/id" if relationship.many else "/data/id"
        api_errors = [
            at_pointer(entity_errors.RELATIONSHIP_ID, pointer.format(index), id=identifier)
            for index, identifier in enumerate(ids)
            if store.get(relationship.target, identifier) is None
        ]
        if api_errors:
            raise RefusedError(*api_errors)
        hooks = hooks_of(resource.type)
        hooks.validate_relationship_change(account, resource, operation.relationship, operation.method, ids)
        change(store, resource, relationship, ids)
        hooks.after_relationship_change(account, resource, operation.relationship, operation.method, ids)
        return _no_content(route)

    return write


def _add(store: Store, resource: Resource, relationship: Relation, ids: list[str]) -> None:
    for other in store.get_many(relationship.target, ids):
        store.link(resource, relationship, other)


def _remove(store: Store, resource: Resource, relationship: Relation, ids: list[str]) -> None:
    for other in store.get_many(relationship.target, ids):
        store.unlink(resource, relationship, other)


def _replace(store: Store, resource: Resource, relationship: Relation, ids: list[str]) -> None:
    store.relate(resource, relationship, ids)


_WRITES: Mapping[str, _Write] = {
    "createInstance": _create,
    "updateInstance": _update,
    "deleteInstance": _delete,
    "createToManyRelationship": _change_relationship(_add),
    "replaceToManyRelationship": _change_relationship(_replace),
    "deleteToManyRelationship": _change_relationship(_remove),
    "updateToOneRelationship": _change_relationship(_replace),
}
EMULATED = frozenset(_WRITES)
"""Actions of operations that this module handles."""


def _find(account: Account, route: Route) -> Resource:
    """Return the resource whose id is in the path, or raise the 404."""
    found = account.store.get(route.resource_type, route.identifier)
    if found is None:
        raise RefusedError(errors.not_found(route.resource_type, route.identifier))
    return found


def _document(account: Account, route: Route, resource: Resource, headers: dict[str, str]) -> Response:
    body = render_single(account.store, route, resource)
    return Response(route.operation.status, {"Content-Type": JSON, **headers}, body)


def _no_content(route: Route) -> Response:
    return Response(route.operation.status, {}, b"")


# Members of a request.

# Errors for a related resource that does not exist, by type and relationship, if they are special (observed).
_MISSING_TARGETS = {
    ("profiles", "bundleId"): entity_errors.APP_ID_UNKNOWN,
    ("reviewSubmissions", "app"): entity_errors.APP_NOT_FOUND,
}


def _member_errors(store: Store, entity: ValidatedResource) -> list[ApiError]:
    """Return the errors about invalid texts, and about related resources that do not exist, with included resources."""
    api_errors = text_errors(entity) if entity.type in TEXT_RULES else []
    places = [("/data", entity)]
    for index, included in enumerate(entity.included):
        places.append((f"/included/{index}", included))
    for place, one in places:
        for name, linkages in one.relationships.items():
            for resource_type, identifier in linkages:
                if (one.type, name) in FOUND_BY_HOOKS:
                    continue
                if store.get(resource_type, identifier) is None and not is_local_id(identifier):
                    api_errors.append(_missing_target(one.type, name, identifier, f"{place}/relationships/{name}"))
    return api_errors


def _missing_target(resource_type: str, name: str, identifier: str, pointer: str) -> ApiError:
    """Return the error for a related resource that does not exist."""
    template = _MISSING_TARGETS.get((resource_type, name), entity_errors.RELATIONSHIP_ID)
    if template is entity_errors.APP_ID_UNKNOWN:  # errors of the developer portal have no pointer (observed)
        return ApiError(template, {"id": identifier})
    return at_pointer(template, pointer, name=name, id=identifier)


def _create_included(account: Account, entity: ValidatedResource) -> list[tuple[Resource, ValidatedResource]]:
    """Create the included resources of a request."""
    created = []
    for one in entity.included:
        choose_id = hooks_of(one.type).choose_id
        identifier = choose_id(account, one) if choose_id else None
        created.append((account.create(one.type, identifier, _attributes(one)), one))
    return created


def _relate_all(store: Store, *written: tuple[Resource, ValidatedResource]) -> None:
    """Set the relationships of resources that a request has created or updated together."""
    ids = {}
    for resource, entity in written:
        ids[resource.type, entity.id] = resource.id
    for resource, entity in written:
        for name, linkages in entity.relationships.items():
            _relate(store, resource, name, linkages, ids)


def _relate(
    store: Store,
    resource: Resource,
    name: str,
    linkages: tuple[tuple[str, str], ...],
    ids: Mapping[tuple[str, str | None], str],
) -> None:
    """Set a relationship. If the resource's type does not have it, it is set on the other side.

    Args:
        store: Store of the account.
        resource: The resource.
        name: Name of the relationship.
        linkages: Types and ids of the related resources.
        ids: Ids of the resources in the request, by type and local id.
    """
    relationship = relation(resource.type, name)
    if relationship:
        store.relate(resource, relationship, [ids.get(linkage, linkage[1]) for linkage in linkages])
        return
    for resource_type, identifier in linkages:
        inverse, other = (
            create_inverse(resource.type, resource_type),
            store.get(resource_type, ids.get((resource_type, identifier), identifier)),
        )
        if inverse and other:
            store.link(other, inverse, resource)


def _attributes(entity: ValidatedResource) -> dict[str, Any]:
    """Return the attributes that the resource type has. Others, such as passwords, only concern the hooks."""
    known = members_of(entity.type).attributes
    return {name: value for name, value in entity.attributes.items() if name in known}
