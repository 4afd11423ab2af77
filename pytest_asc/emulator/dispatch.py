"""Handlers of the API's operations, and the cached lookup of the handler for a method and URL."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from pytest_asc.emulator.http_models import JSON
from pytest_asc.emulator.jsonapi import errors
from pytest_asc.emulator.jsonapi.errors import ApiError, RefusedError
from pytest_asc.emulator.jsonapi.negotiation import choose_media_type, refuse_media
from pytest_asc.emulator.jsonapi.routing import Route, make_route, match
from pytest_asc.emulator.operations import reads, writes
from pytest_asc.emulator.reports import registry
from pytest_asc.emulator.spec.api_spec import depends_on_spec
from pytest_asc.emulator.spec.compiled_format import NOT_UNDERSTOOD
from pytest_asc.emulator.spec.relationships import relation

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_asc.emulator.account.account import Account
    from pytest_asc.emulator.http_models import Request, Response
    from pytest_asc.emulator.spec.api_spec import Operation

MAX_CACHED_LENGTH = 1024
"""Maximum length of a method and URL, in characters, whose endpoint is cached."""
_MAX_CACHED_ENDPOINTS = 2048
_JSON_ONLY = (JSON,)

DEPRECATED_IN_USE: set[Operation] = set()
"""Deprecated operations that any emulator of this process has been asked for. The plugin clears it for each run."""

HandlerResult: TypeAlias = "bytes | Response | ApiError | tuple[ApiError, ...]"
"""JSON document, complete response, or the errors of a request."""


class Endpoint(NamedTuple):
    """Route of a request, with the function that handles it."""

    route: Route
    handle: Callable[[Account, Route, Request, float], HandlerResult]
    """Takes the account, the route, the request and the service's time in seconds since 1970."""


def make_endpoint(method: str, url: str) -> Endpoint:
    """Find the endpoint of a request.

    Raises:
        RefusedError: Its path, method or query has errors.
    """
    matched = match(method, url)
    handle = _handler(matched.operation)
    return Endpoint(make_route(matched), handle)


find_endpoint = depends_on_spec(lru_cache(maxsize=_MAX_CACHED_ENDPOINTS)(make_endpoint))
"""Cached :func:`make_endpoint`, for a method and URL up to :data:`MAX_CACHED_LENGTH`. Errors are not cached."""


def _handler(operation: Operation) -> Callable[[Account, Route, Request, float], HandlerResult]:
    if operation.action != NOT_UNDERSTOOD and registry.report_handler(operation):
        return _report
    # Only a document of the user's (--asc-openapi) can have a relationship without a target.
    if "To" not in operation.action or relation(operation.root, operation.relationship):
        if operation.action in reads.EMULATED and (operation.schema or operation.linkage):
            return _read
        if operation.action in writes.EMULATED:
            return _write
    raise RefusedError(ApiError(errors.NOT_EMULATED, {"what": f"{operation.method} {operation.path}"}))


def _report(account: Account, route: Route, request: Request, now: float) -> HandlerResult:
    return registry.respond(route, request.header("Accept"), account, now)


def _read(account: Account, route: Route, request: Request, _now: float) -> HandlerResult:
    if choose_media_type(request.header("Accept"), _JSON_ONLY) is None:
        return errors.NOT_ACCEPTABLE
    return reads.READS[route.operation.action](account.store, route)


def _write(account: Account, route: Route, request: Request, _now: float) -> HandlerResult:
    refused = refuse_media(request, has_body=route.operation.body is not None)
    return refused or writes.write(account, route, request.body)
