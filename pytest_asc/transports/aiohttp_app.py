"""The emulator as a request handler of aiohttp's server."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable
from typing import TYPE_CHECKING

from aiohttp import web

from pytest_asc.apple.services import APP_STORE_CONNECT, emulated_hosts
from pytest_asc.emulator.http_models import Request
from pytest_asc.emulator.webhook_delivery import deferred
from pytest_asc.transports import control
from pytest_asc.transports.base import Transport, plan_delivery
from pytest_asc.transports.http_connection import HttpConnection, HttpServer

if TYPE_CHECKING:
    from aiohttp.abc import AbstractStreamWriter
    from aiohttp.http_parser import RawRequestMessage
    from aiohttp.streams import StreamReader
    from aiohttp.web_protocol import RequestHandler

    from pytest_asc.control.api import ControlApi
    from pytest_asc.emulator.app import Emulator
    from pytest_asc.emulator.http_models import Delivery, Response
    from pytest_asc.transports.connections import OpenConnections

MOST_BYTES = 64 * 1024 * 1024
"""Limit of a request's body. The largest one that clients send to Apple is a part of an upload (inferred)."""

MOST_BYTES_IN_A_LINE = 64 * 1024
"""Limit of a line of a request's head. A filter may list hundreds of ids."""

_MOST_CRASHES = 99
_MOST_IN_AUTHORITY = 261  # a name of 255 bytes (RFC 1035), a colon and a port

_AUTHORITY = re.compile(r"(?P<host>[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?")
_ABSOLUTE = re.compile(rf"https?://(?P<authority>{_AUTHORITY.pattern})(?P<rest>[/?].*)?", re.IGNORECASE | re.DOTALL)
# aiohttp logs requests that make no sense together with a piece of them, which may be of a token.
_SILENT = logging.Logger("pytest_asc.server", logging.CRITICAL + 1)  # noqa: LOG001  not for anyone to configure
_log = logging.getLogger("pytest_asc.server")


class HttpRejectionError(Exception):
    """A request that is rejected before it reaches the emulator: status and message of the response."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Application(Transport[web.BaseRequest, Awaitable[Request], Awaitable[web.Response]]):
    """A request handler that answers with the emulator of the test that is running."""

    def __init__(self) -> None:
        self.own: frozenset[str] = frozenset()
        """The server's own addresses: ``127.0.0.1:4000``."""
        self.emulator: Emulator | None = None
        self.control: ControlApi | None = None
        """The control API; None if a test controls the emulator."""
        self.crashes: list[Exception] = []
        """The exceptions that the emulator raised: bugs of pytest-asc."""

    def server(self, connections: OpenConnections) -> HttpServer:
        """Return a protocol factory for asyncio.

        Args:
            connections: Where open connections are listed.
        """
        return HttpServer(
            connections,
            self.answer,
            request_factory=_request,
            access_log=None,
            logger=_SILENT,
            auto_decompress=False,
            max_line_size=MOST_BYTES_IN_A_LINE,
            max_field_size=MOST_BYTES_IN_A_LINE,
        )

    @property
    def hosts(self) -> tuple[str, ...]:
        """Apple's hosts that the emulator stands for."""
        return emulated_hosts(self.emulator.service if self.emulator else APP_STORE_CONNECT)

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """Send a request through the four steps."""
        try:
            return await self._answer(request)
        finally:
            connection = request.protocol
            if isinstance(connection, HttpConnection):
                connection.request_ends(request.headers)

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        # The body may come after the test has ended: a request belongs to the test that it began in.
        emulator, crashes = self.emulator, self.crashes
        if emulator is None:
            return web.Response(status=503, text="No test is using the emulator now.\n")
        if self.control is not None and control.is_control(request.raw_path):
            return await control.answer(self.control, request)
        self.mutate(request)
        try:
            converted = await self.convert(request)
        except HttpRejectionError as error:
            return web.Response(status=error.status, text=f"{error}\n")
        except (ConnectionError, web.RequestPayloadError):  # nobody waits for the answer
            return web.Response(status=400)
        if self.control is not None:
            emulator = self.control.accounts.emulator_for(converted)
        with deferred():
            response = emulator.handle(converted)
        if response.crash:
            del crashes[_MOST_CRASHES:]
            crashes.append(response.crash)
            _log.error("the emulator failed: this is a bug in pytest-asc, please report it", exc_info=response.crash)
        if emulator.has_webhooks_to_send:
            # In another thread: their receiver may use the API before it responds.
            try:
                await asyncio.get_running_loop().run_in_executor(None, emulator.send_webhooks)
            except Exception as problem:  # noqa: BLE001  of the receiver, for the test
                crashes.append(problem)
        if response.delivery:
            return await self.deliver(request, response, response.delivery)
        return _as_response(response)

    def mutate(self, request: web.BaseRequest) -> None:
        """Leave the request as it is: a client outside of this process makes its own mistakes."""

    async def convert(self, request: web.BaseRequest) -> Request:
        """Convert a request, and read its body.

        Raises:
            HttpRejectionError: Its host is not answered, or its head makes no sense.
        """
        url = self._url(request)
        headers = request.headers
        if not _is_text(url, *headers.values()):
            raise HttpRejectionError(400, "Expected a target and headers in UTF-8.")
        if "Expect" in headers:
            await _expect(request)
        if not request.body_exists:
            return Request(request.method, url, headers)
        if isinstance(request.protocol, HttpConnection):
            request.protocol.reads_body = True
        return Request(request.method, url, headers, await request.read())

    async def deliver(
        self, request: web.BaseRequest, response: Response, delivery: Delivery, timeout: float | None = None
    ) -> web.Response:
        """Deliver a response late, cut or not at all.

        A failure that would come before the request (a refused connection, an untrusted certificate, a proxy that wants
        a password) is too late here: but for a body that is cut, the connection ends without a response. The client's
        timeout is not known, so a latency is real, with or without ``sleep``.
        """
        plan = plan_delivery(delivery, timeout)
        if delivery.latency and isinstance(request.protocol, HttpConnection):
            await request.protocol.pause(delivery.latency)
        if plan.broken is None:
            return _as_response(response)
        connection = request.transport
        if plan.broken != "cut":
            if connection:
                connection.abort()
            return web.Response()  # nobody receives it
        cut = _as_response(response)
        await cut.prepare(request)
        await cut.write_eof()
        if connection:
            connection.close()
        return cut

    def _url(self, request: web.BaseRequest) -> str:
        """The URL as the client sees it: the links of the response begin like it."""
        target = request.raw_path
        if target.startswith("/"):
            hosts = request.headers.getall("Host", [])
            if len(hosts) != 1 or len(hosts[0]) > _MOST_IN_AUTHORITY or not _AUTHORITY.fullmatch(hosts[0]):
                raise HttpRejectionError(400, "Expected one Host header with a name or address and perhaps a port.")
            return f"{'https' if request.secure else 'http'}://{hosts[0]}{target}"
        absolute = _ABSOLUTE.fullmatch(target)
        if absolute is None:
            raise HttpRejectionError(400, "Expected a path, or an absolute URL as a proxy gets it.")
        if absolute["host"].lower() not in self.hosts and absolute["authority"] not in self.own:
            raise HttpRejectionError(
                403, f"{absolute['host']} is not emulated; the emulated hosts are {', '.join(self.hosts)}."
            )
        return target


def _is_text(*texts: str) -> bool:
    """Return whether texts came as UTF-8: for other bytes, aiohttp has halves of surrogate pairs."""
    try:
        "".join(texts).encode()
    except UnicodeEncodeError:
        return False
    return True


def _as_response(answer: Response) -> web.Response:
    return web.Response(status=answer.status, headers=answer.headers, body=answer.body)


def _request(
    message: RawRequestMessage,
    payload: StreamReader,
    protocol: RequestHandler,
    writer: AbstractStreamWriter,
    task: asyncio.Task[None],
) -> web.BaseRequest:
    loop = protocol._loop  # noqa: SLF001  as aiohttp's own factory has it
    return web.BaseRequest(message, payload, protocol, writer, task, loop, client_max_size=MOST_BYTES)


async def _expect(request: web.BaseRequest) -> None:
    """Send 100 (Continue) to a client that waits before it sends the body (RFC 9110, 10.1.1)."""
    if request.headers["Expect"].lower() != "100-continue":
        raise HttpRejectionError(417, "Expected 100-continue or no Expect header.")
    await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    request.writer.output_size = 0  # aiohttp takes bytes that were written for the start of the response
