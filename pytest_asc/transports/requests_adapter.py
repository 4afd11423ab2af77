"""Transport adapter of requests that responds with an emulator, without sockets, threads or patches."""

from __future__ import annotations

from functools import cache
from http import HTTPStatus
from io import BytesIO
from typing import TYPE_CHECKING, Any

import requests
import urllib3
from requests.adapters import BaseAdapter
from requests.utils import get_encoding_from_headers

from pytest_asc.transports.requests_transport import RequestsTransport

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytest_asc.emulator.app import Emulator
    from pytest_asc.emulator.http_models import Response

_REASONS = {status.value: status.phrase for status in HTTPStatus}


class EmulatorAdapter(BaseAdapter):
    """Adapter that responds with an emulator: ``session.mount(emulator.base_url, EmulatorAdapter(emulator))``.

    An exception of the emulator itself, which is a bug in pytest-asc, is raised to the sender of the request.
    """

    def __init__(self, emulator: Emulator) -> None:
        super().__init__()
        self._exchange = RequestsTransport(emulator).exchange

    def send(  # noqa: PLR0917  the signature is that of requests
        self,
        request: requests.PreparedRequest,
        stream: bool = False,  # noqa: ARG002, FBT001, FBT002
        timeout: Any = None,
        verify: Any = True,  # noqa: ARG002, FBT002
        cert: Any = None,  # noqa: ARG002
        proxies: Any = None,  # noqa: ARG002
    ) -> requests.Response:
        """Respond to a prepared request. There is no connection, so all arguments but the timeout are ignored."""
        return self._as_response(request, self._exchange(request, timeout))

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
            # A response of urllib3 raises the exception when the truncated body is read.
            response.raw = urllib3.HTTPResponse(BytesIO(answer.body), answer.headers, preload_content=False)
        else:
            response.raw = _Raw(answer, response.reason)
            # The body is complete: reading it from ``raw`` would only copy it.
            response._content = answer.body  # noqa: SLF001
            response._content_consumed = True  # type: ignore[attr-defined]  # noqa: SLF001
        # Authentication handlers use it to send the request again.
        response.connection = self  # type: ignore[assignment]
        return response


@cache
def _encoding(content_type: str | None) -> str | None:
    return get_encoding_from_headers({"content-type": content_type}) if content_type else None


class _Raw(BytesIO):
    """The body as a stream, with the attributes of urllib3's response that requests uses."""

    version = 11
    decode_content = False
    _original_response = None
    """requests reads cookies from this attribute; Apple sets none."""

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
