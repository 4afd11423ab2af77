"""Compiler of the schemas of attributes and parameters into the value types of the compiled format."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_asc.emulator.spec.compiled_format import ValueType
    from pytest_asc.emulator.spec.compiler.part import Part
    from pytest_asc.emulator.spec.compiler.problems import Problems

ANY = "any"
_NULL = "null"
_FORMATS = frozenset({"date", "date-time", "duration", "email", "uri"})
"""String formats that are kept. All others are ignored, as OpenAPI 3.1 allows (Data Type Format)."""
_SCALARS = frozenset({"boolean", "integer", "number"})
_TYPE_BY_KEYWORD = {"properties": "object", "additionalProperties": "object", "items": "array", "format": "string"}
_ALTERNATIVES = ("oneOf", "anyOf")
_MAX_DEPTH = 40
"""Maximum depth of nested values; Apple's document needs 6."""


class ValueTypes:
    """Compiles value types, and collects the enums and objects that they refer to."""

    def __init__(self, problems: Problems) -> None:
        self._problems = problems
        self._enums: dict[tuple[str, ...], int] = {}
        self._compiled: dict[int, ValueType] = {}
        """Compiled value types, by the identity of the schema."""
        self.objects: dict[str, dict[str, ValueType]] = {}

    @property
    def enums(self) -> list[list[str]]:
        """All enums, in the order of their numbers."""
        return [list(values) for values in self._enums]

    def enum(self, values: Iterable[str]) -> int:
        """Return the number of an enum; a new enum is added."""
        return self._enums.setdefault(tuple(values), len(self._enums))

    def members(self, schemas: dict[str, Part]) -> dict[str, ValueType]:
        """Compile the value types of attributes. A schema that is not understood becomes ``any``."""
        compiled = {name: self._problems.attempt(self.compile, schema) for name, schema in schemas.items()}
        return {name: ANY if value_type is None else value_type for name, value_type in compiled.items()}

    def compile(self, schema: Part, depth: int = 0) -> ValueType:
        """Compile the schema of a value; ``any`` if it states no type, or allows several types.

        Raises:
            UnknownPatternError: The part is not a schema, or its enum has values other than strings.
        """
        if depth > _MAX_DEPTH:
            raise schema.error(f"it holds values inside values, more than {_MAX_DEPTH} deep")
        if schema.value is True:
            return ANY
        name = schema.schema_name
        if name and json_type(schema) == "object" and not any(map(schema.get, _ALTERNATIVES)):
            return self._object(name, schema, depth)
        if id(schema.value) not in self._compiled:
            self._compiled[id(schema.value)] = self._compile(schema, depth)
        return self._compiled[id(schema.value)]

    def _compile(self, schema: Part, depth: int) -> ValueType:
        for keyword in _ALTERNATIVES:
            if schema.get(keyword):
                values = [one for one in schema.items(keyword) if one.value is True or json_type(one) != _NULL]
                return self._alternatives([self.compile(one, depth + 1) for one in values])
        parts = schema.items("allOf")
        if len(parts) == 1 and "properties" not in schema.object():
            return self.compile(parts[0], depth + 1)
        kind = json_type(schema)
        if kind == "array":
            items = schema.get("items")
            return [self.compile(items, depth + 1) if items else ANY]
        if kind == "object":
            return self._members(schema, depth)
        if parts:
            return next((one for part in parts if (one := self.compile(part, depth + 1)) != ANY), ANY)
        return self._string(schema) if kind == "string" else _bounded(schema, kind)

    def _string(self, schema: Part) -> ValueType:
        words = enum_values(schema)
        if words:
            return self.enum(words)
        value_format = schema.get("format")
        if value_format is None:
            return "string"
        # The format "number" of a string must not be confused with the type "number".
        return "string:number" if value_format.value == "number" else _known_format(value_format)

    def _object(self, name: str, schema: Part, depth: int) -> ValueType:
        if name not in self.objects:
            self.objects[name] = {}  # set first, because objects can contain objects of the same schema
            members = self._problems.attempt(partial(self._members, depth=depth), schema)
            self.objects[name] = {"*": ANY} if members is None else members
        return f"${name}"

    def _members(self, schema: Part, depth: int) -> dict[str, ValueType]:
        properties = schema.properties()
        if properties:
            return {name: self.compile(member, depth + 1) for name, member in properties.items()}
        values = schema.get("additionalProperties")
        return {"*": self.compile(values, depth + 1) if values and isinstance(values.value, dict) else ANY}

    def _alternatives(self, types: list[ValueType]) -> ValueType:
        """Return the value type of alternatives: that of equal ones, a merged enum of enums, otherwise ``any``."""
        known = [one for index, one in enumerate(types) if one not in types[:index]]
        if len(known) == 1:
            return known[0]
        if known and all(isinstance(one, int) for one in known):
            enums = list(self._enums)
            return self.enum(dict.fromkeys(value for one in known for value in enums[cast("int", one)]))
        return ANY


def json_type(schema: Part) -> str:
    """Return the JSON type that a schema allows, apart from null; ``any`` if it allows several or states none.

    ``type`` may be an array of types (OpenAPI 3.1).
    """
    stated = schema.get("type")
    if stated is None:
        return next(
            (kind for keyword, kind in _TYPE_BY_KEYWORD.items() if keyword in schema.object()), _by_values(schema)
        )
    if isinstance(stated.value, list):
        kinds = [item.text() for item in stated.items() if item.value != _NULL]
        return kinds[0] if len(kinds) == 1 else ANY if kinds else _NULL
    return stated.text()


def enum_values(schema: Part) -> list[str]:
    """Return the values of a schema's enum, which must be strings; none if it has no enum.

    Raises:
        UnknownPatternError: The enum has values other than strings.
    """
    if "const" in schema.object():
        return [schema["const"].text()]
    return [item.text() for item in schema.items("enum") if item.value is not None]


def is_nullable(schema: Part) -> bool:
    """Return whether a schema allows null, in the way of OpenAPI 3.0 or of 3.1."""
    stated = schema.get("type")
    kinds = stated.value if stated and isinstance(stated.value, list) else ()
    alternatives = [one for keyword in _ALTERNATIVES for one in schema.items(keyword)]
    return (
        schema.is_marked("nullable")
        or _NULL in kinds
        or any(one.value is not True and json_type(one) == _NULL for one in alternatives)
    )


def _by_values(schema: Part) -> str:
    """Derive the type of a schema without ``type`` from its enum or its other keywords."""
    if "const" in schema.object() or schema.get("enum"):
        return "string"
    return "object" if schema.get("allOf") and schema.properties() else ANY


def _bounded(schema: Part, kind: str) -> str:
    if kind not in _SCALARS:
        return ANY
    lowest, highest = schema.get("minimum"), schema.get("maximum")
    if kind == "integer" and lowest and highest:
        return f"{kind}:{lowest.number()}..{highest.number()}"
    return kind


def _known_format(value_format: Part) -> str:
    text = value_format.text()
    return text if text in _FORMATS else "string"
