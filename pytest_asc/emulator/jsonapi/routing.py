"""Routing: from the method and URL of a request to its operation and parsed query."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import SplitResult, unquote, urlsplit

from pytest_asc.emulator.jsonapi import errors
from pytest_asc.emulator.jsonapi.errors import ApiError, RefusedError
from pytest_asc.emulator.jsonapi.filtering import unknown_names
from pytest_asc.emulator.jsonapi.query import Query, parse
from pytest_asc.emulator.jsonapi.serializer import DocumentEnvelope, ResourceSerializer, get_serializer, included_limits
from pytest_asc.emulator.spec.api_spec import api_spec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_asc.emulator.spec.api_spec import Operation

_PATH = re.compile(r"(?P<root>/[^/]+/[^/]+)(/(?P<id>[^/]+)(?P<rest>/.*)?)?", re.DOTALL)

# Apple's names of operations on resources in errors, by the presence of an id and the method (observed).
_OPERATIONS = {
    (False, "POST"): "CREATE",
    (True, "DELETE"): "DELETE",
    (False, "GET"): "GET_COLLECTION",
    (True, "GET"): "GET_INSTANCE",
    (True, "PATCH"): "UPDATE",
}
# Apple's names of operations on relationships in errors, by the kind of path (True for linkage, False for related
# resources) and the method (observed: rorkai/App-Store-Connect-CLI:docs/API_NOTES.md, and several users for betaGroups
# of builds).
_RELATIONSHIP_OPERATIONS = {
    (True, "POST"): "CREATE",
    (True, "DELETE"): "DELETE",
    (False, "GET"): "GET_RELATED",
    (True, "GET"): "GET_RELATIONSHIP",
    (True, "PATCH"): "REPLACE",
}


@dataclass(frozen=True)
class Route:
    """Operation of a request, its parsed query, and the parts of the response that only depend on the URL."""

    operation: Operation
    resource_type: str
    """Resource type at the start of the path."""
    identifier: str
    """The id in the path; empty if there is none."""
    base: str
    """Scheme and host of the URL."""
    query: Query
    envelope: DocumentEnvelope
    """Envelope of the response document."""
    serializer: ResourceSerializer | None
    """Serializer of the resources; None if the response has no resources."""


class Match(NamedTuple):
    """Operation for a method and a URL."""

    operation: Operation
    identifier: str
    """The id in the path; empty if there is none."""
    url: SplitResult


def match(method: str, url: str) -> Match:
    """Find the operation of a method and a URL.

    Raises:
        RefusedError: The path does not exist, or has no operation for the method.
    """
    parts = _split(url)
    found = _PATH.fullmatch(parts.path)
    if found is None:
        raise RefusedError(ApiError(errors.PATH_UNKNOWN, {"path": parts.path.strip("/")}))
    root, identifier = found["root"], found["id"]
    template = root if identifier is None else f"{root}/{{id}}{found['rest'] or ''}"
    operation = api_spec().operation(method, template)
    if operation is None:
        raise RefusedError(_no_operation_error(method, root, template, parts.path))
    return Match(operation, unquote(identifier or ""), parts)


def make_route(matched: Match) -> Route:
    """Parse the query of a request, and prepare the parts of its response that only depend on the URL.

    Raises:
        RefusedError: The query is invalid, or the emulator cannot apply it.
    """
    operation, identifier, url = matched
    query = parse(operation, url.query)
    _require_emulated(operation, query)
    base = f"{url.scheme}://{url.netloc}"
    serializer = None
    if operation.schema:
        fields = query.fields.get(operation.schema.type)
        serializer = get_serializer(operation.schema, base, fields, included_limits(query.include, query.limits))
    return Route(
        operation, operation.root, identifier, base, query, DocumentEnvelope(base + url.path, query), serializer
    )


def _split(url: str) -> SplitResult:
    try:
        url.encode()  # a lone surrogate cannot be encoded in UTF-8, and so not be part of a response
        return urlsplit(url)
    except ValueError:
        raise RefusedError(ApiError(errors.PATH_UNKNOWN, {"path": url})) from None


def _require_emulated(operation: Operation, query: Query) -> None:
    """Reject a query with errors, or with parameters that the emulator cannot apply."""
    if query.errors:
        raise RefusedError(*query.errors)
    unknown = unknown_names(operation.schema.type, query) if operation.schema else []
    if unknown:
        what = f"{', '.join(unknown)} of {operation.method} {operation.path}"
        raise RefusedError(ApiError(errors.NOT_EMULATED, {"what": what}))


# Paths that the release notes of version 4.6 name. Their requests and responses are not known.
_ROOTS_OF_4_6 = frozenset(
    f"/v1/{name}"
    for name in ("retentionMessages", "retentionMessageVersions", "retentionMessageLocalizations", "retentionOffers")
)
_RELATIONSHIPS_OF_4_6 = frozenset({"/v1/subscriptions/{id}/relationships/retentionMessage"})


def _no_operation_error(method: str, root: str, template: str, path: str) -> ApiError:
    """Return Apple's error for a method and path without an operation."""
    spec = api_spec()
    is_later = (root in _ROOTS_OF_4_6 and not spec.is_root(root)) or (
        template in _RELATIONSHIPS_OF_4_6 and not spec.methods(template)
    )
    if is_later:
        return ApiError(errors.NOT_EMULATED, {"what": f"{method} {path} of version 4.6"})
    if not spec.is_root(root):
        return ApiError(errors.PATH_UNKNOWN, {"path": root.strip("/")})
    instance = f"{root}/{{id}}"
    if template in {root, instance}:
        paths, operations = {False: root, True: instance}, _OPERATIONS
        template_error, name = errors.OPERATION_NOT_ALLOWED, root.rpartition("/")[2]
    else:
        name = template.rpartition("/")[2]
        paths, operations = (
            {False: f"{instance}/{name}", True: f"{instance}/relationships/{name}"},
            _RELATIONSHIP_OPERATIONS,
        )
        template_error = errors.RELATIONSHIP_NOT_ALLOWED
        exists = any(map(spec.methods, paths.values())) or spec.has_links(root, name)
        if not spec.methods(template) and not (exists and template in paths.values()):
            return ApiError(errors.RELATIONSHIP_UNKNOWN, {"relationship": name})
    operation = next((operations.get((kind, method)) for kind, one in paths.items() if one == template), None)
    allowed = [each for (kind, one), each in operations.items() if one in spec.methods(paths[kind])]
    if operation is None:
        allow = {"Allow": ", ".join(spec.methods(template))}  # a 405 must have this header (RFC 9110, 15.5.6)
        return ApiError(errors.METHOD_NOT_ALLOWED, {"method": method, "path": path}, headers=allow)
    values = {"name": name, "operation": operation, "allowed": _enumerate(allowed)}
    return ApiError(template_error, values)


def _enumerate(allowed: Sequence[str]) -> str:
    """Return the sentence that lists the allowed operations (observed); empty if there are none (inferred)."""
    if not allowed:
        return ""
    return f" Allowed operation{' is' if len(allowed) == 1 else 's are'}: {', '.join(allowed)}"
