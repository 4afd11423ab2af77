"""Functions with which a test adds, reads, changes and deletes resources, even if the API would not allow it."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from pytest_asc.emulator.account.account import members_of, nearest_names, validate_attributes
from pytest_asc.emulator.resources import hooks_of
from pytest_asc.emulator.resources.webhook_events import record_creation
from pytest_asc.emulator.seeding.parents import parents_of
from pytest_asc.emulator.seeding.resource_view import ResourceView
from pytest_asc.emulator.spec.api_spec import api_spec

if TYPE_CHECKING:
    from pytest_asc.emulator.account.account import Account
    from pytest_asc.emulator.account.store import Resource

_MAX_LISTED = 10


def add(account: Account, resource_type: str, identifier: str | None, members: Mapping[str, Any]) -> ResourceView:
    """Add a resource, with defaults for the attributes that are not given.

    Args:
        account: The account.
        resource_type: The type, such as ``apps``.
        identifier: The id; None for a new one.
        members: Attributes, and relationships as ids, as resources, or as lists of these. They may include resources
            that the new resource belongs to, even if Apple only has the inverse relationship: see
            :func:`.parents.parents_of`.

    Raises:
        TypeError: The id is not a string.
        ValueError: The type, an attribute or a relationship does not exist, a value is not valid, or the id is taken
            or not valid.
    """
    __tracebackhide__ = True
    if identifier is not None and not isinstance(identifier, str):
        raise TypeError(f"id: got {identifier!r}, expected a string")
    if identifier is not None and not (identifier.strip() and identifier.isprintable()):
        raise ValueError(f"id: got {identifier!r}, expected one line of text; leave the id out for a new one")
    members, secret = _split_secret(resource_type, members)
    attributes, relationships, parents = sort_members(resource_type, members)
    account.discard_automatic(resource_type, identifier)
    resource = account.create(resource_type, identifier, attributes)
    try:
        account.relate(resource, relationships)
        relate_parents(account, resource, parents)
    except ValueError:
        account.remove(resource)
        raise
    if secret:
        account.outbox.keep_secret(resource, secret)
    with account.outbox.paused():
        hooks_of(resource_type).after_add(account, resource)
    record_creation(account, resource)
    return ResourceView(account, resource)


def _split_secret(resource_type: str, members: Mapping[str, Any]) -> tuple[Mapping[str, Any], str | None]:
    """Separate the secret of a webhook, which the resource does not show, from the other members."""
    __tracebackhide__ = True
    if resource_type != "webhooks" or "secret" not in members:
        return members, None
    secret = members["secret"]
    if not isinstance(secret, str) or not secret:
        raise ValueError(
            "'secret' of 'webhooks': expected a string, "
            f"got {'an empty one' if secret == '' else type(secret).__name__}"
        )
    return {name: value for name, value in members.items() if name != "secret"}, secret


def sort_members(
    resource_type: str, members: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Validate the attributes among the members, and return attributes, relationships and parents separately."""
    __tracebackhide__ = True
    value_types, known = members_of(resource_type)
    unknown = [name for name in members if name not in value_types and known.get(name) is None]
    parents_by_name = parents_of(resource_type) if unknown else {}
    parents = {name: members[name] for name in unknown if name in parents_by_name}
    relationships = {name: members[name] for name in members if name in known and name not in parents}
    attributes = {name: members[name] for name in members if name not in relationships and name not in parents}
    validate_attributes(resource_type, attributes, parents_by_name)
    return attributes, relationships, parents


def relate_parents(account: Account, resource: Resource, parents: Mapping[str, Any]) -> None:
    """Relate a resource to the resources that it belongs to.

    Args:
        account: The account.
        resource: The resource.
        parents: Other resources, their ids, or lists of these, by a name from :func:`.parents.parents_of`.

    Raises:
        ValueError: A resource does not exist, or is of another type.
    """
    __tracebackhide__ = True
    for name, value in parents.items():
        relations = parents_of(resource.type)[name]
        for parent in [] if value is None else value if isinstance(value, (list, tuple)) else [value]:
            identifier = parent.get("id") if isinstance(parent, Mapping) else parent
            parent_type = parent.get("type") if isinstance(parent, Mapping) else None
            relation = next((one for one in relations if parent_type in {None, one.type}), None)
            if relation is None:
                expected = " or ".join(repr(one.type) for one in relations)
                raise ValueError(
                    f"{name!r} of {resource.type!r}: expected a resource of type {expected}, got {parent_type!r}"
                )
            owner = account.store.get(relation.type, str(identifier))
            if owner is None:
                raise ValueError(f"there is no resource of type {relation.type!r} with id {identifier!r}: add it first")
            account.store.link(owner, relation, resource)


def get(account: Account, resource_type: str, identifier: str) -> ResourceView:
    """Return the resource of a type and id.

    Raises:
        LookupError: There is no such resource; the message suggests the nearest id or type.
    """
    __tracebackhide__ = True
    resource = account.store.get(resource_type, identifier)
    if resource is None:
        if resource_type not in api_spec().types:
            raise LookupError(f"there is no type {resource_type!r}{nearest_names(resource_type, api_spec().types)}")
        ids = [repr(other.id) for other in account.store.all(resource_type)]
        listed = f"the first are {', '.join(ids[:_MAX_LISTED])}" if ids else "there are none"
        raise LookupError(f"there is no resource of type {resource_type!r} with id {identifier!r}; {listed}")
    return ResourceView(account, resource)


def find(account: Account, resource_type: str, attributes: Mapping[str, Any]) -> list[ResourceView]:
    """Return the resources of a type with these values, in the order in which they were added.

    Args:
        account: The account.
        resource_type: The type.
        attributes: Values of attributes and relationships by name; related resources are compared by id.

    Raises:
        ValueError: The type, an attribute or a relationship does not exist, or a value is not valid.
    """
    __tracebackhide__ = True
    value_types, relationships = members_of(resource_type)
    for name in attributes:
        if name not in value_types and relationships.get(name) is None:
            hint = nearest_names(name, (*value_types, *relationships))
            raise ValueError(f"{resource_type!r} has no attribute or relationship {name!r}{hint}")
    validate_attributes(resource_type, {name: attributes[name] for name in attributes if name in value_types})

    def matches(resource: Resource) -> bool:
        for name, value in attributes.items():
            relation = relationships.get(name)
            if relation is None:
                if resource.attributes.get(name) != value:
                    return False
            elif (value["id"] if isinstance(value, Mapping) else value) not in (*resource.ids(relation.name),):
                return False
        return True

    return [ResourceView(account, resource) for resource in account.store.all(resource_type) if matches(resource)]


def update(account: Account, resource: Mapping[str, Any], members: Mapping[str, Any]) -> ResourceView:
    """Change attributes and relationships of a resource, even if the API would not allow it.

    Raises:
        ValueError: The resource, an attribute or a relationship does not exist, or a value is not valid.
    """
    __tracebackhide__ = True
    found = resource_of(account, resource)
    members, secret = _split_secret(found.type, members)
    attributes, relationships, parents = sort_members(found.type, members)
    if secret:
        account.outbox.keep_secret(found, secret)
    account.store.update(found, deepcopy(attributes))
    account.relate(found, relationships)
    relate_parents(account, found, parents)
    return ResourceView(account, found)


def delete(account: Account, resource: Mapping[str, Any]) -> None:
    """Delete a resource and its dependent resources, even if the API would not allow it.

    Raises:
        ValueError: The resource does not exist.
    """
    __tracebackhide__ = True
    account.remove(resource_of(account, resource))


def resource_of(account: Account, resource: Mapping[str, Any]) -> Resource:
    """Return the resource of the account for a mapping with its type and id.

    Raises:
        ValueError: The resource does not exist.
    """
    __tracebackhide__ = True
    if not isinstance(resource, Mapping):
        raise TypeError(f"got {resource!r}, expected a resource, as add and get return it")
    resource_type, identifier = resource.get("type"), resource.get("id")
    found = account.store.get(str(resource_type), str(identifier))
    if found is None:
        raise ValueError(f"there is no resource of type {resource_type!r} with id {identifier!r}: add it first")
    return found
