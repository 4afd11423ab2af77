"""The emulator as a transport adapter of requests: no socket, no thread, no patching."""

from __future__ import annotations

from functools import cache
from http import HTTPStatus
from io import BytesIO
from typing import TYPE_CHECKING, Any

import requests
import urllib3
from requests.adapters import BaseAdapter
from requests.utils import get_encoding_from_headers

from pytest_asc.emulator.http_models import Request
from pytest_asc.faults.requests import REQUEST_MUTATIONS
from pytest_asc.transports.requests_failures import deliver

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytest_asc.emulator.app import Emulator
    from pytest_asc.emulator.http_models import Response

_REASONS = {status.value: status.phrase for status in HTTPStatus}


class EmulatorAdapter(BaseAdapter):
    """Mount it on a session: ``session.mount(emulator.base_url, EmulatorAdapter(emulator))``.

    An exception of the emulator's own, which is a bug of pytest-asc, is raised where the request was sent.
    """

    def __init__(self, emulator: Emulator) -> None:
        super().__init__()
        self._emulator = emulator

    def send(  # noqa: PLR0917  the signature is that of requests
        self,
        request: requests.PreparedRequest,
        stream: bool = False,  # noqa: ARG002, FBT001, FBT002
        timeout: Any = None,
        verify: Any = True,  # noqa: ARG002, FBT002
        cert: Any = None,  # noqa: ARG002
        proxies: Any = None,  # noqa: ARG002
    ) -> requests.Response:
        """Answer a prepared request; arguments but the timeout mean nothing where there is no connection."""
        return self._as_response(request, send_to(self._emulator, request, timeout))

    def close(self) -> None:
        """Do nothing: there is no connection."""

    def _as_response(self, request: requests.PreparedRequest, answer: Response) -> requests.Response:
        response = requests.Response()
        response.status_code = answer.status
        for name, value in answer.headers.items():
            response.headers[name] = value
        response.encoding = _encoding(answer.headers.get("Content-Type"))
        response.reason = _REASONS.get(answer.status, "")
        response.url = request.url or ""
        response.request = request
        if answer.delivery and answer.delivery.broken:
            # urllib3 finds out that the body is cut, and when: where it is read.
            response.raw = urllib3.HTTPResponse(BytesIO(answer.body), answer.headers, preload_content=False)
        else:
            response.raw = _Raw(answer, response.reason)
            # The body is at hand: reading it through raw would only copy it.
            response._content = answer.body  # noqa: SLF001
            response._content_consumed = True  # type: ignore[attr-defined]  # noqa: SLF001
        # Authentication handlers send again over it.
        response.connection = self  # type: ignore[assignment]
        return response


def send_to(emulator: Emulator, request: requests.PreparedRequest, timeout: Any) -> Response:
    """Have a request of requests answered, with all that happens to it and to its answer on the way.

    Args:
        emulator: What answers.
        request: The request.
        timeout: What the client waits for an answer; see :func:`.delivery.deliver`.

    Raises:
        Exception: What requests raises where no answer arrives; or the emulator's own, a bug of pytest-asc.
    """
    if emulator.client_fault:
        REQUEST_MUTATIONS[emulator.client_fault].apply(request)
    answer = emulator.handle(_as_request(request))
    if answer.crash:
        raise answer.crash
    if answer.delivery:
        deliver(answer.delivery, request, timeout)
    return answer


@cache
def _encoding(content_type: str | None) -> str | None:
    return get_encoding_from_headers({"content-type": content_type}) if content_type else None


def _as_request(request: requests.PreparedRequest) -> Request:
    """What the emulator wants to know of a request of requests."""
    body = request.body
    return Request(request.method or "", request.url or "", request.headers, _bytes(body) if body else b"")


def _bytes(body: Any) -> bytes:
    """The body that requests would send: text, bytes, a file, or chunks of either."""
    if isinstance(body, bytes):
        return body
    if isinstance(body, str):
        return body.encode()
    if hasattr(body, "read"):
        return _bytes(body.read())
    return b"".join(map(_bytes, body))


class _Raw(BytesIO):
    """The body as a stream, with what is looked for on the response of urllib3."""

    version = 11
    decode_content = False
    _original_response = None
    """Where requests would look for cookies: Apple sets none."""

    def __init__(self, answer: Response, reason: str) -> None:
        super().__init__(answer.body)
        self.status = answer.status
        self.headers: Mapping[str, str] = answer.headers
        self.reason = reason

    def read(self, amt: int | None = -1, decode_content: bool | None = None) -> bytes:  # noqa: ARG002, FBT001
        return super().read(amt)

    def stream(self, amt: int = 2**16, decode_content: bool | None = None) -> Iterator[bytes]:  # noqa: ARG002, FBT001
        while chunk := self.read(amt):
            yield chunk

    def release_conn(self) -> None:
        """Do nothing: there is no connection."""
