"""HTTP response, with properties for the members of Apple's error documents."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from requests.structures import CaseInsensitiveDict

from pytest_asc.diagnosis.formatting import one_line

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class HttpResponse:
    """A response, from any HTTP library."""

    method: str
    url: str
    """URL of the request, before any redirects."""
    status: int
    headers: Mapping[str, str]
    """Response headers. Names are case-insensitive."""
    body: bytes = field(repr=False)
    sent_at: float
    """This machine's clock before the request, in seconds since 1970."""
    received_at: float
    """This machine's clock after the response, in seconds since 1970."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "headers", CaseInsensitiveDict(self.headers))

    @cached_property
    def json(self) -> Any:
        """The body, parsed as JSON; None if it is not JSON."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    @property
    def is_json(self) -> bool:
        """True if the body is a JSON object, as all of Apple's JSON responses are."""
        return isinstance(self.json, dict)

    @property
    def errors(self) -> list[dict[str, Any]]:
        """The error objects in the member ``errors`` of the body; empty if there are none."""
        errors = self.json.get("errors") if self.is_json else None
        return [error for error in errors if isinstance(error, dict)] if isinstance(errors, list) else []

    @property
    def code(self) -> str | None:
        """The first error's ``code``, or the corresponding member in the errors of Apple's other services."""
        return self._first("code") or self._member("reason") or self._member("errorCode") or self._member("error")

    @property
    def title(self) -> str | None:
        """The first error's ``title``."""
        return self._first("title")

    @property
    def detail(self) -> str | None:
        """The first error's ``detail``, or the corresponding member in the errors of Apple's other services."""
        return self._first("detail") or self._member("errorMessage") or self._member("error_description")

    @property
    def message(self) -> str | None:
        """Title and detail of the first error on one line, safe to print; None if both are missing."""
        title, detail = one_line(self.title or ""), one_line(self.detail or "")
        joint = ": " if title and detail and title[-1].isalnum() else " "
        return one_line(f"{title}{joint}{detail}") or None

    @property
    def text(self) -> str | None:
        """A plain-text body on one line, safe to print; None if the body is empty, JSON, HTML or binary."""
        if self.is_json or not self.body.strip():
            return None
        try:
            start = self.body[:2000].decode("utf-8")
        except UnicodeDecodeError:
            return None
        return None if start.lstrip().startswith(("<", "{", "[")) else one_line(start, 200)

    def _first(self, member: str) -> str | None:
        value = self.errors[0].get(member) if self.errors else None
        return value if isinstance(value, str) else None

    def _member(self, name: str) -> str | None:
        value = self.json.get(name) if self.is_json else None
        return str(value) if isinstance(value, (str, int)) else None
