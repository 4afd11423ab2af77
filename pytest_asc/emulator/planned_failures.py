"""Failures that a test plans for the next requests of a method and path."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, get_args
from urllib.parse import urlsplit

from pytest_asc.emulator.http_models import Broken, Delivery, Response
from pytest_asc.emulator.jsonapi import errors
from pytest_asc.emulator.jsonapi.errors import TEMPLATES_BY_STATUS, ApiError, ErrorTemplate, error_response
from pytest_asc.emulator.jsonapi.known_errors import KNOWN_ERRORS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from pytest_asc.emulator.request_records import RequestRecord

METHODS = ("GET", "POST", "PATCH", "DELETE", "PUT", "HEAD", "OPTIONS")
_STATUSES = range(100, 600)
_SERVER_ERROR = 500
_HINT = "If that is intended, plan them with optional=True, or mark the test with @pytest.mark.asc(allow_unfired=True)."
# Names and values of headers as RFC 9110 defines them (5.1 and 5.5).
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"[^\x00-\x08\x0a-\x1f\x7f]*")
_FRAMING = frozenset({"content-length", "transfer-encoding"})
_WITH_ID = re.compile(r"^(/[^/]+/[^/]+/)[^/]+")


@dataclass(eq=False)
class PlannedFailure:
    """A planned failure. Its attributes are the arguments of :meth:`Emulator.fail`, documented there."""

    method: str
    path: str
    status: int | None = None
    times: int = 1
    """Number of requests that still have to fail."""
    after: int = 0
    """Number of requests that are still handled as usual before the first failure."""
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
    def before_authentication(self) -> bool:
        """True if the failure happens before authentication."""
        return self.front_end or self.broken not in {None, "cut"}

    def matches(self, method: str, path: str) -> bool:
        """Return whether the failure applies to requests of this method and path, and is not used up."""
        return self.times > 0 and method == self.method and self._pattern.fullmatch(path) is not None

    def count(self) -> bool:
        """Count a matching request; return True if it fails, False if it is handled as usual."""
        if self.after:
            self.after -= 1
            return False
        self.times -= 1
        self.happened += 1
        return True

    @property
    def replaces_response(self) -> bool:
        """True if the failure replaces the real response."""
        return self.before_authentication or self.status is not None

    def response(self, new_id: Callable[[], str]) -> Response:
        """Return the response that replaces the real one, before it is delivered."""
        if self.status is None:
            return Response(0, {}, b"")
        if self.body is not None:
            response = Response(self.status, {"Content-Type": "text/plain"}, self.body)
        elif self.front_end and self.status >= _SERVER_ERROR:
            response = errors.html(self.status, errors.front_end_page(self.status))
        else:
            response = error_response([ApiError(self._template(self.status))], new_id)
        return response._replace(headers={**response.headers, **(self.headers or {})})

    def deliver(self, response: Response) -> Response:
        """Return a response with the delivery that is planned: late, cut or broken."""
        if self.broken == "cut":
            whole = {**response.headers, "Content-Length": str(max(len(response.body), 1))}
            response = response._replace(headers=whole, body=response.body[: len(response.body) // 2])
        if self.broken or self.latency:
            return response._replace(delivery=Delivery(self.broken, self.latency, self.sleep))
        return response

    def _template(self, status: int) -> ErrorTemplate:
        known = KNOWN_ERRORS.get(self.code or "")
        template = TEMPLATES_BY_STATUS.get(status) or _template_from_phrase(status)
        if known and known.status == status:
            template = known
        return template._replace(
            code=self.code or template.code, title=self.title or template.title, detail=self.detail or template.detail
        )

    def __str__(self) -> str:
        what = [f"status {self.status}"] if self.status else []
        what += [f"broken ({self.broken})"] if self.broken else []
        what += [f"latency {self.latency:g} s"] if self.latency else []
        of = f"{self.happened} of {self.happened + self.times} times"
        return f"{self.method} {self.path}, {', '.join(what)}: {of}"


class PlannedFailures:
    """Planned failures, in the order of planning."""

    def __init__(self) -> None:
        self.planned: list[PlannedFailure] = []

    def plan(self, failure: PlannedFailure, methods_by_path: Mapping[str, Collection[str]] | None) -> None:
        """Add a failure.

        Args:
            failure: The failure.
            methods_by_path: Methods of each path of the API, with ``{id}`` for an id; None if they are unknown.

        Raises:
            ValueError: The failure can never happen, or would have no effect.
        """
        __tracebackhide__ = True
        problem = _problem(failure)
        if problem is None and methods_by_path is not None:
            problem = _problem_of_path(failure.method, failure.path, methods_by_path)
        if problem:
            raise ValueError(f"planned failure of {failure.method} {failure.path}: {problem}")
        self.planned.append(failure)

    def take_for_storage(self, method: str, path: str) -> PlannedFailure | None:
        """Take the failure that is next for a request to the upload storage; None if there is none.

        Args:
            method: Method of the request.
            path: ``/object-storage/`` and the key of the file.
        """
        return next((failure for failure in self.planned if failure.matches(method, path) and failure.count()), None)

    def take(self, method: str, url: str, *, before_authentication: bool) -> PlannedFailure | None:
        """Take the failure that is next for a request to the API; None if there is none.

        Args:
            method: Method of the request.
            url: URL of the request.
            before_authentication: True for a request that has not been authenticated yet.
        """
        waiting = [failure for failure in self.planned if failure.before_authentication == before_authentication]
        if not waiting:
            return None
        try:
            path = urlsplit(url).path
        except ValueError:
            return None
        return next((failure for failure in waiting if failure.matches(method, path) and failure.count()), None)

    @property
    def unused(self) -> list[PlannedFailure]:
        """Failures that have not happened as often as planned."""
        return [failure for failure in self.planned if failure.times > 0]

    def explain_unused(self, records: Iterable[RequestRecord]) -> str | None:
        """Describe the unused failures that are not optional, and the requests that came; None if all were used."""
        unused = [failure for failure in self.unused if not failure.optional]
        if not unused:
            return None
        received = [f"  {record.method} {record.path} {record.outcome}" for record in records]
        lines = [
            "asc_emulator: planned failures did not happen as often as planned:",
            *(f"  {failure}" for failure in unused),
            *(["Requests received:", *received] if received else ["No request was received."]),
            _HINT,
        ]
        return "\n".join(lines)


def _problem(failure: PlannedFailure) -> str | None:
    """Return the problem with the arguments of a failure, apart from its path."""
    breaks_connection = failure.before_authentication and not failure.front_end
    response_members = (failure.code, failure.title, failure.detail, failure.headers, failure.body)
    problems = (
        (failure.method not in METHODS, f"got the method {failure.method!r}, expected one of {', '.join(METHODS)}"),
        (
            failure.status is None and not failure.broken and not failure.latency,
            "it has no effect: give status=…, broken=… or latency=…",
        ),
        (
            failure.status is not None and failure.status not in _STATUSES,
            f"got the status {failure.status!r}, expected a number from 100 to 599",
        ),
        (
            failure.broken not in {None, *get_args(Broken)},
            f"got broken={failure.broken!r}, expected one of {', '.join(get_args(Broken))}",
        ),
        (
            failure.status is not None and breaks_connection,
            f"with broken={failure.broken!r} there is no response, so it cannot have a status",
        ),
        (
            failure.status is None and (failure.front_end or any(one is not None for one in response_members)),
            "front_end, code, title, detail, headers and body need a status",
        ),
        *((True, f"got {name}={value!r}, expected {words}") for name, value, words in _wrong_types(failure)),
        *((True, f"got the header {name!r}: {value!r}, {words}") for name, value, words in _bad_headers(failure)),
        (failure.sleep and not failure.latency, "sleep=True needs a latency"),
    )
    return next((words for wrong, words in problems if wrong), None)


def _bad_headers(failure: PlannedFailure) -> Iterator[tuple[object, object, str]]:
    """Yield name and value of each header that cannot be sent, with a text that says what was expected."""
    headers: dict[Any, Any] = dict(failure.headers) if isinstance(failure.headers, Mapping) else {}
    for name, value in headers.items():
        if not (isinstance(name, str) and _HEADER_NAME.fullmatch(name)):
            yield name, value, "expected a name of letters, digits and hyphens"
        elif not (isinstance(value, str) and _HEADER_VALUE.fullmatch(value)):
            yield name, value, "expected one line of text"
        elif name.lower() in _FRAMING:
            yield name, value, "which is set from the body: leave it out"


def _wrong_types(failure: PlannedFailure) -> Iterator[tuple[str, object, str]]:
    """Yield name and value of each argument of a wrong type or below its minimum, with a text of what was expected."""
    for name, least in (("times", 1), ("after", 0)):
        number = getattr(failure, name)
        if type(number) is not int or number < least:
            yield name, number, f"a whole number of at least {least}"
    if type(failure.latency) not in {int, float} or not 0 <= failure.latency < math.inf:
        yield "latency", failure.latency, "a number of seconds"
    for name in ("sleep", "optional", "front_end"):
        if not isinstance(getattr(failure, name), bool):
            yield name, getattr(failure, name), "True or False"
    for name in ("code", "title", "detail"):
        if not isinstance(getattr(failure, name), (str, type(None))):
            yield name, getattr(failure, name), "a string"
    if not isinstance(failure.body, (bytes, type(None))):
        yield "body", failure.body, "bytes"
    if not isinstance(failure.headers, (Mapping, type(None))):
        yield "headers", failure.headers, "a dict"


def _problem_of_path(method: str, path: str, methods_by_path: Mapping[str, Collection[str]]) -> str | None:
    template = _WITH_ID.sub(r"\1{id}", path)
    if "*" in path:
        return None
    if template not in methods_by_path:
        close = get_close_matches(template, methods_by_path, n=3)
        hint = f"; did you mean {' or '.join(close)}?" if close else ""
        return f"there is no such path{hint or '.'} A pattern with * is not checked."
    methods = methods_by_path[template]
    if method not in {*methods, "HEAD", "OPTIONS"}:
        return f"Apple's API has no {method} here, only {', '.join(methods)}. A pattern with * is not checked."
    return None


def _template_from_phrase(status: int) -> ErrorTemplate:
    """Return an error made of the status's reason phrase, for statuses whose Apple error body is not known."""
    phrase = errors.phrase(status)
    return ErrorTemplate(status, phrase.upper().replace(" ", "_"), phrase, f"{phrase}.")
