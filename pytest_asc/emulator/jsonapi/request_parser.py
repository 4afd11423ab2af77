"""Parser of request documents. It checks the structure that JSON:API requires, but not the operation's schema."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from pytest_asc.emulator.jsonapi import entity_errors
from pytest_asc.emulator.jsonapi.errors import ApiError, RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytest_asc.emulator.http_models import JsonValue

# Other members are rejected (observed: 'Unexpected or invalid value at ...'). ``links`` and ``meta`` are accepted,
# because clients may send a document back that they have received.
_DOCUMENT_MEMBERS = frozenset({"data", "links", "meta"})
_COMPOUND_DOCUMENT_MEMBERS = _DOCUMENT_MEMBERS | {"included"}
_RESOURCE_MEMBERS = frozenset({"type", "id", "attributes", "relationships", "links", "meta"})
_LINKAGE_MEMBERS = frozenset({"type", "id", "meta"})
_INT_LIMIT, _NUMBER_TOO_LONG = "int_max_str_digits", "a number has too many digits"
"""Part of Python's message about a number with thousands of digits, and the text that replaces that message."""
_MEMBER_TYPES = {"type": str, "id": str, "attributes": dict, "relationships": dict}


class Linkage(NamedTuple):
    """A resource identifier in a body."""

    type: str
    id: str


class RawResource(NamedTuple):
    """A resource in a body, before validation."""

    type: str | None
    id: str | None
    attributes: Mapping[str, JsonValue]
    relationships: Mapping[str, Linkage | list[Linkage] | None]
    """Linkage by relationship: a list, a single one, or None for null."""


def read_resource(content: bytes, *, inline: bool) -> tuple[RawResource, list[RawResource]]:
    """Parse a document with one resource.

    Args:
        content: The body.
        inline: True if the document may include resources.

    Returns:
        The resource and the included resources.

    Raises:
        RefusedError: The body is not JSON (400), or not a document with one resource (422).
    """
    document = _parse(content)
    _reject(_invalid_in_document(document, _COMPOUND_DOCUMENT_MEMBERS if inline else _DOCUMENT_MEMBERS))
    return _raw_resource(document["data"]), [_raw_resource(one) for one in document.get("included") or ()]


def read_linkages(content: bytes) -> Linkage | list[Linkage] | None:
    """Parse a document with linkage: a list of resource identifiers, a single one, or None for null.

    Raises:
        RefusedError: The body is not JSON (400), or not a document with linkage (422).
    """
    document = _parse(content)
    _reject(_invalid_in_linkage_document(document))
    return _linkage(document["data"])


def _parse(content: bytes) -> dict[str, Any]:
    """Parse JSON, and reject values that could not be serialized again, such as NaN and lone surrogates."""
    try:
        text = content.decode()
        document = json.loads(text, parse_constant=_reject_constant, parse_float=_parse_finite)
        if "\\u" in text:  # an escaped lone surrogate is valid JSON, but cannot be encoded in UTF-8
            json.dumps(document, ensure_ascii=False).encode()
    except RecursionError:
        problem = "it is nested too deeply"
    except UnicodeError:
        problem = "it is not text in UTF-8"
    except ValueError as error:
        problem = _NUMBER_TOO_LONG if _INT_LIMIT in str(error) else str(error)
    else:
        if isinstance(document, dict):
            return document
        raise RefusedError(ApiError(entity_errors.NOT_A_DOCUMENT))
    if content.lstrip().startswith(b"["):
        raise RefusedError(ApiError(entity_errors.NOT_A_DOCUMENT))
    raise RefusedError(ApiError(entity_errors.ENTITY_INVALID, {"problem": problem}))


def _reject_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _parse_finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"the number {text[:20]} is too large")
    return number


def _raw_resource(resource: dict[str, Any]) -> RawResource:
    relationships = resource.get("relationships", {})
    return RawResource(
        resource.get("type"),
        resource.get("id"),
        resource.get("attributes", {}),
        # A relationship without data is ignored: it has no linkage to set.
        {name: _linkage(value["data"]) for name, value in relationships.items() if "data" in value},
    )


def _linkage(data: Any) -> Linkage | list[Linkage] | None:
    if isinstance(data, list):
        return [Linkage(one["type"], one["id"]) for one in data]
    return None if data is None else Linkage(data["type"], data["id"])


# The functions below yield the paths of invalid members in Apple's format: data.relationships.builds.data.[0].id


def _reject(paths: Iterator[str]) -> None:
    errors = [ApiError(entity_errors.ENTITY_UNPROCESSABLE, {"path": path}) for path in paths]
    if errors:
        raise RefusedError(*errors)


def _invalid_in_document(document: dict[str, Any], members: frozenset[str]) -> Iterator[str]:
    if not document.keys() <= members:
        yield from _unexpected(document, members, "")
    yield from _invalid_in_resource(document.get("data"), "data")
    included = document.get("included") or []
    if isinstance(included, list):
        for index, one in enumerate(included):
            yield from _invalid_in_resource(one, f"included.[{index}]")
    else:
        yield "included"


def _invalid_in_linkage_document(document: dict[str, Any]) -> Iterator[str]:
    if not document.keys() <= _DOCUMENT_MEMBERS:
        yield from _unexpected(document, _DOCUMENT_MEMBERS, "")
    if "data" in document:
        yield from _invalid_in_linkages(document["data"], "data")
    else:
        yield "data"


def _invalid_in_resource(value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield path
        return
    if not value.keys() <= _RESOURCE_MEMBERS:
        yield from _unexpected(value, _RESOURCE_MEMBERS, f"{path}.")
    for name, python_type in _MEMBER_TYPES.items():
        # A type or id that is null is reported by the validator, which knows the expected value.
        missing = name not in value or (python_type is str and value[name] is None)
        if not missing and not isinstance(value[name], python_type):
            yield f"{path}.{name}"
    relationships = value.get("relationships")
    if isinstance(relationships, dict):
        for name, one in relationships.items():
            yield from _invalid_in_relationship(one, f"{path}.relationships.{name}")


def _invalid_in_relationship(value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield path
        return
    if not value.keys() <= _DOCUMENT_MEMBERS:
        yield from _unexpected(value, _DOCUMENT_MEMBERS, f"{path}.")
    yield from _invalid_in_linkages(value.get("data"), f"{path}.data")


def _invalid_in_linkages(data: Any, path: str) -> Iterator[str]:
    if isinstance(data, list):
        for index, one in enumerate(data):
            yield from _invalid_in_linkage(one, f"{path}.[{index}]")
    elif data is not None:
        yield from _invalid_in_linkage(data, path)


def _invalid_in_linkage(value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield path
        return
    if not value.keys() <= _LINKAGE_MEMBERS:
        yield from _unexpected(value, _LINKAGE_MEMBERS, f"{path}.")
    yield from (f"{path}.{name}" for name in Linkage._fields if not isinstance(value.get(name), str))


def _unexpected(value: dict[str, Any], expected: frozenset[str], prefix: str) -> Iterator[str]:
    yield from (f"{prefix}{name}" for name in value if name not in expected)
