"""Sparse fieldsets of a merged document.

``fields[apps]`` stands on each of the many operations that may give apps, and nearly always names every attribute and
relationship of an app. An addendum that gives apps a new member says so once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_asc.emulator.spec.compiler.part import JsonObject


def complete_fieldsets(document: JsonObject, merged: JsonObject) -> JsonObject:
    """Return the merged document with the new members of types in every fieldset that was complete without them.

    Args:
        document: The document before.
        merged: The same with an addendum. It shares parts with the former, which are not changed.
    """
    before, after = dict(_members(document)), dict(_members(merged))
    grown = {kind: [*names] for kind, names in after.items() if kind in before and set(names) - set(before[kind])}
    paths = _at(merged, "paths")
    changed = {
        path: {method: _complete(operation, before, grown) for method, operation in item.items()}
        for path, item in paths.items()
        if isinstance(item, dict)
    }
    return {**merged, "paths": {**paths, **changed}} if grown else merged


def _complete(operation: Any, before: dict[str, list[str]], grown: dict[str, list[str]]) -> Any:
    parameters = _at(operation, "parameters", default=[])
    completed = [
        _with_enum(parameter, [*enum, *(name for name in grown[kind] if name not in enum)])
        if (kind := _fieldset_of(parameter)) in grown and set(enum := _enum(parameter)) == set(before[kind])
        else parameter
        for parameter in parameters
    ]
    return {**operation, "parameters": completed} if completed != parameters else operation


def _members(document: JsonObject) -> Iterator[tuple[str, list[str]]]:
    """Yield every type of one schema, with the names of its members."""
    found: dict[str, list[str] | None] = {}
    for schema in _at(document, "components", "schemas").values():
        properties = _at(schema, "properties")
        kinds = _at(properties, "type", "enum", default=[])
        if {"type", "id", "links"} <= properties.keys() and len(kinds) == 1 and isinstance(kinds[0], str):
            names = [*_at(properties, "attributes", "properties"), *_at(properties, "relationships", "properties")]
            found[kinds[0]] = None if kinds[0] in found else names
    yield from ((kind, names) for kind, names in found.items() if names is not None)


def _fieldset_of(parameter: Any) -> str:
    name = _at(parameter, "name", default="")
    return name[7:-1] if name.startswith("fields[") else ""


def _enum(parameter: Any) -> list[Any]:
    found: list[Any] = _at(parameter, "schema", "items", "enum", default=[])
    return found


def _with_enum(parameter: JsonObject, values: list[Any]) -> JsonObject:
    schema = parameter["schema"]
    return {**parameter, "schema": {**schema, "items": {**schema["items"], "enum": values}}}


def _at(value: Any, *keys: str, default: Any = None) -> Any:
    """Return a value inside objects; the default, or an empty object, where it is not there or is of another kind."""
    empty = {} if default is None else default
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, type(empty)) else empty
