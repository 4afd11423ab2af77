"""The bytes of a body as a resource or as linkages, whatever these say; refused where they have no such form."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from pytest_asc.emulator.jsonapi import entity_errors
from pytest_asc.emulator.jsonapi.errors import ApiError, RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# Anything else is refused (observed: 'Unexpected or invalid value at ...'). Links and meta are what a client has read.
_DOCUMENT = frozenset({"data", "links", "meta"})
_WITH_INCLUDED = _DOCUMENT | {"included"}
_RESOURCE = frozenset({"type", "id", "attributes", "relationships", "links", "meta"})
_LINKAGE = frozenset({"type", "id", "meta"})
_MEMBER_TYPES = {"type": str, "id": str, "attributes": dict, "relationships": dict}


class Linkage(NamedTuple):
    """One resource that a body names."""

    type: str
    id: str


class RawResource(NamedTuple):
    """A resource as a body gives it, not yet judged by the catalogue."""

    type: str | None
    id: str | None
    attributes: Mapping[str, Any]
    relationships: Mapping[str, Linkage | list[Linkage] | None]


def read_resource(content: bytes, *, inline: bool) -> tuple[RawResource, list[RawResource]]:
    """The resource of a body, and those that are included.

    Args:
        content: The body.
        inline: Whether anything may be included.

    Raises:
        RefusedError: It is not JSON (400), or no document of a resource (422).
    """
    document = _parse(content)
    _refuse_any(_wrong_in_document(document, _WITH_INCLUDED if inline else _DOCUMENT))
    return _draft(document["data"]), [_draft(one) for one in document.get("included") or ()]


def read_linkages(content: bytes) -> Linkage | list[Linkage] | None:
    """The linkages of a body: many, one, or None where it is null.

    Raises:
        RefusedError: It is not JSON (400), or no document of linkages (422).
    """
    document = _parse(content)
    _refuse_any(_wrong_in_linkage_document(document))
    return _linked(document["data"])


def _parse(content: bytes) -> dict[str, Any]:
    """The document, of values that can be stored and written again."""
    try:
        text = content.decode()
        document = json.loads(text, parse_constant=_no_number, parse_float=_finite)
        if "\\u" in text:  # half a surrogate pair can be written in JSON and nowhere else
            json.dumps(document, ensure_ascii=False).encode()
    except RecursionError:
        problem = "it is nested too deeply"
    except UnicodeError:
        problem = "it is not text in UTF-8"
    except ValueError as error:
        problem = str(error)
    else:
        if isinstance(document, dict):
            return document
        problem = "it is not an object"
    raise RefusedError(ApiError(entity_errors.ENTITY_INVALID, {"problem": problem}))


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"the number {text[:20]} is too large")
    return number


def _draft(resource: dict[str, Any]) -> RawResource:
    relationships = resource.get("relationships") or {}
    return RawResource(
        resource.get("type"),
        resource.get("id"),
        resource.get("attributes") or {},
        # Relationships without data say nothing.
        {name: _linked(value["data"]) for name, value in relationships.items() if "data" in value},
    )


def _linked(data: Any) -> Linkage | list[Linkage] | None:
    if isinstance(data, list):
        return [Linkage(one["type"], one["id"]) for one in data]
    return None if data is None else Linkage(data["type"], data["id"])


# The places where a document is not of its form, named as Apple names them: data.relationships.builds.data.[0].id


def _refuse_any(places: Iterator[str]) -> None:
    wrong = [ApiError(entity_errors.ENTITY_UNPROCESSABLE, {"place": place}) for place in places]
    if wrong:
        raise RefusedError(*wrong)


def _wrong_in_document(document: dict[str, Any], members: frozenset[str]) -> Iterator[str]:
    yield from _unexpected(document, members, "")
    yield from _wrong_in_resource(document.get("data"), "data")
    included = document.get("included") or []
    if isinstance(included, list):
        for number, one in enumerate(included):
            yield from _wrong_in_resource(one, f"included.[{number}]")
    else:
        yield "included"


def _wrong_in_linkage_document(document: dict[str, Any]) -> Iterator[str]:
    yield from _unexpected(document, _DOCUMENT, "")
    if "data" in document:
        yield from _wrong_in_linkages(document["data"], "data")
    else:
        yield "data"


def _wrong_in_resource(value: Any, place: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield place
        return
    yield from _unexpected(value, _RESOURCE, f"{place}.")
    for name, kind in _MEMBER_TYPES.items():
        if not isinstance(value.get(name), (kind, type(None))):
            yield f"{place}.{name}"
    relationships = value.get("relationships")
    if isinstance(relationships, dict):
        for name, one in relationships.items():
            yield from _wrong_in_relationship(one, f"{place}.relationships.{name}")


def _wrong_in_relationship(value: Any, place: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield place
        return
    yield from _unexpected(value, _DOCUMENT, f"{place}.")
    yield from _wrong_in_linkages(value.get("data"), f"{place}.data")


def _wrong_in_linkages(data: Any, place: str) -> Iterator[str]:
    if isinstance(data, list):
        for number, one in enumerate(data):
            yield from _wrong_in_linkage(one, f"{place}.[{number}]")
    elif data is not None:
        yield from _wrong_in_linkage(data, place)


def _wrong_in_linkage(value: Any, place: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield place
        return
    yield from _unexpected(value, _LINKAGE, f"{place}.")
    yield from (f"{place}.{name}" for name in Linkage._fields if not isinstance(value.get(name), str))


def _unexpected(value: dict[str, Any], expected: frozenset[str], before: str) -> Iterator[str]:
    yield from (f"{before}{name}" for name in value if name not in expected)
