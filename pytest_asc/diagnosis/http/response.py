"""Diagnosis of a response: status and code together, and whether Apple sent it.

Codes, titles and details are observed, from captures in public issue threads, unless a line says "documented".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from requests.structures import CaseInsensitiveDict

from pytest_asc.apple.services import APP_STORE_CONNECT
from pytest_asc.diagnosis.findings import make_finding
from pytest_asc.diagnosis.formatting import host_of, one_line
from pytest_asc.diagnosis.http.clock import check_skew, check_times_against_date
from pytest_asc.diagnosis.token.claims import missing_members

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator, Mapping

    from pytest_asc.apple.causes import Certainty
    from pytest_asc.apple.services import Service, TokenRejection
    from pytest_asc.diagnosis.findings import Finding
    from pytest_asc.diagnosis.http.http_response import HttpResponse


def diagnose_response(
    response: HttpResponse,
    *,
    claims: Mapping[str, object] | None,
    service: Service,
    header: Mapping[str, object] | None = None,
) -> tuple[Finding, ...]:
    """Diagnose a response; one that is as expected gives no finding.

    Args:
        response: The response, with the times of this machine's clock before and after.
        claims: The claims of the token that was sent; None where they are not known.
        service: The service that the request was for.
        header: The token's header, where it is known.
    """
    context = ResponseContext(response, claims, service, header)
    if is_accepted(response, service):
        return tuple(_accepted(context))
    for statuses, rule in _RULES:
        finding = rule(context) if response.status in statuses else None
        if finding:
            return (finding,)
    return tuple(_accepted(context))


def is_accepted(response: HttpResponse, service: Service) -> bool:
    """Return whether it is the response that the service's probe gets with a valid token."""
    acceptance, document = service.acceptance, response.json
    if not service.is_probe(response.url) or response.status not in acceptance.statuses:
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

    response: HttpResponse
    claims: Mapping[str, object] | None
    service: Service
    header: Mapping[str, object] | None

    @property
    def is_good_probe(self) -> bool:
        """True if the service's own probe succeeded, so that the body must hold its result."""
        return self.service.is_probe(self.response.url) and self.response.status in range(200, 300)


class ErrorRule(NamedTuple):
    """A rule for an error of Apple's that says more than its status."""

    code: str
    """How the code starts."""
    pattern: str
    """What title or detail hold, as a regular expression."""
    cause: str
    certainty: Certainty
    fix: str | None = None


# The first that fits wins. ``FORBIDDEN.`` is no child of ``FORBIDDEN_ERROR``, and what Apple forbids in a code that is
# not here is no matter of roles.
_FORBIDDEN = (
    ErrorRule("FORBIDDEN.REQUIRED_AGREEMENTS_MISSING_OR_EXPIRED", "", "agreement-missing", "certain"),
    ErrorRule("FORBIDDEN_ERROR.PLA_NOT_ACCEPTED", "", "agreement-missing", "certain"),
    # AvdLee/appstoreconnect-swift-sdk #101: the bare code, and the agreement in the detail alone.
    ErrorRule("FORBIDDEN", r"must agree to .* Agreement", "agreement-missing", "certain"),
    ErrorRule("FORBIDDEN", r"active membership", "membership-expired", "certain"),
    ErrorRule(
        "FORBIDDEN_ERROR",
        r"does not allow '\w+'|given operation is not allowed",
        "request-refused",
        "certain",
        "Use an operation that the resource allows: no role and no key changes this.",
    ),
    # bitrise-steplib/steps-ios-auto-provision-appstoreconnect #14, whose cause never came out.
    ErrorRule("FORBIDDEN_ERROR", r"Unable to find a team", "request-refused", "certain"),
    ErrorRule("FORBIDDEN_ERROR", r"API key in use does not allow", "role-insufficient", "certain"),
    ErrorRule("FORBIDDEN_ERROR", r"only be performed by the Account Holder", "role-insufficient", "certain"),
    # Documented: a revoked key and a badly formatted token are forbidden, too.
    ErrorRule("FORBIDDEN_ERROR", "", "role-insufficient", "likely"),
)

# What Apple's front end sends where no application responds: a page of its own, or a line of plain text.
_FRONT_END_BODY = re.compile(
    rb"<center>Apple</center>|\ACould not process this request|\AUnauthenticated\s+Request ID:"
)
_HTML = re.compile(rb"\s*<(!doctype|html|head|body)", re.IGNORECASE)
# Each repetition has a bound, so that no page takes long.
_PAGE_TITLE = re.compile(rb"<title[^<>]{0,200}>([^<]{1,500})<", re.IGNORECASE)


def _redirected(context: ResponseContext) -> Finding:
    target = context.response.headers.get("Location", "")
    where = f"to {host_of(target)}" if "//" in target else f"within {host_of(context.response.url)}"
    return make_finding("not-apple", f"{_status_line(context.response)}, a redirect {where}; the API never redirects")


def _stopped_by_proxy(context: ResponseContext) -> Finding:
    scheme = one_line(context.response.headers.get("Proxy-Authenticate", ""), 60).partition(" ")[0]
    return make_finding("proxy-authentication", f"the proxy answered 407{scheme and f' and asks for {scheme}'}")


def _failed(context: ResponseContext) -> Finding | None:
    return make_finding("apple-outage", _status_line(context.response)) if _is_from_apple(context) else None


def _foreign(context: ResponseContext) -> Finding | None:
    """A page where the API sends JSON. Reports and logs are no JSON either: other successes may be anything else."""
    response = context.response
    html = _HTML.match(response.body) is not None
    foreign = (html or response.status in range(400, 1000)) and not _is_from_apple(context)
    if not (foreign or context.is_good_probe):
        return None
    title = _PAGE_TITLE.search(response.body) if html else None
    server = one_line(response.headers.get("Server", ""), 60)
    return make_finding(
        "not-apple",
        f"{_status_line(response)} and {_body_description(context, html=html)}"
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


def _token_refused(context: ResponseContext) -> Finding:
    finding = (
        check_times_against_date(context.response, context.claims, context.service)
        if context.claims is not None
        else None
    )
    return finding or _reason_given(context) or _unknown(context)


def _unknown(context: ResponseContext) -> Finding:
    """Return the finding of a response that does not say whether key, ids or token are wrong."""
    unreleased = ", and for an app that was never released" if context.service.sandbox else ""
    unseen = "; the token's times could not be compared with Apple's clock" if context.claims is None else ""
    of_team = not context.service.takes_issuer_id
    issuer = "Team ID" if of_team else "issuer id"
    fix = "Compare all ids with Apple's pages, and see that the key is not revoked and has this service ticked."
    return make_finding(
        "key-unknown-to-apple",
        f"{_status_line(context.response)}. Apple gives this answer to a wrong key id, a wrong {issuer}, another"
        f" kind of key and a revoked key alike{unreleased}{unseen}",
        fix=fix if of_team else None,
    )


def _reason_given(context: ResponseContext) -> Finding | None:
    cause = _REASONS.get(context.response.code or "")
    if cause is None:
        return None
    if cause == "key-unknown-to-apple":
        return _unknown(context)
    by_clock = (
        cause == "token-expired"
        and context.claims
        and check_times_against_date(context.response, context.claims, context.service)
    )
    if by_clock:
        return by_clock
    lacks = "" if cause != "missing-auth" else f"; {_missing(context)}"
    return make_finding(cause, _status_line(context.response) + lacks)


def _missing(context: ResponseContext) -> str:
    """Describe what the token and the request lack."""
    if context.claims is None or context.header is None:
        return "the token that was sent is not known"
    missing = missing_members(context.header, context.claims, context.service)
    if missing:
        return f"of the token at hand, {', '.join(missing)}"
    return (
        "the token at hand has all that is asked for, so it is likely that no Authorization header with Bearer, a "
        "blank and the token reached the service over https"
    )


# What is counted there is tokens, not requests (documented).
_RATE_FIXES = {
    "TooManyProviderTokenUpdates": "Keep a token for 20 to 60 minutes instead of generating one for each push."
}


def _rate_limited(context: ResponseContext) -> Finding:
    figures = rate_limit(context.response.headers)
    left = f"; {figures['remaining']} of {figures['limit']} requests are left this hour" if figures else ""
    after = one_line(context.response.headers.get("Retry-After", ""), 40)
    evidence = _status_line(context.response) + left + (f"; Retry-After: {after}" if after else "")
    return make_finding("rate-limited", evidence, fix=_RATE_FIXES.get(context.response.code or ""))


def _forbidden(context: ResponseContext) -> Finding | None:
    code, message = context.response.code or "", context.response.message or ""
    for rule in _FORBIDDEN:
        if code.startswith(rule.code) and re.search(rule.pattern, message):
            return make_finding(rule.cause, _status_line(context.response), certainty=rule.certainty, fix=rule.fix)
    return None


def _not_found(context: ResponseContext) -> Finding | None:
    if not context.service.is_probe(context.response.url):
        return None
    return make_finding(
        "request-refused",
        f"{_status_line(context.response)}; {context.service.title} has this path",
        certainty="likely",
        fix=f"See that the base URL is right: {context.service.title} is at {context.service.base_url}.",
    )


def _not_acceptable(context: ResponseContext) -> Finding:
    """Diagnose a 406: the one response in plain text (documented)."""
    return make_finding("accept-header", _status_line(context.response))


def _refused(context: ResponseContext) -> Finding:
    return make_finding("request-refused", _status_line(context.response))


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
    ((404,), _not_found),
    ((429,), _rate_limited),
    (range(400, 1000), _refused),
)


def _accepted(context: ResponseContext) -> Iterator[Finding]:
    if context.service is APP_STORE_CONNECT and context.is_good_probe and context.response.json["data"] == []:
        yield make_finding("no-apps-visible", f"{_status_line(context.response)} and an empty list")
    skewed = check_skew(context.response)
    if skewed:
        yield skewed


def _is_from_apple(context: ResponseContext) -> bool:
    response, refusal = context.response, context.service.refusal
    return (
        response.is_json
        or (refusal is not None and response.status == refusal.status and _is_refusal(response.body, refusal))
        or response.headers.get("Server", "").startswith("daiquiri")
        or rate_limit(response.headers) is not None
        or any(name.lower().startswith(("x-apple-", "x-daiquiri-")) for name in response.headers)
        or _FRONT_END_BODY.search(response.body) is not None
    )


def _is_refusal(body: bytes, refusal: TokenRejection) -> bool:
    """Return whether the body is the service's own refusal. One in plain text may be empty, too (awa/go-iap #283)."""
    return body == refusal.body.encode() or (not body and refusal.media_type == "text/plain")


def _status_line(response: HttpResponse) -> str:
    """Format the host, method, status and code, and Apple's message."""
    code = f" {one_line(response.code, 100)}" if response.code else ""
    message = f': "{response.message}"' if response.message else ""
    return f"{host_of(response.url)} answered {response.method} with {response.status}{code}{message}"


def _body_description(context: ResponseContext, *, html: bool) -> str:
    response, member = context.response, context.service.acceptance.member
    if not response.body:
        return "an empty body"
    if response.is_json:
        return f"JSON that holds no {member}" if member else "JSON that is no list"
    declared = one_line(response.headers.get("Content-Type", ""), 60).partition(";")[0]
    return "an HTML page" if html else declared or "text"
