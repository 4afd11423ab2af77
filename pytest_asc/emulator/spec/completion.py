"""Addition of the shipped document's members to a user's document, as hidden members.

The workflows of the emulator, such as the processing of builds and the review of versions, rely on the resources,
attributes and relationships of the shipped document. Those that a user's document lacks are added as hidden members:
accounts may contain them, but no response shows them, no request may name them, and their paths do not exist.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_asc.emulator.spec.compiled_format import (
        CompiledSchema,
        CompiledSpec,
        LinkageType,
        RelationshipWithoutData,
        ValueType,
    )


def complete(compiled: CompiledSpec, shipped: CompiledSpec) -> CompiledSpec:
    """Return a compiled document with the members that only the shipped document has, as hidden members.

    Args:
        compiled: The user's document. It is not changed.
        shipped: The document that ships with the package.
    """
    return _Completion(compiled, shipped).run()


class _Completion:
    def __init__(self, compiled: CompiledSpec, shipped: CompiledSpec) -> None:
        self._compiled = compiled
        self._shipped = shipped
        self._enums = [*compiled["enums"]]
        self._numbers: dict[int, int] = {}
        """Enum numbers in the completed document, by the number in the shipped one."""
        self._objects = {**compiled["objects"]}
        self._types = {schema["type"] for spec in (compiled, shipped) for schema in spec["schemas"].values()}

    def run(self) -> CompiledSpec:
        schemas = {**self._compiled["schemas"]}
        names_by_type: defaultdict[str, list[str]] = defaultdict(list)
        for name, schema in schemas.items():
            names_by_type[schema["type"]].append(name)
        for name, shipped in self._shipped["schemas"].items():
            if name in schemas and schemas[name]["type"] == shipped["type"]:
                schemas[name] = self._with_hidden(schemas[name], shipped)
            elif not names_by_type[shipped["type"]]:
                unused_name = name if name not in schemas else f"{name} of {shipped['type']}"
                schemas[unused_name] = self._with_hidden(
                    {**shipped, "attributes": {}, "relationships": {}, "absent": True}, shipped
                )
            else:  # the user's document has a schema of this type with another name
                other = names_by_type[shipped["type"]][-1]
                schemas[other] = self._with_hidden(schemas[other], shipped)
        return {**self._compiled, "enums": self._enums, "objects": self._objects, "schemas": schemas}

    def _with_hidden(self, own: CompiledSchema, shipped: CompiledSchema) -> CompiledSchema:
        members = {*own["attributes"], *own["relationships"]}
        attributes = {
            name: self._value_type(value_type)
            for name, value_type in shipped["attributes"].items()
            if name not in members
        }
        relationships = {name: target for name, target in shipped["relationships"].items() if name not in members}
        # Relationships that the user's document has without a known target type: the shipped document has the type.
        targets = {
            name: _without_data(shipped["relationships"][name])
            for name, target in own["relationships"].items()
            if name in shipped["relationships"] and not self._has_known_target(target)
        }
        if not (attributes or relationships or targets):
            return own
        return {
            **own,
            "attributes": {**own["attributes"], **attributes},
            "relationships": {**own["relationships"], **relationships, **targets},
            "hidden": [*own.get("hidden", ()), *attributes, *relationships],
        }

    def _has_known_target(self, target: LinkageType | RelationshipWithoutData) -> bool:
        """Return whether the target type of a relationship is in one of the documents."""
        links = target["links"] if isinstance(target, dict) else target
        return (links[0] if isinstance(links, list) else links) in self._types

    def _value_type(self, shipped: ValueType) -> ValueType:
        """Translate a value type of the shipped document into the enums and objects of the completed one."""
        if isinstance(shipped, int):
            if shipped not in self._numbers:
                self._numbers[shipped] = len(self._enums)
                self._enums.append(self._shipped["enums"][shipped])
            return self._numbers[shipped]
        if isinstance(shipped, list):
            return [self._value_type(item) for item in shipped]
        if isinstance(shipped, dict):
            return {name: self._value_type(value_type) for name, value_type in shipped.items()}
        name = shipped.removeprefix("$")
        if name != shipped and name not in self._objects:
            self._objects[name] = {}  # set first, because objects can contain objects of the same schema
            members = self._shipped["objects"][name]
            self._objects[name] = {member: self._value_type(value_type) for member, value_type in members.items()}
        return shipped


def _without_data(target: LinkageType | RelationshipWithoutData) -> RelationshipWithoutData:
    return target if isinstance(target, dict) else {"links": target}
