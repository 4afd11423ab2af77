"""Check of the claim ``scope``, the requests that a token is valid for."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from pytest_asc.apple.services import SIX_MONTHS
from pytest_asc.diagnosis.findings import make_finding
from pytest_asc.diagnosis.formatting import format_claim, json_type, one_line

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_asc.apple.services import Service
    from pytest_asc.diagnosis.findings import Finding
    from pytest_asc.diagnosis.token.decode import DecodedToken

_ENTRY = re.compile(r"[A-Z]+ /\S*")
_UNSCOPED_PARAMETERS = frozenset({"limit", "cursor", "sort"})


def check_scope_format(claims: Mapping[str, Any]) -> Finding | None:
    """Return a finding if ``scope`` is not a list of requests; None if it is one or there is none."""
    if "scope" not in claims:
        return None
    scope = claims["scope"]
    if not isinstance(scope, list):
        return make_finding("token-scope-format", f"scope is {json_type(scope)}, expected an array")
    for entry in scope:
        if not (isinstance(entry, str) and _ENTRY.fullmatch(entry)):
            return make_finding(
                "token-scope-format", f"scope contains {format_claim(entry, clear=True)}, expected a method and a path"
            )
    return None


def check_scope(decoded: DecodedToken, method: str, url: str) -> Finding | None:
    """Return a finding if the scope of a token does not cover a request. A token without a scope covers all requests.

    Query parameters must be equal, in any order, except for ``limit``, ``cursor`` and ``sort`` (documented).

    Args:
        decoded: The token, whose scope has passed :func:`check_scope_format`.
        method: Method of the request.
        url: URL of the request.
    """
    scope = decoded.claims.get("scope")
    if not isinstance(scope, list):
        return None
    request = _key(method, url)
    if any(_key(*entry.split(" ", 1)) == request for entry in scope):
        return None
    listed = one_line(", ".join(scope), 200) or "nothing"
    return make_finding("token-scope-mismatch", f"the scope is {listed}; the request is {method} {urlsplit(url).path}")


def _key(method: str, url: str) -> tuple[str, str, list[tuple[str, str]]]:
    parts = urlsplit(url)
    query = parse_qsl(parts.query, keep_blank_values=True)
    return method, parts.path, sorted(pair for pair in query if pair[0] not in _UNSCOPED_PARAMETERS)


def allows_long_lifetime(entry: object, service: Service) -> bool:
    """Return whether an entry of a scope is a GET request for a resource that accepts long-lived tokens."""
    method, _, url = str(entry).partition(" ")
    return method == "GET" and _long_lived(service.long_lived_paths).fullmatch(urlsplit(url).path) is not None


def max_lifetime_of(scope: object, service: Service) -> int | None:
    """Return the maximum lifetime of a token with this scope in seconds; None if the service has no limit."""
    long_lived = (
        isinstance(scope, list) and bool(scope) and all(allows_long_lifetime(entry, service) for entry in scope)
    )
    return SIX_MONTHS if long_lived else service.max_lifetime


@cache
def _long_lived(paths: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(paths) or r"(?!)")
