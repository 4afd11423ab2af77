"""What requests makes of an answer that is late, broken or not there: for the transports in the test's process."""

from __future__ import annotations

import errno
import os
import ssl
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import requests
import urllib3
from urllib3 import exceptions

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytest_asc.emulator.http_models import Broken, Delivery

_UNTRUSTED = 19  # OpenSSL: a self-signed certificate in the chain


def deliver(delivery: Delivery, request: requests.PreparedRequest, timeout: Any) -> None:
    """Let happen on the way what is to happen.

    Args:
        delivery: What that is. A body that is cut is left to the transport.
        request: The request that is answered. Its response's ``elapsed`` will have the latency in it.
        timeout: What the client waits: seconds, a pair of them, a ``urllib3.Timeout``, or None for as long as it takes.

    Raises:
        requests.RequestException: There is no answer, or none in time.
    """
    patience = _patience(timeout)
    late = patience is not None and delivery.latency > patience
    if delivery.sleep:
        time.sleep(patience if late and patience is not None else delivery.latency)
    broken = "timeout" if late else delivery.broken
    if broken in _FAILURES:
        raise _FAILURES[broken](request)
    if delivery.latency:
        _add_to_elapsed(request, timedelta(seconds=delivery.latency))


def _patience(timeout: Any) -> float | None:
    """The seconds that a client waits for an answer once it is connected."""
    if isinstance(timeout, tuple):
        timeout = timeout[1]
    if isinstance(timeout, urllib3.Timeout):
        timeout = timeout.read_timeout
    return timeout if isinstance(timeout, (int, float)) else None


def _add_to_elapsed(request: requests.PreparedRequest, latency: timedelta) -> None:
    """Add to what requests measures itself once the adapter has answered, by the one hook that comes after."""

    def add(response: requests.Response, **_: object) -> None:
        response.elapsed += latency
        request.deregister_hook("response", add)  # type: ignore[no-untyped-call]

    request.register_hook("response", add)  # type: ignore[no-untyped-call]


def _refused(request: requests.PreparedRequest) -> requests.RequestException:
    pool = _pool(request)
    words = os.strerror(errno.ECONNREFUSED)
    failed = exceptions.NewConnectionError(
        pool,  # type: ignore[arg-type]  # the words need something to name alone
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


_FAILURES: Mapping[Broken | None, Callable[[requests.PreparedRequest], requests.RequestException]] = {
    "refused": _refused,
    "reset": _reset,
    "timeout": _timeout,
    "tls": _tls,
    "proxy": _proxy,
}
"""The exceptions that requests raises over a socket, with all that they wrap."""


def _given_up(request: requests.PreparedRequest, reason: Exception) -> exceptions.MaxRetryError:
    return exceptions.MaxRetryError(_pool(request), request.path_url, reason)


def _pool(request: requests.PreparedRequest) -> urllib3.HTTPConnectionPool:
    """What the words of urllib3's exceptions name; nothing is connected."""
    return urllib3.connection_from_url(request.url or "")
