"""Whether a value is of its type, and what is wrong with it."""

from __future__ import annotations

import re
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_asc.emulator.spec.api_spec import api_spec

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytest_asc.emulator.spec.compiled_format import ValueType

# Apple refuses a date where a date and time is wanted (observed); its own times have fractions, and zones without a
# colon (observed in recordings).
_TIMES = {
    "date": re.compile(r"[0-9-]{10}"),
    "date-time": re.compile(r"[0-9-]{10}T([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)", re.ASCII),
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
    str: "text",
    list: "an array",
    dict: "an object",
}


class TypeMismatch(NamedTuple):
    """A value that is not of its type."""

    path: tuple[str, ...]
    """Where it stands in the attribute: names of members and places in arrays."""
    value: Any
    code: ValueType
    """What was expected; of an unknown member, its object's."""
    unknown: bool = False
    """Whether it is a member that its object does not have."""


def type_mismatch(code: ValueType, value: Any) -> str | None:
    """Say what is wrong with a value for its type: what was got and what was expected. None: it fits, or is null."""
    found = next(type_mismatches(code, value), None)
    if found is None:
        return None
    if found.unknown:
        *before, name = found.path
        return "".join(f"{step}: " for step in before) + (
            f"got a member {name!r}, expected one of {', '.join(api_spec().members(found.code))}"
        )
    return "".join(f"{step}: " for step in found.path) + _explained(found.code, found.value)


def type_mismatches(code: ValueType, value: Any, path: tuple[str, ...] = ()) -> Iterator[TypeMismatch]:
    """Everything in a value that is not of its type; null fits every type."""
    if value is None:
        return
    if isinstance(code, list) and isinstance(value, list):
        for place, item in enumerate(value):
            yield from type_mismatches(code[0], item, (*path, str(place)))
    elif _is_object(code) and isinstance(value, dict):
        members = api_spec().members(code)
        for name, item in value.items():
            if name in members or "*" in members:
                yield from type_mismatches(members[name if name in members else "*"], item, (*path, name))
            else:
                yield TypeMismatch((*path, name), item, code, unknown=True)
    elif isinstance(code, list) or _is_object(code) or not _fits(code, value):
        yield TypeMismatch(path, value, code)


def _is_object(code: ValueType) -> bool:
    return isinstance(code, dict) or (isinstance(code, str) and code.startswith("$"))


def _fits(code: Any, value: Any) -> bool:
    allowed = api_spec().enum(code)
    if allowed is not None:
        return value in allowed
    kind, bounds = _scalar(code)
    if not isinstance(value, kind) or (isinstance(value, bool) and bool not in kind):
        return False
    if bounds is not None:
        return value in bounds
    form = _TIMES.get(code)
    return form is None or _is_time(form, str(value))


def _is_time(form: re.Pattern[str], text: str) -> bool:
    try:
        date.fromisoformat(text[:10])
    except ValueError:
        return False
    return form.fullmatch(text) is not None


@cache
def _scalar(code: str) -> tuple[tuple[type, ...], range | None]:
    """The Python types that a scalar may have, and its bounds."""
    kind, _, bounds = code.partition(":")
    lowest, _, highest = bounds.partition("..")
    types = (str,) if code == "string:number" else _PYTHON_TYPES.get(kind, (str,))
    return types, range(int(lowest), int(highest) + 1) if highest else None


def _explained(code: ValueType, value: Any) -> str:
    allowed = api_spec().enum(code)
    if allowed is not None:
        return f"got {value!r}, expected one of {', '.join(allowed)}"
    if isinstance(code, list) or _is_object(code):
        return f"got {_json_name(value)}, expected {_JSON_NAMES[list if isinstance(code, list) else dict]}"
    kind, bounds = _scalar(str(code))
    if not isinstance(value, kind) or isinstance(value, bool):
        return f"got {_json_name(value)}, expected {_JSON_NAMES[kind[0]]}"
    return f"got {value!r}, expected {f'{bounds[0]} to {bounds[-1]}' if bounds else code}"


def _json_name(value: Any) -> str:
    return _JSON_NAMES.get(type(value), type(value).__name__)
