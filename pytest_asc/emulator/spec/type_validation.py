"""Validation of values against their value types."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_asc.emulator.spec.api_spec import api_spec
from pytest_asc.emulator.spec.iso_8601 import is_date_time, parse_day

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pytest_asc.emulator.http_models import JsonValue
    from pytest_asc.emulator.spec.compiled_format import ValueType

_FORMATS: Mapping[str, Callable[[str], object]] = {
    "date": parse_day,
    "date-time": is_date_time,
    "email": re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+").fullmatch,
    "uri": re.compile(r"[a-z][a-z0-9+.-]*:\S+", re.IGNORECASE).fullmatch,
}
"""Functions that return a true value if the text is valid, by format."""
_FORMAT_NAMES = {
    "date": "a date, such as '2026-06-01'",
    "date-time": "a date-time, such as '2026-06-01T12:00:00Z'",
    "email": "an email address",
    "uri": "a URI",
}
_PYTHON_TYPES: Mapping[str, tuple[type, ...]] = {
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
}
_JSON_NAMES = {
    bool: "a boolean",
    int: "an integer",
    float: "a number",
    str: "a string",
    list: "an array",
    dict: "an object",
}


class TypeMismatch(NamedTuple):
    """A value, or a part of a value, that does not match its value type."""

    path: tuple[str, ...]
    """Path of the value inside the attribute: member names and array indexes."""
    value: JsonValue
    value_type: ValueType
    """Expected value type; for an unknown member, the value type of its object."""
    unknown: bool = False
    """True if the value is a member that its object does not have."""


def type_mismatch(value_type: ValueType, value: Any) -> str | None:
    """Describe the first mismatch in a value: what it is and what was expected. None if it is valid or null."""
    found = next(type_mismatches(value_type, value), None)
    if found is None:
        return None
    if found.unknown:
        *before, name = found.path
        return "".join(f"{step}: " for step in before) + (
            f"got a member {name!r}, expected one of {', '.join(api_spec().members(found.value_type))}"
        )
    return "".join(f"{step}: " for step in found.path) + _explain(found.value_type, found.value)


def type_mismatches(value_type: ValueType, value: Any, path: tuple[str, ...] = ()) -> Iterator[TypeMismatch]:
    """Yield every mismatch in a value. Null matches every value type, except as an item of an array."""
    if value is None or value_type == "any":
        return
    if isinstance(value_type, list) and isinstance(value, list):
        for index, item in enumerate(value):
            if item is None:
                yield TypeMismatch((*path, str(index)), item, value_type[0])
            yield from type_mismatches(value_type[0], item, (*path, str(index)))
    elif _is_object(value_type) and isinstance(value, dict):
        members = api_spec().members(value_type)
        for name, item in value.items():
            if name in members or "*" in members:
                yield from type_mismatches(members[name if name in members else "*"], item, (*path, name))
            else:
                yield TypeMismatch((*path, name), item, value_type, unknown=True)
    elif isinstance(value_type, list) or _is_object(value_type) or not _is_valid_scalar(value_type, value):
        yield TypeMismatch(path, value, value_type)


def _is_object(value_type: ValueType) -> bool:
    return isinstance(value_type, dict) or (isinstance(value_type, str) and value_type.startswith("$"))


def _is_valid_scalar(value_type: ValueType, value: Any) -> bool:
    allowed = api_spec().enum(value_type)
    if allowed is not None:
        return value in allowed
    types, bounds = _scalar(str(value_type))
    if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
        return False
    if bounds is not None:
        return value in bounds
    is_valid = _FORMATS.get(str(value_type))
    return is_valid is None or bool(is_valid(str(value)))


@cache
def _scalar(scalar: str) -> tuple[tuple[type, ...], range | None]:
    """Return the Python types of a scalar, and the bounds of an integer; None if it has none."""
    json_type, _, bounds = scalar.partition(":")
    lowest, _, highest = bounds.partition("..")
    types = (str,) if scalar == "string:number" else _PYTHON_TYPES.get(json_type, (str,))
    return types, range(int(lowest), int(highest) + 1) if highest else None


def _explain(value_type: ValueType, value: Any) -> str:
    allowed = api_spec().enum(value_type)
    if allowed is not None:
        return f"got {value!r}, expected one of {', '.join(allowed)}"
    if isinstance(value_type, list) or _is_object(value_type):
        return f"got {_json_name(value)}, expected {_JSON_NAMES[list if isinstance(value_type, list) else dict]}"
    types, bounds = _scalar(str(value_type))
    if not isinstance(value, types) or isinstance(value, bool):
        return f"got {_json_name(value)}, expected {_JSON_NAMES[types[0]]}"
    expected = f"{bounds[0]} to {bounds[-1]}" if bounds else _FORMAT_NAMES.get(str(value_type), str(value_type))
    return f"got {value!r}, expected {expected}"


def _json_name(value: Any) -> str:
    return _JSON_NAMES.get(type(value), type(value).__name__)
