"""Log of the requests that the emulator has handled, bounded in number and bytes."""

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
"""Correlation keys of the responses to come. One iterator for the process: no two emulators use the same key."""

MOST_RECORDS = 10_000
"""Requests that the log keeps."""

MOST_BYTES = 64 * 2**20
"""Bytes of URLs and bodies, of requests and responses, that the log keeps."""

MOST_BYTES_OF_A_BODY = 16 * 2**20
"""Bytes of one body that the log keeps. A part of an upload has 5 MiB."""

Entry: TypeAlias = "tuple[Request, Response, Finding | None, str | None]"
"""A request, its response, the cause of a refusal, and the correlation key."""


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
        """Cut the bodies of the last request, and drop the oldest ones, until both limits are kept."""
        request, response, refusal, correlation_key = self[-1]
        cut = max(0, len(request.body) - MOST_BYTES_OF_A_BODY) + max(0, len(response.body) - MOST_BYTES_OF_A_BODY)
        if cut:
            self.bytes -= cut
            request = request._replace(body=request.body[:MOST_BYTES_OF_A_BODY])
            response = response._replace(body=response.body[:MOST_BYTES_OF_A_BODY])
            self[-1] = (request, response, refusal, correlation_key)
        while len(self) > MOST_RECORDS or self.bytes > MOST_BYTES:
            request, response, *_ = self.popleft()
            self.bytes -= len(request.url) + len(request.body) + len(response.body)
            self.dropped += 1

    def records(self, start: int = 0) -> RequestRecords:
        """Return the records of the requests from a place in the log on, in order."""
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
            for request, response, refusal, correlation_key in islice(self, start, None)
        )
