"""Connections of aiohttp's client to Apple's hosts, with the emulator as the other end.

The patch replaces the method with which connectors create connections, with or without a proxy. Everything above that
layer is aiohttp's own code.
"""

from __future__ import annotations

import asyncio
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import aiohttp
from aiohttp.client_proto import ResponseHandler

from pytest_asc.transports.apple_hosts import emulator_for
from pytest_asc.transports.base import plan_delivery
from pytest_asc.transports.http_client import PROXY_REFUSED, refused, reset, untrusted
from pytest_asc.transports.http_exchange import HttpExchange

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from pytest_asc.emulator.http_models import Broken, Response


def _proxy_refused(request: Any) -> Exception:
    return aiohttp.ClientHttpProxyError(request.request_info, (), status=407, message=PROXY_REFUSED)


_FAILURES: Mapping[Broken | None, Callable[[Any], Exception]] = MappingProxyType(
    {
        "refused": lambda request: aiohttp.ClientConnectorError(request.connection_key, refused()),
        "tls": lambda request: aiohttp.ClientConnectorCertificateError(request.connection_key, untrusted()),
        "proxy": _proxy_refused,
        "reset": lambda _: aiohttp.ClientOSError(*reset().args),
        "timeout": lambda _: aiohttp.SocketTimeoutError("Timeout on reading data from socket"),
    }
)


class _Transport(asyncio.Transport):
    """asyncio transport whose other end is the emulator."""

    def __init__(self, protocol: ResponseHandler, request: Any, timeout: aiohttp.ClientTimeout) -> None:
        super().__init__()
        self._loop = asyncio.get_running_loop()
        self._protocol = protocol
        self._request = request
        self._timeout = min((one for one in (timeout.total, timeout.sock_read) if one), default=None)
        url = request.url
        self._exchange = HttpExchange("https" if url.scheme == "https" else "http", url.host, url.port)
        self._closing = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        interim = self._exchange.receive(data)
        if interim:
            self._loop.call_soon(self._protocol.data_received, interim)
        elif interim == b"":
            self._loop.call_soon(self._answer)

    def writelines(self, list_of_data: Iterable[bytes | bytearray | memoryview]) -> None:
        for data in list_of_data:
            self.write(data)

    def _answer(self) -> None:
        try:
            response = self._exchange.answer()
        except Exception as error:  # noqa: BLE001  the protocol raises it to the code that waits for the response
            self._protocol.set_exception(error)
            return
        if response.delivery is None:
            self._deliver(response, None)
            return
        plan = plan_delivery(response.delivery, self._timeout)
        if plan.wait:
            self._loop.call_later(plan.wait, self._deliver, response, plan.broken)
        else:
            self._deliver(response, plan.broken)

    def _deliver(self, response: Response, broken: Broken | None) -> None:
        if broken in _FAILURES:
            self._protocol.set_exception(_FAILURES[broken](self._request))
            return
        self._protocol.data_received(self._exchange.to_bytes(response))
        if broken == "cut":
            self._protocol.connection_lost(None)

    def is_closing(self) -> bool:
        return self._closing

    def close(self) -> None:
        if not self._closing:
            self._closing = True
            self._loop.call_soon(self._protocol.connection_lost, None)

    abort = close

    def pause_reading(self) -> None:
        """Do nothing: the response is delivered as a whole."""

    def resume_reading(self) -> None:
        """Do nothing: the response is delivered as a whole."""


def patch_aiohttp() -> None:
    """Patch aiohttp's connectors to connect to the emulator for its hosts; other hosts are not affected."""
    connector: Any = aiohttp.TCPConnector
    original = connector._create_connection  # noqa: SLF001  the only method that knows both host and proxy

    async def _create_connection(
        self: Any,
        req: Any,
        traces: Any,
        timeout: aiohttp.ClientTimeout,
    ) -> ResponseHandler:
        if emulator_for(req.url.host) is None:
            handler: ResponseHandler = await original(self, req, traces, timeout)
            return handler
        protocol = ResponseHandler(asyncio.get_running_loop())
        protocol.connection_made(_Transport(protocol, req, timeout))
        return protocol

    connector._create_connection = _create_connection  # noqa: SLF001
