"""Compiler of the schemas of resources: their types, attributes and relationships."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import TYPE_CHECKING

from pytest_asc.emulator.spec.compiler.value_types import enum_values, json_type

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_asc.emulator.spec.compiled_format import (
        CompiledOperation,
        CompiledSchema,
        LinkageType,
        RelationshipWithoutData,
    )
    from pytest_asc.emulator.spec.compiler.part import Part
    from pytest_asc.emulator.spec.compiler.paths import Paths
    from pytest_asc.emulator.spec.compiler.problems import Problems
    from pytest_asc.emulator.spec.compiler.value_types import ValueTypes

INLINE_CREATE = "InlineCreate"
_CONTENTS = {"attributes", "relationships", "links"}


class ResourceSchemas:
    """Finds the schemas of resources among the components, and compiles them.

    Args:
        components: All schemas, by name.
        paths: All operations of the document, for facts that a schema does not state.
        value_types: Compiler of the attributes.
        problems: List to which parts that are not understood are added.
    """

    def __init__(
        self, components: Mapping[str, Part], paths: Paths, value_types: ValueTypes, problems: Problems
    ) -> None:
        self._paths = paths
        self._value_types = value_types
        self._problems = problems
        self._parts: dict[str, Part] = {}
        self.types: dict[str, str] = {}
        """Resource type of each schema, by the schema's name."""
        for name, schema in components.items():
            if not name.endswith(INLINE_CREATE) and problems.attempt(is_resource, schema):
                self._add(name, schema)
        self._schemas = Counter(self.types.values())
        self.ambiguous = {resource_type for resource_type, schemas in self._schemas.items() if schemas > 1}
        """Types with several schemas."""

    def name_of(self, item: Part) -> str | None:
        """Return the name of the schema of a resource; None if the part is not the schema of a resource.

        A schema that is part of a response, and not referred to by it, is found by its type.
        """
        if item.schema_name in self.types:
            return item.schema_name
        if not is_resource(item):
            return None
        names = [name for name, resource_type in self.types.items() if resource_type == stated_type(item)]
        equal = [name for name in names if self._parts[name].value == item.value]
        return next(iter([*equal, *names]), None)

    def compile(self, operations: Mapping[str, Mapping[str, CompiledOperation]]) -> dict[str, CompiledSchema]:
        """Compile all schemas of resources."""
        versions = self._versions(operations)
        return {name: self._compile(name, versions[name]) for name in sorted(self.types)}

    def has_one_schema(self, resource_type: str) -> bool:
        """Return whether a type exists and has exactly one schema."""
        return self._schemas[resource_type] == 1

    def members_of(self, resource_type: str) -> list[str]:
        """Return the names of attributes and relationships in all schemas of a type."""
        parts = [self._parts[name] for name, own in self.types.items() if own == resource_type]
        return list(dict.fromkeys(name for part in parts for group in members_of_resource(part) for name in group))

    def attributes_of(self, name: str) -> list[str]:
        """Return the names of a schema's attributes; none if the schema does not exist."""
        return list(members_of_resource(self._parts[name])[0]) if name in self._parts else []

    def relationships_of(self, name: str) -> list[str]:
        """Return the names of a schema's relationships; none if the schema does not exist."""
        return list(members_of_resource(self._parts[name])[1]) if name in self._parts else []

    def _add(self, name: str, schema: Part) -> None:
        resource_type = self._problems.attempt(stated_type, schema) or self._paths.types.get(name)
        if resource_type is None:
            self._problems.add(schema, "it has no unique 'type', and no path returns only this type")
            return
        # Reading the members once here makes sure that the methods above can read them without an error.
        if self._problems.attempt(members_of_resource, schema) is not None:
            self.types[name] = resource_type
            self._parts[name] = schema

    def _compile(self, name: str, version: str) -> CompiledSchema:
        attributes, relationships = members_of_resource(self._parts[name])
        instance = f"/{version}/{self.types[name]}/{{id}}"
        compiled: CompiledSchema = {
            "type": self.types[name],
            "version": version,
            "attributes": self._value_types.members(attributes),
            "relationships": {},
        }
        for key, part in relationships.items():
            target = self._problems.attempt(partial(self._relationship, instance=instance, name=key), part)
            compiled["relationships"][key] = {"links": None} if target is None else target
        deprecated = [key for key, part in {**attributes, **relationships}.items() if part.is_marked("deprecated")]
        if deprecated:
            compiled["deprecated"] = deprecated
        return compiled

    def _versions(self, operations: Mapping[str, Mapping[str, CompiledOperation]]) -> dict[str, str]:
        """Return the path version under which resources of each schema have their own URL.

        It is the version of the paths that read or write these resources. For resources that are only ever included,
        it is the version of the first path of their type.
        """
        own: dict[str, str] = {}
        first: dict[str, str] = {}
        for path, item in operations.items():
            version, root, *rest = path[1:].split("/")
            for operation in item.values() if rest in ([], ["{id}"]) else ():
                name = operation.get("schema")
                if name and self.types[name] == root:
                    own.setdefault(name, version)
            if rest:
                first.setdefault(root, version)
        return {name: own.get(name) or first.get(resource_type, "v1") for name, resource_type in self.types.items()}

    def _relationship(self, part: Part, instance: str, name: str) -> LinkageType | RelationshipWithoutData:
        data = part.properties().get("data")
        if data is None:
            return {"links": self._target_by_path(part, instance, name)}
        stated = linkage(data)
        if stated is not None:
            return stated
        target = self._target_by_path(part, instance, name)
        kind = target[0] if isinstance(target, list) else target
        if kind is None:
            raise data.error("its linkage has no unique 'type', and its path gives no resources")
        return [kind] if json_type(data) == "array" else kind

    def _target_by_path(self, part: Part, instance: str, name: str) -> LinkageType | list[str | None] | None:
        """Return the type of the related resources, derived from the paths of the relationship."""
        data = self._paths.response_data(f"{instance}/{name}", "get")
        related = self._paths.has(f"{instance}/{name}", "get")
        if related:
            many = data is not None and json_type(data) == "array"
            item = (data.get("items") if many else data) if data else None
            schema = self.name_of(item) if item else None
            target = self.types[schema] if schema else None
            return [target] if many else target
        path = f"{instance}/relationships/{name}"
        for data in self._paths.linkages(path):
            stated = linkage(data)
            if stated is not None:
                return stated
        raise part.error(f"it has neither data nor a path {instance}/{name} or {path}")


def linkage(data: Part) -> LinkageType | None:
    """Return the type of a linkage; None if its schema does not state one."""
    if json_type(data) == "array":
        kind = stated_type(data["items"])
        return [kind] if kind else None
    return stated_type(data)


def stated_type(schema: Part) -> str | None:
    """Return the type of a resource or a resource identifier; None if its schema does not state one.

    Raises:
        UnknownPatternError: The schema allows several types.
    """
    member = schema.properties().get("type")
    kinds = enum_values(member) if member else []
    if member and len(kinds) > 1:
        raise member.error(f"it allows {', '.join(kinds)}, expected one type")
    return kinds[0] if kinds else None


def is_resource(schema: Part) -> bool:
    """Return whether a schema describes a resource, and not a resource identifier or anything else."""
    if not isinstance(schema.value, dict):
        raise schema.error("it is not an object, expected a schema")
    properties = schema.properties()
    return {"type", "id"} <= properties.keys() and bool(_CONTENTS & properties.keys())


def members_of_resource(schema: Part) -> tuple[dict[str, Part], dict[str, Part]]:
    """Return the attributes and relationships of a resource, or of a request to create or update one."""
    properties = schema.properties()
    attributes, relationships = (
        properties[member].properties() if member in properties else {} for member in ("attributes", "relationships")
    )
    return attributes, relationships
