"""Diagnosis of a request: its URL, headers, body and redirects.

The emulator and ``asc_diagnose`` both use these checks: to reject a request, and to explain a rejection.
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
from pytest_asc.diagnosis.http.origin import requires_session
from pytest_asc.diagnosis.http.url_origin import host_in
from pytest_asc.diagnosis.token.verify import TokenError, decode

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pytest_asc.apple.services import Service
    from pytest_asc.diagnosis.findings import Finding
    from pytest_asc.diagnosis.http.authorization import NetrcEntry

_SIMILARITY = 0.9

# Services whose tokens are sent in the Authorization header and not exchanged for other tokens (documented).
_BEARER_SERVICES = [service for service in SERVICES.values() if not service.sent_as_client_secret]
_BEARER_AUDIENCES = {service.audience for service in _BEARER_SERVICES if service.audience}
_BEARER_HOSTS = [host for service in _BEARER_SERVICES for host in service.hosts]
_CLIENT_SECRET_HOSTS = {
    host for service in SERVICES.values() if service.sent_as_client_secret for host in service.hosts
}
# A match starts at the start of a word, so that matching takes linear time. The digits of a percent-encoded character
# may precede the token.
_TOKEN = re.compile(rb"(?<![\w-])(?:[0-9A-F]{2})?(eyJ[\w-]+\.eyJ[\w-]+\.[\w-]+)")
_MAX_SEARCHED = 100_000
"""Number of bytes of a body, or characters of headers, that are searched for a token."""

_REPORTS = frozenset({"/v1/salesReports", "/v1/financeReports"})
_REPORT_TYPES = ("application/a-gzip", "application/*", "*/*")


@dataclass(frozen=True)
class HttpRequest:
    """A request, from any HTTP library, before or after it is sent."""

    method: str = ""
    """The method; empty if it is not known."""
    url: str = field(default="", repr=False)
    """The URL; empty if it is not known."""
    headers: Mapping[str, str] | str | None = field(default=None, repr=False)
    """Headers with case-insensitive names; a string if one was passed in their place; None if they are not known."""
    body: bytes = field(default=b"", repr=False)

    def __post_init__(self) -> None:
        if self.headers is not None and not isinstance(self.headers, str):
            object.__setattr__(self, "headers", CaseInsensitiveDict(self.headers))

    def header(self, name: str) -> str | None:
        """Return the value of a header; None if it is missing or not known."""
        return None if self.headers is None or isinstance(self.headers, str) else self.headers.get(name)

    @property
    def token(self) -> str | None:
        """The bearer token, or the token in the body if it is sent as a client secret; None if there is neither."""
        if self.host in _CLIENT_SECRET_HOSTS:
            posted = _TOKEN.search(self.body[:_MAX_SEARCHED])
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
    """Check the parts of a request that are known.

    Args:
        request: The request; the last one after redirects.
        service: The service that the request is for.
        netrc: The entry for the host in a netrc file; None if there is none.
        hops: The earlier requests of a chain of redirects, in order. The URL of the first one is checked.
    """
    first = hops[0] if hops else request
    findings = (
        check_url(first.url, service) if first.url else None,
        check_redirects(hops, request) or check_body(request) or _check_headers(request, netrc),
        check_accept(request),
    )
    return tuple(finding for finding in findings if finding)


def check_url(url: str, service: Service) -> Finding | None:
    """Return a finding on the scheme or host of a URL. An unknown host is accepted, because it may be a gateway."""
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
    if requires_session(url):
        evidence = f"the request goes to {host_of(url)}, to a path that accepts only an Apple ID session"
        return make_finding("apple-id-session", evidence)
    return _check_host(host, url, service)


def _check_host(host: str, url: str, service: Service) -> Finding | None:
    fix = f"Send the request to {service.base_url}."
    if host in service.hosts or host in LOOPBACK:
        return None
    if host in _BEARER_HOSTS:
        return make_finding("wrong-host", f"the request for {service.title} goes to {host}", fix=fix)
    if host in NOT_API_HOSTS:
        if _path(url).startswith(NOTARY_PATH):
            return None
        return make_finding("wrong-host", f"the request goes to {host}, which is {NOT_API_HOSTS[host]}", fix=fix)
    if similar := get_close_matches(host, _BEARER_HOSTS, n=1, cutoff=_SIMILARITY):
        return make_finding(
            "wrong-host", f"the request goes to {one_line(host)}, not {similar[0]}", certainty="likely", fix=fix
        )
    return None


def _check_headers(request: HttpRequest, netrc: NetrcEntry | None) -> Finding | None:
    headers = request.headers
    if isinstance(headers, str):
        contains_token = _TOKEN.search(headers[:_MAX_SEARCHED].encode("utf-8", "replace")) is not None
        return make_finding(
            "headers-is-token",
            f"the headers are a string{' that contains a token' if contains_token else ''}, expected names and values",
            certainty="certain" if contains_token else "likely",
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
    """Return whether the request is an upload, which goes to another of Apple's hosts without a token (documented)."""
    apis = {*NOT_API_HOSTS, *_BEARER_HOSTS}
    return is_apple(request.host) and request.host not in apis


def check_body(request: HttpRequest) -> Finding | None:
    """Return a finding if the body contains a token, as in a request for an access token."""
    for token in dict.fromkeys(_TOKEN.findall(request.body[:_MAX_SEARCHED])):
        for audience in _audiences(token.decode("ascii", "replace")):
            if isinstance(audience, str) and audience in _BEARER_AUDIENCES:
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
    """Return a warning if a report is not requested in the documented media type.

    It is only possible that the header is the cause, because users' reports contradict each other; a 406 proves it.
    """
    accept = request.header("Accept")
    if accept is None or _path(request.url) not in _REPORTS or any(kind in accept for kind in _REPORT_TYPES):
        return None
    evidence = f"Accept is {one_line(accept, 60)}, but reports are sent as application/a-gzip"
    return make_finding("accept-header", evidence, level="warning", certainty="possible")


def check_redirects(hops: Sequence[HttpRequest], last: HttpRequest) -> Finding | None:
    """Return a finding if only the requests before a redirect had an Authorization header."""
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
