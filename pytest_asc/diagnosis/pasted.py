"""Evidence in pasted text, such as a header line, a curl command, an assignment or the output of a tool."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from pytest_asc.apple.services import SERVICES
from pytest_asc.diagnosis.findings import Finding, make_finding
from pytest_asc.diagnosis.key.repairs import QUOTES
from pytest_asc.diagnosis.lookalikes import MAX_SIZE, base64_of_token, check_not_a_token, describe, looks_like_token
from pytest_asc.diagnosis.tool_messages import STATUS_LINE, diagnose_message

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@dataclass(frozen=True)
class PastedText:
    """The request, response and token in a pasted text. Parts that the text does not contain are None or empty."""

    token: str | None = field(default=None, repr=False)
    authorization: str | None = field(default=None, repr=False)
    """The value of the Authorization header."""
    method: str = ""
    url: str = field(default="", repr=False)
    status: int | None = None
    document: Mapping[str, Any] | None = field(default=None, repr=False)
    """An error document from one of Apple's services."""
    findings: tuple[Finding, ...] = ()
    """Findings on the form of the text."""


# Repetitions are bounded or cannot backtrack, so that matching takes linear time.
_ESCAPES = re.compile(r"\x1b\[[0-9;]{0,20}[A-Za-z]|\\e\[[0-9;]{0,20}m")
_WORD = re.compile(r"[A-Za-z0-9_.+/=%-]{16,}")
# Text that contains whitespace or only letters consists of words; it is not a value.
_SENTENCE = re.compile(r"\s|\A[A-Za-z_:]{1,80}\Z")
_SHORTEST_TOKEN = 9
_HEADER = re.compile(
    r"authorization['\"\\]{0,4}\s{0,8}(?:=>|[:=,])\s{0,8}['\"\\]{0,4}([^'\"\r\n\\]{0,60000})", re.IGNORECASE
)
_BEARER = re.compile(r"\bbearer\s{1,8}", re.IGNORECASE)
_ASSIGNMENT = re.compile(
    r"\s{0,20}(?:export\s{1,8}|set\s{1,8}|setx\s{1,8}|\$env:|--|-)?([A-Za-z_][\w.-]{0,80})\s{0,8}[=:]\s{0,8}(\S.*)?",
    re.DOTALL,
)
_URL = re.compile(r"https?://[^\s'\"<>\\)]{1,2000}", re.IGNORECASE)
_METHOD = re.compile(r"(?:-X\s{0,4}|--request[ =])['\"]?([A-Za-z]{3,8})\b|\b(GET|POST|PATCH|DELETE|PUT) https?://")
_DOCUMENTATION = ("https://developer.apple.com", "http://developer.apple.com", "https://support.apple.com")
_MAX_OBJECTS = 20


def read_pasted(text: str) -> PastedText:
    """Extract the request, the response and the token that a text contains. Never raises an exception."""
    if looks_like_token(text) or text[:2] in {"b'", 'b"'} or text[:20].strip().lower() in {"", "bearer"}:
        return PastedText(token=text)
    if len(text) > MAX_SIZE and not any(blank in text[:MAX_SIZE] for blank in " \t\r\n"):
        # A single word of this length was most likely intended as a token.
        return PastedText(token=text)
    text = _ESCAPES.sub("", text[:MAX_SIZE].lstrip("\ufeff"))
    found = next(iter(_tokens(text)), None)
    if found:
        return _with_token(text, found)
    document = error_document(text)
    if document is not None:
        return PastedText(document=document, url=_api_url(text), method=_method(text))
    if message := diagnose_message(text):
        return PastedText(findings=(message,))
    return _without_token(text)


def _tokens(text: str) -> Iterator[str]:
    """Yield each token in the text, without the quotes and punctuation around it."""
    for run in _WORD.finditer(text):
        start = run[0].find("eyJ")
        if start >= 0:
            token = run[0][start:]
            token = token.rstrip(".") if token.count(".") > 2 else token  # noqa: PLR2004  the third dot ends a sentence
            if "." in token:
                yield token


def _with_token(text: str, token: str) -> PastedText:
    document = error_document(text)
    status = STATUS_LINE.search(text) if document is not None else None
    parts = PastedText(
        url=_api_url(text),
        method=_method(text),
        document=document,
        status=int(status[1]) if status else None,
    )
    header = _HEADER.search(text)
    if header and token in header[1]:
        # A quote or bracket after the token is not part of the header.
        value = header[1][: header[1].index(token) + len(token)]
        return replace(parts, authorization=value.lstrip(QUOTES))
    bearer = _BEARER.search(text)
    if bearer and text.startswith(token, bearer.end()):
        if not text[: bearer.start()].strip():
            # The text is "Bearer <token>" in place of a token, which the check of the token reports.
            return replace(parts, token=text)
        return replace(parts, authorization=f"Bearer {token}")
    bare = text.strip()
    quoted = check_not_a_token(bare) if bare.strip(QUOTES) == token else None
    return replace(parts, token=token, findings=(_as_warning(quoted),) if quoted else ())


def _without_token(text: str) -> PastedText:
    """Read a text that contains no plain token: a token in base64, a header, an assignment, or other text."""
    bare = text.strip()
    if token := base64_of_token(bare.strip(QUOTES)):
        finding = check_not_a_token(bare)
        return PastedText(token=token, findings=(_as_warning(finding),) if finding else ())
    if header := _HEADER.search(bare):
        if finding := check_not_a_token(header[1].strip() or "Bearer "):
            return PastedText(findings=(finding,))
        if header.end() == len(bare):
            return PastedText(authorization=header[1], url=_api_url(text), method=_method(text))
    return _read_value(text)


def _read_value(text: str) -> PastedText:
    """Read a single value, or an assignment of a value to a variable."""
    bare = text.strip()
    assignment = _ASSIGNMENT.fullmatch(bare) if "\n" not in bare and "://" not in bare[:30] else None
    value = (assignment[2] or "").strip().rstrip(";,") if assignment else bare
    if assignment and not value.strip(QUOTES):
        return PastedText(findings=(make_finding("token-placeholder", f"{assignment[1]} is set but empty"),))
    if assignment and (token := base64_of_token(value.strip(QUOTES))):
        return PastedText(token=token)
    if finding := check_not_a_token(bare) or check_not_a_token(value):
        return PastedText(findings=(finding,))
    if len(bare) < _SHORTEST_TOKEN or _SENTENCE.search(bare):
        fix = _PROVIDE_MORE if _SENTENCE.search(bare) and describe(bare) is None else None
        return PastedText(findings=(make_finding("not-a-token", _describe_text(bare), fix=fix),))
    return PastedText(token=text)


_PROVIDE_MORE = (
    "Provide the token that was sent, the whole response with its status and body, or more of the tool's output."
)


def _as_warning(finding: Finding) -> Finding:
    """Return the finding as a warning: the value contains a token, but Apple would reject the value itself."""
    return make_finding(
        finding.cause, f"{finding.evidence}; the token inside it was checked", level="warning", fix=finding.fix
    )


def _describe_text(text: str) -> str:
    described = describe(text)
    if described:
        return f"it is {described} (length {len(text)})"
    words, lines = len(text.split()), text.count("\n") + 1
    size = f"{words} word{'s' * (words != 1)}" + (f" in {lines} lines" if lines > 1 else "")
    page = "; it contains an HTML page" if "<html" in text.lower() else ""
    return f"it is text ({size}) without a token, a response from Apple or a known message{page}"


def _api_url(text: str) -> str:
    """Return the URL of the request, ignoring links to Apple's documentation; empty if there is none."""
    urls = (match[0].rstrip(".,;") for match in _URL.finditer(text))
    return next((url for url in urls if not url.lower().startswith(_DOCUMENTATION)), "")


def _method(text: str) -> str:
    match = _METHOD.search(text)
    return (match[1] or match[2]).upper() if match else ""


_ERROR_MEMBERS = ('"errors"', '"reason"', '"error"', '"errorCode"', '\\"errors\\"')


# The form of the reasons that APNs and WeatherKit return (documented).
_REASON = re.compile(r"(?:[A-Z][a-z]{1,20}){2,8}|[A-Z]{2,20}(?:_[A-Z]{1,20}){0,6}|Unregistered|Shutdown|Forbidden")
# The errors of Sign in with Apple (documented: ErrorResponse).
_OAUTH_ERRORS = (
    "invalid_client",
    "invalid_grant",
    "invalid_request",
    "invalid_scope",
    "unauthorized_client",
    "unsupported_grant_type",
)
# The service and the status of each reason (documented).
_REASONS = {"MISSING_AUTH": ("weatherkit", 401), "NOT_ENABLED": ("weatherkit", 401)}
_PUSH_STATUSES = {
    "BadEnvironmentKeyInToken": 403,
    "BadEnvironmentKeyIdInToken": 403,
    "UnrelatedKeyIdInToken": 403,
    "BadPath": 404,
    "MethodNotAllowed": 405,
    "Unregistered": 410,
    "PayloadTooLarge": 413,
    "TooManyProviderTokenUpdates": 429,
    "TooManyRequests": 429,
    "InternalServerError": 500,
    "ServiceUnavailable": 503,
    "Shutdown": 503,
}


def status_and_url(document: Mapping[str, Any]) -> tuple[int, str]:
    """Return the status with which a service sends an error document, and the base URL of that service, if known."""
    errors = document.get("errors")
    if isinstance(errors, list):
        status = str(errors[0].get("status", ""))
        return (int(status) if re.fullmatch("[1-5][0-9]{2}", status) else 400), ""
    if isinstance(document.get("errorCode"), int):
        # The first three of its seven digits are the status (documented: Error Codes of the App Store Server API).
        status = document["errorCode"] // 10_000
        return (status if status in range(400, 600) else 400), SERVICES["app-store-server"].base_url
    if isinstance(document.get("error"), str):
        return 400, SERVICES["sign-in-with-apple"].base_url
    reason = document["reason"]
    name, number = _REASONS.get(reason, ("apns", _PUSH_STATUSES.get(reason, 403 if "ProviderToken" in reason else 400)))
    return number, SERVICES[name].base_url


def error_document(text: str) -> Mapping[str, Any] | None:
    """Return the error document in a text; None if there is none. The array ``errors`` alone is accepted, too."""
    if not any(member in text for member in _ERROR_MEMBERS):
        return None
    decoder = json.JSONDecoder()
    start = -1
    for _ in range(_MAX_OBJECTS):
        start = text.find("{", start + 1)
        if start < 0:
            break
        if document := _decode_error_document(decoder, text, start):
            return document
    start = text.find("[", max(text.find('"errors"'), 0))
    return _decode_error_document(decoder, text, start) if start >= 0 else None


def _decode_error_document(decoder: json.JSONDecoder, text: str, start: int) -> Mapping[str, Any] | None:
    try:
        value, _ = decoder.raw_decode(text, start)
    except (ValueError, RecursionError):
        return None
    if isinstance(value, list):
        value = {"errors": value}
    return value if isinstance(value, dict) and _is_error_document(value) else None


def _is_error_document(value: Mapping[str, Any]) -> bool:
    errors = value.get("errors")
    if isinstance(errors, list):
        return bool(errors) and isinstance(errors[0], dict) and "code" in errors[0]
    if isinstance(value.get("errorCode"), int) and isinstance(value.get("errorMessage"), str):
        return True
    # Other vendors' services use these members, too, so their values must be known.
    reason, error = value.get("reason"), value.get("error")
    return (isinstance(reason, str) and _REASON.fullmatch(reason) is not None) or error in _OAUTH_ERRORS
