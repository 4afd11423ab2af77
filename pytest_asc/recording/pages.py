"""Pages: the redacted parts of responses that a recording keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_asc.emulator.account.account import members_of
from pytest_asc.emulator.spec.api_spec import api_spec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_asc.recording.redaction import Redaction


class Linkage(NamedTuple):
    """The related resources of a relationship that a response shows."""

    ids: tuple[str, ...]
    complete: bool
    """True if the response shows all related resources."""


class Item(NamedTuple):
    """A resource or a resource identifier in a response."""

    type: str
    id: str
    attributes: dict[str, Any] | None
    """Redacted attributes; None for a resource identifier."""
    links: dict[str, Linkage]
    """Linkage by relationship, for the relationships of which the response shows it."""


class Page(NamedTuple):
    """The redacted part of a response that is kept."""

    status: int
    code: str
    """Code of the first error; empty for a success."""
    data: tuple[Item, ...] = ()
    included: tuple[Item, ...] = ()
    next: str | None = None
    """Path and query of the next page; None if this is the last one."""
    unknown: int = 0
    """Number of resources whose type is not in the API spec."""

    def as_json(self) -> Any:
        """Return the page as a JSON value."""
        return [self.status, self.code, _items(self.data), _items(self.included), self.next, self.unknown]

    @classmethod
    def from_json(cls, value: Any) -> Page:
        """Return the page for a JSON value from :meth:`as_json`."""
        status, code, data, included, following, unknown = value
        return cls(status, code, _items_of(data), _items_of(included), following, unknown)


def _items(items: tuple[Item, ...]) -> Any:
    return [[*item[:3], {name: [*link] for name, link in item.links.items()}] for item in items]


def _items_of(value: Any) -> tuple[Item, ...]:
    return tuple(
        Item(kind, identifier, attributes, {name: Linkage(tuple(ids), done) for name, (ids, done) in links.items()})
        for kind, identifier, attributes, links in value
    )


def make_page(document: Any, redaction: Redaction, following: str | None) -> Page:
    """Return the page for a successful response.

    Args:
        document: The JSON document.
        redaction: Redaction of the resources.
        following: Path and query of the next page; None if this is the last one.

    Raises:
        KeptSecretError: A value of a type that is not redacted looks like a key or a token.
    """
    members = document if isinstance(document, dict) else {}
    data = members.get("data")
    found = data if isinstance(data, list) else [data]
    included = members.get("included")
    given = [*found, *(included if isinstance(included, list) else [])]
    items = [_item(one, redaction) for one in given]
    known = tuple(item for item in items[: len(found)] if item)
    further = tuple(item for item in items[len(found) :] if item)
    unknown = sum(1 for one, item in zip(given, items, strict=True) if one and not item)
    return Page(200, "", known, further, following, unknown)


def _item(resource: Any, redaction: Redaction) -> Item | None:
    if not isinstance(resource, dict):
        return None
    resource_type, identifier = resource.get("type"), resource.get("id")
    if resource_type not in api_spec().types or not isinstance(resource_type, str) or not isinstance(identifier, str):
        return None
    attributes, relationships = resource.get("attributes"), resource.get("relationships")
    known = members_of(resource_type).relationships
    links = relationships.items() if isinstance(relationships, dict) else ()
    is_identifier = not isinstance(attributes, dict) and not isinstance(relationships, dict) and "links" not in resource
    return Item(
        resource_type,
        redaction.identifier(identifier),
        None
        if is_identifier
        else redaction.attributes(resource_type, identifier, attributes if isinstance(attributes, dict) else {}),
        {
            name: _linkage(value, redaction)
            for name, value in links
            if known.get(name) and isinstance(value, dict) and "data" in value
        },
    )


def _linkage(relationship: Mapping[str, Any], redaction: Redaction) -> Linkage:
    data = relationship["data"]
    found = data if isinstance(data, list) else [data]
    ids = [one.get("id") for one in found if isinstance(one, dict)]
    total = _total(relationship)
    return Linkage(
        tuple(redaction.identifier(one) for one in ids if isinstance(one, str)),
        not isinstance(data, list) or (total is not None and total <= len(ids)),
    )


def _total(relationship: Mapping[str, Any]) -> int | None:
    """Return the total number of related resources of a relationship; None if the response does not have it."""
    meta = relationship.get("meta")
    paging = meta.get("paging") if isinstance(meta, dict) else None
    total = paging.get("total") if isinstance(paging, dict) else None
    return total if isinstance(total, int) else None
