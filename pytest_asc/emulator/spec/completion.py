"""Completion of a user's document with what the shipped one has beside it.

The workflows of the emulator (builds that are processed, versions that are reviewed) rely on the resources, attributes
and relationships of the shipped document. Those that a user's document does not have stay as hidden members: an account
may hold them, but no response shows them, no request may name them, and their paths do not exist.
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
    """Return a compiled document with the members that only the shipped one has, hidden.

    Args:
        compiled: The user's document, which is not changed.
        shipped: The document that ships with the package.
    """
    return _Completion(compiled, shipped).run()


class _Completion:
    def __init__(self, compiled: CompiledSpec, shipped: CompiledSpec) -> None:
        self._compiled = compiled
        self._shipped = shipped
        self._enums = [*compiled["enums"]]
        self._numbers: dict[int, int] = {}
        """Numbers of the shipped enums here."""
        self._objects = {**compiled["objects"]}
        self._types = {schema["type"] for spec in (compiled, shipped) for schema in spec["schemas"].values()}

    def run(self) -> CompiledSpec:
        schemas = {**self._compiled["schemas"]}
        of_type: defaultdict[str, list[str]] = defaultdict(list)
        for name, schema in schemas.items():
            of_type[schema["type"]].append(name)
        for name, shipped in self._shipped["schemas"].items():
            if name in schemas and schemas[name]["type"] == shipped["type"]:
                schemas[name] = self._with_hidden(schemas[name], shipped)
            elif not of_type[shipped["type"]]:
                free = name if name not in schemas else f"{name} of {shipped['type']}"
                schemas[free] = self._with_hidden(
                    {**shipped, "attributes": {}, "relationships": {}, "absent": True}, shipped
                )
            else:  # the schema has another name
                other = of_type[shipped["type"]][-1]
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
        # The document shows these, and does not say where they lead.
        targets = {
            name: _without_data(shipped["relationships"][name])
            for name, target in own["relationships"].items()
            if name in shipped["relationships"] and not self._leads_somewhere(target)
        }
        if not (attributes or relationships or targets):
            return own
        return {
            **own,
            "attributes": {**own["attributes"], **attributes},
            "relationships": {**own["relationships"], **relationships, **targets},
            "hidden": [*own.get("hidden", ()), *attributes, *relationships],
        }

    def _leads_somewhere(self, target: LinkageType | RelationshipWithoutData) -> bool:
        """Return whether a relationship leads to a type that one of the documents has."""
        links = target["links"] if isinstance(target, dict) else target
        return (links[0] if isinstance(links, list) else links) in self._types

    def _value_type(self, shipped: ValueType) -> ValueType:
        """Return a value type of the shipped document with the numbers and names of this one."""
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
            self._objects[name] = {}  # an object may hold others of its kind
            members = self._shipped["objects"][name]
            self._objects[name] = {member: self._value_type(value_type) for member, value_type in members.items()}
        return shipped


def _without_data(target: LinkageType | RelationshipWithoutData) -> RelationshipWithoutData:
    return target if isinstance(target, dict) else {"links": target}
