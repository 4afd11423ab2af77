"""JSON schemas of the requests to the control API, and validation of values against them.

Only the keywords that the schemas in :mod:`.commands` use are implemented.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from pytest_asc.emulator.account.schedule import HUNDRED_YEARS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Schema = dict[str, Any]

STRING: Schema = {"type": "string"}
TEXT: Schema = {"type": "string", "minLength": 1}
BOOLEAN: Schema = {"type": "boolean"}
NUMBER: Schema = {"type": "number"}
OBJECT: Schema = {"type": "object"}
SECONDS: Schema = {"type": "number", "minimum": 0, "maximum": HUNDRED_YEARS}
OFFSET: Schema = {"type": "number", "minimum": -HUNDRED_YEARS, "maximum": HUNDRED_YEARS}

_TYPES: Mapping[str, Callable[[Any], bool]] = {
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, (int, float)) and not isinstance(value, bool),
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "null": lambda value: value is None,
}


def integer(minimum: int) -> Schema:
    """Return the schema of an integer with a minimum."""
    return {"type": "integer", "minimum": minimum, "maximum": 2**53}


def one_of(*values: str) -> Schema:
    """Return the schema of a string that is one of these values."""
    return {"type": "string", "enum": list(values)}


def either(*types: str) -> Schema:
    """Return the schema of a value that has one of these types."""
    return {"type": list(types)}


def array_of(items: Schema) -> Schema:
    """Return the schema of an array with these items."""
    return {"type": "array", "items": items}


def members(required: Mapping[str, Schema], optional: Mapping[str, Schema], *, others: bool = False) -> Schema:
    """Return the schema of an object.

    Args:
        required: Schemas of required members.
        optional: Schemas of optional members.
        others: True to allow other members, with any value.
    """
    schema: Schema = {"type": "object", "properties": {**required, **optional}, "additionalProperties": others}
    return {**schema, "required": list(required)} if required else schema


def check(value: Any, schema: Schema, place: str = "") -> None:
    """Validate a value against a schema.

    Args:
        value: A parsed JSON value.
        schema: The schema.
        place: Path of the member that has the value, for messages.

    Raises:
        ValueError: The value does not match the schema; the message says what was expected.
    """
    subject = f"{place}: " if place else ""
    expected = schema.get("type", [])
    types = [expected] if isinstance(expected, str) else expected
    if types and not any(_TYPES[one](value) for one in types):
        raise ValueError(f"{subject}got {_shown(value)}, expected {' or '.join(map(_with_article, types))}")
    if "enum" in schema and value not in schema["enum"]:
        choices = ["null" if one is None else one for one in schema["enum"]]
        near = get_close_matches(str(value), choices, n=1)
        hint = f"did you mean {near[0]!r}? Expected" if near else "expected"
        raise ValueError(f"{subject}got {_shown(value)}; {hint} one of {', '.join(choices)}")
    if isinstance(value, str) and len(value) < schema.get("minLength", 0):
        raise ValueError(f"{subject}got an empty string")
    if _TYPES["number"](value) and not schema.get("minimum", value) <= value <= schema.get("maximum", value):
        raise ValueError(f"{subject}got {value}, expected a number from {schema['minimum']} to {schema['maximum']}")
    if isinstance(value, list) and "items" in schema:
        for index, item in enumerate(value):
            check(item, schema["items"], f"{place}[{index}]")
    if isinstance(value, dict):
        _check_members(value, schema, place)


def _check_members(value: dict[str, Any], schema: Schema, place: str) -> None:
    subject = f"{place}: " if place else ""
    properties = schema.get("properties", {})
    missing = [name for name in schema.get("required", ()) if name not in value]
    if missing:
        raise ValueError(f"{subject}the member {missing[0]!r} is missing")
    others = schema.get("additionalProperties", True)
    for name, member in value.items():
        if name in properties:
            check(member, properties[name], f"{place}.{name}" if place else name)
        elif isinstance(others, dict):
            check(member, others, f"{place}.{name}" if place else name)
        elif not others:
            near = get_close_matches(name, properties, n=1)
            hint = f"did you mean {near[0]!r}? The" if near else "the"
            raise ValueError(f"{subject}there is no member {name!r}; {hint} members are {', '.join(properties)}")


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}…"  # noqa: PLR2004  so that it fits on a line


def _with_article(name: str) -> str:
    if name == "null":
        return name
    return f"{'an' if name[0] in 'aio' else 'a'} {name}"
