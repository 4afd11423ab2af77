"""A request and its response as bytes of HTTP/1.1 (RFC 9112), for clients whose connections are replaced."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING

from pytest_asc.diagnosis.http.url_origin import host_in, is_absolute
from pytest_asc.emulator.http_models import Request, Response
from pytest_asc.transports.apple_hosts import AppleHostError, emulator_for

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytest_asc.emulator.app import Emulator
    from pytest_asc.emulator.http_models import Broken

    Failures = Mapping[Broken | None, Callable[[], Exception]]

_PHRASES = {status.value: status.phrase for status in HTTPStatus}
_PORTS = {"http": 80, "https": 443}
_MAX_DIGITS = 18
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_FOLD = re.compile(r"\r\n[ \t]+")
_PARTS = 3  # parts of a request line: method, target, version
_WITHOUT_BODY = frozenset({204, 304})


class HttpExchange:
    """The other end of an emulated connection to Apple, for one request and one response.

    The connection is closed after the response, so that the next request, which may be part of another test, reaches
    the emulator of that test.

    Args:
        scheme: ``http`` or ``https``.
        host: Host that the client connects to.
        port: The port.
    """

    def __init__(self, scheme: str, host: str, port: int | None) -> None:
        self._host = host
        self._origin = f"{scheme}://{host}" + (f":{port}" if port and port != _PORTS[scheme] else "")
        self._received = bytearray()
        self._head: tuple[str, str, dict[str, str]] | None = None
        self._request: Request | None = None
        self._refusal: Response | None = None

    def receive(self, data: bytes | bytearray | memoryview) -> bytes | None:
        """Take bytes from the client.

        Args:
            data: The bytes.

        Returns:
            None while the request is incomplete; an empty value once it is complete; or an interim response for a
            client that waits for it before it sends the body.
        """
        if self._request is not None:  # some clients write an empty chunk after the end of the body
            return None
        self._received += data
        interim = None
        if self._head is None:
            end = self._received.find(b"\r\n\r\n")
            if end < 0:
                return None
            self._head = _parse_head(self._received[:end].decode("latin-1"))
            del self._received[: end + 4]
            if problem := self._problem():
                self._refuse(problem)
                return b""
            if self._header("expect").lower() == "100-continue":
                interim = _CONTINUE
        try:
            body = self._body()
        except ValueError:
            self._refuse("the length of a chunk is not a hexadecimal number")
            return b""
        if body is None:
            return interim
        method, target, headers = self._head
        url = target if is_absolute(target) else self._origin + target
        self._request = Request(method, url, headers, body)
        return b""

    def _problem(self) -> str:
        """Return the reason why the head is malformed (RFC 9112, 3.2.2, 6.3); empty if it is not."""
        _, target, _ = self._head or ("", "", {})
        length = self._header("content-length")
        if not target:
            return "the request line does not have three parts"
        if is_absolute(target) and host_in(target) != self._host.lower():
            return f"the target has another host than {self._host}"
        if length and self._header("transfer-encoding"):
            return "there are both Content-Length and Transfer-Encoding"
        if length and not (length.isascii() and length.isdigit() and len(length) <= _MAX_DIGITS):
            return "Content-Length is not a number"
        return ""

    def _refuse(self, problem: str) -> None:
        """Respond without the emulator: web servers reject malformed requests before Apple's services see them."""
        method = self._head[0] if self._head else ""
        self._request = Request(method, self._origin, {})
        self._refusal = Response(400, {"Content-Type": "text/plain"}, f"Bad Request: {problem}.\n".encode())

    def answer(self) -> Response:
        """Return the emulator's response to the request.

        Raises:
            AppleHostError: The test that opened the connection has ended.
            Exception: An exception of the emulator itself, which is a bug in pytest-asc.
        """
        if self._refusal:
            return self._refusal
        emulator, request = emulator_for(self._host), self._request
        if emulator is None or request is None:
            raise AppleHostError(f"a request to {self._host} was sent after its test had ended")
        response = emulator.handle(_mutated(emulator, request) if emulator.client_fault else request)
        if response.crash:
            raise response.crash
        return response

    def to_bytes(self, response: Response) -> bytes:
        """Serialize a response."""
        status, headers = response.status, response.headers
        lines = [f"HTTP/1.1 {status} {_PHRASES.get(status, '')}", *(f"{name}: {headers[name]}" for name in headers)]
        is_head = self._request is not None and self._request.method == "HEAD"
        if "Content-Length" not in headers and status not in _WITHOUT_BODY and not is_head:
            lines.append(f"Content-Length: {len(response.body)}")
        lines.append("Connection: close\r\n\r\n")
        return "\r\n".join(lines).encode("latin-1", "replace") + response.body

    def _header(self, name: str) -> str:
        _, _, headers = self._head or ("", "", {})
        return next((value for key, value in headers.items() if key.lower() == name), "")

    def _body(self) -> bytes | None:
        """Return the whole body; None while it is incomplete."""
        if "chunked" in self._header("transfer-encoding").lower():
            return _join_chunks(self._received)
        length = int(self._header("content-length") or 0)
        return bytes(self._received[:length]) if len(self._received) >= length else None


def _parse_head(head: str) -> tuple[str, str, dict[str, str]]:
    """Return method, target and headers; the target is empty if the request line is malformed."""
    # A line that starts with a space continues the previous line (RFC 9112, 5.2); http.client sends such lines.
    request_line, *lines = _FOLD.sub(" ", head).split("\r\n")
    parts = request_line.split(" ", 2)
    method, target = (parts[0], parts[1]) if len(parts) == _PARTS else (parts[0], "")
    headers: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(":")
        value = value.strip()
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return method, target, headers


def _join_chunks(received: bytearray) -> bytes | None:
    """Return the content of a chunked body; None while the last chunk is missing."""
    if not received.endswith(b"0\r\n\r\n"):
        return None
    content, position = bytearray(), 0
    while (end := received.find(b"\r\n", position)) >= 0:
        size = int(received[position:end].partition(b";")[0], 16)
        if not size:
            return bytes(content)
        content += received[end + 2 : end + 2 + size]
        position = end + 2 + size + 2
    return None


def _mutated(emulator: Emulator, request: Request) -> Request:
    """Inject the emulator's ``client_fault``, which is implemented for requests of the library requests."""
    import requests  # noqa: PLC0415  few tests need it

    from pytest_asc.transports.requests_transport import RequestsTransport  # noqa: PLC0415

    prepared = requests.Request(request.method, request.url, dict(request.headers), data=request.body).prepare()
    transport = RequestsTransport(emulator)
    transport.mutate(prepared)
    return transport.convert(prepared)
