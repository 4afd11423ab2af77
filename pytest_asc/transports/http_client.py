"""Connections of http.client, urllib.request and urllib3 to Apple's hosts, with the emulator as the other end.

The patched ``connect`` replaces the socket by an object. Everything above it is the library's own code: redirects,
retries, decoding and errors.
"""

from __future__ import annotations

import errno
import http.client
import io
import os
import socket
import ssl
import time
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from pytest_asc.transports.apple_hosts import emulator_for
from pytest_asc.transports.base import plan_delivery
from pytest_asc.transports.http_exchange import HttpExchange

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_asc.emulator.http_models import Response
    from pytest_asc.transports.http_exchange import Failures

UNTRUSTED = "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate in certificate chain"
PROXY_REFUSED = "407 Proxy Authentication Required"


def refused() -> ConnectionRefusedError:
    """Return the error for a port that nothing listens on."""
    return ConnectionRefusedError(errno.ECONNREFUSED, os.strerror(errno.ECONNREFUSED))


def reset() -> ConnectionResetError:
    """Return the error for a connection that the other end has reset."""
    return ConnectionResetError(errno.ECONNRESET, os.strerror(errno.ECONNRESET))


def untrusted() -> ssl.SSLCertVerificationError:
    """Return the error for a certificate that the client does not trust."""
    return ssl.SSLCertVerificationError(1, UNTRUSTED)


def _proxy_refused() -> OSError:
    return OSError(f"Tunnel connection failed: {PROXY_REFUSED}")


FAILURES: Failures = MappingProxyType({"refused": refused, "tls": untrusted, "proxy": _proxy_refused})
"""Functions that return http.client's exception for a failure before the request, by the planned failure."""


class EmulatedSocket:
    """Replacement of a socket, with the methods that http.client uses.

    Args:
        exchange: The exchange that is the other end.
        timeout: Timeout in seconds, which the library may change.
        failures: Functions that return the library's exception for a failure before the request.
    """

    def __init__(self, exchange: HttpExchange, timeout: object, failures: Failures) -> None:
        self._exchange = exchange
        self._failures = failures
        self._response: Response | None = None
        self.settimeout(timeout)

    def settimeout(self, timeout: object) -> None:
        """Set the timeout for the response, in seconds."""
        self._timeout = timeout if isinstance(timeout, (int, float)) else socket.getdefaulttimeout()

    def gettimeout(self) -> float | None:
        """Return the timeout for the response, in seconds."""
        return self._timeout

    def sendall(self, data: bytes, _: int = 0) -> None:
        """Send bytes. When the request is complete, it is handled, or a planned failure is raised."""
        if self._exchange.receive(data) == b"":
            response = self._response = self._exchange.answer()
            failure = self._failures.get(response.delivery.broken) if response.delivery else None
            if failure:
                raise failure()

    def send(self, data: bytes, _: int = 0) -> int:
        """Send bytes, and return their number."""
        self.sendall(data)
        return len(data)

    def makefile(self, *_: object, **__: object) -> io.BufferedIOBase:
        """Wait for the planned latency, and return a file with the response."""
        response = self._response
        if response is None:
            return io.BytesIO()
        if response.delivery:
            plan = plan_delivery(response.delivery, self._timeout)
            if plan.wait:
                time.sleep(plan.wait)
            if plan.broken in _READ_FAILURES:
                return io.BufferedReader(_FailingStream(_READ_FAILURES[plan.broken]()))
        return io.BytesIO(self._exchange.to_bytes(response))

    def ignore(self, *_: object) -> None:
        """Do nothing: there is no connection."""

    close = shutdown = setsockopt = ignore


def _timed_out() -> TimeoutError:
    return TimeoutError("The read operation timed out")


_READ_FAILURES: Failures = MappingProxyType({"reset": reset, "timeout": _timed_out})


class _FailingStream(io.RawIOBase):
    """A stream that raises an exception when it is read."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self._error = error

    def readable(self) -> bool:
        return True

    def readinto(self, _: object) -> int:
        raise self._error


def patch_http_client() -> None:
    """Patch http.client to connect to the emulator for its hosts; other hosts are not affected."""
    _patch_connect(http.client.HTTPConnection, "http", lambda _: FAILURES)
    _patch_connect(http.client.HTTPSConnection, "https", lambda _: FAILURES)


def patch_urllib3() -> None:
    """Patch urllib3 to connect to the emulator for its hosts; other hosts are not affected."""
    from urllib3 import connection, exceptions  # noqa: PLC0415  called only when urllib3 has been loaded

    def failures(of: Any) -> Failures:
        message = f"Failed to establish a new connection: {refused()}"
        return {
            "refused": lambda: exceptions.NewConnectionError(of, message),
            "tls": untrusted,
            "proxy": lambda: exceptions.ProxyError("Unable to connect to proxy", _proxy_refused()),
        }

    def connected(of: Any) -> None:
        of.is_verified = True
        of._has_connected_to_proxy = bool(of.proxy)  # noqa: SLF001  the property has_connected_to_proxy is read-only
        of.proxy_is_verified = True if of.proxy else None

    _patch_connect(connection.HTTPConnection, "http", failures, connected)
    _patch_connect(connection.HTTPSConnection, "https", failures, connected)


def _patch_connect(
    cls: Any, scheme: str, failures: Callable[[Any], Failures], connected: Callable[[Any], None] = lambda _: None
) -> None:
    original = cls.connect

    def connect(self: Any) -> None:
        # If the connection is a proxy's tunnel, the host is at the end of the tunnel.
        tunnel = self._tunnel_host
        host, port = (tunnel, self._tunnel_port) if tunnel else (self.host, self.port)
        if emulator_for(host) is None:
            original(self)
            return
        exchange = HttpExchange("https" if tunnel else scheme, host, port)
        self.sock = EmulatedSocket(exchange, self.timeout, failures(self))
        connected(self)

    cls.connect = connect
