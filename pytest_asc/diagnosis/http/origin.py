"""Recognition of the sender of a response: Apple, or another server such as a proxy."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pytest_asc.apple.hosts import LOOPBACK, NOTARY_PATH, SESSION_PATHS, is_apple, takes_sessions
from pytest_asc.apple.services import SERVICES
from pytest_asc.diagnosis.formatting import host_of
from pytest_asc.diagnosis.http.url_origin import host_in

if TYPE_CHECKING:
    from pytest_asc.apple.services import Service, TokenRejection
    from pytest_asc.diagnosis.http.http_response import HttpResponse

_API_HOSTS = frozenset(host for service in SERVICES.values() for host in service.hosts)

# Responses of Apple's front-end servers: an HTML page or a line of plain text.
_FRONT_END_BODY = re.compile(
    rb"<center>Apple</center>|\ACould not process this request|\AUnauthenticated\s{1,8}Request ID:"
)
_HTML = re.compile(rb"\s*<(!doctype|html|head|body)", re.IGNORECASE)
# Values of the Server header from Apple's servers and its content delivery network (observed).
_SERVERS = ("apple", "daiquiri", "akamai")
# An error code of App Store Connect, such as ENTITY_ERROR.ATTRIBUTE.INVALID (documented).
_CODE = re.compile(r"[A-Z_]{1,100}(\.[A-Z_]{1,100}){0,10}")
_REQUIRED_MEMBERS = frozenset({"status", "code", "title", "detail"})
"""Members of each error in an error document (documented)."""
_MAX_SEARCHED = 100_000
"""Number of bytes at the start of a body to search."""


def is_html(response: HttpResponse) -> bool:
    """Return whether the body is an HTML page."""
    return _HTML.match(response.body[:_MAX_SEARCHED]) is not None


def is_foreign_host(url: str) -> bool:
    """Return whether the host of a URL is neither one of Apple's nor loopback."""
    host = _host(url)
    return bool(host) and not (is_apple(host) or host in _API_HOSTS or host in LOOPBACK)


def requires_session(url: str) -> bool:
    """Return whether a URL requires an Apple ID session and accepts no token."""
    try:
        path = urlsplit(url).path
    except ValueError:
        return False
    return takes_sessions(_host(url)) or (_host(url) == "appstoreconnect.apple.com" and path.startswith(SESSION_PATHS))


def is_from_apple(response: HttpResponse, service: Service) -> bool:
    """Return whether Apple sent a response, by its host, headers and body.

    A response from another host counts only if it is a success with JSON or a complete error document of App Store
    Connect, which a gateway may have forwarded.
    """
    if _has_apples_headers(response) or _FRONT_END_BODY.search(response.body[:_MAX_SEARCHED]):
        return True
    if is_foreign_host(response.url):
        return (response.status in range(200, 300) and response.is_json) or _is_error_document(response)
    if response.is_json:
        # An empty object does not show that another server sent the response.
        return not response.json or bool(service.error_members & response.json.keys()) or _has_known_form(response)
    rejection = service.refusal
    if rejection is not None and response.status == rejection.status and _is_rejection_body(response.body, rejection):
        return True
    return _sends_text(response, service) and not (is_html(response) or "Server" in response.headers)


def _sends_text(response: HttpResponse, service: Service) -> bool:
    """Return whether the service sends errors in plain text or without a body."""
    if _host(response.url) == "appstoreconnect.apple.com":
        return NOTARY_PATH in response.url
    return service.text_errors


def _has_apples_headers(response: HttpResponse) -> bool:
    server = response.headers.get("Server", "").lower()
    return (
        (server.startswith(_SERVERS) and not is_foreign_host(response.url))
        or server.startswith("daiquiri")
        or "user-hour-" in response.headers.get("X-Rate-Limit", "")
        or any(name.lower().startswith(("x-apple-", "x-daiquiri-")) for name in response.headers)
    )


def _is_error_document(response: HttpResponse) -> bool:
    first = response.errors[0] if response.errors else {}
    return first.keys() >= _REQUIRED_MEMBERS and _CODE.fullmatch(str(first["code"])) is not None


def _has_known_form(response: HttpResponse) -> bool:
    """Return whether the response is a success, or has the members of an error of one of Apple's services."""
    document = response.json
    if response.status in range(200, 300):
        return True
    text = isinstance(document.get("reason"), str) or isinstance(document.get("error"), str)
    return text or "errors" in document or "errorCode" in document or "serviceErrors" in document


def _is_rejection_body(body: bytes, rejection: TokenRejection) -> bool:
    """Return whether the body is that of the service's rejection. A plain-text body may be empty (awa/go-iap #283)."""
    return body == rejection.body.encode() or (not body and rejection.media_type == "text/plain")


def _host(url: str) -> str:
    return host_in(url) or host_of(url).partition(":")[0].lower()
