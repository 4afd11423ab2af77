"""Failures that a test plans: this answer for the next requests of this form."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from http import HTTPStatus
from typing import TYPE_CHECKING

from pytest_asc.emulator.errors import FORMS_BY_STATUS, ApiError, ErrorForm, error_response
from pytest_asc.emulator.message import Response

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass
class PlannedFailure:
    """An answer that is given in place of the real one."""

    method: str
    path: str
    """A path, or a pattern with ``*`` in it."""
    status: int
    times: int
    """How often it is still to be given."""
    code: str | None = None
    title: str | None = None
    detail: str | None = None
    headers: Mapping[str, str] | None = None
    body: bytes | None = None
    """The whole body, in place of an error document."""

    def fits(self, method: str, path: str) -> bool:
        """Whether it is for this request."""
        return self.times > 0 and method == self.method and fnmatchcase(path, self.path)

    def fire(self, new_id: Callable[[], str]) -> Response:
        """Give the answer once."""
        self.times -= 1
        if self.body is None:
            answer = error_response([ApiError(self._form())], new_id)
        else:
            answer = Response(self.status, {"Content-Type": "text/plain"}, self.body)
        return answer._replace(headers={**answer.headers, **(self.headers or {})})

    def _form(self) -> ErrorForm:
        form = FORMS_BY_STATUS.get(self.status) or _by_phrase(self.status)
        return form._replace(
            code=self.code or form.code, title=self.title or form.title, detail=self.detail or form.detail
        )


def _by_phrase(status: int) -> ErrorForm:
    """An error for a status of which no body of Apple's is known."""
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = f"Status {status}"
    return ErrorForm(status, phrase.upper().replace(" ", "_"), phrase, f"{phrase}.")
