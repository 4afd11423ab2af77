"""Recognition of causes in the output of a tool, by known messages, by wording or by an HTTP status."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pytest_asc.apple.hosts import LOOPBACK, is_apple
from pytest_asc.apple.messages import APPLE_TERMS, MESSAGES, OTHER_VENDORS, TEAM_KEY_FIX, WORDINGS
from pytest_asc.apple.services import SERVICES
from pytest_asc.diagnosis.findings import Finding, make_finding
from pytest_asc.diagnosis.formatting import host_of
from pytest_asc.diagnosis.lookalikes import MAX_SIZE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_asc.apple.causes import CauseSlug, Certainty

STATUS_LINE = re.compile(r"HTTP/[0-9.]{1,3} ([0-9]{3})\b")
_STATUS = re.compile(
    r"(?:status(?:[ _-]?code)?|http|returned|answered|error|exception|failed with|unauthorized|forbidden|^)"
    r"[^0-9\r\n]{0,30}?\b([45][0-9]{2})\b(?!\.[0-9])",
    re.IGNORECASE | re.MULTILINE,
)
_UNAUTHORIZED = ("unauthorized", "unauthenticated", "not_authorized", "authentication credentials are missing")
# The URL of the request in messages of clients, as opposed to links to documentation.
_REQUESTED = re.compile(
    r"(?:for url:? {0,2}['\"]?|\b(?:GET|POST|PATCH|DELETE|PUT) )(https?://[^\s'\"<>\\)]{1,2000})", re.IGNORECASE
)
_WORDINGS = tuple((wording, re.compile(wording.form)) for wording in WORDINGS)


def diagnose_message(text: str) -> Finding | None:
    """Diagnose the output of a tool; return None if it suggests no cause.

    The evidence does not quote the text, because it may contain a key or a token.
    """
    text = text[:MAX_SIZE]
    lower = text.lower()
    if other := _other_vendor_finding(lower):
        return other
    for message in MESSAGES:
        if message.text in lower and message.also in lower:
            evidence = f'the text contains "{message.text}" (as in {message.source.removeprefix("documented: ")})'
            certainty: Certainty = "possible" if message.cause == "key-unknown-to-apple" else "likely"
            # Always an error, even for a cause that is a warning elsewhere: the tool failed because of it.
            return make_finding(message.cause, evidence, level="error", certainty=certainty, fix=message.fix)
    if other := _other_host_finding(text):
        return other
    for wording, form in _WORDINGS:
        if form.search(lower):
            evidence = f"the text says that {wording.said}"
            return make_finding(wording.cause, evidence, level="error", certainty="possible", fix=wording.fix)
    return _status_finding(text, lower)


def _other_vendor_finding(lower: str) -> Finding | None:
    """Return a finding if the text mentions another vendor's tool or service, and none of Apple's."""
    vendor = next((vendor for vendor in OTHER_VENDORS if vendor in lower), None)
    if vendor is None or any(word in lower for word in APPLE_TERMS):
        return None
    evidence = f'the text contains "{vendor}" and mentions no Apple service'
    return make_finding(
        "not-apple", evidence, certainty="possible", fix="Look up the message in the documentation of that service."
    )


def _other_host_finding(text: str) -> Finding | None:
    """Return a finding if the text reports a rejection by a host that is not Apple's."""
    host = _requested_host(text)
    name = host.partition(":")[0].lower()
    if not host or is_apple(name) or name in LOOPBACK or not (STATUS_LINE.search(text) or _STATUS.search(text)):
        return None
    return make_finding(
        "not-apple",
        f"the text reports a response from {host}",
        fix=f"Look up the response in the documentation of {host}.",
    )


def _requested_host(text: str) -> str:
    """Return the host of the request; empty if the text does not mention it."""
    requested = _REQUESTED.search(text)
    return host_of(requested[1]) if requested else ""


# All of these were the cause of a 401 in tools that show no code (observed: indygreg/apple-platform-rs #260,
# Apple-Actions/upload-testflight-build #28).
_COMPARE_IDS = (
    "Compare the key ID and the issuer ID with those under Users and Access, Integrations, App Store Connect API, and "
    "check that the key is Active, that no issuer ID is set for an individual key, and that no agreement is pending."
)
_STATUSES: Mapping[int, tuple[CauseSlug, Certainty, str | None]] = {
    401: ("key-unknown-to-apple", "possible", _COMPARE_IDS),
    403: (
        "request-refused",
        "possible",
        "Provide the whole response: its code and detail show whether an agreement or the key's role is the cause.",
    ),
    429: ("rate-limited", "likely", None),
}


def _status_finding(text: str, lower: str) -> Finding | None:
    match = STATUS_LINE.search(text) or _STATUS.search(text)
    status = int(match[1]) if match else 0
    if status not in _STATUSES and any(word in lower for word in _UNAUTHORIZED):
        status = 401
    if status in range(500, 600) and "apple" in lower:
        return make_finding("apple-outage", f"the text reports HTTP {status}", certainty="possible")
    if status not in _STATUSES:
        return None
    cause, certainty, fix = _STATUSES[status]
    host = _requested_host(text)
    if fix == _COMPARE_IDS and any(
        host in service.hosts and not service.takes_issuer_id for service in SERVICES.values()
    ):
        fix = TEAM_KEY_FIX
    evidence = f"the text reports HTTP {status} without a reason; the token and the whole response would show more"
    return make_finding(cause, evidence, certainty=certainty, fix=fix)
