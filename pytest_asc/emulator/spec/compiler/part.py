"""Access to the parts of an OpenAPI document: each part knows its JSON pointer, and references are resolved."""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias
from urllib.parse import unquote

JsonObject: TypeAlias = dict[str, Any]

REF = "$ref"
_JSON_NAMES: dict[type, str] = {dict: "an object", list: "an array", str: "a string", bool: "a boolean"}
_MAX_LENGTH = 500
_MAX_DEPTH = 40
"""Maximum depth of nested references; Apple's document needs 1."""


class NotUnderstood(NamedTuple):
    """A part of the document that was left out."""

    place: str
    """JSON pointer to the part (RFC 6901)."""
    pattern: str
    """Description of the value that was found and the value that was expected."""

    def __str__(self) -> str:
        """Return place and pattern on one line of at most 500 printable characters."""
        return printable(f"{self.place}: {self.pattern}")


class UnknownPatternError(Exception):
    """Pattern in a document that the compiler does not know.

    Attributes:
        parts: The parts that are not understood, at least one.
    """

    def __init__(self, *parts: NotUnderstood) -> None:
        super().__init__("\n".join(map(str, parts)))
        self.parts = parts


class _Document:
    """A whole document, with caches of resolved references and schemas."""

    def __init__(self, value: JsonObject) -> None:
        self.root = Part(self, value, None, "")
        self.references: dict[str, Part] = {}
        """Targets of references, by the text of the reference."""
        self.properties: dict[int, dict[str, Part]] = {}
        """Properties of schemas, by the identity of the schema."""
        self.open: list[object] = []
        """References and schemas that are being resolved, to detect cycles."""

    def enter(self, part: Part, followed: object) -> None:
        if followed in self.open or len(self.open) >= _MAX_DEPTH:
            raise part.error("it refers to itself, or through too many others")
        self.open.append(followed)


class Part:
    """A value of the document that knows its JSON pointer. A reference is replaced by its target.

    Args:
        document: The document that the value is part of.
        value: Any JSON value, or the error of a reference that cannot be resolved.
        parent: The part that contains this one; None for the whole document.
        key: Member name or array index in the parent.
        reference: The object with ``$ref`` that was replaced; its other members apply as well (OpenAPI 3.1).
    """

    __slots__ = ("_document", "_reference", "_value", "key", "parent")

    def __init__(
        self, document: _Document, value: Any, parent: Part | None, key: str, reference: JsonObject | None = None
    ) -> None:
        self._document = document
        self.parent = parent
        self._reference = reference
        self.key = key
        self._value = value

    @classmethod
    def of(cls, document: JsonObject) -> Part:
        """Return the part that is the whole document."""
        return _Document(document).root

    @property
    def value(self) -> Any:
        """The JSON value.

        Raises:
            UnknownPatternError: The value is a reference that cannot be resolved.
        """
        if isinstance(self._value, UnknownPatternError):
            raise self._value
        return self._value

    @property
    def pointer(self) -> str:
        """JSON pointer of the part (RFC 6901); ``/`` for the whole document."""
        keys: list[str] = []
        part: Part | None = self
        while part is not None and part.parent is not None:
            keys.append(part.key.replace("~", "~0").replace("/", "~1"))
            part = part.parent
        return "/" + "/".join(reversed(keys))

    @property
    def schema_name(self) -> str | None:
        """Name of a schema in ``/components/schemas``; None for every other part."""
        schemas = self.parent
        components = schemas.parent if schemas else None
        if schemas is None or components is None or components.parent is None or components.parent.parent:
            return None
        return self.key if (components.key, schemas.key) == ("components", "schemas") else None

    def error(self, pattern: str) -> UnknownPatternError:
        """Return an error that says that this part is not understood."""
        return UnknownPatternError(NotUnderstood(self.pointer, pattern))

    def get(self, key: str) -> Part | None:
        """Return a member; None if it is missing or null.

        Raises:
            UnknownPatternError: The part is not an object.
        """
        value = self.object().get(key)
        return None if value is None else self.child(key, value)

    def __getitem__(self, key: str) -> Part:
        """Return a required member.

        Raises:
            UnknownPatternError: The part is not an object, or has no such member.
        """
        found = self.get(key)
        if found is None:
            raise self.error(f"there is no {key!r}")
        return found

    def members(self, key: str | None = None) -> dict[str, Part]:
        """Return the members of this object, or of the object in a member of it; none if that member is missing.

        Raises:
            UnknownPatternError: The value is not an object.
        """
        part = self if key is None else self.get(key)
        if part is None:
            return {}
        return {str(name): part.child(str(name), value) for name, value in part.object().items()}

    def items(self, key: str | None = None) -> list[Part]:
        """Return the items of this array, or of the array in a member of this object; none if that member is missing.

        Raises:
            UnknownPatternError: The value is not an array.
        """
        part = self if key is None else self.get(key)
        if part is None:
            return []
        if not isinstance(part.value, list):
            raise part.error(f"got {json_name(part.value)}, expected an array")
        return [part.child(str(index), value) for index, value in enumerate(part.value)]

    def properties(self) -> dict[str, Part]:
        """Return the properties of this schema, including those of its ``allOf``."""
        document, identity = self._document, id(self.value)
        if identity not in document.properties:
            document.enter(self, identity)
            try:
                parts = [*self.items("allOf"), None]
                found = [self.members("properties") if part is None else part.properties() for part in parts]
            finally:
                document.open.pop()
            document.properties[identity] = {name: part for one in found for name, part in one.items()}
        return document.properties[identity]

    def object(self) -> JsonObject:
        """Return the value, which must be an object.

        Raises:
            UnknownPatternError: The value is not an object.
        """
        value = self._value
        if not isinstance(value, dict):
            raise self.error(f"got {json_name(self.value)}, expected an object")
        return value

    def text(self) -> str:
        """Return the value, which must be a string.

        Raises:
            UnknownPatternError: The value is not a string.
        """
        value = self._value
        if not isinstance(value, str):
            raise self.error(f"got {json_name(self.value)}, expected a string")
        return value

    def texts(self, key: str) -> list[str]:
        """Return the strings of the array in a member; none if the member is missing."""
        return [item.text() for item in self.items(key)]

    def number(self) -> int:
        """Return the value, which must be an integer.

        Raises:
            UnknownPatternError: The value is not an integer.
        """
        if not isinstance(self.value, int) or isinstance(self.value, bool):
            raise self.error(f"got {json_name(self.value)}, expected an integer")
        return self.value

    def is_marked(self, keyword: str) -> bool:
        """Return whether a keyword such as ``deprecated`` is true, in this part or next to the reference to it."""
        return any(isinstance(one, dict) and one.get(keyword) is True for one in (self._value, self._reference))

    def child(self, key: str, value: Any) -> Part:
        """Return the part for a value inside this one; a reference is replaced by its target."""
        if not (isinstance(value, dict) and isinstance(value.get(REF), str)):
            return Part(self._document, value, self, key)
        try:
            target = Part(self._document, value, self, key).follow(value[REF])
            return Part(self._document, target.value, target.parent, target.key, value)
        except UnknownPatternError as error:
            return Part(self._document, error, self, key, value)

    def follow(self, reference: str) -> Part:
        """Return the target of a reference."""
        document = self._document
        if reference not in document.references:
            document.enter(self, reference)
            try:
                document.references[reference] = self._find(reference)
            finally:
                document.open.pop()
        return document.references[reference]

    def _find(self, reference: str) -> Part:
        if not reference.startswith("#/"):
            raise self.error(f"it refers to {reference!r}, expected a place in the same document")
        found: Part | None = self._document.root
        for each in reference[2:].split("/"):
            key = unquote(each).replace("~1", "/").replace("~0", "~")
            found = found.step(key) if found else None
        if found is None:
            raise self.error(f"it refers to {reference!r}, which is not there")
        return found

    def step(self, key: str) -> Part | None:
        """Return the part for one token of a JSON pointer; None if there is none."""
        if isinstance(self.value, list):
            return next((item for item in self.items() if item.key == key), None)
        return self.get(key) if isinstance(self.value, dict) else None


def printable(text: str) -> str:
    """Return a text of at most 500 characters, with control characters and lone surrogates escaped."""
    cut = text if len(text) <= _MAX_LENGTH else f"{text[: _MAX_LENGTH - 1]}…"
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in cut)


def json_name(value: object) -> str:
    """Return the JSON type of a value with an article; for a number, the number itself."""
    if value is None:
        return "null"
    return _JSON_NAMES.get(type(value)) or f"the number {value!r:.30}"
