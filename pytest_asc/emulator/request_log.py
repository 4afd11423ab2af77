"""Log of the requests that the emulator has handled."""

from __future__ import annotations

import json
from collections import deque
from dataclasses import dataclass, field
from itertools import product
from string import ascii_uppercase
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import TypeAlias

    from pytest_asc.diagnosis.findings import Finding
    from pytest_asc.emulator.http_models import Delivery

CORRELATION_KEY = "X-Apple-Jingle-Correlation-Key"
"""Header that identifies a response: 26 characters of base32 (observed on reports)."""

CORRELATION_KEYS = map("".join, product(ascii_uppercase + "234567", repeat=26))
"""Correlation keys of the responses to come. One iterator for the process: no two emulators use the same key."""


@dataclass(frozen=True)
class RequestRecord:
    """One request and its response. It holds no header: tokens stay out of reports."""

    method: str
    url: str
    status: int
    """0 where there was no response."""
    refusal: Finding | None = None
    """Cause of a refusal, where the response does not show it: every 401 has the same body."""
    body: bytes = field(default=b"", repr=False)
    """The body; where the log is full, at most the first 16 MiB of it."""
    correlation_key: str | None = field(default=None, repr=False)
    """Identifier of the response; None where it came from a front end."""
    delivery: Delivery | None = None
    """Delivery of the response: its ``latency``, and how the connection was ``broken``; None for an ordinary one."""

    @property
    def outcome(self) -> str:
        """Description of the result, such as ``was answered 200``."""
        if self.status:
            return f"was answered {self.status}"
        return f"got no answer ({self.delivery.broken})" if self.delivery else "got no answer"

    @property
    def path(self) -> str:
        """The path of the URL, without its query."""
        try:
            return urlsplit(self.url).path
        except ValueError:
            return self.url

    def json(self) -> Any:
        """The body, parsed.

        Raises:
            ValueError: It is no JSON.
        """
        return json.loads(self.body)


MOST_RECORDS = 10_000
"""Requests that the log keeps."""

MOST_BYTES = 64 * 2**20
"""Bytes of bodies and URLs that the log keeps."""

MOST_BYTES_OF_A_BODY = 16 * 2**20
"""Bytes of one body that the log keeps. A part of an upload has 5 MiB."""

Entry: TypeAlias = "tuple[str, str, int, Finding | None, bytes, str | None, Delivery | None]"
"""The fields of a :class:`RequestRecord`, in order."""


class RequestLog(deque["Entry"]):
    """The latest requests, as many as :data:`MOST_RECORDS` and :data:`MOST_BYTES` allow.

    Whoever appends an entry adds its size to ``bytes``, and calls :meth:`shrink` where one of the limits is passed: so
    that an ordinary request costs no call.
    """

    bytes = 0
    """Bytes of the URLs and bodies."""
    dropped = 0
    """Number of requests that came in before the first one of the log."""

    def shrink(self) -> None:
        """Cut the body of the last request, and drop the oldest ones, until both limits are kept."""
        method, url, status, refusal, body, correlation_key, delivery = self[-1]
        if len(body) > MOST_BYTES_OF_A_BODY:
            self.bytes -= len(body) - MOST_BYTES_OF_A_BODY
            body = body[:MOST_BYTES_OF_A_BODY]
            self[-1] = (method, url, status, refusal, body, correlation_key, delivery)
        while len(self) > MOST_RECORDS or self.bytes > MOST_BYTES:
            _, url, _, _, body, *_ = self.popleft()
            self.bytes -= len(url) + len(body)
            self.dropped += 1


class ReceivedResponse(Protocol):
    """A response as a client received it."""

    @property
    def method(self) -> str:
        """The method of the request."""

    @property
    def url(self) -> str:
        """The URL of the request."""

    @property
    def status(self) -> int:
        """The status code."""

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers, looked up without regard to case."""


def record_of(response: ReceivedResponse, records: Iterable[RequestRecord]) -> RequestRecord | None:
    """Return the record of the request that got a response; None where there is none.

    A response is found by its correlation key. One without, which comes from a front end, matches the latest record of
    the same method and URL with the same status.
    """
    key = response.headers.get(CORRELATION_KEY)
    for record in reversed(list(records)):
        same_request = key is not None or (record.method, record.url) == (response.method, response.url)
        if same_request and record.correlation_key == key and record.status == response.status:
            return record
    return None
