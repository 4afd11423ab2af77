"""Diagnosis of a request: its URL, headers, body and redirects.

The emulator rejects requests with these checks, and ``asc_diagnose`` explains rejections with them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from requests.structures import CaseInsensitiveDict

from pytest_asc.apple.hosts import LOOPBACK, NOT_API_HOSTS, NOTARY_PATH, is_apple
from pytest_asc.apple.services import SERVICES
from pytest_asc.diagnosis.findings import make_finding
from pytest_asc.diagnosis.formatting import host_of, one_line
from pytest_asc.diagnosis.http.authorization import check_authorization
from pytest_asc.diagnosis.http.origin import requires_apple_id_session
from pytest_asc.diagnosis.http.url_origin import host_in
from pytest_asc.diagnosis.token.verify import TokenError, decode

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pytest_asc.apple.services import Service
    from pytest_asc.diagnosis.findings import Finding
    from pytest_asc.diagnosis.http.authorization import NetrcEntry

_LIKENESS = 0.9

# Services whose tokens are sent in the Authorization header, and not exchanged for other tokens (documented).
_BEARERS = [service for service in SERVICES.values() if not service.sent_as_client_secret]
_NEVER_POSTED = {service.audience for service in _BEARERS if service.audience}
_HOSTS = [host for service in _BEARERS for host in service.hosts]
_EXCHANGES = {host for service in SERVICES.values() if service.sent_as_client_secret for host in service.hosts}
# A match starts at the start of a word, so that no part of a text is read more than three times. The digits of a
# percent-encoded character may precede the token.
_TOKEN = re.compile(rb"(?<![\w-])(?:[0-9A-F]{2})?(eyJ[\w-]+\.eyJ[\w-]+\.[\w-]+)")
_MOST_SEARCHED = 100_000
"""Bytes of a body, and characters of headers, that are searched for a token."""

_REPORTS = frozenset({"/v1/salesReports", "/v1/financeReports"})
_REPORT_TYPES = ("application/a-gzip", "application/*", "*/*")


@dataclass(frozen=True)
class HttpRequest:
    """Request of any HTTP library, before or after it is sent."""

    method: str = ""
    """The method; empty if it is not known."""
    url: str = field(default="", repr=False)
    """The URL; empty if it is not known."""
    headers: Mapping[str, str] | str | None = field(default=None, repr=False)
    """Headers, with case-insensitive names; a string if one was passed as the headers, None if they are not known."""
    body: bytes = field(default=b"", repr=False)

    def __post_init__(self) -> None:
        if self.headers is not None and not isinstance(self.headers, str):
            object.__setattr__(self, "headers", CaseInsensitiveDict(self.headers))

    def header(self, name: str) -> str | None:
        """Return the value of a header; None if it is missing or not known."""
        return None if self.headers is None or isinstance(self.headers, str) else self.headers.get(name)

    @property
    def token(self) -> str | None:
        """The bearer token, or the token sent as a client secret; None if there is neither."""
        if self.host in _EXCHANGES:
            posted = _TOKEN.search(self.body[:_MOST_SEARCHED])
            return posted[1].decode("ascii") if posted else None
        scheme, _, token = (self.header("Authorization") or "").partition(" ")
        return token if scheme.lower() == "bearer" and token.strip() else None

    @property
    def host(self) -> str:
        """The host in lower case; empty if the URL has none."""
        return host_in(self.url)


def check_request(
    request: HttpRequest, *, service: Service, netrc: NetrcEntry | None = None, hops: Sequence[HttpRequest] = ()
) -> tuple[Finding, ...]:
    """Check a request. Parts that are not known are not checked.

    Args:
        request: The request; after redirects, the last one.
        service: The service that the request is for.
        netrc: The entry for the host in a netrc file; None if there is none.
        hops: The previous requests, which were redirected, in order. The URL of the first one is checked.
    """
    first = hops[0] if hops else request
    findings = (
        check_url(first.url, service) if first.url else None,
        check_redirects(hops, request) or check_body(request) or _check_headers(request, netrc),
        check_accept(request),
    )
    return tuple(finding for finding in findings if finding)


def check_url(url: str, service: Service) -> Finding | None:
    """Check scheme and host. An unknown host is accepted, because it may be a gateway."""
    scheme, separator, rest = url.partition("://")
    if not separator:
        host = one_line(re.split(r"[/?#]", url.lstrip("/"))[0].rpartition("@")[2], 100)
        return make_finding("insecure-url", f"the URL has no scheme{f' in front of {host}' if host else ''}")
    host = host_in(url)
    if scheme.lower() != "https" and not (scheme.lower() == "http" and host in LOOPBACK):
        return make_finding("insecure-url", f"the URL of {host_of(url)} starts with {one_line(scheme, 20)}://")
    if not host:
        return make_finding(
            "url-invalid", "the URL has no host" if not rest.strip("/") else "the URL's host cannot be read"
        )
    if requires_apple_id_session(url):
        evidence = f"the request goes to {host_of(url)}, to a path that accepts only the session of an Apple ID"
        return make_finding("apple-id-session", evidence)
    return _check_host(host, url, service)


def _check_host(host: str, url: str, service: Service) -> Finding | None:
    fix = f"Send it to {service.base_url}."
    if host in service.hosts or host in LOOPBACK:
        return None
    if host in _HOSTS:
        return make_finding("wrong-host", f"the request for {service.title} goes to {host}", fix=fix)
    if host in NOT_API_HOSTS:
        if _path(url).startswith(NOTARY_PATH):
            return None
        return make_finding("wrong-host", f"the request goes to {host}, which is {NOT_API_HOSTS[host]}", fix=fix)
    if alike := get_close_matches(host, _HOSTS, n=1, cutoff=_LIKENESS):
        return make_finding(
            "wrong-host", f"the request goes to {one_line(host)}, not {alike[0]}", certainty="likely", fix=fix
        )
    return None


def _check_headers(request: HttpRequest, netrc: NetrcEntry | None) -> Finding | None:
    headers = request.headers
    if isinstance(headers, str):
        holds_token = _TOKEN.search(headers[:_MOST_SEARCHED].encode("utf-8", "replace")) is not None
        return make_finding(
            "headers-is-token",
            f"the headers are {'the text of a token' if holds_token else 'a string'}, not names and values",
            certainty="certain" if holds_token else "likely",
        )
    if headers is None or _is_upload(request):
        return None
    finding = check_authorization(headers.get("Authorization"), netrc=netrc)
    if finding and finding.cause == "header-missing":
        misnamed = next((name for name, value in headers.items() if re.match(r"bearer\s", value, re.IGNORECASE)), None)
        if misnamed:
            return make_finding(
                "header-missing", f"{finding.evidence}; the token is in the header {one_line(misnamed, 40)}"
            )
    return finding


def _is_upload(request: HttpRequest) -> bool:
    """Return whether it is an upload, which is sent to another host of Apple without a token (documented)."""
    apis = {*NOT_API_HOSTS, *_HOSTS}
    return is_apple(request.host) and request.host not in apis


def check_body(request: HttpRequest) -> Finding | None:
    """Return a finding if a token is in the body, as in a request to exchange it for an access token."""
    for match in _TOKEN.finditer(request.body[:_MOST_SEARCHED]):
        for audience in _audiences(match[1].decode("ascii", "replace")):
            if isinstance(audience, str) and audience in _NEVER_POSTED:
                where = f"{request.method or 'the request'} to {host_of(request.url)}"
                return make_finding("token-in-body", f"the body of {where} contains a token for {audience}")
    return None


def _audiences(token: str) -> Iterator[object]:
    try:
        audience = decode(token).claims.get("aud")
    except TokenError:
        return
    yield from audience if isinstance(audience, list) else (audience,)


def check_accept(request: HttpRequest) -> Finding | None:
    """Check that a report is requested in the documented media type.

    Users' reports contradict each other on whether the documented type is required or rejected, so the finding is only
    a hint; a response with 406 proves it.
    """
    accept = request.header("Accept")
    if accept is None or _path(request.url) not in _REPORTS or any(kind in accept for kind in _REPORT_TYPES):
        return None
    evidence = f"Accept is {one_line(accept, 60)}, but reports are sent as application/a-gzip"
    return make_finding("accept-header", evidence, level="warning", certainty="possible")


def check_redirects(hops: Sequence[HttpRequest], last: HttpRequest) -> Finding | None:
    """Return a finding if the Authorization header was sent at first, but not after a redirect."""
    sent = [hop for hop in hops if hop.header("Authorization") is not None]
    if not sent or last.headers is None or last.header("Authorization") is not None:
        return None
    return make_finding(
        "redirect-dropped-authorization",
        f"the request to {host_of(sent[-1].url)} had an Authorization header, and the redirected request to "
        f"{host_of(last.url)} had none",
    )


def _path(url: str) -> str:
    try:
        return urlsplit(url).path
    except ValueError:
        return ""
