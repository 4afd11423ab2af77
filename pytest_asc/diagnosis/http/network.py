"""Diagnosis of requests without a response, from the exceptions of requests and urllib3.

The evidence contains only types of exceptions, numbers and messages of the operating system. Other messages are not
quoted, because some contain the password of a proxy or a header with a token.
"""

from __future__ import annotations

import http.client
import re
import socket
import ssl
from collections import deque
from typing import TYPE_CHECKING

import requests
import urllib3.exceptions

from pytest_asc.diagnosis.findings import make_finding
from pytest_asc.diagnosis.formatting import host_of, one_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_asc.diagnosis.findings import Finding

# Causes and evidence by the type of the exception. The first row that matches the exception, or one that it wraps, is
# used, so specific types come first.
_FAILURES: tuple[tuple[type[BaseException], str, str], ...] = (
    (ssl.SSLCertVerificationError, "tls-intercepted", "the certificate of {peer} cannot be verified: {why}"),
    (socket.gaierror, "connection-failed", "the name of {peer} cannot be resolved: {why}"),
    (ConnectionRefusedError, "connection-failed", "{peer} refused the connection"),
    (ssl.SSLError, "connection-failed", "the TLS handshake with {peer} failed: {why}"),
    (urllib3.exceptions.ReadTimeoutError, "timed-out", "{peer} did not respond {in_time}"),
    (requests.ReadTimeout, "timed-out", "{peer} did not respond {in_time}"),
    (TimeoutError, "timed-out", "no connection to {peer} {in_time}"),
    (requests.Timeout, "timed-out", "no connection to {peer} {in_time}"),
    (ConnectionError, "connection-failed", "{peer} closed the connection without a response"),
    (http.client.IncompleteRead, "connection-failed", "{peer} closed the connection before the response was complete"),
    (http.client.HTTPException, "connection-failed", "{peer} sent something other than HTTP"),
    (OSError, "connection-failed", "{peer} cannot be reached: {why}"),
)
_TUNNEL = re.compile(r"Tunnel connection failed: (\d{3})")
_CA_BUNDLE = re.compile(r"Could not find .*CA certificate bundle, invalid path: (.+)")
# Python adds the name of the error before OpenSSL's message, and a line of its source code after it.
_OPENSSL_PLACES = re.compile(r"^\[[^\]]*\] | \(_ssl\.c:\d+\)$")
# OpenSSL's error numbers for certificates that are not yet valid or have expired.
_CLOCK_ERRORS = (9, 10)


def diagnose_failure(error: BaseException, *, url: str, timeout: float | None) -> Finding:
    """Diagnose a request that got no response.

    Args:
        error: The exception that the HTTP library raised.
        url: The request's URL. Only its host is shown.
        timeout: Timeout for connecting and for the response, in seconds; None if it is not known.
    """
    causes = list(_unwrap(error))
    host = host_of(url)
    for cause in causes:
        if finding := _tunnel_finding(cause, host) or _ca_bundle_finding(cause):
            return finding
    failed_at_proxy = any(isinstance(cause, urllib3.exceptions.ProxyError) for cause in causes)
    peer = f"the proxy for {host}" if failed_at_proxy else host
    in_time = "in time" if timeout is None else f"within {timeout:g} s"
    for exception_type, slug, template in _FAILURES:
        for cause in causes:
            if isinstance(cause, exception_type) and not _is_wrapper(cause, exception_type):
                evidence = template.format(peer=peer, in_time=in_time, why=_reason(cause))
                return make_finding(slug, evidence, fix=_fix(cause))
    return make_finding(
        "connection-failed", f"the request to {host} failed with {type(error).__name__}", certainty="likely"
    )


def _unwrap(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception and all exceptions that it wraps, in the ways in which requests and urllib3 wrap them."""
    waiting: deque[object] = deque([error])
    seen: set[int] = set()
    while waiting:
        wrapped = waiting.popleft()
        if isinstance(wrapped, BaseException) and id(wrapped) not in seen:
            seen.add(id(wrapped))
            yield wrapped
            waiting += (wrapped.__cause__, wrapped.__context__, getattr(wrapped, "reason", None), *wrapped.args)


def _tunnel_finding(cause: BaseException, host: str) -> Finding | None:
    """Diagnose a CONNECT request that a proxy rejected. Only the message of the exception contains the status."""
    refused = _TUNNEL.search(str(cause)) if isinstance(cause, OSError) else None
    if refused is None:
        return None
    if refused[1] == "407":
        return make_finding("proxy-authentication", f"the proxy for {host} returned 407")
    return make_finding(
        "connection-failed", f"the proxy for {host} rejected the CONNECT request: it returned {refused[1]}"
    )


def _ca_bundle_finding(cause: BaseException) -> Finding | None:
    missing = _CA_BUNDLE.match(str(cause)) if isinstance(cause, OSError) else None
    if missing is None:
        return None
    return make_finding(
        "tls-intercepted",
        f"the CA bundle does not exist: {one_line(missing[1], 200)}",
        certainty="certain",
        fix="Set REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE to a file that exists, or unset the variable.",
    )


def _is_wrapper(cause: BaseException, exception_type: type[BaseException]) -> bool:
    """Return whether the exception is an OSError only because all exceptions of requests are, not a system error."""
    return exception_type is OSError and getattr(cause, "strerror", None) is None


def _reason(cause: BaseException) -> str:
    template = getattr(cause, "verify_message", None) or getattr(cause, "strerror", None) or type(cause).__name__
    return one_line(_OPENSSL_PLACES.sub("", str(template)), 200)


def _fix(cause: BaseException) -> str | None:
    if isinstance(cause, ssl.SSLCertVerificationError) and cause.verify_code in _CLOCK_ERRORS:
        return (
            "Check this machine's clock; if it is right, check whether the proxy's or Apple's certificate has expired."
        )
    return None
