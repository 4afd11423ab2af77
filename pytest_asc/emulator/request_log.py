"""What the emulator remembers of the requests that came in."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from itertools import product
from string import ascii_uppercase
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_asc.diagnosis.findings import Finding
    from pytest_asc.diagnosis.http.http_response import HttpResponse
    from pytest_asc.emulator.http_models import Delivery

CORRELATION_KEY = "X-Apple-Jingle-Correlation-Key"
"""Apple's name of an answer, 26 characters of base32 (observed on reports)."""

# One sequence for the process: two emulators never give one name twice.
_names = map("".join, product(ascii_uppercase + "234567", repeat=26))


def new_correlation_key() -> str:
    """The name of the next answer."""
    return next(_names)


@dataclass(frozen=True)
class RequestRecord:
    """One request and how it was answered. It holds no header: tokens stay out of reports."""

    method: str
    url: str
    status: int
    """0 where there was no answer."""
    refusal: Finding | None = None
    """Why it was refused, where the answer does not say it: a 401 is like another on the wire."""
    body: bytes = field(default=b"", repr=False)
    correlation_key: str | None = field(default=None, repr=False)
    """What the answer was named; None where something in front of Apple answered."""
    delivery: Delivery | None = None
    """What happened to the answer on its way: its ``latency``, and how the connection was ``broken``."""

    @property
    def outcome(self) -> str:
        """How the request ended, in words."""
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


def record_of(answer: HttpResponse, records: Iterable[RequestRecord]) -> RequestRecord | None:
    """The record of the request that got an answer; None where none did.

    An answer is found by its name. One without, which is of something in front of Apple, is taken for the latest of the
    same request with the same status.
    """
    name = answer.headers.get(CORRELATION_KEY)
    for record in reversed(list(records)):
        same = name is not None or (record.method, record.url) == (answer.method, answer.url)
        if same and record.correlation_key == name and record.status == answer.status:
            return record
    return None
