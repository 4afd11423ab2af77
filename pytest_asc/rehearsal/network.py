"""The network: what requests raises where no answer comes, put together as requests and urllib3 do."""

from __future__ import annotations

import errno
import ssl
from types import MappingProxyType
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import urlsplit

import requests
from urllib3 import HTTPSConnectionPool
from urllib3.exceptions import MaxRetryError, ProtocolError, ProxyError, ReadTimeoutError, SSLError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from requests import PreparedRequest


def _pool(request: PreparedRequest) -> HTTPSConnectionPool:
    return HTTPSConnectionPool(urlsplit(request.url or "").hostname or "")


def _given_up(
    kind: type[requests.RequestException], reason: Callable[[], Exception]
) -> Callable[[PreparedRequest], NoReturn]:
    """Urllib3 gives up after its retries, and requests passes the reason on."""

    def fail(request: PreparedRequest) -> NoReturn:
        raise kind(MaxRetryError(_pool(request), request.path_url, reason()), request=request)

    return fail


def _refused() -> Exception:
    return ProtocolError("Connection aborted.", ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused"))


def _untrusted() -> Exception:
    words = "self-signed certificate in certificate chain"
    error = ssl.SSLCertVerificationError(ssl.SSL_ERROR_SSL, f"certificate verify failed: {words}")
    # The two members are set by the interpreter's TLS alone. 19 is OpenSSL's number for these words.
    error.verify_code, error.verify_message = 19, words
    return SSLError(error)


def _no_tunnel() -> Exception:
    # http.client tells the proxy's status in words.
    return ProxyError("Unable to connect to proxy", OSError("Tunnel connection failed: 407 Authentication Required"))


def _silent(request: PreparedRequest) -> NoReturn:
    reason = ReadTimeoutError(_pool(request), request.path_url, "Read timed out.")
    raise requests.ReadTimeout(reason, request=request)


NETWORK: Mapping[str, Callable[[PreparedRequest], NoReturn]] = MappingProxyType(
    {
        "connection-failed": _given_up(requests.ConnectionError, _refused),
        "tls-intercepted": _given_up(requests.exceptions.SSLError, _untrusted),
        "proxy-authentication": _given_up(requests.exceptions.ProxyError, _no_tunnel),
        "timed-out": _silent,
    }
)
"""By the slug of the cause."""
