"""Log of the requests that the emulator has handled, limited in number and size."""

from __future__ import annotations

from collections import deque
from itertools import islice, product
from string import ascii_uppercase
from typing import TYPE_CHECKING, TypeAlias

from pytest_asc.emulator.request_records import RequestRecord, RequestRecords, mask_headers

if TYPE_CHECKING:
    from pytest_asc.diagnosis.findings import Finding
    from pytest_asc.emulator.http_models import Request, Response

CORRELATION_KEYS = map("".join, product(ascii_uppercase + "234567", repeat=26))
"""Correlation keys for future responses. The process has one iterator, so that no two emulators use the same key."""

MAX_RECORDS = 10_000
"""Number of requests that the log keeps."""

MAX_BYTES = 64 * 2**20
"""Total size of the URLs, headers and bodies, of requests and responses, that the log keeps, in bytes."""

MAX_BODY_BYTES = 16 * 2**20
"""Number of bytes of one body that the log keeps. A part of an upload has 5 MiB."""

Entry: TypeAlias = "tuple[Request, Response, Finding | None, str | None, int]"
"""A request, its response, the cause of a refusal, the correlation key, and the size of the entry in bytes."""


class RequestLog(deque["Entry"]):
    """The latest requests, as many as :data:`MAX_RECORDS` and :data:`MAX_BYTES` allow.

    The caller that appends an entry adds its size to ``bytes``, and calls :meth:`shrink` only if a limit is exceeded:
    this saves a method call for every ordinary request.
    """

    bytes = 0
    """Total size of the URLs, headers and bodies in the log, in bytes."""
    dropped = 0
    """Number of older requests that are no longer in the log."""

    def shrink(self) -> None:
        """Truncate the bodies of the latest request, and drop the oldest requests until both limits are met."""
        request, response, refusal, correlation_key, size = self[-1]
        if len(request.body) > MAX_BODY_BYTES or len(response.body) > MAX_BODY_BYTES:
            self.bytes -= size
            size -= len(request.body) + len(response.body)
            request = request._replace(body=request.body[:MAX_BODY_BYTES])
            response = response._replace(body=response.body[:MAX_BODY_BYTES])
            size += len(request.body) + len(response.body)
            self.bytes += size
            self[-1] = (request, response, refusal, correlation_key, size)
        while len(self) > MAX_RECORDS or self.bytes > MAX_BYTES:
            self.bytes -= self.popleft()[-1]
            self.dropped += 1

    def records(self, start: int = 0) -> RequestRecords:
        """Return the records of the requests from the index ``start`` on, in order."""
        return RequestRecords(
            RequestRecord(
                request.method,
                request.url,
                response.status,
                refusal,
                request.body,
                correlation_key,
                response.delivery,
                mask_headers(request.headers),
                response,
            )
            for request, response, refusal, correlation_key, _ in islice(self, start, None)
        )
