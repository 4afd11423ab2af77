"""Guard that checks requests before they are sent, for all clients in this process that use a known library.

requests, urllib3 and urllib.request use http.client; httpx uses httpcore.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeAlias

from pytest_asc.diagnosis.http.url_origin import DEFAULT_PORTS, Origin, origin_or_none
from pytest_asc.transports.client_patches import guard_clients

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Check: TypeAlias = Callable[[str, Origin], None]

_checks: list[Check] = []


@contextmanager
def checking_requests(check: Check) -> Iterator[None]:
    """Check requests of all threads before they are sent, in a context.

    Args:
        check: Function that is called with the method and the origin of each request, and raises an exception if the
            request must not be sent. It must not be an ``OSError``: clients would treat it as a network failure and
            retry.
    """
    guard_clients()
    _checks.append(check)
    try:
        yield
    finally:
        _checks.remove(check)


def _check(method: str | bytes, scheme: str | bytes, host: str | bytes | None, port: int | None) -> None:
    if not _checks:
        return
    scheme, name = _text(scheme).lower(), _text(host or "").strip("[]").lower().rstrip(".")
    origin = Origin(scheme, name, port or DEFAULT_PORTS.get(scheme, 0))
    for check in _checks:
        check(_text(method).upper(), origin)


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


def guard_http_client() -> None:
    """Patch http.client, which must be loaded, to check requests."""
    from http.client import HTTPConnection, HTTPSConnection  # noqa: PLC0415

    cls: Any = HTTPConnection
    original = cls.putrequest

    def putrequest(self: Any, method: str, url: str, *args: Any, **kwargs: Any) -> None:
        scheme = "https" if isinstance(self, HTTPSConnection) else "http"
        if tunnel := self._tunnel_host:
            _check(method, "https", tunnel, self._tunnel_port)
        elif through_proxy := origin_or_none(url):
            _check(method, *through_proxy)
        else:
            _check(method, scheme, self.host, self.port)
        original(self, method, url, *args, **kwargs)

    cls.putrequest = putrequest


def guard_httpcore() -> None:
    """Patch httpcore, which must be loaded, to check requests."""
    import httpcore  # noqa: PLC0415

    for cls in (httpcore.ConnectionPool, httpcore.HTTPConnection):
        _guard_httpcore(cls)
    for async_cls in (httpcore.AsyncConnectionPool, httpcore.AsyncHTTPConnection):
        _guard_async_httpcore(async_cls)


def _guard_httpcore(cls: Any) -> None:
    original = cls.handle_request

    def handle_request(self: Any, request: Any) -> Any:
        _check(request.method, request.url.scheme, request.url.host, request.url.port)
        return original(self, request)

    cls.handle_request = handle_request


def _guard_async_httpcore(cls: Any) -> None:
    original = cls.handle_async_request

    async def handle_async_request(self: Any, request: Any) -> Any:
        _check(request.method, request.url.scheme, request.url.host, request.url.port)
        return await original(self, request)

    cls.handle_async_request = handle_async_request


def guard_aiohttp() -> None:
    """Patch aiohttp's client, which must be loaded, to check requests."""
    import aiohttp  # noqa: PLC0415

    connector: Any = aiohttp.BaseConnector
    original = connector.connect

    async def connect(self: Any, req: Any, traces: Any, timeout: Any) -> Any:
        _check(req.method, req.url.scheme, req.url.host, req.url.port)
        return await original(self, req, traces, timeout)

    connector.connect = connect
