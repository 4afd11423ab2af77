"""Exceptions of requests for failed connections."""

from __future__ import annotations

import errno
import os
import ssl
from typing import TYPE_CHECKING

import requests
import urllib3
from urllib3 import exceptions

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytest_asc.emulator.http_models import Broken

_UNTRUSTED = 19  # OpenSSL's error number for a self-signed certificate in the chain


def _refused(request: requests.PreparedRequest) -> requests.RequestException:
    pool = _pool(request)
    words = os.strerror(errno.ECONNREFUSED)
    failed = exceptions.NewConnectionError(
        pool,  # type: ignore[arg-type]  # only named in the message
        f"Failed to establish a new connection: [Errno {errno.ECONNREFUSED}] {words}",
    )
    failed.__cause__ = ConnectionRefusedError(errno.ECONNREFUSED, words)
    return requests.ConnectionError(_given_up(request, failed), request=request)


def _reset(request: requests.PreparedRequest) -> requests.RequestException:
    reset = ConnectionResetError(errno.ECONNRESET, os.strerror(errno.ECONNRESET))
    return requests.ConnectionError(exceptions.ProtocolError("Connection aborted.", reset), request=request)


def _timeout(request: requests.PreparedRequest) -> requests.RequestException:
    late = exceptions.ReadTimeoutError(_pool(request), request.path_url, "Read timed out.")
    return requests.ReadTimeout(late, request=request)


def _tls(request: requests.PreparedRequest) -> requests.RequestException:
    words = "self-signed certificate in certificate chain"
    failed = ssl.SSLCertVerificationError(1, f"[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: {words}")
    failed.verify_code, failed.verify_message = _UNTRUSTED, words
    return requests.exceptions.SSLError(_given_up(request, exceptions.SSLError(failed)), request=request)


def _proxy(request: requests.PreparedRequest) -> requests.RequestException:
    refused = OSError("Tunnel connection failed: 407 Proxy Authentication Required")
    failed = exceptions.ProxyError("Unable to connect to proxy", refused)
    return requests.exceptions.ProxyError(_given_up(request, failed), request=request)


FAILURES: Mapping[Broken | None, Callable[[requests.PreparedRequest], requests.RequestException]] = {
    "refused": _refused,
    "reset": _reset,
    "timeout": _timeout,
    "tls": _tls,
    "proxy": _proxy,
}
"""Functions that return the exception that requests raises for a failure, with all exceptions that it wraps."""


def _given_up(request: requests.PreparedRequest, reason: Exception) -> exceptions.MaxRetryError:
    return exceptions.MaxRetryError(_pool(request), request.path_url, reason)


def _pool(request: requests.PreparedRequest) -> urllib3.HTTPConnectionPool:
    """Return the pool for the messages of urllib3's exceptions. It is never connected."""
    return urllib3.connection_from_url(request.url or "")
