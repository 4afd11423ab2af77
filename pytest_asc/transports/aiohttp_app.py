"""The emulator as a request handler of aiohttp's server."""

from __future__ import annotations

import asyncio
import logging
import re
from typing import TYPE_CHECKING

from aiohttp import web

from pytest_asc.apple.services import APP_STORE_CONNECT, emulated_hosts
from pytest_asc.emulator.http_models import Request

if TYPE_CHECKING:
    from aiohttp.abc import AbstractStreamWriter
    from aiohttp.http_parser import RawRequestMessage
    from aiohttp.streams import StreamReader
    from aiohttp.web_protocol import RequestHandler

    from pytest_asc.emulator.app import Emulator
    from pytest_asc.emulator.http_models import Delivery, Response

MOST_BYTES = 64 * 1024 * 1024
"""Of a request's body. The largest that Apple has clients send in one request is a part of an upload (inferred)."""

MOST_BYTES_IN_A_LINE = 64 * 1024
"""Of a request's head. A filter may list hundreds of ids."""

_AUTHORITY = re.compile(r"(?P<host>[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?")
_ABSOLUTE = re.compile(rf"https?://(?P<authority>{_AUTHORITY.pattern})(?P<rest>[/?].*)?", re.IGNORECASE | re.DOTALL)
# aiohttp logs requests that make no sense together with a piece of them, which may be of a token.
_SILENT = logging.Logger("pytest_asc.server", logging.CRITICAL + 1)  # noqa: LOG001  not for anyone to configure
_log = logging.getLogger("pytest_asc.server")


class HttpRejectionError(Exception):
    """A request that does not get as far as the emulator: the status and words of the answer."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Application:
    """Answers with the emulator of the moment."""

    def __init__(self) -> None:
        self.own: frozenset[str] = frozenset()
        """Where the server itself is: ``127.0.0.1:4000``."""
        self.emulator: Emulator | None = None
        self.crashes: list[Exception] = []
        """What the emulator raised, which is a bug of pytest-asc."""

    def server(self) -> web.Server:
        """A protocol factory of asyncio's."""
        return web.Server(
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
        """The hosts of Apple's that are answered now."""
        return emulated_hosts(self.emulator.service if self.emulator else APP_STORE_CONNECT)

    async def answer(self, request: web.BaseRequest) -> web.Response:
        """Answer a request."""
        # The body may come after the test has ended: a request belongs to the test that it began in.
        emulator, crashes = self.emulator, self.crashes
        if emulator is None:
            return web.Response(status=503, text="No test is using the emulator at the moment.\n")
        try:
            url = self._url(request)
            if "Expect" in request.headers:
                await _expect(request)
            body = await request.read() if request.body_exists else b""
        except HttpRejectionError as error:
            return web.Response(status=error.status, text=f"{error}\n")
        except (ConnectionError, web.RequestPayloadError):  # nobody waits for the answer
            return web.Response(status=400)
        response = emulator.handle(Request(request.method, url, request.headers, body))
        if response.crash:
            crashes.append(response.crash)
            _log.error("the emulator failed, which is a bug of pytest-asc", exc_info=response.crash)
        if response.delivery:
            return await _deliver(request, response, response.delivery)
        return _as_response(response)

    def _url(self, request: web.BaseRequest) -> str:
        """The URL that the client means: links of the answer begin like it."""
        target = request.raw_path
        if target.startswith("/"):
            hosts = request.headers.getall("Host", [])
            if len(hosts) != 1 or not _AUTHORITY.fullmatch(hosts[0]):
                raise HttpRejectionError(400, "Expected one Host header with a name or address and perhaps a port.")
            return f"{'https' if request.secure else 'http'}://{hosts[0]}{target}"
        absolute = _ABSOLUTE.fullmatch(target)
        if absolute is None:
            raise HttpRejectionError(400, "Expected a path, or an absolute URL as a proxy gets it.")
        if absolute["host"].lower() not in self.hosts and absolute["authority"] not in self.own:
            raise HttpRejectionError(
                403, f"{absolute['host']} is not emulated; the emulator is {', '.join(self.hosts)}."
            )
        return target


def _as_response(answer: Response) -> web.Response:
    return web.Response(status=answer.status, headers=answer.headers, body=answer.body)


async def _deliver(request: web.BaseRequest, answer: Response, delivery: Delivery) -> web.Response:
    """Let happen on the way what is to happen.

    What would come before the request (nobody listens, an untrusted certificate, a proxy that wants a password) is past
    when the request is here, and how long the client waits is not known: but for a body that is cut, the connection
    ends without an answer.
    """
    if delivery.sleep:
        await asyncio.sleep(delivery.latency)
    if delivery.broken is None:
        return _as_response(answer)
    transport = request.transport
    if delivery.broken != "cut":
        if transport:
            transport.abort()
        return web.Response()  # to nobody
    cut = _as_response(answer)
    await cut.prepare(request)
    await cut.write_eof()
    if transport:
        transport.close()
    return cut


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
    """Tell a client that waits before it sends the body to go on (RFC 9110, 10.1.1)."""
    if request.headers["Expect"].lower() != "100-continue":
        raise HttpRejectionError(417, "Expected 100-continue or no Expect header.")
    await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    request.writer.output_size = 0  # what counts as the beginning of the answer comes yet
