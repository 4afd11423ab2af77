"""Diagnosis of a response, by its status, its error code and its sender.

Codes, titles and details were observed in responses quoted in public issue threads, unless marked as documented.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from requests.structures import CaseInsensitiveDict

from pytest_asc.apple.hosts import NOTARY_PATH
from pytest_asc.apple.messages import TEAM_KEY_FIX
from pytest_asc.apple.services import APP_STORE_CONNECT, APPLE_MUSIC
from pytest_asc.diagnosis.findings import make_finding
from pytest_asc.diagnosis.formatting import host_of, one_line
from pytest_asc.diagnosis.http.clock import check_skew, check_times_against_date
from pytest_asc.diagnosis.http.origin import is_foreign_host, is_from_apple, is_html, requires_session
from pytest_asc.diagnosis.token.claims import missing_members

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator, Mapping

    from pytest_asc.apple.causes import Certainty
    from pytest_asc.apple.services import Service
    from pytest_asc.diagnosis.findings import Finding
    from pytest_asc.diagnosis.http.http_response import HttpResponse


def diagnose_response(
    response: HttpResponse,
    *,
    claims: Mapping[str, object] | None,
    service: Service,
    header: Mapping[str, object] | None = None,
) -> tuple[Finding, ...]:
    """Diagnose a response.

    Args:
        response: The response, with this machine's time before the request and after the response.
        claims: The claims of the token that was sent; None if they are not known.
        service: The service that the request was for.
        header: The header of the token; None if it is not known.

    Returns:
        The findings; empty if the response shows no problem.
    """
    context = ResponseContext(response, claims, service, header)
    if is_accepted(response, service):
        return tuple(_accepted_findings(context))
    if response.status in range(300, 400):
        return tuple(filter(None, (_redirect(context),)))
    for statuses, rule in _RULES:
        finding = rule(context) if response.status in statuses else None
        if finding:
            return (finding,)
    return tuple(_accepted_findings(context))


def is_accepted(response: HttpResponse, service: Service) -> bool:
    """Return whether a response to the service's probe request shows that the token is valid."""
    acceptance, document = service.acceptance, response.json
    if not service.is_probe(response.url) or response.status not in acceptance.statuses:
        return False
    if acceptance.member is None:
        return isinstance(document, list)
    return isinstance(document, dict) and isinstance(document.get(acceptance.member), (list, int))


def rate_limit(headers: Mapping[str, str]) -> dict[str, int] | None:
    """Return ``limit`` and ``remaining``, in requests per hour, from ``X-Rate-Limit``; None if it has none.

    Documented: ``user-hour-lim:3600;user-hour-rem:3571;``. Some responses also have values per minute (observed).
    """
    value = CaseInsensitiveDict(headers).get("X-Rate-Limit", "")
    figures = dict(re.findall(r"user-hour-(lim|rem):\s*([0-9]{1,9})\b", value))
    if len(figures) != 2:  # noqa: PLR2004  limit and remaining
        return None
    return {"limit": int(figures["lim"]), "remaining": int(figures["rem"])}


class ResponseContext(NamedTuple):
    """A response, with the service and the token of its request."""

    response: HttpResponse
    claims: Mapping[str, object] | None
    service: Service
    header: Mapping[str, object] | None

    @property
    def is_good_probe(self) -> bool:
        """True if the response is a success of the service's probe request, whose body has a documented form."""
        return self.service.is_probe(self.response.url) and self.response.status in range(200, 300)


class ErrorRule(NamedTuple):
    """A rule for an error from Apple whose code or message shows more than the status."""

    code: str
    """Prefix of the error code."""
    pattern: str
    """Regular expression to search for in title and detail."""
    cause: str
    certainty: Certainty
    fix: str | None = None


# The first rule that matches is used. Only FORBIDDEN_ERROR is about roles: other codes that start with FORBIDDEN have
# other reasons.
_FORBIDDEN = (
    ErrorRule("FORBIDDEN.REQUIRED_AGREEMENTS_MISSING_OR_EXPIRED", "", "agreement-missing", "certain"),
    ErrorRule("FORBIDDEN_ERROR.PLA_NOT_ACCEPTED", "", "agreement-missing", "certain"),
    # vechain/veworld-mobile #1830.
    ErrorRule("FORBIDDEN_ERROR.CONTRACT_NOT_VALID", "", "agreement-missing", "certain"),
    # AvdLee/appstoreconnect-swift-sdk #101: the code is just FORBIDDEN, and only the detail mentions the agreement.
    ErrorRule("FORBIDDEN", r"must agree to .* Agreement", "agreement-missing", "certain"),
    ErrorRule("FORBIDDEN", r"active membership", "membership-expired", "certain"),
    ErrorRule(
        "FORBIDDEN_ERROR",
        r"does not allow '\w+'|given operation is not allowed",
        "request-refused",
        "certain",
        "Use an operation that the resource allows: no role and no key changes this.",
    ),
    # bitrise-steplib/steps-ios-auto-provision-appstoreconnect #14; its cause was never found.
    ErrorRule("FORBIDDEN_ERROR", r"Unable to find a team", "request-refused", "certain"),
    ErrorRule("FORBIDDEN_ERROR", r"API key in use does not allow", "role-insufficient", "certain"),
    ErrorRule("FORBIDDEN_ERROR", r"only be performed by the Account Holder", "account-holder-only", "certain"),
    # Only likely, because Apple also documents this code for revoked keys and malformed tokens.
    ErrorRule("FORBIDDEN_ERROR", "", "role-insufficient", "likely"),
)

# Repetitions are bounded, so that searching takes linear time.
_LONGEST_HEAD = 20_000
_LONGEST_METHOD = 20
_NOT_MODIFIED, _FORBIDDEN_STATUS = 304, 403
_PAGE_TITLE = re.compile(rb"<title[^<>]{0,200}>([^<]{1,500})<", re.IGNORECASE)


def _redirect(context: ResponseContext) -> Finding | None:
    """Diagnose a 3xx. A redirect within the host is accepted, except in response to the probe request."""
    response = context.response
    target = response.headers.get("Location", "")
    elsewhere = "//" in target and host_of(target) != host_of(response.url)
    if not elsewhere and not context.service.is_probe(response.url):
        return None
    if response.status == _NOT_MODIFIED:
        return make_finding("not-apple", f"{_status_line(response)}, but the request was not conditional")
    where = f"to {host_of(target)}" if "//" in target else f"within {host_of(response.url)}"
    return make_finding("not-apple", f"{_status_line(response)}, a redirect {where}; the API never redirects")


def _proxy_authentication(context: ResponseContext) -> Finding:
    scheme = one_line(context.response.headers.get("Proxy-Authenticate", ""), 60).partition(" ")[0]
    return make_finding("proxy-authentication", f"the proxy returned 407{scheme and f' and requires {scheme}'}")


def _server_error(context: ResponseContext) -> Finding | None:
    response = context.response
    return make_finding("apple-outage", _status_line(response)) if is_from_apple(response, context.service) else None


def _not_from_apple(context: ResponseContext) -> Finding | None:
    """Return a finding if the response is not from Apple, such as an HTML page in place of JSON.

    A success may have any body except HTML, because reports and logs are not JSON; only the probe must get JSON.
    """
    response = context.response
    html = is_html(response)
    refused = response.status in range(400, 1000)
    foreign = (html or refused) and not is_from_apple(response, context.service)
    # Some other vendors' services respond with 200 and an error in the body (expo/expo #20402).
    failed = response.status in range(200, 300) and is_foreign_host(response.url) and _reports_error(response.json)
    if not (foreign or failed or context.is_good_probe):
        return None
    title = _PAGE_TITLE.search(response.body[:_LONGEST_HEAD]) if html else None
    server = one_line(response.headers.get("Server", ""), 60)
    return make_finding(
        "not-apple",
        f"{_status_line(response, quote=False)} and {_body_description(context, html=html)}"
        + (f' titled "{one_line(title[1].decode("utf-8", "replace"), 60)}"' if title else "")
        + (f", from the server {server}" if server else ""),
        fix=_other_host_fix(context),
    )


def _other_host_fix(context: ResponseContext) -> str | None:
    """Return the fix for a response from another vendor's host; None for the fix in the table of causes."""
    url, service = context.response.url, context.service
    if not is_foreign_host(url):
        return None
    return f"Look up the response in the documentation of {host_of(url)}; {service.title} is at {service.base_url}."


# Causes by the one-word reason in the responses of services other than App Store Connect.
_REASONS = {
    "MISSING_AUTH": "missing-auth",
    "NOT_ENABLED": "service-not-enabled",
    "ExpiredProviderToken": "token-expired",
    # The token was accepted, but another part of the request was not (documented).
    **dict.fromkeys(
        (
            "BadDeviceToken",
            "BadTopic",
            "DeviceTokenNotForTopic",
            "MissingDeviceToken",
            "MissingTopic",
            "TopicDisallowed",
            "Unregistered",
            "ExpiredToken",
            "invalid_grant",
            "unauthorized_client",
        ),
        "device-token-or-topic",
    ),
    "MissingProviderToken": "header-missing",
    # Both are documented for every mistake in the key, the IDs or the signature.
    "InvalidProviderToken": "key-unknown-to-apple",
    "invalid_client": "key-unknown-to-apple",
    "4040010": "request-refused",
    "BadEnvironmentKeyIdInToken": "key-unknown-to-apple",
    "BadEnvironmentKeyInToken": "key-unknown-to-apple",
    "UnrelatedKeyIdInToken": "key-unknown-to-apple",
}
_OTHER_ENVIRONMENT = "Use a key for this environment: the key is for the other one, sandbox or production."
_REASON_FIXES = {
    "BadEnvironmentKeyIdInToken": _OTHER_ENVIRONMENT,
    "BadEnvironmentKeyInToken": _OTHER_ENVIRONMENT,
    # Documented: there is no such transaction.
    "4040010": "Send the request to the other environment, sandbox or production: a transaction exists only in one.",
    "UnrelatedKeyIdInToken": "Use the same key for all requests of a connection, or one connection for each key.",
    "BadDeviceToken": "Send the device token to the environment that issued it: sandbox or production.",
    "DeviceTokenNotForTopic": "Set apns-topic to the bundle ID of the app that the device token belongs to.",
    "TopicDisallowed": "Set apns-topic to a bundle ID of the team in the token's iss.",
    "Unregistered": "Remove the device token: the app is no longer on that device.",
    "ExpiredToken": "Remove the device token: it has expired.",
    "invalid_grant": "Get a new authorization code: a code works only once, within five minutes, for one client ID.",
}
# Plain-text responses of DeviceCheck (observed: marinosoftware/DeviceCheckSample #3 and #5).
_DEVICE_TOKEN_TEXT = re.compile(r"device token", re.IGNORECASE)
_BEARER_TEXT = re.compile(r"formatted authorization token", re.IGNORECASE)
_USER_TOKEN_PATH = "/v1/me/"  # noqa: S105  a path, not a password


def _token_rejected(context: ResponseContext) -> Finding:
    finding = (
        check_times_against_date(context.response, context.claims, context.service)
        if context.claims is not None
        else None
    )
    return finding or _known_reason(context) or _unexplained_rejection(context)


def _unexplained_rejection(context: ResponseContext) -> Finding:
    """Return the finding for a 401 that does not show whether the key, an ID or the token is wrong."""
    unreleased = ", and for an app that was never released" if context.service.sandbox else ""
    unseen = "; the token's times could not be compared with Apple's clock" if context.claims is None else ""
    uses_team_id = not context.service.takes_issuer_id
    issuer = "Team ID" if uses_team_id else "issuer ID"
    individual = _individual_key_hint(context.response.url)
    return make_finding(
        "key-unknown-to-apple",
        f"{_status_line(context.response)}. Apple's response is the same for a wrong key ID, a wrong {issuer}, a key of"
        f" another type{individual} and a revoked key{unreleased}{unseen}",
        fix=TEAM_KEY_FIX if uses_team_id else None,
    )


# Paths to which individual keys have no access (documented: Creating API Keys for App Store Connect API).
_PROVISIONING = re.compile(r"/v1/(?:bundleIds|bundleIdCapabilities|certificates|devices|profiles)\b")


def _individual_key_hint(url: str) -> str:
    """Return the reason, in parentheses, why an individual key does not work for a URL; empty if it does."""
    if NOTARY_PATH in url:
        return " (an individual key has no issuer)"
    return " (an individual key has no access to provisioning)" if _PROVISIONING.search(url[:_LONGEST_HEAD]) else ""


def _known_reason(context: ResponseContext) -> Finding | None:
    cause = _REASONS.get(context.response.code or "")
    if cause is None:
        return None
    fix = _REASON_FIXES.get(context.response.code or "")
    if cause == "key-unknown-to-apple" and fix is None:
        return _unexplained_rejection(context)
    by_clock = (
        cause == "token-expired"
        and context.claims
        and check_times_against_date(context.response, context.claims, context.service)
    )
    if by_clock:
        return by_clock
    missing_text = "" if cause != "missing-auth" else f"; {_describe_missing(context)}"
    return make_finding(cause, _status_line(context.response) + missing_text, fix=fix)


def _plain_text_rejection(context: ResponseContext) -> Finding | None:
    """Diagnose a rejection in plain text, from a service without error documents."""
    response = context.response
    text = response.text or ""
    if _DEVICE_TOKEN_TEXT.search(text):
        return make_finding(
            "device-token-or-topic",
            _status_line(response),
            fix="Send a new device token: it is valid for only a few minutes.",
        )
    if _BEARER_TEXT.search(text):
        return make_finding(
            "token-malformed",
            _status_line(response),
            certainty="possible",
            fix="Send Authorization: Bearer <token>; the token needs kid, iss and iat, and a DeviceCheck key signs it.",
        )
    if context.service is APPLE_MUSIC and response.status == _FORBIDDEN_STATUS and _USER_TOKEN_PATH in response.url:
        evidence = f"{_status_line(response)}; paths under {_USER_TOKEN_PATH} also need a Music-User-Token"
        fix = "Send the Music-User-Token of a subscriber; the developer token was accepted."
        return make_finding("device-token-or-topic", evidence, certainty="likely", fix=fix)
    return None


def _session_required(context: ResponseContext) -> Finding | None:
    """Diagnose a rejection by a URL that requires an Apple ID session."""
    if not requires_session(context.response.url) or is_html(context.response):
        return None
    evidence = f"{_status_line(context.response)}; this URL accepts an Apple ID session, not a token"
    return make_finding("apple-id-session", evidence)


def _describe_missing(context: ResponseContext) -> str:
    """Describe the claims that are missing in the token, or else the missing header."""
    if context.claims is None or context.header is None:
        return "the token that was sent is unknown"
    missing = missing_members(context.header, context.claims, context.service)
    if missing:
        return f"the token does not meet the requirements: {', '.join(missing)}"
    return (
        "the token meets all requirements of the service, so the request probably "
        "had no header Authorization: Bearer <token>"
    )


# APNs limits the number of new tokens, not of requests (documented).
_RATE_FIXES = {
    "TooManyProviderTokenUpdates": "Use the same token for 20 to 60 minutes instead of one for each push, and compute "
    "its age in seconds."
}


def _rate_limited(context: ResponseContext) -> Finding:
    figures = rate_limit(context.response.headers)
    remaining = f"; {figures['remaining']} of {figures['limit']} requests are left this hour" if figures else ""
    retry_after = one_line(context.response.headers.get("Retry-After", ""), 40)
    evidence = _status_line(context.response) + remaining + (f"; Retry-After: {retry_after}" if retry_after else "")
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
        f"{_status_line(context.response)}; this path exists at {context.service.title}",
        certainty="likely",
        fix=f"Check the base URL: {context.service.title} is at {context.service.base_url}.",
    )


def _not_acceptable(context: ResponseContext) -> Finding:
    """Diagnose a 406, the only error that Apple sends in plain text (documented)."""
    return make_finding("accept-header", _status_line(context.response))


def _other_error(context: ResponseContext) -> Finding:
    return make_finding("request-refused", _status_line(context.response))


# The rules, with the statuses that each applies to. The first finding is used.
_RULES: tuple[tuple[Container[int], Callable[[ResponseContext], Finding | None]], ...] = (
    ((407,), _proxy_authentication),
    (range(500, 600), _server_error),
    ((406,), _not_acceptable),
    (range(1000), _not_from_apple),
    (range(400, 500), _session_required),
    ((401,), _token_rejected),
    ((400, 403, 404, 410), _known_reason),
    ((400, 403), _plain_text_rejection),
    ((403,), _forbidden),
    ((404,), _not_found),
    ((429,), _rate_limited),
    (range(400, 1000), _other_error),
)


def _accepted_findings(context: ResponseContext) -> Iterator[Finding]:
    if context.service is APP_STORE_CONNECT and context.is_good_probe and context.response.json["data"] == []:
        yield make_finding("no-apps-visible", f"{_status_line(context.response)} and an empty list")
    skewed = check_skew(context.response)
    if skewed:
        yield skewed


def _status_line(response: HttpResponse, *, quote: bool = True) -> str:
    """Format the method, host, status and code of a response, and its message."""
    code = f" {one_line(response.code, 100)}" if response.code else ""
    # A plain-text body is quoted only if the host is Apple's.
    text = response.message or (None if is_foreign_host(response.url) or not quote else response.text)
    message = f': "{text}"' if text else ""
    method = one_line(response.method, _LONGEST_METHOD)
    return f"{method} to {host_of(response.url)} returned {response.status}{code}{message}"


def _body_description(context: ResponseContext, *, html: bool) -> str:
    response, member = context.response, context.service.acceptance.member
    if not response.body:
        return "an empty body"
    if response.is_json and (response.status in range(400, 1000) or _reports_error(response.json)):
        return f"JSON that is not an error of {context.service.title}{_foreign_message(response)}"
    if response.is_json:
        return f"JSON without {member}" if member else "JSON that is not a list"
    declared = one_line(response.headers.get("Content-Type", ""), 60).partition(";")[0]
    return "an HTML page" if html else declared or "text"


def _reports_error(document: object) -> bool:
    """Return whether a JSON body reports an error as other vendors do, at the top level or in its member ``data``."""
    if not isinstance(document, dict):
        return False
    inner = document.get("data")
    return any(
        isinstance(part, dict)
        and (part.get("status") == "error" or bool(part.get("error")) or bool(part.get("errors")))
        for part in (document, inner)
    )


def _foreign_message(response: HttpResponse) -> str:
    """Quote the message in another vendor's JSON; empty if there is none, or if the status line contains it."""
    document = response.json
    inner = document.get("data")
    message = next(
        (
            part[name]
            for part in (document, inner)
            for name in ("message", "detail")
            if isinstance(part, dict) and part.get(name)
        ),
        None,
    )
    return f': "{one_line(message, 100)}"' if isinstance(message, str) and not response.message else ""
