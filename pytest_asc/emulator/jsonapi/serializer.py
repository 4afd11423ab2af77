"""Resources as Apple's JSON documents.

A page is joined of ready pieces: each resource is rendered once for each way of looking at it and kept until it
changes. The order of members is Apple's.
"""

from __future__ import annotations

import json
from functools import lru_cache, partial
from typing import TYPE_CHECKING
from urllib.parse import quote

from pytest_asc.emulator.jsonapi.query import DEFAULT_INCLUDED_LIMIT, encode_cursor
from pytest_asc.emulator.spec.relationships import relation

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pytest_asc.emulator.account.store import Resource, Store
    from pytest_asc.emulator.jsonapi.query import Query
    from pytest_asc.emulator.spec.api_spec import Relationship, Schema

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode

# Ways of looking at a resource that are kept rendered; tests look at one in a handful of ways.
_PIECES = 8
_VIEWS = 4096

# To-many relationships of what the developer portal keeps are never paged, and their meta says so, whether they are
# included or not (observed in recordings).
_UNPAGED = frozenset({"bundleIds", "certificates", "devices", "merchantIds", "passTypeIds", "profiles"})
_UNPAGED_META = '"meta":{"paging":{"total":0,"limit":2147483647}}'

# Stands for the resource's address in what is rendered once per view. No address holds a control character.
_ADDRESS = "\0"


class ResourceSerializer:
    """One way of looking at resources of a schema: which members, and where their links lead."""

    def __init__(
        self, schema: Schema, base: str, fields: frozenset[str] | None, included: tuple[tuple[str, int], ...]
    ) -> None:
        self.schema = schema
        self.base = _encode(base)[1:-1] + schema.path + "/"
        self.attributes = tuple(name for name in schema.attributes if fields is None or name in fields)
        self.relationships = tuple(
            one for name, one in schema.relationships.items() if fields is None or name in fields
        )
        self.limits = dict(included)
        """The most linkages to show, for each relationship that is included."""
        self.head = f'{{"type":{_encode(schema.type)},"id":'
        fixed = None if self.limits else self._relationships(self._unpaged)
        self.tail = None if fixed is None else f'{fixed},"links":{{"self":"{_ADDRESS}"}}}}'
        """All that stands behind the attributes, where it is the same for every resource but for its address."""

    def render(self, store: Store, resource: Resource) -> bytes:
        """The resource's JSON."""
        address = _address(self.base, resource.id)
        attributes = ""
        if self.attributes:
            values = resource.attributes
            attributes = ',"attributes":' + _encode({name: values.get(name) for name in self.attributes})
        tail = self.tail
        if tail is None:
            shown = self._relationships(partial(self._linkages, store, resource))
            tail = f'{shown},"links":{{"self":"{_ADDRESS}"}}}}'
        return f"{self.head}{_encode(resource.id)}{attributes}{tail.replace(_ADDRESS, address)}".encode()

    def _relationships(self, linkages: Callable[[Relationship], str]) -> str:
        if not self.relationships:
            return ""
        rendered = ",".join(f"{_encode(one.name)}:{{{_members(one, linkages(one))}}}" for one in self.relationships)
        return f',"relationships":{{{rendered}}}'

    def _linkages(self, store: Store, resource: Resource, relationship: Relationship) -> str:
        """``meta`` and ``data`` of a relationship that is included; the meta comes first (observed)."""
        limit = self.limits.get(relationship.name)
        over = relation(resource.type, relationship.name)
        if limit is None or over is None:
            return self._unpaged(relationship)
        related = store.related(resource, over)
        if not relationship.many:
            return f'"data":{linkage(related[0]) if related else "null"}'
        meta = self._unpaged(relationship) or f'"meta":{{"paging":{{"total":{len(related)},"limit":{limit}}}}}'
        return f'{meta},"data":[{",".join(map(linkage, related[:limit]))}]'

    def _unpaged(self, relationship: Relationship) -> str:
        return _UNPAGED_META if relationship.many and self.schema.type in _UNPAGED else ""


@lru_cache(maxsize=_VIEWS)
def get_serializer(
    schema: Schema, base: str, fields: frozenset[str] | None, included: tuple[tuple[str, int], ...] = ()
) -> ResourceSerializer:
    """The view of these members: one and the same object each time, so that it can be a key.

    Args:
        schema: How the resource is shown.
        base: Scheme and host of the request: ``https://api.appstoreconnect.apple.com``.
        fields: The members to show; None for all.
        included: The relationships whose linkages are shown, each with the most of them to show.
    """
    return ResourceSerializer(schema, base, fields, included)


def render_resource(store: Store, resource: Resource, look: ResourceSerializer) -> bytes:
    """The resource as a view shows it."""
    rendered = resource.rendered.get(look)
    return cache_rendered(resource, look, look.render(store, resource)) if rendered is None else rendered


def cache_rendered(resource: Resource, key: object, rendered: bytes) -> bytes:
    """Keep what was rendered of a resource until it changes."""
    if len(resource.rendered) >= _PIECES:
        resource.rendered.clear()
    resource.rendered[key] = rendered
    return rendered


def linkage(resource: Resource) -> str:
    """Type and id alone."""
    return f'{{"type":{_encode(resource.type)},"id":{_encode(resource.id)}}}'


def included_limits(include: Sequence[str], limits: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    """The relationships to include, each with the most linkages to show."""
    return tuple((name, limits.get(name, DEFAULT_INCLUDED_LIMIT)) for name in include)


class DocumentEnvelope:
    """What stands around the resources of a document: the links of one URL.

    Args:
        address: The URL without its query.
        query: Its query.
    """

    def __init__(self, address: str, query: Query) -> None:
        self._address = address
        self._query = query
        own = f"{address}?{query.text}" if query.text else address
        self._links = f',"links":{{"self":{_encode(own)}'
        self._end = f"{self._links}}}}}".encode()

    def single(self, data: bytes, included: Sequence[bytes] | None) -> bytes:
        """A document of one resource or linkage, or ``null``.

        Args:
            data: The resource.
            included: The included resources; None where none were asked for.
        """
        return b"".join((b'{"data":', data, _included(included), self._end))

    def page(self, data: list[bytes], included: Sequence[bytes] | None, total: int) -> bytes:
        """A document of one page of many.

        Args:
            data: The resources or linkages of the page.
            included: The included resources; None where none were asked for.
            total: How many there are on all pages.
        """
        limit = self._query.limit
        following = self._query.offset + limit
        links = f"{self._links},{self._next(following)}}}" if following < total else f"{self._links}}}"
        end = f'{links},"meta":{{"paging":{{"total":{total},"limit":{limit}}}}}}}'.encode()
        return _joined(b'{"data":[', data, b"]" + _included(included) + end)

    def _next(self, offset: int) -> str:
        """The link to the next page, with the query of this one."""
        text = f"cursor={encode_cursor(offset)}"
        if self._query.next_text:
            text = f"{text}&{self._query.next_text}"
        return f'"next":{_encode(f"{self._address}?{text}")}'


def _included(included: Sequence[bytes] | None) -> bytes:
    return b"" if included is None else b',"included":[' + b",".join(included) + b"]"


def _joined(head: bytes, data: list[bytes], tail: bytes) -> bytes:
    """Join in one go: a page may have megabytes, and each copy costs as much as finding the pieces."""
    if not data:
        return head + tail
    data[0] = head + data[0]
    data[-1] += tail
    return b",".join(data)


def _members(relationship: Relationship, linkages: str) -> str:
    """The members of a relationship: ``links`` even where it has no path, since clients insist on it (inferred)."""
    links = ",".join(
        f'"{name}":"{_ADDRESS}/{path}{relationship.name}"'
        for name, path, there in (
            ("self", "relationships/", relationship.has_self),
            ("related", "", relationship.has_related),
        )
        if there
    )
    return f'{linkages}{"," if linkages else ""}"links":{{{links}}}'


def _address(base: str, identifier: str) -> str:
    """The resource's URL, ready to stand in JSON: quoting leaves no character that needs an escape."""
    return base + quote(identifier, safe="")
