"""Connections of httpcore, the layer below httpx, to Apple's hosts, with the emulator as the other end.

The patch replaces the method with which pools create connections, with or without a proxy. Everything above that layer
is httpcore's own code, with any of its event loops.
"""

from __future__ import annotations

import ssl
import time
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import httpcore

from pytest_asc.transports.apple_hosts import emulator_for
from pytest_asc.transports.base import plan_delivery
from pytest_asc.transports.http_client import PROXY_REFUSED, UNTRUSTED, refused, reset
from pytest_asc.transports.http_exchange import HttpExchange

if TYPE_CHECKING:
    from pytest_asc.emulator.http_models import Response
    from pytest_asc.transports.base import DeliveryPlan
    from pytest_asc.transports.http_exchange import Failures

_WRITE_FAILURES: Failures = MappingProxyType(
    {
        "refused": lambda: httpcore.ConnectError(str(refused())),
        "tls": lambda: httpcore.ConnectError(UNTRUSTED),
        "proxy": lambda: httpcore.ProxyError(PROXY_REFUSED),
    }
)
_READ_FAILURES: Failures = MappingProxyType(
    {
        "reset": lambda: httpcore.ReadError(str(reset())),
        "timeout": lambda: httpcore.ReadTimeout("The read operation timed out"),
    }
)


class _StreamState:
    """State that both kinds of streams share: the received request and the response that is being read."""

    def __init__(self, exchange: HttpExchange) -> None:
        self._exchange = exchange
        self._response: Response | None = None
        self._left: bytes | None = None

    def receive(self, data: bytes) -> None:
        interim = self._exchange.receive(data)
        if interim == b"":
            response = self._response = self._exchange.answer()
            failure = _WRITE_FAILURES.get(response.delivery.broken) if response.delivery else None
            if failure:
                raise failure()
        elif interim:
            self._left = interim

    def plan(self, timeout: float | None) -> DeliveryPlan | None:
        """Return the delivery plan for the first piece of the response; None for later pieces."""
        response = self._response
        if response is None or self._left is not None:
            return None
        self._left = self._exchange.to_bytes(response)
        return plan_delivery(response.delivery, timeout) if response.delivery else None

    def take(self, count: int, plan: DeliveryPlan | None) -> bytes:
        """Return the next bytes of the response, or raise the planned failure."""
        if plan and plan.broken in _READ_FAILURES:
            failure = _READ_FAILURES[plan.broken]
            raise failure()
        left = self._left or b""
        self._left = left[count:] if self._response else None
        return left[:count]


class _Stream(httpcore.NetworkStream):
    def __init__(self, state: _StreamState) -> None:
        self._state = state

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        self._state.receive(buffer)

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        plan = self._state.plan(timeout)
        if plan and plan.wait:
            time.sleep(plan.wait)
        return self._state.take(max_bytes, plan)

    def close(self) -> None:
        """Do nothing: there is no connection."""

    def start_tls(self, *_: object, **__: object) -> httpcore.NetworkStream:
        return self

    def get_extra_info(self, info: str) -> None:  # noqa: ARG002
        return None


class _AsyncStream(httpcore.AsyncNetworkStream):
    def __init__(self, state: _StreamState) -> None:
        self._state = state

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        self._state.receive(buffer)

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        plan = self._state.plan(timeout)
        if plan and plan.wait:
            import anyio  # noqa: PLC0415  installed together with httpx

            await anyio.sleep(plan.wait)
        return self._state.take(max_bytes, plan)

    async def aclose(self) -> None:
        """Do nothing: there is no connection."""

    async def start_tls(self, *_: object, **__: object) -> httpcore.AsyncNetworkStream:
        return self

    def get_extra_info(self, info: str) -> None:  # noqa: ARG002
        return None


class _Backend(httpcore.NetworkBackend):
    def __init__(self, state: _StreamState) -> None:
        self._state = state

    def connect_tcp(self, *_: object, **__: object) -> httpcore.NetworkStream:
        return _Stream(self._state)


class _AsyncBackend(httpcore.AsyncNetworkBackend):
    def __init__(self, state: _StreamState) -> None:
        self._state = state

    async def connect_tcp(self, *_: object, **__: object) -> httpcore.AsyncNetworkStream:
        return _AsyncStream(self._state)


def patch_httpcore() -> None:
    """Patch the pools of httpcore to connect to the emulator for its hosts; other hosts are not affected."""
    for pool in (httpcore.ConnectionPool, httpcore.HTTPProxy, httpcore.SOCKSProxy):
        _patch_pool(pool, httpcore.HTTPConnection, _Backend)
    for async_pool in (httpcore.AsyncConnectionPool, httpcore.AsyncHTTPProxy, httpcore.AsyncSOCKSProxy):
        _patch_pool(async_pool, httpcore.AsyncHTTPConnection, _AsyncBackend)


def _patch_pool(pool: Any, connection: Any, backend: Any) -> None:
    original = vars(pool).get("create_connection")
    if original is None:  # the class inherits the method from another patched class
        return

    def create_connection(self: Any, origin: httpcore.Origin) -> Any:
        host = origin.host.decode("ascii")
        if emulator_for(host) is None:
            return original(self, origin)
        state = _StreamState(HttpExchange("https" if origin.scheme == b"https" else "http", host, origin.port))
        # With no context given, httpcore would load the certificates of all authorities, which takes long.
        context = self._ssl_context or ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        return connection(origin=origin, ssl_context=context, network_backend=backend(state))

    pool.create_connection = create_connection
