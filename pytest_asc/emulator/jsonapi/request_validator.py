"""Validation of request documents against the API spec. All errors of a document are reported at once."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_asc.emulator.account.account import members_of
from pytest_asc.emulator.jsonapi import entity_errors
from pytest_asc.emulator.jsonapi.errors import ApiError, RefusedError, at_pointer
from pytest_asc.emulator.jsonapi.request_parser import read_linkages, read_resource
from pytest_asc.emulator.spec.api_spec import api_spec
from pytest_asc.emulator.spec.type_validation import type_mismatches

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from pytest_asc.emulator.http_models import JsonValue
    from pytest_asc.emulator.jsonapi.errors import ErrorTemplate
    from pytest_asc.emulator.jsonapi.request_parser import Linkage, RawResource
    from pytest_asc.emulator.spec.api_spec import Operation
    from pytest_asc.emulator.spec.compiled_format import LinkageType, RequestBody, ValueType

_OPERATIONS = {"POST": "CREATE", "PATCH": "UPDATE"}
# Errors for a member that the request does not accept: if the type does not have it, and if the type has it.
_UNKNOWN_ATTRIBUTE = ("attributes", entity_errors.ATTRIBUTE_UNKNOWN, entity_errors.ATTRIBUTE_NOT_ALLOWED)
_UNKNOWN_RELATIONSHIP = ("relationships", entity_errors.RELATIONSHIP_UNKNOWN, entity_errors.RELATIONSHIP_NOT_ALLOWED)

# Types for which a value of the wrong type is reported without a pointer (observed: rorkai/App-Store-Connect-CLI).
_WITHOUT_POINTER = frozenset({"bundleIdCapabilities"})


@dataclass(frozen=True)
class ValidatedResource:
    """A resource in a body whose members are known and whose values are valid."""

    type: str
    id: str | None
    """ID of the resource; None if it is to be created, or a local id (``${…}``) for an included resource."""
    attributes: Mapping[str, Any]
    """Values by attribute, of the value types in the API spec."""
    relationships: Mapping[str, tuple[Linkage, ...]]
    """Linkage by relationship; empty for null."""
    included: tuple[ValidatedResource, ...] = ()
    """Included resources, which are created together with this one."""
    api_version: str = "v1"
    """First segment of the path."""


def read_entity(operation: Operation, identifier: str, content: bytes) -> ValidatedResource:
    """Parse and validate the body of a request that creates or updates a resource.

    Args:
        operation: Operation of the request.
        identifier: The id in the path; empty for a request that creates a resource.
        content: The body.

    Raises:
        RefusedError: The body is not a valid request document; the exception has all errors.
    """
    bodies = api_spec().bodies
    schema = bodies[operation.body or ""]
    raw, included = read_resource(content, inline="inline" in schema)
    validator = _Validator(operation.method, {(one.type, one.id) for one in included})
    validator.identity(raw, schema["type"], identifier)
    validator.members(raw, schema, "/data")
    schemas = {bodies[name]["type"]: bodies[name] for name in schema.get("inline", ())}
    for index, one in enumerate(included):
        validator.included(one, schemas, f"/included/{index}")
    validator.raise_errors()
    return _validated(raw, included, operation.path[1:3])


def read_ids(operation: Operation, content: bytes) -> list[str]:
    """Parse and validate the body of a request that changes a relationship, and return the ids in it.

    Args:
        operation: Operation of the request.
        content: The body.

    Raises:
        RefusedError: The body is not a valid request document; the exception has all errors.
    """
    data = read_linkages(content)
    validator = _Validator(operation.method, frozenset())
    validator.linkages(operation.relationship, data, api_spec().bodies[operation.body or ""]["linkage"], "/data")
    validator.raise_errors()
    return [one.id for one in _as_tuple(data)]


class _Validator:
    """Validator of one body, which collects its errors.

    Args:
        method: Method of the request.
        included: Types and ids of the included resources.
    """

    def __init__(self, method: str, included: AbstractSet[tuple[str | None, str | None]]) -> None:
        self.operation = _OPERATIONS.get(method, method)
        self.included_ids = included
        self.errors: list[ApiError] = []

    def raise_errors(self) -> None:
        """Raise RefusedError if errors have been found."""
        if self.errors:
            raise RefusedError(*self.errors)

    def add_error(self, template: ErrorTemplate, pointer: str, **values: object) -> None:
        self.errors.append(at_pointer(template, pointer, **values))

    def identity(self, raw: RawResource, expected_type: str, identifier: str) -> None:
        if raw.type != expected_type:
            self.add_error(entity_errors.UNEXPECTED_TYPE, "/data/type", type=raw.type, expected=expected_type)
        if (raw.id or "") != identifier:
            expected = f"'{identifier}'" if identifier else "none"
            self.add_error(entity_errors.UNEXPECTED_ID, "/data/id", id=raw.id, expected=expected)

    def included(self, raw: RawResource, schemas: Mapping[str, RequestBody], pointer: str) -> None:
        schema = schemas.get(raw.type or "")
        if schema is None:
            self.add_error(
                entity_errors.UNEXPECTED_TYPE, f"{pointer}/type", type=raw.type, expected="' or '".join(schemas)
            )
            return
        if raw.id is not None and not is_local_id(raw.id):
            self.add_error(entity_errors.INCLUDED_ID, f"{pointer}/id", id=raw.id)
        self.members(raw, schema, pointer)

    def members(self, raw: RawResource, schema: RequestBody, pointer: str) -> None:
        for name, value in raw.attributes.items():
            self.attribute(name, value, schema, f"{pointer}/attributes/{_escape(name)}")
        for name, data in raw.relationships.items():
            member = f"{pointer}/relationships/{_escape(name)}"
            if name in schema["relationships"]:
                self.linkages(name, data, schema["relationships"][name], member)
            else:
                self.unknown_member(name, schema["type"], member, _UNKNOWN_RELATIONSHIP)
        for path in schema["required"]:
            part, _, name = path.partition(".")
            if part == "attributes" and name and name not in raw.attributes:
                self.add_error(entity_errors.ATTRIBUTE_REQUIRED, f"{pointer}/attributes/{name}", name=name)
            elif part == "relationships" and name in schema["relationships"] and raw.relationships.get(name) is None:
                self.add_error(entity_errors.RELATIONSHIP_REQUIRED, f"{pointer}/relationships/{name}", name=name)

    def attribute(self, name: str, value: JsonValue, schema: RequestBody, pointer: str) -> None:
        if name not in schema["attributes"]:
            self.unknown_member(name, schema["type"], pointer, _UNKNOWN_ATTRIBUTE)
        elif value is None and name not in schema["nullable"]:
            self.add_error(entity_errors.ATTRIBUTE_REQUIRED, pointer, name=name)
        else:
            self.value(name, value, schema, pointer)

    def value(self, name: str, value: JsonValue, schema: RequestBody, pointer: str) -> None:
        for mismatch in type_mismatches(schema["attributes"][name], value):
            path = "/".join((name, *mismatch.path))
            member = "/".join((pointer, *map(_escape, mismatch.path)))
            if mismatch.unknown:
                self.add_error(entity_errors.ATTRIBUTE_UNKNOWN, member, name=path, resource=schema["type"])
            else:
                expected = _expected(mismatch.value_type)
                got = mismatch.value if isinstance(mismatch.value, str) else json.dumps(mismatch.value)
                values = {"name": path, "value": got, "expected": expected}
                at = {} if schema["type"] in _WITHOUT_POINTER else {"pointer": member}
                self.errors.append(ApiError(entity_errors.ATTRIBUTE_TYPE, values, at))

    def unknown_member(
        self, name: str, resource_type: str, pointer: str, templates: tuple[str, ErrorTemplate, ErrorTemplate]
    ) -> None:
        """Add an error for a member that the request does not accept; Apple has two kinds (observed)."""
        part, unknown, not_allowed = templates
        if name in getattr(members_of(resource_type), part):
            self.add_error(not_allowed, pointer, name=name, operation=self.operation)
        else:
            self.add_error(unknown, pointer, name=name, resource=resource_type)

    def linkages(self, name: str, data: Linkage | list[Linkage] | None, target: LinkageType, pointer: str) -> None:
        many = isinstance(target, list)
        resource_type = target[0] if isinstance(target, list) else target
        if isinstance(data, list) != many and (many or data is not None):
            expected = f"{'a list of resources' if many else 'one resource'} of type '{resource_type}'"
            self.add_error(entity_errors.RELATIONSHIP_DATA, pointer, name=name, expected=expected)
            return
        for one in _as_tuple(data):
            if one.type != resource_type:
                self.add_error(
                    entity_errors.RELATIONSHIP_DATA, pointer, name=name, expected=f"resources of type '{resource_type}'"
                )
            elif is_local_id(one.id) and one not in self.included_ids:
                self.add_error(entity_errors.NOT_INCLUDED, pointer, name=name, type=resource_type, id=one.id)


def _validated(raw: RawResource, included: Sequence[RawResource] = (), api_version: str = "v1") -> ValidatedResource:
    assert raw.type is not None, "a resource without a type was accepted"  # noqa: S101  _Validator rejects it
    return ValidatedResource(
        raw.type,
        raw.id,
        raw.attributes,
        {name: _as_tuple(data) for name, data in raw.relationships.items()},
        tuple(map(_validated, included)),
        api_version,
    )


def _as_tuple(data: Linkage | list[Linkage] | None) -> tuple[Linkage, ...]:
    if data is None:
        return ()
    return tuple(data) if isinstance(data, list) else (data,)


def is_local_id(identifier: str) -> bool:
    """Return whether an id is local to the document: the id of an included resource that is to be created."""
    return identifier.startswith("${") and identifier.endswith("}")


def _escape(name: str) -> str:
    """Escape a reference token of a JSON pointer (RFC 6901)."""
    return name.replace("~", "~0").replace("/", "~1")


def _expected(value_type: ValueType) -> str:
    allowed = api_spec().enum(value_type)
    if allowed is not None:
        return "one of: " + ", ".join(f"'{value}'" for value in allowed)
    if not isinstance(value_type, str) or value_type.startswith("$"):
        return "an ARRAY" if isinstance(value_type, list) else "an OBJECT"
    name = value_type.partition(":")[0].upper()
    return f"{'an' if name[0] in 'AEI' else 'a'} {name}"
