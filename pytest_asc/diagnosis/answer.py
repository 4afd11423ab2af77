"""What an answer says of the credentials: status and code together, and whether it was Apple who spoke.

Codes, titles and details are observed, from captures in public issue threads, unless a line says "documented".
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from requests.structures import CaseInsensitiveDict

from pytest_asc.diagnosis.clock import judge_times, warn_of_skew
from pytest_asc.diagnosis.findings import found
from pytest_asc.diagnosis.words import host_of, one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator, Mapping

    from pytest_asc.diagnosis.causes import Certainty
    from pytest_asc.diagnosis.findings import Finding
    from pytest_asc.services import Service


@dataclass(frozen=True)
class Answer:
    """An answer to one request, whatever the HTTP library was."""

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
    """This machine's clock after the answer, in seconds since 1970."""

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
        """Whether the body is a JSON object, as all of Apple's JSON answers are."""
        return isinstance(self.json, dict)

    @property
    def errors(self) -> list[dict[str, Any]]:
        """The members of ``errors`` in the body; empty where there are none."""
        errors = self.json.get("errors") if self.is_json else None
        return [error for error in errors if isinstance(error, dict)] if isinstance(errors, list) else []

    @property
    def code(self) -> str | None:
        """The first error's ``code``."""
        return self._first("code")

    @property
    def title(self) -> str | None:
        """The first error's ``title``."""
        return self._first("title")

    @property
    def detail(self) -> str | None:
        """The first error's ``detail``."""
        return self._first("detail")

    @property
    def words(self) -> str | None:
        """Title and detail of the first error on one line, fit to be shown; None where both are missing."""
        title, detail = one_line(self.title or ""), one_line(self.detail or "")
        joint = ": " if title and detail and title[-1].isalnum() else " "
        return one_line(f"{title}{joint}{detail}") or None

    def _first(self, member: str) -> str | None:
        value = self.errors[0].get(member) if self.errors else None
        return value if isinstance(value, str) else None


def read_answer(answer: Answer, *, claims: Mapping[str, object] | None, service: Service) -> tuple[Finding, ...]:
    """Say what an answer proves; an answer as it should be gives no finding.

    Args:
        answer: The answer, with this machine's clock around it.
        claims: The claims of the token that was sent; None where they are not known.
        service: The service that was asked.
    """
    case = _Case(answer, claims, service)
    for statuses, rule in _RULES:
        finding = rule(case) if answer.status in statuses else None
        if finding:
            return (finding,)
    return tuple(_accepted(case))


def rate_limit(headers: Mapping[str, str]) -> dict[str, int] | None:
    """The hour's figures of ``X-Rate-Limit`` as ``limit`` and ``remaining``; None where they are not there.

    ``user-hour-lim:3600;user-hour-rem:3571;`` is documented; pairs for the minute are seen on some answers.
    """
    value = CaseInsensitiveDict(headers).get("X-Rate-Limit", "")
    figures = dict(re.findall(r"user-hour-(lim|rem):\s*([0-9]{1,9})\b", value))
    if len(figures) != 2:  # noqa: PLR2004  the limit and what remains of it
        return None
    return {"limit": int(figures["lim"]), "remaining": int(figures["rem"])}


class _Case(NamedTuple):
    answer: Answer
    claims: Mapping[str, object] | None
    service: Service

    @property
    def is_good_probe(self) -> bool:
        """Whether the service's own probe was answered with success, so that a list of resources is due."""
        return self.answer.url.endswith(self.service.probe) and self.answer.status in range(200, 300)

    @property
    def data(self) -> Any:
        return self.answer.json.get("data") if self.answer.is_json else None


class _Refusal(NamedTuple):
    """An error of Apple's that says more than its status."""

    code: str
    """How the code starts."""
    words: str
    """What title or detail hold, as a regular expression."""
    cause: str
    certainty: Certainty
    fix: str | None = None


# The first that fits wins. ``FORBIDDEN.`` is no child of ``FORBIDDEN_ERROR``, and what Apple forbids in a code that is
# not here is no matter of roles.
_FORBIDDEN = (
    _Refusal("FORBIDDEN.REQUIRED_AGREEMENTS_MISSING_OR_EXPIRED", "", "agreement-missing", "certain"),
    _Refusal("FORBIDDEN_ERROR.PLA_NOT_ACCEPTED", "", "agreement-missing", "certain"),
    _Refusal("FORBIDDEN", r"active membership", "membership-expired", "certain"),
    _Refusal(
        "FORBIDDEN_ERROR",
        r"does not allow '\w+'|given operation is not allowed",
        "request-refused",
        "certain",
        "Use an operation that the resource allows: no role and no key changes this.",
    ),
    _Refusal("FORBIDDEN_ERROR", r"API key in use does not allow", "role-insufficient", "certain"),
    _Refusal("FORBIDDEN_ERROR", r"only be performed by the Account Holder", "role-insufficient", "certain"),
    # Documented: a revoked key and a badly formatted token are forbidden, too.
    _Refusal("FORBIDDEN_ERROR", "", "role-insufficient", "likely"),
)

# What Apple's front end sends where no application answers: a page of its own, or a line of plain text.
_FRONT_END_BODY = re.compile(
    rb"<center>Apple</center>|\ACould not process this request|\AUnauthenticated\s+Request ID:"
)
_HTML = re.compile(rb"\s*<(!doctype|html|head|body)", re.IGNORECASE)
_PAGE_TITLE = re.compile(rb"<title[^>]*>(.{1,200}?)</title>", re.IGNORECASE | re.DOTALL)


def _redirected(case: _Case) -> Finding:
    target = case.answer.headers.get("Location", "")
    where = f"to {host_of(target)}" if "//" in target else f"within {host_of(case.answer.url)}"
    return found("not-apple", f"{_answered(case.answer)}, a redirect {where}; the API never redirects")


def _stopped_by_proxy(case: _Case) -> Finding:
    scheme = one_line(case.answer.headers.get("Proxy-Authenticate", ""), 60).partition(" ")[0]
    return found("proxy-authentication", f"the proxy answered 407{scheme and f' and asks for {scheme}'}")


def _failed(case: _Case) -> Finding | None:
    return found("apple-outage", _answered(case.answer)) if _speaks_apple(case.answer) else None


def _foreign(case: _Case) -> Finding | None:
    """A page where the API sends JSON. Reports and logs are no JSON either: other successes may be anything else."""
    answer = case.answer
    html = _HTML.match(answer.body) is not None
    if case.is_good_probe:
        foreign = not isinstance(case.data, list)
    else:
        foreign = (html or answer.status in range(400, 1000)) and not _speaks_apple(answer)
    if not foreign:
        return None
    title = _PAGE_TITLE.search(answer.body) if html else None
    server = one_line(answer.headers.get("Server", ""), 60)
    return found(
        "not-apple",
        f"{_answered(answer)} and {_kind(answer, html=html)}"
        + (f' titled "{one_line(title[1].decode("utf-8", "replace"), 60)}"' if title else "")
        + (f", by the server {server}" if server else ""),
    )


def _token_refused(case: _Case) -> Finding:
    finding = judge_times(case.answer, case.claims, case.service) if case.claims is not None else None
    if finding:
        return finding
    unseen = "; the token's times could not be compared with Apple's clock" if case.claims is None else ""
    return found(
        "key-unknown-to-apple",
        f"{_answered(case.answer)}. Apple gives this answer to a wrong key id, a wrong issuer id, another kind of key"
        f" and a revoked key alike{unseen}",
    )


def _rate_limited(case: _Case) -> Finding:
    figures = rate_limit(case.answer.headers)
    left = f"; {figures['remaining']} of {figures['limit']} requests are left this hour" if figures else ""
    after = one_line(case.answer.headers.get("Retry-After", ""), 40)
    return found("rate-limited", _answered(case.answer) + left + (f"; Retry-After: {after}" if after else ""))


def _forbidden(case: _Case) -> Finding | None:
    code, words = case.answer.code or "", case.answer.words or ""
    for refusal in _FORBIDDEN:
        if code.startswith(refusal.code) and re.search(refusal.words, words):
            return found(refusal.cause, _answered(case.answer), certainty=refusal.certainty, fix=refusal.fix)
    return None


def _unknown_path(case: _Case) -> Finding | None:
    if not case.answer.url.endswith(case.service.probe):
        return None
    return found(
        "request-refused",
        f"{_answered(case.answer)}; {case.service.title} has this path",
        certainty="likely",
        fix=f"See that the base URL is right: {case.service.title} is at {case.service.base_url}.",
    )


def _not_acceptable(case: _Case) -> Finding:
    """The one answer that is plain text (documented)."""
    return found("accept-header", _answered(case.answer))


def _refused(case: _Case) -> Finding:
    return found("request-refused", _answered(case.answer))


# Which statuses each rule reads; the first rule that finds something wins.
_RULES: tuple[tuple[Container[int], Callable[[_Case], Finding | None]], ...] = (
    (range(300, 400), _redirected),
    ((407,), _stopped_by_proxy),
    (range(500, 600), _failed),
    ((406,), _not_acceptable),
    (range(1000), _foreign),
    ((401,), _token_refused),
    ((403,), _forbidden),
    ((404,), _unknown_path),
    ((429,), _rate_limited),
    (range(400, 1000), _refused),
)


def _accepted(case: _Case) -> Iterator[Finding]:
    if case.is_good_probe and case.data == [] and case.service.probe.startswith("/v1/apps"):
        yield found("no-apps-visible", f"{_answered(case.answer)} and an empty list")
    skewed = warn_of_skew(case.answer)
    if skewed:
        yield skewed


def _speaks_apple(answer: Answer) -> bool:
    return (
        answer.is_json
        or answer.headers.get("Server", "").startswith("daiquiri")
        or any(name.lower().startswith(("x-apple-", "x-daiquiri-")) for name in answer.headers)
        or _FRONT_END_BODY.search(answer.body) is not None
    )


def _answered(answer: Answer) -> str:
    """Status and code to which request, and Apple's words."""
    code = f" {one_line(answer.code, 100)}" if answer.code else ""
    words = f': "{answer.words}"' if answer.words else ""
    return f"{host_of(answer.url)} answered {answer.method} with {answer.status}{code}{words}"


def _kind(answer: Answer, *, html: bool) -> str:
    if not answer.body:
        return "an empty body"
    if answer.is_json:
        return "JSON that holds no data"
    declared = one_line(answer.headers.get("Content-Type", ""), 60).partition(";")[0]
    return "an HTML page" if html else declared or "text"
