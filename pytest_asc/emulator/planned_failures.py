"""Failures that a test plans: this is to go wrong with the next requests of this form."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, get_args
from urllib.parse import urlsplit

from pytest_asc.emulator.http_models import Broken, Delivery, Response
from pytest_asc.emulator.jsonapi import errors
from pytest_asc.emulator.jsonapi.errors import TEMPLATES_BY_STATUS, ApiError, ErrorTemplate, error_response

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from pytest_asc.emulator.request_log import RequestRecord

METHODS = ("GET", "POST", "PATCH", "DELETE", "PUT", "HEAD", "OPTIONS")
_STATUSES = range(100, 600)
_SERVER_ERROR = 500
_ALLOWING = (
    "Where that is all right, plan them with optional=True, or mark the test with @pytest.mark.asc(allow_unfired=True)."
)
_WITH_ID = re.compile(r"^(/[^/]+/[^/]+/)[^/]+")


@dataclass(eq=False)
class PlannedFailure:
    """What is to go wrong, and how often; :meth:`Emulator.fail` tells what the members mean."""

    method: str
    path: str
    status: int | None = None
    times: int = 1
    """How often it is still to happen."""
    after: int = 0
    """How many requests are still to pass it by."""
    optional: bool = False
    broken: Broken | None = None
    latency: float = 0.0
    sleep: bool = False
    front_end: bool = False
    code: str | None = None
    title: str | None = None
    detail: str | None = None
    headers: Mapping[str, str] | None = None
    body: bytes | None = None
    happened: int = 0

    def __post_init__(self) -> None:
        self._pattern = re.compile(re.escape(self.path).replace(r"\*", ".*").replace(r"\{id\}", "[^/]+"), re.DOTALL)

    @property
    def in_front(self) -> bool:
        """Whether it happens before anyone looks at the token."""
        return self.front_end or self.broken not in {None, "cut"}

    def fits(self, method: str, path: str) -> bool:
        """Whether it is for this request."""
        return self.times > 0 and method == self.method and self._pattern.fullmatch(path) is not None

    def count(self) -> bool:
        """Count a request that it is for; False where that one is to pass."""
        if self.after:
            self.after -= 1
            return False
        self.times -= 1
        self.happened += 1
        return True

    @property
    def replaces(self) -> bool:
        """Whether there is something in place of the real answer."""
        return self.in_front or self.status is not None

    def answer(self, new_id: Callable[[], str]) -> Response:
        """What comes in place of the real answer, before it is delivered."""
        if self.status is None:
            return Response(0, {}, b"")
        if self.body is not None:
            answer = Response(self.status, {"Content-Type": "text/plain"}, self.body)
        elif self.front_end and self.status >= _SERVER_ERROR:
            answer = errors.html(self.status, errors.front_end_page(self.status))
        else:
            answer = error_response([ApiError(self._form(self.status))], new_id)
        return answer._replace(headers={**answer.headers, **(self.headers or {})})

    def deliver(self, answer: Response) -> Response:
        """Have an answer come late, cut or not at all, if it is to be."""
        if self.broken == "cut":
            whole = {**answer.headers, "Content-Length": str(max(len(answer.body), 1))}
            answer = answer._replace(headers=whole, body=answer.body[: len(answer.body) // 2])
        if self.broken or self.latency:
            return answer._replace(delivery=Delivery(self.broken, self.latency, self.sleep))
        return answer

    def _form(self, status: int) -> ErrorTemplate:
        form = TEMPLATES_BY_STATUS.get(status) or _by_phrase(status)
        return form._replace(
            code=self.code or form.code, title=self.title or form.title, detail=self.detail or form.detail
        )

    def __str__(self) -> str:
        what = [f"status {self.status}"] if self.status else []
        what += [f"broken ({self.broken})"] if self.broken else []
        what += [f"latency {self.latency:g} s"] if self.latency else []
        of = f"{self.happened} of {self.happened + self.times} times"
        return f"{self.method} {self.path}, {', '.join(what)}: {of}"


class Failures:
    """The failures that are planned, in the order in which they were."""

    def __init__(self) -> None:
        self._planned: list[PlannedFailure] = []

    def plan(self, failure: PlannedFailure, paths: Iterable[str] | None) -> None:
        """Plan one.

        Args:
            failure: What is to go wrong.
            paths: The paths that there are, with ``{id}`` for an id; None where that is not known.

        Raises:
            ValueError: It can never happen, or says nothing.
        """
        problem = _problem(failure) or (_problem_of_path(failure.path, paths) if paths is not None else None)
        if problem:
            raise ValueError(f"fail({failure.method!r}, {failure.path!r}, …): {problem}")
        self._planned.append(failure)

    def take(self, method: str, url: str, *, in_front: bool) -> PlannedFailure | None:
        """The failure that is to happen to a request now, if there is one.

        Args:
            method: The request's.
            url: The request's.
            in_front: Whether nobody has looked at the token yet.
        """
        waiting = [failure for failure in self._planned if failure.in_front == in_front]
        if not waiting:
            return None
        try:
            path = urlsplit(url).path
        except ValueError:
            return None
        return next((failure for failure in waiting if failure.fits(method, path) and failure.count()), None)

    @property
    def pending(self) -> list[PlannedFailure]:
        """Those that have not happened as often as planned."""
        return [failure for failure in self._planned if failure.times > 0]

    def explain_missing(self, records: Iterable[RequestRecord]) -> str | None:
        """Say which failures did not happen as often as planned, and what came instead; None where all did."""
        missing = [failure for failure in self.pending if not failure.optional]
        if not missing:
            return None
        came = [f"  {record.method} {record.path} {record.outcome}" for record in records]
        lines = [
            "asc_emulator: planned failures did not happen as often as planned:",
            *(f"  {failure}" for failure in missing),
            *(["These requests came:", *came] if came else ["No request came."]),
            _ALLOWING,
        ]
        return "\n".join(lines)


def _problem(failure: PlannedFailure) -> str | None:
    """What makes no sense in a failure, whatever paths there are."""
    in_front = failure.in_front and not failure.front_end
    of_errors = (failure.code, failure.title, failure.detail, failure.headers, failure.body)
    problems = (
        (failure.method not in METHODS, f"expected one of the methods {', '.join(METHODS)}"),
        (
            failure.status is None and not failure.broken and not failure.latency,
            "say what is to go wrong: status=…, broken=… or latency=…",
        ),
        (
            failure.status is not None and failure.status not in _STATUSES,
            f"got the status {failure.status!r}, expected a number from 100 to 599",
        ),
        (
            failure.broken not in {None, *get_args(Broken)},
            f"got broken={failure.broken!r}, expected one of {', '.join(get_args(Broken))}",
        ),
        (failure.status is not None and in_front, f"broken={failure.broken!r} leaves no answer to have a status"),
        (
            failure.status is None and (failure.front_end or any(one is not None for one in of_errors)),
            "front_end, code, title, detail, headers and body belong to a status",
        ),
        (_is_less(failure.times, 1), f"got times={failure.times!r}, expected a number from 1"),
        (_is_less(failure.after, 0), f"got after={failure.after!r}, expected a number from 0"),
        (_is_less(failure.latency, 0), f"got latency={failure.latency!r}, expected seconds"),
        (failure.sleep and not failure.latency, "sleep=True needs a latency"),
    )
    return next((words for wrong, words in problems if wrong), None)


def _is_less(value: object, least: int) -> bool:
    return not isinstance(value, (int, float)) or value < least


def _problem_of_path(path: str, paths: Iterable[str]) -> str | None:
    known = set(paths)
    template = _WITH_ID.sub(r"\1{id}", path)
    if "*" in path or template in known:
        return None
    close = get_close_matches(template, known, n=3)
    hint = f"; did you mean {' or '.join(close)}?" if close else ""
    return f"there is no such path{hint or '.'} A pattern with * in it is taken as it is."


def _by_phrase(status: int) -> ErrorTemplate:
    """An error for a status of which no body of Apple's is known."""
    phrase = errors.phrase(status)
    return ErrorTemplate(status, phrase.upper().replace(" ", "_"), phrase, f"{phrase}.")
