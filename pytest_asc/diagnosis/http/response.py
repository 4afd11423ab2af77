"""What an answer says of the credentials: status and code together, and whether it was Apple who spoke.

Codes, titles and details are observed, from captures in public issue threads, unless a line says "documented".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from requests.structures import CaseInsensitiveDict

from pytest_asc.apple.services import APP_STORE_CONNECT
from pytest_asc.diagnosis.findings import make_finding
from pytest_asc.diagnosis.formatting import host_of, one_line
from pytest_asc.diagnosis.http.clock import judge_times, warn_of_skew
from pytest_asc.diagnosis.token.claims import missing_members

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator, Mapping

    from pytest_asc.apple.causes import Certainty
    from pytest_asc.apple.services import Service, TokenRejection
    from pytest_asc.diagnosis.findings import Finding
    from pytest_asc.diagnosis.http.http_response import HttpResponse


def diagnose_response(
    answer: HttpResponse,
    *,
    claims: Mapping[str, object] | None,
    service: Service,
    header: Mapping[str, object] | None = None,
) -> tuple[Finding, ...]:
    """Say what an answer proves; an answer as it should be gives no finding.

    Args:
        answer: The answer, with this machine's clock around it.
        claims: The claims of the token that was sent; None where they are not known.
        service: The service that was asked.
        header: The token's header, where it is known.
    """
    case = ResponseContext(answer, claims, service, header)
    if is_accepted(answer, service):
        return tuple(_accepted(case))
    for statuses, rule in _RULES:
        finding = rule(case) if answer.status in statuses else None
        if finding:
            return (finding,)
    return tuple(_accepted(case))


def is_accepted(answer: HttpResponse, service: Service) -> bool:
    """Whether it is the answer that the service's probe gets with a good token."""
    acceptance, document = service.acceptance, answer.json
    if not service.is_probe(answer.url) or answer.status not in acceptance.statuses:
        return False
    if acceptance.member is None:
        return isinstance(document, list)
    return isinstance(document, dict) and isinstance(document.get(acceptance.member), (list, int))


def rate_limit(headers: Mapping[str, str]) -> dict[str, int] | None:
    """The hour's figures of ``X-Rate-Limit`` as ``limit`` and ``remaining``; None where they are not there.

    ``user-hour-lim:3600;user-hour-rem:3571;`` is documented; pairs for the minute are seen on some answers.
    """
    value = CaseInsensitiveDict(headers).get("X-Rate-Limit", "")
    figures = dict(re.findall(r"user-hour-(lim|rem):\s*([0-9]{1,9})\b", value))
    if len(figures) != 2:  # noqa: PLR2004  the limit and what remains of it
        return None
    return {"limit": int(figures["lim"]), "remaining": int(figures["rem"])}


class ResponseContext(NamedTuple):
    """A response with what is known of its request."""

    answer: HttpResponse
    claims: Mapping[str, object] | None
    service: Service
    header: Mapping[str, object] | None

    @property
    def is_good_probe(self) -> bool:
        """Whether the service's own probe was answered with success, so that what it asks for is due."""
        return self.service.is_probe(self.answer.url) and self.answer.status in range(200, 300)


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
    # AvdLee/appstoreconnect-swift-sdk #101: the bare code, and the agreement in the detail alone.
    _Refusal("FORBIDDEN", r"must agree to .* Agreement", "agreement-missing", "certain"),
    _Refusal("FORBIDDEN", r"active membership", "membership-expired", "certain"),
    _Refusal(
        "FORBIDDEN_ERROR",
        r"does not allow '\w+'|given operation is not allowed",
        "request-refused",
        "certain",
        "Use an operation that the resource allows: no role and no key changes this.",
    ),
    # bitrise-steplib/steps-ios-auto-provision-appstoreconnect #14, whose cause never came out.
    _Refusal("FORBIDDEN_ERROR", r"Unable to find a team", "request-refused", "certain"),
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


def _redirected(case: ResponseContext) -> Finding:
    target = case.answer.headers.get("Location", "")
    where = f"to {host_of(target)}" if "//" in target else f"within {host_of(case.answer.url)}"
    return make_finding("not-apple", f"{_answered(case.answer)}, a redirect {where}; the API never redirects")


def _stopped_by_proxy(case: ResponseContext) -> Finding:
    scheme = one_line(case.answer.headers.get("Proxy-Authenticate", ""), 60).partition(" ")[0]
    return make_finding("proxy-authentication", f"the proxy answered 407{scheme and f' and asks for {scheme}'}")


def _failed(case: ResponseContext) -> Finding | None:
    return make_finding("apple-outage", _answered(case.answer)) if _speaks_apple(case) else None


def _foreign(case: ResponseContext) -> Finding | None:
    """A page where the API sends JSON. Reports and logs are no JSON either: other successes may be anything else."""
    answer = case.answer
    html = _HTML.match(answer.body) is not None
    foreign = (html or answer.status in range(400, 1000)) and not _speaks_apple(case)
    if not (foreign or case.is_good_probe):
        return None
    title = _PAGE_TITLE.search(answer.body) if html else None
    server = one_line(answer.headers.get("Server", ""), 60)
    return make_finding(
        "not-apple",
        f"{_answered(answer)} and {_kind(case, html=html)}"
        + (f' titled "{one_line(title[1].decode("utf-8", "replace"), 60)}"' if title else "")
        + (f", by the server {server}" if server else ""),
    )


# What a sibling service says of a token in one word.
_REASONS = {
    "MISSING_AUTH": "missing-auth",
    "NOT_ENABLED": "service-not-enabled",
    "ExpiredProviderToken": "token-expired",
    "MissingProviderToken": "header-missing",
    # Documented, both for any fault of key, ids and signature.
    "InvalidProviderToken": "key-unknown-to-apple",
    "invalid_client": "key-unknown-to-apple",
}


def _token_refused(case: ResponseContext) -> Finding:
    finding = judge_times(case.answer, case.claims, case.service) if case.claims is not None else None
    return finding or _reason_given(case) or _unknown(case)


def _unknown(case: ResponseContext) -> Finding:
    """An answer that does not say what of key, ids and token it is about."""
    unreleased = ", and for an app that was never released" if case.service.sandbox else ""
    unseen = "; the token's times could not be compared with Apple's clock" if case.claims is None else ""
    of_team = not case.service.takes_issuer_id
    issuer = "Team ID" if of_team else "issuer id"
    fix = "Compare all ids with Apple's pages, and see that the key is not revoked and has this service ticked."
    return make_finding(
        "key-unknown-to-apple",
        f"{_answered(case.answer)}. Apple gives this answer to a wrong key id, a wrong {issuer}, another kind of key"
        f" and a revoked key alike{unreleased}{unseen}",
        fix=fix if of_team else None,
    )


def _reason_given(case: ResponseContext) -> Finding | None:
    cause = _REASONS.get(case.answer.code or "")
    if cause is None:
        return None
    if cause == "key-unknown-to-apple":
        return _unknown(case)
    by_clock = cause == "token-expired" and case.claims and judge_times(case.answer, case.claims, case.service)
    if by_clock:
        return by_clock
    lacks = "" if cause != "missing-auth" else f"; {_missing(case)}"
    return make_finding(cause, _answered(case.answer) + lacks)


def _missing(case: ResponseContext) -> str:
    """What the token and the request at hand lack."""
    if case.claims is None or case.header is None:
        return "the token that was sent is not known"
    missing = missing_members(case.header, case.claims, case.service)
    if missing:
        return f"of the token at hand, {', '.join(missing)}"
    return (
        "the token at hand has all that is asked for, so it is likely that no Authorization header with Bearer, a "
        "blank and the token reached the service over https"
    )


# What is counted there is tokens, not requests (documented).
_RATE_FIXES = {"TooManyProviderTokenUpdates": "Keep a token for 20 to 60 minutes instead of minting one for each push."}


def _rate_limited(case: ResponseContext) -> Finding:
    figures = rate_limit(case.answer.headers)
    left = f"; {figures['remaining']} of {figures['limit']} requests are left this hour" if figures else ""
    after = one_line(case.answer.headers.get("Retry-After", ""), 40)
    evidence = _answered(case.answer) + left + (f"; Retry-After: {after}" if after else "")
    return make_finding("rate-limited", evidence, fix=_RATE_FIXES.get(case.answer.code or ""))


def _forbidden(case: ResponseContext) -> Finding | None:
    code, words = case.answer.code or "", case.answer.words or ""
    for refusal in _FORBIDDEN:
        if code.startswith(refusal.code) and re.search(refusal.words, words):
            return make_finding(refusal.cause, _answered(case.answer), certainty=refusal.certainty, fix=refusal.fix)
    return None


def _unknown_path(case: ResponseContext) -> Finding | None:
    if not case.service.is_probe(case.answer.url):
        return None
    return make_finding(
        "request-refused",
        f"{_answered(case.answer)}; {case.service.title} has this path",
        certainty="likely",
        fix=f"See that the base URL is right: {case.service.title} is at {case.service.base_url}.",
    )


def _not_acceptable(case: ResponseContext) -> Finding:
    """The one answer that is plain text (documented)."""
    return make_finding("accept-header", _answered(case.answer))


def _refused(case: ResponseContext) -> Finding:
    return make_finding("request-refused", _answered(case.answer))


# Which statuses each rule reads; the first rule that finds something wins.
_RULES: tuple[tuple[Container[int], Callable[[ResponseContext], Finding | None]], ...] = (
    (range(300, 400), _redirected),
    ((407,), _stopped_by_proxy),
    (range(500, 600), _failed),
    ((406,), _not_acceptable),
    (range(1000), _foreign),
    ((401,), _token_refused),
    ((400, 403), _reason_given),
    ((403,), _forbidden),
    ((404,), _unknown_path),
    ((429,), _rate_limited),
    (range(400, 1000), _refused),
)


def _accepted(case: ResponseContext) -> Iterator[Finding]:
    if case.service is APP_STORE_CONNECT and case.is_good_probe and case.answer.json["data"] == []:
        yield make_finding("no-apps-visible", f"{_answered(case.answer)} and an empty list")
    skewed = warn_of_skew(case.answer)
    if skewed:
        yield skewed


def _speaks_apple(case: ResponseContext) -> bool:
    answer, refusal = case.answer, case.service.refusal
    return (
        answer.is_json
        or (refusal is not None and answer.status == refusal.status and _is_refusal(answer.body, refusal))
        or answer.headers.get("Server", "").startswith("daiquiri")
        or rate_limit(answer.headers) is not None
        or any(name.lower().startswith(("x-apple-", "x-daiquiri-")) for name in answer.headers)
        or _FRONT_END_BODY.search(answer.body) is not None
    )


def _is_refusal(body: bytes, refusal: TokenRejection) -> bool:
    """Whether it is the service's own. Those in plain text were seen empty, too (awa/go-iap #283)."""
    return body == refusal.body.encode() or (not body and refusal.media_type == "text/plain")


def _answered(answer: HttpResponse) -> str:
    """Status and code to which request, and Apple's words."""
    code = f" {one_line(answer.code, 100)}" if answer.code else ""
    words = f': "{answer.words}"' if answer.words else ""
    return f"{host_of(answer.url)} answered {answer.method} with {answer.status}{code}{words}"


def _kind(case: ResponseContext, *, html: bool) -> str:
    answer, member = case.answer, case.service.acceptance.member
    if not answer.body:
        return "an empty body"
    if answer.is_json:
        return f"JSON that holds no {member}" if member else "JSON that is no list"
    declared = one_line(answer.headers.get("Content-Type", ""), 60).partition(";")[0]
    return "an HTML page" if html else declared or "text"
