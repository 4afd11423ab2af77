"""Compiler of request documents: resources to create or update, and linkage."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from pytest_asc.emulator.spec.compiler.resources import INLINE_CREATE, linkage, members_of_resource, stated_type
from pytest_asc.emulator.spec.compiler.value_types import is_nullable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_asc.emulator.spec.compiled_format import LinkageType, RequestBody
    from pytest_asc.emulator.spec.compiler.part import Part
    from pytest_asc.emulator.spec.compiler.paths import Paths
    from pytest_asc.emulator.spec.compiler.problems import Problems
    from pytest_asc.emulator.spec.compiler.value_types import ValueTypes

_LINKAGE_BODIES = ("LinkageRequest", "LinkagesRequest")
_BODIES = ("CreateRequest", "UpdateRequest", INLINE_CREATE, *_LINKAGE_BODIES)


class RequestBodies:
    """Finds the schemas of request documents by their names and by the operations that take them, and compiles them.

    Args:
        components: All schemas, by name.
        value_types: Compiler of the attributes.
        problems: List to which parts that are not understood are added.
    """

    def __init__(
        self, components: Mapping[str, Part], value_types: ValueTypes, problems: Problems, paths: Paths
    ) -> None:
        self._value_types = value_types
        self._problems = problems
        self._parts = {name: schema for name, schema in components.items() if name.endswith(_BODIES)}
        self._is_linkage = {name for name in self._parts if name.endswith(_LINKAGE_BODIES)}
        self._paths = paths
        self._used_by: dict[str, str] = {}

    def name_of(self, schema: Part, path: str, operation_id: str) -> str:
        """Return the name of a request's schema. A schema without a name is named after its operation.

        Args:
            schema: The schema.
            path: Path of the operation.
            operation_id: ID of the operation.
        """
        name = schema.schema_name or f"{operation_id}_request"
        self._parts.setdefault(name, schema)
        self._used_by.setdefault(name, path)
        if "/relationships/" in path:
            self._is_linkage.add(name)
        return name

    def compile(self) -> dict[str, RequestBody]:
        """Compile all schemas, including those of included resources."""
        compiled: dict[str, RequestBody] = {}
        for name, part in sorted(self._parts.items()):
            compile_body = self._linkage if name in self._is_linkage else self._resource
            body = self._problems.attempt(partial(compile_body, name=name), part)
            if body is not None:
                compiled[name] = body
        for name, body in compiled.items():
            if "inline" in body:
                missing = [inline for inline in body["inline"] if inline not in compiled]
                body["inline"] = [inline for inline in body["inline"] if inline in compiled]
                if missing:
                    self._problems.add(self._parts[name], f"{', '.join(missing)}, which it includes, is not understood")
        return compiled

    def _linkage(self, schema: Part, name: str) -> RequestBody:
        data = _data(schema)
        found = linkage(data) or self._linkage_by_path(self._used_by.get(name, ""))
        if found is None:
            raise data.error("its linkage has no unique 'type'")
        return {"linkage": found}

    def _linkage_by_path(self, path: str) -> LinkageType | None:
        return next((found for data in self._paths.linkages(path) for found in [linkage(data)] if found), None)

    def _resource(self, schema: Part, name: str) -> RequestBody:
        data = schema if name.endswith(INLINE_CREATE) else _data(schema)
        attributes, relationships = members_of_resource(data)
        properties = data.properties()
        required = [
            *data.texts("required"),
            *(
                f"{group}.{key}"
                for group in ("attributes", "relationships")
                if group in properties
                for key in properties[group].texts("required")
            ),
            *(f"relationships.{key}.data" for key, part in relationships.items() if "data" in part.texts("required")),
        ]
        kind = stated_type(data) or self._used_by.get(name, "").partition("/v")[2].partition("/")[2].partition("/")[0]
        if not kind:
            raise data.error("it has no unique 'type', expected that of the resource")
        linkages = {key: self._problems.attempt(_relationship, part) for key, part in relationships.items()}
        body: RequestBody = {
            "type": kind,
            "attributes": self._value_types.members(attributes),
            "nullable": [key for key, part in attributes.items() if part.value is not True and is_nullable(part)],
            "relationships": {key: value for key, value in linkages.items() if value is not None},
            "required": sorted(set(required)),
        }
        deprecated = [key for key, part in {**attributes, **relationships}.items() if part.is_marked("deprecated")]
        if deprecated:
            body["deprecated"] = deprecated
        included = schema.properties().get("included")
        if included is not None:
            body["inline"] = [item.schema_name for item in included_schemas(included) if item.schema_name]
        return body


def included_schemas(included: Part) -> list[Part]:
    """Return the schemas of the resources that the array ``included`` may contain."""
    items = included.get("items")
    if items is None:
        return []
    return items.items("oneOf") or items.items("anyOf") or [items]


def _data(schema: Part) -> Part:
    properties = schema.properties()
    if "data" not in properties:
        raise schema.error("there is no 'data', expected a document with a resource or linkage")
    return properties["data"]


def _relationship(part: Part) -> LinkageType:
    data = _data(part)
    found = linkage(data)
    if found is None:
        raise data.error("its linkage has no unique 'type'")
    return found
