"""Differences between two compiled documents: added, removed and changed operations, resources and members."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast

from pytest_asc.emulator.spec.compiled_format import NOT_UNDERSTOOD

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from collections.abc import Set as AbstractSet

    from pytest_asc.emulator.spec.compiled_format import (
        CompiledOperation,
        CompiledSchema,
        CompiledSpec,
        LinkageType,
        RelationshipWithoutData,
        RequestBody,
        ValueType,
    )

_Member = TypeVar("_Member")

_PARAMETER_FAMILIES = {"filter": "filter", "exists": "exists", "fields": "fields", "limits": "limit"}
_SINGLE_PARAMETERS = ("sort", "include", "limit", "period", "groupBy", "granularity")


class Differences(NamedTuple):
    """Differences of one kind: added and removed names, and descriptions of changes by name."""

    new: list[str]
    gone: list[str]
    changed: dict[str, list[str]]

    def __bool__(self) -> bool:
        """Return whether there are differences."""
        return any(self)


def compare(old: CompiledSpec, new: CompiledSpec) -> dict[str, Differences]:
    """Compare a newer document with an older one.

    Returns:
        The differences by kind: ``operations`` (``GET /v1/apps``), ``resources`` (``apps``), ``attributes``
        (``apps.name``, and members of objects in attributes), ``relationships`` (``apps.builds``) and ``requests``
        (members of request documents: ``AppUpdateRequest.attributes.name``). Changes are described by texts such as
        ``adds IOS``, ``removes TV_OS`` or ``is deprecated``.
    """
    return _Comparison(_SpecIndex(old), _SpecIndex(new)).run()


class _SpecIndex:
    """Index of one of the two documents: operations, attributes and relationships by the names in :func:`compare`."""

    def __init__(self, spec: CompiledSpec) -> None:
        self.spec = spec
        self.schemas = dict(_schemas(spec))
        self.operations = {
            f"{method.upper()} {path}": operation
            for path, item in spec["operations"].items()
            for method, operation in item.items()
        }

    def describe(self, value_type: ValueType) -> str:
        """Describe a value type. The texts are equal if and only if the value types are, even across documents."""
        if isinstance(value_type, int):
            return f"one of {', '.join(sorted(self.enum_values(value_type)))}"
        if isinstance(value_type, list):
            return f"array of {self.describe(value_type[0])}"
        if isinstance(value_type, dict):
            members = (f"{name}: {self.describe(member)}" for name, member in sorted(value_type.items()))
            return f"object of {', '.join(members)}"
        return value_type.removeprefix("$")

    def enum_values(self, value_type: int) -> set[str]:
        return set(self.spec["enums"][value_type])

    def members(self, resource_type: str) -> set[str]:
        """Return the names of attributes and relationships in all schemas of a type."""
        schemas = [schema for schema in self.schemas.values() if schema["type"] == resource_type]
        return {name for schema in schemas for name in (*schema["attributes"], *schema["relationships"])}

    def attributes(self) -> Iterator[tuple[str, ValueType]]:
        for owner, schema in self.schemas.items():
            yield from ((f"{owner}.{name}", value_type) for name, value_type in schema["attributes"].items())
        for owner, members in self.spec["objects"].items():
            yield from ((f"{owner}.{name}", value_type) for name, value_type in members.items())

    def relationships(self) -> Iterator[tuple[str, LinkageType | RelationshipWithoutData]]:
        for owner, schema in self.schemas.items():
            yield from ((f"{owner}.{name}", target) for name, target in schema["relationships"].items())

    def deprecated_members(self) -> set[str]:
        return {f"{owner}.{name}" for owner, schema in self.schemas.items() for name in schema.get("deprecated", ())}

    def requests(self) -> Iterator[tuple[str, str]]:
        """Yield the members of all request documents, each with a description."""
        for name, body in self.spec["bodies"].items():
            yield from ((f"{name}.{member}", text) for member, text in self._body(body))

    def _body(self, body: RequestBody) -> Iterator[tuple[str, str]]:
        if "linkage" in body:
            yield "data", _target(body["linkage"])
            return
        nullable, required = set(body["nullable"]), set(body["required"])
        for name, value_type in body["attributes"].items():
            notes = [
                self.describe(value_type),
                *(["or null"] if name in nullable else []),
                *(["required"] if f"attributes.{name}" in required else []),
            ]
            yield f"attributes.{name}", ", ".join(notes)
        for name, target in body["relationships"].items():
            notes = [_target(target), *(["required"] if f"relationships.{name}" in required else [])]
            yield f"relationships.{name}", ", ".join(notes)


class _Comparison:
    def __init__(self, old: _SpecIndex, new: _SpecIndex) -> None:
        self._old = old
        self._new = new
        self._old_deprecated = old.deprecated_members()
        self._new_deprecated = new.deprecated_members()

    def run(self) -> dict[str, Differences]:
        old, new = self._old, self._new
        owners = new.schemas.keys() & old.schemas.keys() | new.spec["objects"].keys() & old.spec["objects"].keys()
        # The members of an added or removed resource are not reported: the resource itself is.
        old_attributes, new_attributes = (dict(_members_of(owners, index.attributes())) for index in (old, new))
        old_targets, new_targets = (dict(_members_of(owners, index.relationships())) for index in (old, new))
        bodies = new.spec["bodies"].keys() & old.spec["bodies"].keys()
        old_requests, new_requests = (dict(_members_of(bodies, index.requests())) for index in (old, new))
        return {
            "operations": _differences(old.operations, new.operations, self._operation),
            "resources": _differences(old.schemas, new.schemas, lambda *_: []),
            "attributes": _differences(old_attributes, new_attributes, self._attribute),
            "relationships": _differences(old_targets, new_targets, self._relationship),
            "requests": _differences(old_requests, new_requests, lambda _, one, other: _changed_text(one, other)),
        }

    def _attribute(self, name: str, old: ValueType, new: ValueType) -> list[str]:
        return [*self._values(old, new), *self._deprecation(name)]

    def _relationship(
        self, name: str, old: LinkageType | RelationshipWithoutData, new: LinkageType | RelationshipWithoutData
    ) -> list[str]:
        return [*_changed_text(_target(old), _target(new)), *self._deprecation(name)]

    def _deprecation(self, name: str) -> list[str]:
        return _toggled(name in self._old_deprecated, name in self._new_deprecated, "deprecated")

    def _values(self, old: ValueType, new: ValueType) -> list[str]:
        """Describe the change of a value type: values added to or removed from an enum, or the old and the new type."""
        while isinstance(old, list) and isinstance(new, list):
            old, new = old[0], new[0]
        if isinstance(old, int) and isinstance(new, int):
            return _additions_and_removals(self._old.enum_values(old), self._new.enum_values(new))
        return _changed_text(self._old.describe(old), self._new.describe(new))

    def _operation(self, _: str, old: CompiledOperation, new: CompiledOperation) -> list[str]:
        if NOT_UNDERSTOOD in {old["action"], new["action"]}:
            understood = new["action"] != NOT_UNDERSTOOD
            return [f"is {'now' if understood else 'not'} understood"] if old["action"] != new["action"] else []
        changes = _toggled(old.get("deprecated", False), new.get("deprecated", False), "deprecated")
        for name, text in (("success", "status"), ("media", "media types"), ("body", "request")):
            changes += [f"{text}: {change}" for change in _changed_text(_text(old.get(name)), _text(new.get(name)))]
        changes += [
            f"response: {change}"
            for change in _changed_text(_response(self._old.spec, old), _response(self._new.spec, new))
        ]
        old_parameters, new_parameters = dict(_parameters(old)), dict(_parameters(new))
        changes += _additions_and_removals(old_parameters.keys(), new_parameters.keys())
        for name in old_parameters.keys() & new_parameters.keys():
            found = self._parameter(name, old_parameters[name], new_parameters[name])
            changes += [f"{name} {change}" for change in found]
        for member, text in (("required", "required"), ("deprecatedParameters", "deprecated")):
            before, after = set(_names_in(old, member)), set(_names_in(new, member))
            changes += [
                f"{name} {change}"
                for name in sorted(before ^ after)
                if name in old_parameters and name in new_parameters
                for change in _toggled(name in before, name in after, text)
            ]
        return changes

    def _parameter(self, name: str, old: ValueType, new: ValueType) -> list[str]:
        family, _, member = name.removesuffix("]").partition("[")
        if family == "limit":
            return _changed_text(str(old), str(new))
        if family == "fields":
            before, after = self._fields(self._old, member, old), self._fields(self._new, member, new)
            # Added and removed members are reported as such; that the fieldset has them as well goes without saying.
            members = self._old.members(member) ^ self._new.members(member)
            return _additions_and_removals(before - members, after - members)
        return self._values(old, new)

    @staticmethod
    def _fields(index: _SpecIndex, resource_type: str, value_type: ValueType) -> set[str]:
        if value_type is True:
            return index.members(resource_type)
        return index.enum_values(value_type) if isinstance(value_type, int) else set()


def _schemas(spec: CompiledSpec) -> Iterator[tuple[str, CompiledSchema]]:
    """Yield the schemas of resources, named by their type, or by type and version if a type has several schemas."""
    types = [schema["type"] for schema in spec["schemas"].values()]
    for schema in spec["schemas"].values():
        several = types.count(schema["type"]) > 1
        yield f"{schema['type']} {schema['version']}" if several else schema["type"], schema


def _members_of(owners: set[str], members: Iterator[tuple[str, _Member]]) -> Iterator[tuple[str, _Member]]:
    return ((name, value) for name, value in members if name.partition(".")[0] in owners)


def _differences(
    old: Mapping[str, _Member], new: Mapping[str, _Member], describe: Callable[[str, _Member, _Member], list[str]]
) -> Differences:
    described = {name: describe(name, value, new[name]) for name, value in old.items() if name in new}
    return Differences(
        [name for name in new if name not in old],
        [name for name in old if name not in new],
        {name: changes for name, changes in described.items() if changes},
    )


def _parameters(operation: CompiledOperation) -> Iterator[tuple[str, ValueType]]:
    values = cast("Mapping[str, Any]", operation)
    for family, parameter in _PARAMETER_FAMILIES.items():
        yield from ((f"{parameter}[{name}]", value_type) for name, value_type in values.get(family, {}).items())
    yield from ((name, values[name]) for name in _SINGLE_PARAMETERS if name in values)


def _names_in(operation: CompiledOperation, member: str) -> list[str]:
    found: list[str] = cast("Mapping[str, Any]", operation).get(member, [])
    return found


def _response(spec: CompiledSpec, operation: CompiledOperation) -> str:
    kind = spec["schemas"][operation["schema"]]["type"] if "schema" in operation else operation.get("linkage", "")
    return f"{'array of ' if operation.get('many') else ''}{kind or 'no resources'}"


def _target(target: LinkageType | RelationshipWithoutData | list[str | None] | None) -> str:
    if isinstance(target, dict):
        return f"{_target(target['links'])}, links only"
    if isinstance(target, list):
        return f"several {target[0] or 'other than resources'}"
    return target or "other than a resource"


def _text(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else "none" if value is None else str(value)


def _changed_text(old: str, new: str) -> list[str]:
    return [f"was {old}, is {new}"] if old != new else []


def _additions_and_removals(old: AbstractSet[str], new: AbstractSet[str]) -> list[str]:
    added, removed = sorted(new - old), sorted(old - new)
    return [*([f"adds {', '.join(added)}"] if added else []), *([f"removes {', '.join(removed)}"] if removed else [])]


def _toggled(old: bool, new: bool, text: str) -> list[str]:  # noqa: FBT001  before and after
    return [f"is {text}" if new else f"is no longer {text}"] if old != new else []
