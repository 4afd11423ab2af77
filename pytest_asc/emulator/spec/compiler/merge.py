"""Merging of an addendum into an OpenAPI document.

An addendum is the part of an OpenAPI document that a newer version adds to an older one. Objects are merged member by
member, as in JSON Merge Patch (RFC 7396): null removes a member. Unlike there, arrays are merged, not replaced:

- Parameters and other objects with a ``name`` are merged with the item of the same name (and ``in``), or added.
- Other items, such as the values of an enum, are added if they are not there yet.

A fieldset that names every member of a type gets the added members as well (:mod:`.fieldsets`).
``"x-removed": {"enum": ["A"]}`` in an object removes values, or parameters by name, from the arrays of the object.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_asc.emulator.spec.compiler.fieldsets import complete_fieldsets
from pytest_asc.emulator.spec.compiler.part import NotUnderstood, UnknownPatternError, json_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_asc.emulator.spec.compiler.part import JsonObject

ADDENDUM = Path(__file__).with_name("addendum-4.5.1.json")
"""The additions of versions 4.5 and 4.5.1 to 4.4.1, from public sources. The file is not part of the wheel."""
REMOVED = "x-removed"
"""Member of an object in an addendum that removes items from the arrays of that object."""


def merge(document: JsonObject, addendum: JsonObject) -> JsonObject:
    """Merge an addendum into a document. Neither argument is changed; the result shares parts with both.

    Args:
        document: A parsed OpenAPI document.
        addendum: The addendum, in the format that this module describes.

    Raises:
        UnknownPatternError: The addendum has another JSON type than the document, such as an object in place of an
            array, or removes something that does not exist.
    """
    merged: JsonObject = _merge_objects(document, addendum, ())
    return complete_fieldsets(document, merged)


def _merge_objects(old: Mapping[str, Any], new: Mapping[str, Any], place: tuple[str, ...]) -> dict[str, Any]:
    merged = dict(old)
    for key, value in new.items():
        if key == REMOVED:
            continue
        inside = (*place, key)
        if value is None:
            if key not in merged:
                raise _error(inside, "the addendum takes it out, and it is not there")
            del merged[key]
        else:
            merged[key] = _merge_values(merged.get(key), value, inside)
    for key, values in new.get(REMOVED, {}).items():
        merged[key] = _without(merged.get(key), values, (*place, key))
    return merged


def _merge_values(old: Any, new: Any, place: tuple[str, ...]) -> Any:
    if isinstance(new, dict):
        return _merge_objects(_of_same_type(old, {}, place), new, place)
    if isinstance(new, list):
        return _merge_arrays(_of_same_type(old, [], place), new, place)
    if isinstance(old, (dict, list)):
        raise _error(place, f"the addendum has {json_name(new)}, the document {json_name(old)}")
    return new


def _of_same_type(old: Any, empty: Any, place: tuple[str, ...]) -> Any:
    if old is not None and not isinstance(old, type(empty)):
        raise _error(place, f"the addendum has {json_name(empty)}, the document {json_name(old)}")
    return empty if old is None else old


def _merge_arrays(old: list[Any], new: list[Any], place: tuple[str, ...]) -> list[Any]:
    merged = list(old)
    indexes = {_name(item): index for index, item in enumerate(merged) if _name(item)}
    for item in new:
        name = _name(item)
        if name in indexes and name:
            index = indexes[name]
            merged[index] = _merge_objects(merged[index], item, (*place, str(index)))
        elif item not in merged:
            merged.append(_merge_objects({}, item, (*place, str(len(merged)))) if isinstance(item, dict) else item)
    return merged


def _without(old: Any, values: Any, place: tuple[str, ...]) -> list[Any]:
    if not isinstance(old, list) or not isinstance(values, list):
        raise _error(place, f"the addendum takes values out of it, expected an array, got {json_name(old)}")
    found = {name[0] if (name := _name(item)) else str(item) for item in old}
    missing = [str(value) for value in values if value not in found]
    if missing:
        raise _error(place, f"the addendum takes {', '.join(missing)} out of it, which is not there")
    return [item for item in old if (name[0] if (name := _name(item)) else item) not in values]


def _name(item: Any) -> tuple[str, str] | None:
    """Return the name and location (``query``) of a parameter; None for an item that has no name."""
    if isinstance(item, dict) and isinstance(item.get("name"), str):
        return item["name"], str(item.get("in", "query"))
    return None


def _error(place: tuple[str, ...], pattern: str) -> UnknownPatternError:
    pointer = "/" + "/".join(key.replace("~", "~0").replace("/", "~1") for key in place)
    return UnknownPatternError(NotUnderstood(pointer, pattern))
