"""One request and its response as bytes of HTTP/1.1 (RFC 9112), for clients whose connections are replaced."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from pytest_asc.emulator.http_models import Request
from pytest_asc.transports.apple_hosts import AppleHostError, emulator_for

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytest_asc.emulator.app import Emulator
    from pytest_asc.emulator.http_models import Broken, Response

    Failures = Mapping[Broken | None, Callable[[], Exception]]

_PHRASES = {status.value: status.phrase for status in HTTPStatus}
_PORTS = {"http": 80, "https": 443}
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_WITHOUT_BODY = frozenset({204, 304})


class HttpExchange:
    """The other end of a connection that a client believes to be Apple's: it carries one request and one response.

    Every response closes the connection. So the next request, which may be of another test, finds the emulator of its
    own test.

    Args:
        scheme: ``http`` or ``https``.
        host: The host that the client connects to.
        port: The port.
    """

    def __init__(self, scheme: str, host: str, port: int | None) -> None:
        self._host = host
        self._origin = f"{scheme}://{host}" + (f":{port}" if port and port != _PORTS[scheme] else "")
        self._received = bytearray()
        self._head: tuple[str, str, dict[str, str]] | None = None
        self._request: Request | None = None

    def receive(self, data: bytes | bytearray | memoryview) -> bytes | None:
        """Take bytes from the client.

        Args:
            data: The bytes.

        Returns:
            None while the request is incomplete; ``b""`` where this completes it; an interim response for a client
            that waits for it before it sends the body.
        """
        if self._request is not None:  # some clients write an empty end of the body
            return None
        self._received += data
        interim = None
        if self._head is None:
            end = self._received.find(b"\r\n\r\n")
            if end < 0:
                return None
            self._head = _parse_head(self._received[:end].decode("latin-1"))
            del self._received[: end + 4]
            if self._header("expect").lower() == "100-continue":
                interim = _CONTINUE
        body = self._body()
        if body is None:
            return interim
        method, target, headers = self._head
        url = target if target.startswith("http") else self._origin + target
        self._request = Request(method, url, headers, body)
        return b""

    def answer(self) -> Response:
        """Return the emulator's response to the request.

        Raises:
            AppleHostError: The test of the connection has ended.
            Exception: The emulator's own, which is a bug of pytest-asc.
        """
        emulator, request = emulator_for(self._host), self._request
        if emulator is None or request is None:
            raise AppleHostError(f"a request to {self._host} came after the test that it belongs to has ended")
        response = emulator.handle(_mutated(emulator, request) if emulator.client_fault else request)
        if response.crash:
            raise response.crash
        return response

    def to_bytes(self, response: Response) -> bytes:
        """Return a response as bytes."""
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
        """Return the whole body; None while something is missing."""
        if "chunked" in self._header("transfer-encoding").lower():
            return _join_chunks(self._received)
        length = int(self._header("content-length") or 0)
        return bytes(self._received[:length]) if len(self._received) >= length else None


def _parse_head(head: str) -> tuple[str, str, dict[str, str]]:
    """Return method, target and headers."""
    request_line, *lines = head.split("\r\n")
    method, target, _ = request_line.split(" ", 2)
    headers: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(":")
        value = value.strip()
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return method, target, headers


def _join_chunks(received: bytearray) -> bytes | None:
    """Return the content of a chunked body; None while its last chunk is missing."""
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
    """Make the mistake of the emulator's ``client_fault``, as it is defined: on a request of requests."""
    import requests  # noqa: PLC0415  few tests need it

    from pytest_asc.transports.requests_transport import RequestsTransport  # noqa: PLC0415

    prepared = requests.Request(request.method, request.url, dict(request.headers), data=request.body).prepare()
    transport = RequestsTransport(emulator)
    transport.mutate(prepared)
    return transport.convert(prepared)
