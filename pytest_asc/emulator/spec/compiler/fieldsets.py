"""Completion of the sparse fieldsets in a merged document.

Each of the many operations that can return apps has a parameter ``fields[apps]``, and nearly all of them name every
attribute and relationship of an app. An addendum that adds a member to apps need not repeat it in all of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_asc.emulator.spec.compiler.part import JsonObject


def complete_fieldsets(document: JsonObject, merged: JsonObject) -> JsonObject:
    """Return the merged document with new members added to every fieldset that named all members before.

    Args:
        document: The document without the addendum.
        merged: The document with the addendum. It may share parts with the first one; neither is changed.
    """
    before, after = dict(_members(document)), dict(_members(merged))
    extended = {kind: [*names] for kind, names in after.items() if kind in before and set(names) - set(before[kind])}
    paths = _nested(merged, "paths")
    changed = {
        path: {method: _complete(operation, before, extended) for method, operation in item.items()}
        for path, item in paths.items()
        if isinstance(item, dict)
    }
    return {**merged, "paths": {**paths, **changed}} if extended else merged


def _complete(operation: Any, before: dict[str, list[str]], extended: dict[str, list[str]]) -> Any:
    parameters = _nested(operation, "parameters", default=[])
    completed = [
        _with_enum(parameter, [*enum, *(name for name in extended[kind] if name not in enum)])
        if (kind := _fieldset_of(parameter)) in extended and set(enum := _enum(parameter)) == set(before[kind])
        else parameter
        for parameter in parameters
    ]
    return {**operation, "parameters": completed} if completed != parameters else operation


def _members(document: JsonObject) -> Iterator[tuple[str, list[str]]]:
    """Yield the types that have exactly one schema, each with the names of its members."""
    found: dict[str, list[str] | None] = {}
    for schema in _nested(document, "components", "schemas").values():
        properties = _nested(schema, "properties")
        kinds = _nested(properties, "type", "enum", default=[])
        if {"type", "id", "links"} <= properties.keys() and len(kinds) == 1 and isinstance(kinds[0], str):
            names = [
                *_nested(properties, "attributes", "properties"),
                *_nested(properties, "relationships", "properties"),
            ]
            found[kinds[0]] = None if kinds[0] in found else names
    yield from ((kind, names) for kind, names in found.items() if names is not None)


def _fieldset_of(parameter: Any) -> str:
    name = _nested(parameter, "name", default="")
    return name[7:-1] if name.startswith("fields[") else ""


def _enum(parameter: Any) -> list[Any]:
    found: list[Any] = _nested(parameter, "schema", "items", "enum", default=[])
    return found


def _with_enum(parameter: JsonObject, values: list[Any]) -> JsonObject:
    schema = parameter["schema"]
    return {**parameter, "schema": {**schema, "items": {**schema["items"], "enum": values}}}


def _nested(value: Any, *keys: str, default: Any = None) -> Any:
    """Return a nested value; the default, or an empty object, if it is missing or of another JSON type."""
    empty = {} if default is None else default
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, type(empty)) else empty
