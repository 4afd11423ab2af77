"""Request handler of aiohttp's server that responds with an emulator."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable
from functools import lru_cache
from typing import TYPE_CHECKING

from aiohttp import web

from pytest_asc.apple.services import APP_STORE_CONNECT, emulated_hosts
from pytest_asc.emulator.http_models import Request
from pytest_asc.emulator.webhook_delivery import Deferred
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

MAX_BYTES = 64 * 1024 * 1024
"""Maximum size of a request body. The largest bodies that clients send to Apple are parts of uploads (inferred)."""

MAX_LINE_BYTES = 64 * 1024
"""Maximum length of a line in the head of a request. A filter may list hundreds of ids."""

MAX_HEAD_LENGTH = 2 * MAX_LINE_BYTES
"""Maximum length of the URL and all header values of a request, which the log keeps."""

_MAX_CRASHES = 99
_MAX_AUTHORITY_LENGTH = 261  # a host name of 255 bytes (RFC 1035), a colon and a port

_AUTHORITY = re.compile(r"(?P<host>[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?")
_ABSOLUTE = re.compile(rf"https?://(?P<authority>{_AUTHORITY.pattern})(?P<rest>[/?].*)?", re.IGNORECASE | re.DOTALL)
# aiohttp logs a part of each malformed request, which could be a part of a token. So its log is discarded.
_DISCARDED_LOG = logging.Logger("pytest_asc.server", logging.CRITICAL + 1)  # noqa: LOG001  it must not be configurable
_log = logging.getLogger("pytest_asc.server")


class HttpRejectionError(Exception):
    """Rejection of a request before it reaches the emulator, with status and message of the response."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Application(Transport[web.BaseRequest, Awaitable[Request], Awaitable[web.Response]]):
    """Request handler that responds with the emulator of the test that is running."""

    def __init__(self) -> None:
        self.own: frozenset[str] = frozenset()
        """Addresses of the server itself, such as ``127.0.0.1:4000``."""
        self.emulator: Emulator | None = None
        self.control: ControlApi | None = None
        """The control API of a served emulator; None if a test controls the emulator."""
        self.crashes: list[Exception] = []
        """Exceptions of the emulator, which are bugs in pytest-asc, and of webhook receivers."""

    def server(self, connections: OpenConnections) -> HttpServer:
        """Return a protocol factory for asyncio.

        Args:
            connections: List of the open connections of the server.
        """
        return HttpServer(
            connections,
            self.answer,
            request_factory=_request,
            access_log=None,
            logger=_DISCARDED_LOG,
            auto_decompress=False,
            max_line_size=MAX_LINE_BYTES,
            max_field_size=MAX_LINE_BYTES,
        )

    @property
    def hosts(self) -> tuple[str, ...]:
        """Hosts of Apple that are emulated."""
        return emulated_hosts(self.emulator.service if self.emulator else APP_STORE_CONNECT)

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """Respond to a request, in the four steps of a transport."""
        try:
            # The test may end before the whole body has arrived. The request belongs to the test in which it started.
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
            except (ConnectionError, web.RequestPayloadError):  # the client is gone, so the response does not matter
                return web.Response(status=400)
            if self.control is not None:
                emulator = self.control.accounts.emulator_for(converted)
            with Deferred():
                response = emulator.handle(converted)
            if response.crash:
                del crashes[_MAX_CRASHES:]
                crashes.append(response.crash)
                _log.error(
                    "the emulator failed: this is a bug in pytest-asc, please report it", exc_info=response.crash
                )
            if emulator.has_webhooks_to_send:
                await _send_webhooks(emulator, crashes)
            if response.delivery:
                return await self.deliver(request, response, response.delivery)
            return _as_response(response)
        finally:
            connection = request.protocol
            if isinstance(connection, HttpConnection):
                connection.request_ends(request.headers)

    def mutate(self, request: web.BaseRequest) -> None:
        """Do nothing: the mistakes of a client in another process cannot be injected here."""

    async def convert(self, request: web.BaseRequest) -> Request:
        """Convert a request, and read its body.

        Raises:
            HttpRejectionError: The host is not emulated, or the head is malformed.
        """
        url = self._url(request)
        headers = request.headers
        values = "".join((url, *headers.values()))
        if len(values) > MAX_HEAD_LENGTH:
            raise HttpRejectionError(431, f"Expected a target and headers of at most {MAX_HEAD_LENGTH} characters.")
        if not _is_text(values):
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

        Failures that happen before a request is sent (a refused connection, an untrusted certificate, a proxy that
        requires a password) are not possible any more at this point: with every failure but ``cut``, the connection is
        closed without a response. The client's timeout is not known, so the latency is always waited for.
        """
        plan = plan_delivery(delivery, timeout)
        if delivery.latency and isinstance(request.protocol, HttpConnection):
            await request.protocol.wait_for_client(delivery.latency)
        if plan.broken is None:
            return _as_response(response)
        connection = request.transport
        if plan.broken != "cut":
            if connection:
                connection.abort()
            return web.Response()  # it is never sent, since the connection is closed
        cut = _as_response(response)
        await cut.prepare(request)
        await cut.write_eof()
        if connection:
            connection.close()
        return cut

    def _url(self, request: web.BaseRequest) -> str:
        """Return the URL with the scheme and host that the client has used, for the links in the response."""
        target = request.raw_path
        if target.startswith("/"):
            hosts = request.headers.getall("Host", [])
            if len(hosts) != 1 or len(hosts[0]) > _MAX_AUTHORITY_LENGTH or not _is_authority(hosts[0]):
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


async def _send_webhooks(emulator: Emulator, crashes: list[Exception]) -> None:
    """Send the notifications in another thread: a receiver may send requests to this server before it responds."""
    try:
        await asyncio.get_running_loop().run_in_executor(None, emulator.send_webhooks)
    except Exception as problem:  # noqa: BLE001  the receiver's exceptions must reach the test
        crashes.append(problem)


@lru_cache(maxsize=64)
def _is_authority(text: str) -> bool:
    return _AUTHORITY.fullmatch(text) is not None


def _is_text(text: str) -> bool:
    """Return whether a text was valid UTF-8: aiohttp decodes other bytes as lone surrogates."""
    if text.isascii():
        return True
    try:
        text.encode()
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
    loop = protocol._loop  # noqa: SLF001  aiohttp's own request factory does the same
    return web.BaseRequest(message, payload, protocol, writer, task, loop, client_max_size=MAX_BYTES)


async def _expect(request: web.BaseRequest) -> None:
    """Send 100 (Continue) to a client that waits for it before it sends the body (RFC 9110, 10.1.1)."""
    if request.headers["Expect"].lower() != "100-continue":
        raise HttpRejectionError(417, "Expected 100-continue or no Expect header.")
    await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    request.writer.output_size = 0  # otherwise aiohttp assumes that the response has already been started
