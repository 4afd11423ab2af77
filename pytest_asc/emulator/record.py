"""What the emulator remembers of the requests that came in."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from pytest_asc.diagnosis.findings import Finding


@dataclass(frozen=True)
class RequestRecord:
    """One request and how it was answered. It holds no header: tokens stay out of reports."""

    method: str
    url: str
    status: int
    refusal: Finding | None = None
    """Why it was refused, where the answer does not say it: a 401 is like another on the wire."""
    body: bytes = field(default=b"", repr=False)

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
