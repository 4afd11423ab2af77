"""Parser of the exceptions that HTTP libraries raise when a request is not sent or gets no response."""

from __future__ import annotations

import ast
import http.client
import re
import socket
import ssl
from typing import TYPE_CHECKING, Any, NamedTuple

import requests
import urllib3.exceptions

from pytest_asc.diagnosis.findings import Finding, make_finding
from pytest_asc.diagnosis.http.request import HttpRequest

if TYPE_CHECKING:
    from types import TracebackType

_NO_RESPONSE = (
    requests.ConnectionError,
    requests.Timeout,
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.RetryError,
    requests.exceptions.InvalidProxyURL,
    urllib3.exceptions.HTTPError,
    http.client.HTTPException,
    ConnectionError,
    TimeoutError,
    socket.gaierror,
    ssl.SSLError,
)
# Base classes of httpx and aiohttp, compared by name because these libraries are not dependencies.
_NO_RESPONSE_NAMES = frozenset({"TransportError", "ClientConnectionError"})
# httpx wraps the socket's TimeoutError, which does not show whether the connection or the response timed out.
_READ_TIMEOUT = "ReadTimeout"

_SCHEME_NAMES = frozenset({"MissingSchema", "InvalidSchema", "UnsupportedProtocol"})
_URL_NAMES = frozenset({"InvalidURL", "LocationParseError"})
# The modules in which requests and httpx iterate over the argument ``headers``.
_HEADER_READERS = frozenset({"requests.models", "httpx._models"})
_PROXY_ERRORS = (urllib3.exceptions.ProxySchemeUnknown, urllib3.exceptions.ProxySchemeUnsupported)
# How messages about proxy URLs start: in requests without PySocks, urllib3 with PySocks, httpx and aiohttp.
_PROXY_MESSAGES = (
    "Missing dependencies for SOCKS support",
    "Unable to determine SOCKS version from",
    "Unknown scheme for proxy URL",
    "Only http proxies are supported",
    "Proxy URL had",
)
_LONGEST_PREFIX = 100
_QUOTED = re.compile(r"'([^']*)'")
# Messages of requests, http.client and h11 about an invalid header.
_BAD_HEADER = re.compile(r"(?:in header value:|Invalid header value|Illegal header value) ?(b?(['\"]).*\2)", re.DOTALL)
_CREDENTIAL = re.compile(r"\s*bearer|\s*eyJ", re.IGNORECASE)


class ExceptionEvidence(NamedTuple):
    """A parsed exception."""

    request: HttpRequest | None = None
    """The request; members that are not known are empty."""
    failure: BaseException | None = None
    """The exception, if it shows why there was no response; requests' equivalent for a timeout of httpx."""
    finding: Finding | None = None
    """A finding that needs no further checks."""


def read_exception(error: BaseException) -> ExceptionEvidence:
    """Parse an exception, without quoting its message. The result is empty if it is not about a request."""
    names = {cls.__name__ for cls in type(error).__mro__}
    if headers := _headers_argument(error):
        return ExceptionEvidence(HttpRequest(headers=headers))
    if authorization := _rejected_header(error):
        return ExceptionEvidence(HttpRequest(headers={"Authorization": authorization}))
    if names & _SCHEME_NAMES and not _is_proxy_error(error):
        return ExceptionEvidence(HttpRequest(url=_url_in(error)))
    if finding := _url_finding(error, names):
        return ExceptionEvidence(_request_of(error), finding=finding)
    # For a CA bundle that does not exist, requests raises a plain OSError.
    if isinstance(error, _NO_RESPONSE) or names & _NO_RESPONSE_NAMES or "CA certificate" in str(error):
        is_read_timeout = type(error).__name__ == _READ_TIMEOUT
        return ExceptionEvidence(_request_of(error), requests.ReadTimeout() if is_read_timeout else error)
    return ExceptionEvidence()


def _url_finding(error: BaseException, names: set[str]) -> Finding | None:
    """Return a finding if the library could not parse the URL of the proxy or of the request."""
    if _is_proxy_error(error):
        evidence = "the HTTP library cannot use the proxy URL, which comes from a setting or from a *_PROXY variable"
        return make_finding("proxy-invalid", evidence)
    # requests reports a proxy URL without a host as an invalid URL, but it is a failure to connect to the proxy.
    if names & _URL_NAMES and not isinstance(error, requests.exceptions.InvalidProxyURL):
        return make_finding("url-invalid", "the HTTP library cannot parse the URL")
    return None


def _is_proxy_error(error: BaseException) -> bool:
    """Return whether the library rejected the URL of the proxy before it sent anything."""
    causes = (error, error.__cause__, error.__context__)
    if any(isinstance(cause, _PROXY_ERRORS) for cause in causes):
        return True
    return isinstance(error, ValueError) and str(error)[:_LONGEST_PREFIX].startswith(_PROXY_MESSAGES)


def _headers_argument(error: BaseException) -> str | None:
    """Return the string that was passed as ``headers``, if that caused the exception; None otherwise."""
    if not isinstance(error, (AttributeError, TypeError, ValueError)) or error.__traceback__ is None:
        return None
    frame = _innermost(error.__traceback__).tb_frame
    headers = frame.f_locals.get("headers")
    if frame.f_globals.get("__name__") not in _HEADER_READERS or not isinstance(headers, (str, bytes)):
        return None
    return headers.decode("latin-1") if isinstance(headers, bytes) else str(headers)


def _innermost(traceback: TracebackType) -> TracebackType:
    while traceback.tb_next:
        traceback = traceback.tb_next
    return traceback


def _rejected_header(error: BaseException) -> str | None:
    """Return the Authorization header that the library rejected as invalid; None for any other exception."""
    if isinstance(error, UnicodeEncodeError):
        value: Any = error.object
    else:
        match = _BAD_HEADER.search(str(error))
        try:
            value = ast.literal_eval(match[1]) if match else None
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            return None
    if isinstance(value, bytes):
        value = value.decode("latin-1")
    return value if isinstance(value, str) and _CREDENTIAL.match(value) else None


def _url_in(error: BaseException) -> str:
    """Return the URL that the library rejected, from the exception's request (httpx) or its message (requests)."""
    request = _request_of(error)
    if request and request.url:
        return request.url
    quoted = _QUOTED.search(str(error))
    return quoted[1] if quoted else "/"


def _request_of(error: BaseException) -> HttpRequest | None:
    try:
        url = getattr(getattr(error, "request", None), "url", None)
    except RuntimeError:  # httpx raises it if the request was not set
        return None
    return None if url is None else HttpRequest(url=str(url))
