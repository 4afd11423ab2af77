"""An HTTP response and the members of Apple's error documents in it."""

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
    """A response to one request, of any HTTP library."""

    method: str
    url: str
    """Of the request, not of a page that it was redirected to."""
    status: int
    headers: Mapping[str, str]
    """Looked up without regard to case."""
    body: bytes = field(repr=False)
    sent_at: float
    """This machine's clock before the request, in seconds since 1970."""
    received_at: float
    """This machine's clock after the response, in seconds since 1970."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "headers", CaseInsensitiveDict(self.headers))

    @cached_property
    def json(self) -> Any:
        """The body as JSON; None where it is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    @property
    def is_json(self) -> bool:
        """True if the body is a JSON object, as in all of Apple's JSON responses."""
        return isinstance(self.json, dict)

    @property
    def errors(self) -> list[dict[str, Any]]:
        """The members of ``errors`` in the body; empty where there are none."""
        errors = self.json.get("errors") if self.is_json else None
        return [error for error in errors if isinstance(error, dict)] if isinstance(errors, list) else []

    @property
    def code(self) -> str | None:
        """The first error's ``code``, or what the sibling services have in its place."""
        return self._first("code") or self._member("reason") or self._member("errorCode") or self._member("error")

    @property
    def title(self) -> str | None:
        """The first error's ``title``."""
        return self._first("title")

    @property
    def detail(self) -> str | None:
        """The first error's ``detail``, or what the sibling services have in its place."""
        return self._first("detail") or self._member("errorMessage") or self._member("error_description")

    @property
    def message(self) -> str | None:
        """Title and detail of the first error on one line, fit to be shown; None where both are missing."""
        title, detail = one_line(self.title or ""), one_line(self.detail or "")
        joint = ": " if title and detail and title[-1].isalnum() else " "
        return one_line(f"{title}{joint}{detail}") or None

    @property
    def text(self) -> str | None:
        """A body in plain text on one line, fit to be shown; None where it is empty, JSON, HTML or no text."""
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
