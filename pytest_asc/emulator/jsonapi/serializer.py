"""Serializer of resources and documents (JSON:API), with the members in Apple's order.

A page is joined from rendered resources. Each serializer renders a resource once; the result is cached in the resource
until it changes.
"""

from __future__ import annotations

import json
from functools import lru_cache, partial
from typing import TYPE_CHECKING
from urllib.parse import quote

from pytest_asc.emulator.jsonapi.query import DEFAULT_INCLUDED_LIMIT, encode_cursor
from pytest_asc.emulator.spec.api_spec import depends_on_spec
from pytest_asc.emulator.spec.relationships import relation

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pytest_asc.emulator.account.store import Resource, Store
    from pytest_asc.emulator.jsonapi.query import Query
    from pytest_asc.emulator.spec.api_spec import Relationship, Schema

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode

# Maximum number of cached renderings of a resource. Tests read a resource with only a few different fieldsets.
_MAX_RENDERED = 8
_MAX_SERIALIZERS = 1024

# To-many relationships of types of the developer portal are never paged, and always have this meta, even if they are
# not included (observed in recordings).
_UNPAGED = frozenset({"bundleIds", "certificates", "devices", "merchantIds", "passTypeIds", "profiles"})
_UNPAGED_META = '"meta":{"paging":{"total":0,"limit":2147483647}}'

# To-one relationships that show null even if not included (observed: rorkai/App-Store-Connect-CLI:docs/API_NOTES.md).
_ALWAYS_SHOWN_NULL = frozenset({("certificates", "passTypeId")})

# Placeholder for the URL of the resource in prerendered JSON: a control character, which no URL contains.
_URL = "\0"


class ResourceSerializer:
    """Serializer of the resources of a schema, for a sparse fieldset and a base URL."""

    def __init__(
        self, schema: Schema, base: str, fields: frozenset[str] | None, included: tuple[tuple[str, int], ...]
    ) -> None:
        self.schema = schema
        self.base = _encode(base)[1:-1] + schema.path + "/"
        shown = (schema.attributes.keys() | schema.relationships.keys()) - schema.hidden
        shown = shown if fields is None else shown & fields
        self.attributes = tuple(name for name in schema.attributes if name in shown)
        self.relationships = tuple(one for name, one in schema.relationships.items() if name in shown)
        self.limits = dict(included)
        """Maximum number of resource identifiers in the linkage, by included relationship."""
        self.head = f'{{"type":{_encode(schema.type)},"id":'
        shows_null = any((schema.type, one.name) in _ALWAYS_SHOWN_NULL for one in self.relationships)
        fixed = None if self.limits or shows_null else self._relationships(self._unpaged)
        self.tail = None if fixed is None else f'{fixed},"links":{{"self":"{_URL}"}}}}'
        """Prerendered members after the attributes, if they only differ in the URL of the resource; otherwise None."""

    def render(self, store: Store, resource: Resource) -> bytes:
        """Return the resource object as JSON."""
        url = _url(self.base, resource.id)
        attributes = ""
        if self.attributes:
            values = resource.attributes
            attributes = ',"attributes":' + _encode({name: values.get(name) for name in self.attributes})
        tail = self.tail
        if tail is None:
            relationships = self._relationships(partial(self._linkage, store, resource))
            tail = f'{relationships},"links":{{"self":"{_URL}"}}}}'
        return f"{self.head}{_encode(resource.id)}{attributes}{tail.replace(_URL, url)}".encode()

    def _relationships(self, linkage_of: Callable[[Relationship], str]) -> str:
        if not self.relationships:
            return ""
        members = {one.name: _members(one, linkage_of(one)) for one in self.relationships}
        rendered = ",".join(f"{_encode(name)}:{{{text}}}" for name, text in members.items() if text)
        return f',"relationships":{{{rendered}}}' if rendered else ""

    def _linkage(self, store: Store, resource: Resource, relationship: Relationship) -> str:
        """Return the members ``meta`` and ``data`` of a relationship; ``meta`` comes first (observed)."""
        limit = self.limits.get(relationship.name)
        included = relation(resource.type, relationship.name)
        if included is None:
            return self._unpaged(relationship)
        related = store.related(resource, included)
        if limit is None:
            is_shown = not related and (resource.type, relationship.name) in _ALWAYS_SHOWN_NULL
            return '"data":null' if is_shown else self._unpaged(relationship)
        if not relationship.many:
            return f'"data":{linkage(related[0]) if related else "null"}'
        meta = self._unpaged(relationship) or f'"meta":{{"paging":{{"total":{len(related)},"limit":{limit}}}}}'
        return f'{meta},"data":[{",".join(map(linkage, related[:limit]))}]'

    def _unpaged(self, relationship: Relationship) -> str:
        return _UNPAGED_META if relationship.many and self.schema.type in _UNPAGED else ""


@depends_on_spec
@lru_cache(maxsize=_MAX_SERIALIZERS)
def get_serializer(
    schema: Schema, base: str, fields: frozenset[str] | None, included: tuple[tuple[str, int], ...] = ()
) -> ResourceSerializer:
    """Return the serializer for these arguments. It is always the same object, and so can be the key of a cache.

    Args:
        schema: Schema of the resources.
        base: Scheme and host of the request, such as ``https://api.appstoreconnect.apple.com``.
        fields: Sparse fieldset; None for all members.
        included: Included relationships, each with the maximum number of resource identifiers in its linkage.
    """
    return ResourceSerializer(schema, base, fields, included)


def render_resource(store: Store, resource: Resource, serializer: ResourceSerializer) -> bytes:
    """Return the resource object as JSON, from the cache of the resource if possible."""
    rendered = resource.rendered.get(serializer)
    if rendered is not None:
        return rendered
    return cache_rendered(resource, serializer, serializer.render(store, resource))


def cache_rendered(resource: Resource, key: object, rendered: bytes) -> bytes:
    """Cache rendered JSON of a resource until the resource changes, and return the JSON.

    Args:
        resource: The resource.
        key: The serializer or document envelope that rendered it.
        rendered: The JSON.
    """
    if len(resource.rendered) >= _MAX_RENDERED:
        resource.rendered.clear()
    resource.rendered[key] = rendered
    return rendered


def linkage(resource: Resource) -> str:
    """Return the resource identifier object with type and id as JSON."""
    return f'{{"type":{_encode(resource.type)},"id":{_encode(resource.id)}}}'


def included_limits(include: Sequence[str], limits: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    """Return the relationships to include, each with the maximum number of resource identifiers in its linkage."""
    return tuple((name, limits.get(name, DEFAULT_INCLUDED_LIMIT)) for name in include)


class DocumentEnvelope:
    """Top level of the response documents for a URL: links and paging around the primary data.

    Args:
        url: The URL without its query.
        query: The query of the URL.
    """

    def __init__(self, url: str, query: Query) -> None:
        self._url = url
        self._query = query
        own = f"{url}?{query.text}" if query.text else url
        self._links = f',"links":{{"self":{_encode(own)}'
        self._end = f"{self._links}}}}}".encode()

    def single(self, data: bytes, included: Sequence[bytes] | None) -> bytes:
        """Return a document with one resource, one resource identifier, or ``null``.

        Args:
            data: The primary data, as JSON.
            included: The included resources; None without an ``include`` parameter.
        """
        return b"".join((b'{"data":', data, _included(included), self._end))

    def page(self, data: list[bytes], included: Sequence[bytes] | None, total: int) -> bytes:
        """Return a document with one page of a collection.

        Args:
            data: The resources or resource identifiers of the page, each as JSON.
            included: The included resources; None without an ``include`` parameter.
            total: Number of resources on all pages.
        """
        limit = self._query.limit
        next_offset = self._query.offset + limit
        links = f"{self._links},{self._next(next_offset)}}}" if next_offset < total else f"{self._links}}}"
        end = f'{links},"meta":{{"paging":{{"total":{total},"limit":{limit}}}}}}}'.encode()
        return _joined(b'{"data":[', data, b"]" + _included(included) + end)

    def _next(self, offset: int) -> str:
        """Return the member ``next`` of the links, with the query of this page and a new cursor."""
        text = f"cursor={encode_cursor(offset)}"
        if self._query.next_text:
            text = f"{text}&{self._query.next_text}"
        return f'"next":{_encode(f"{self._url}?{text}")}'


def _included(included: Sequence[bytes] | None) -> bytes:
    return b"" if included is None else b',"included":[' + b",".join(included) + b"]"


def _joined(head: bytes, data: list[bytes], tail: bytes) -> bytes:
    """Join the parts in one step: a page may have megabytes, and a further copy would take as long as the lookup."""
    if not data:
        return head + tail
    data[0] = head + data[0]
    data[-1] += tail
    return b",".join(data)


def _members(relationship: Relationship, linkage: str) -> str:
    """Return the members of a relationship object; one without links and linkage is empty, and omitted (observed)."""
    links = ",".join(
        f'"{name}":"{_URL}/{path}{relationship.name}"'
        for name, path, exists in (
            ("self", "relationships/", relationship.has_self),
            ("related", "", relationship.has_related),
        )
        if exists
    )
    return ",".join(part for part in (linkage, links and f'"links":{{{links}}}') if part)


def _url(base: str, identifier: str) -> str:
    """Return the URL of a resource. Percent-encoding leaves no character that JSON would have to escape."""
    return base + quote(identifier, safe="")
