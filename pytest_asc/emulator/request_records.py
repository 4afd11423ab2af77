"""Records of the requests that the emulator has handled, for assertions in tests."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import parse_qs, urlsplit

from pytest_asc.secrets import HIDDEN, redactor

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pytest_asc.diagnosis.findings import Finding
    from pytest_asc.emulator.http_models import Delivery, Response

CORRELATION_KEY = "X-Apple-Jingle-Correlation-Key"
"""Response header that identifies a response: 26 characters of base32 (observed in responses with reports)."""

_SECRET_HEADERS = frozenset({"authorization", "proxy-authorization", "cookie", "x-api-key"})
_MAX_LISTED = 20
_CLIENT_ERROR = 400


@dataclass(frozen=True, repr=False)
class RequestRecord:
    """One request and its response. Secrets in its headers are masked."""

    method: str
    url: str
    status: int
    """Status of the response; 0 if there was no response."""
    refusal: Finding | None = None
    """Cause of a refusal that the response does not show, since the body of every 401 is the same; else None."""
    body: bytes = b""
    """Body of the request; once the log is full, at most its first 16 MiB."""
    correlation_key: str | None = None
    """Identifier of the response; None if the response came from a front end."""
    delivery: Delivery | None = None
    """``latency`` of the response and failure of its connection (``broken``); None if it arrived whole and at once."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Headers of the request; ``Authorization`` and similar headers show only their scheme."""
    response: Response | None = None
    """The response as it was before delivery: ``status``, ``headers``, ``body``, ``json()``."""

    @property
    def outcome(self) -> str:
        """Description of the result that follows a subject, such as ``returned 200``."""
        if self.status:
            return f"returned {self.status}"
        return f"got no response ({self.delivery.broken})" if self.delivery else "got no response"

    @property
    def path(self) -> str:
        """The path of the URL, without its query."""
        try:
            return urlsplit(self.url).path
        except ValueError:
            return self.url

    @property
    def query(self) -> dict[str, list[str]]:
        """The decoded query parameters, each with its values: ``{"filter[bundleId]": ["com.example"]}``."""
        try:
            return parse_qs(urlsplit(self.url).query, keep_blank_values=True)
        except ValueError:
            return {}

    @property
    def errors(self) -> list[dict[str, Any]]:
        """The errors of the response, each with ``code``, ``title``, ``detail`` and sometimes ``source``."""
        if self.response is None or self.status < _CLIENT_ERROR:
            return []
        try:
            document = json.loads(self.response.body)
        except ValueError:
            return []
        errors = document.get("errors") if isinstance(document, dict) else None
        return [error for error in errors if isinstance(error, dict)] if isinstance(errors, list) else []

    def json(self) -> Any:
        """Return the body of the request, parsed as JSON.

        Raises:
            ValueError: The body is not valid JSON.
        """
        return json.loads(self.body)

    def __str__(self) -> str:
        """Return one line with method, path, query and status, and the cause or the code of a refusal."""
        query = urlsplit(self.url).query if self.query else ""
        why = [self.refusal.cause] if self.refusal else [str(error.get("code")) for error in self.errors[:1]]
        status = str(self.status) if self.status else f"no response ({self.delivery.broken if self.delivery else '?'})"
        return redactor.clean(" ".join([self.method, f"{self.path}{query and '?'}{query}", status, *why]))

    def __repr__(self) -> str:
        return f"<RequestRecord {self}>"


class RequestRecords(list[RequestRecord]):
    """List of records, in the order of the requests."""

    described_as = ""
    """Text for a failed assertion on an empty search result: the search, and the requests that came instead."""

    def find(self, method: str, path: str) -> RequestRecords:
        """Return the records of a method and a path.

        Args:
            method: The method, in capitals; ``*`` for any method.
            path: A path such as ``/v1/apps``. ``{id}`` stands for any id, ``*`` for any text.

        Returns:
            The records, in order. The ``repr`` of an empty result lists the requests that came instead, so that a
            failed ``assert asc_emulator.requests.find("POST", "/v1/builds*")`` shows them.
        """
        pattern = re.compile(re.escape(path).replace(r"\*", ".*").replace(r"\{id\}", "[^/]+"), re.DOTALL)
        found = RequestRecords(
            record for record in self if method in {"*", record.method} and pattern.fullmatch(record.path)
        )
        if not found:
            listed = "; ".join(map(str, self[-_MAX_LISTED:]))
            shown = f"the last {_MAX_LISTED} of {len(self)} requests" if len(self) > _MAX_LISTED else "the requests"
            found.described_as = f"no {method} {path}; {f'{shown} are: {listed}' if self else 'there were no requests'}"
        return found

    def __repr__(self) -> str:
        return f"<{self.described_as}>" if self.described_as else super().__repr__()


def mask_headers(headers: Mapping[str, str] | Mapping[str, str | bytes]) -> dict[str, str]:
    """Return headers without secrets: only the scheme of ``Authorization`` and similar headers remains."""
    masked: dict[str, str] = {}
    for name, value in headers.items():
        text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
        if str(name).lower() in _SECRET_HEADERS:
            scheme, blank, _ = text.partition(" ")
            text = f"{scheme} {HIDDEN}" if blank and scheme.isalpha() else HIDDEN
        masked[str(name)] = redactor.clean(text)
    return masked


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
        """The headers; lookups are case-insensitive."""


def record_of(response: ReceivedResponse, records: Iterable[RequestRecord]) -> RequestRecord | None:
    """Return the record of the request that a client received this response to; None if there is none.

    A record is found by the correlation key of its response. Responses of a front end have no such key: the latest
    record with the same method, URL and status is returned for them.
    """
    key = response.headers.get(CORRELATION_KEY)
    for record in reversed(list(records)):
        same_request = key is not None or (record.method, record.url) == (response.method, response.url)
        if same_request and record.correlation_key == key and record.status == response.status:
            return record
    return None
