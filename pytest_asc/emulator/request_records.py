"""Records of requests, as a test reads them."""

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
"""Header that identifies a response: 26 characters of base32 (observed on reports)."""

_SECRET_HEADERS = frozenset({"authorization", "proxy-authorization", "cookie", "x-api-key"})
_MAX_LISTED = 20
_CLIENT_ERROR = 400


@dataclass(frozen=True, repr=False)
class RequestRecord:
    """One request and its response. Secrets in its headers are masked."""

    method: str
    url: str
    status: int
    """0 where there was no response."""
    refusal: Finding | None = None
    """Cause of a refusal, where the response does not show it: every 401 has the same body."""
    body: bytes = b""
    """The body; where the log is full, at most the first 16 MiB of it."""
    correlation_key: str | None = None
    """Identifier of the response; None where it came from a front end."""
    delivery: Delivery | None = None
    """Delivery of the response: its ``latency``, and how the connection was ``broken``; None for an ordinary one."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """The headers of the request; ``Authorization`` and its like show their scheme alone."""
    response: Response | None = None
    """The response, as it was before its delivery: ``status``, ``headers``, ``body``, ``json()``."""

    @property
    def outcome(self) -> str:
        """Description of the result, such as ``was answered 200``."""
        if self.status:
            return f"was answered {self.status}"
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
        """The parameters of the query, decoded, each with its values: ``{"filter[bundleId]": ["com.example"]}``."""
        try:
            return parse_qs(urlsplit(self.url).query, keep_blank_values=True)
        except ValueError:
            return {}

    @property
    def errors(self) -> list[dict[str, Any]]:
        """The errors of the response, each with ``code``, ``title``, ``detail`` and perhaps ``source``."""
        if self.response is None or self.status < _CLIENT_ERROR:
            return []
        try:
            document = json.loads(self.response.body)
        except ValueError:
            return []
        errors = document.get("errors") if isinstance(document, dict) else None
        return [error for error in errors if isinstance(error, dict)] if isinstance(errors, list) else []

    def json(self) -> Any:
        """The body, parsed.

        Raises:
            ValueError: It is no JSON.
        """
        return json.loads(self.body)

    def __str__(self) -> str:
        """Return one line: method, path, query, status, and of a refusal its cause or code."""
        query = urlsplit(self.url).query if self.query else ""
        why = [self.refusal.cause] if self.refusal else [str(error.get("code")) for error in self.errors[:1]]
        status = str(self.status) if self.status else f"no response ({self.delivery.broken if self.delivery else '?'})"
        return redactor.clean(" ".join([self.method, f"{self.path}{query and '?'}{query}", status, *why]))

    def __repr__(self) -> str:
        return f"<RequestRecord {self}>"


class RequestRecords(list[RequestRecord]):
    """Records in the order of the requests."""

    described_as = ""
    """Description of a search, with what came instead, for the failure of an assertion on it."""

    def find(self, method: str, path: str) -> RequestRecords:
        """Return the records of a method and a path.

        Args:
            method: In capitals; ``*`` for any.
            path: A path such as ``/v1/apps``. ``{id}`` stands for any id, ``*`` for anything.

        Returns:
            The records, in order. Where there are none, its ``repr`` lists the requests that came, so that the failure
            of ``assert asc_emulator.requests.find("POST", "/v1/builds*")`` shows them.
        """
        pattern = re.compile(re.escape(path).replace(r"\*", ".*").replace(r"\{id\}", "[^/]+"), re.DOTALL)
        found = RequestRecords(
            record for record in self if method in {"*", record.method} and pattern.fullmatch(record.path)
        )
        if not found:
            listed = "; ".join(map(str, self[-_MAX_LISTED:]))
            earlier = f"the last {_MAX_LISTED} of {len(self)} requests" if len(self) > _MAX_LISTED else "these requests"
            found.described_as = f"no {method} {path}; " + (f"{earlier} came: {listed}" if self else "no request came")
        return found

    def __repr__(self) -> str:
        return f"<{self.described_as}>" if self.described_as else super().__repr__()


def mask_headers(headers: Mapping[str, str] | Mapping[str, str | bytes]) -> dict[str, str]:
    """Return headers without secrets: of ``Authorization`` and its like the scheme remains."""
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
