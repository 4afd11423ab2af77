"""Transport of the library requests in the process of the test, for the adapter and for the mock of responses."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import requests
import urllib3

from pytest_asc.emulator.http_models import Request
from pytest_asc.faults.requests import REQUEST_MUTATIONS
from pytest_asc.transports.base import Transport, plan_delivery
from pytest_asc.transports.requests_failures import FAILURES

if TYPE_CHECKING:
    from pytest_asc.emulator.app import Emulator
    from pytest_asc.emulator.http_models import Delivery, Response


class RequestsTransport(Transport[requests.PreparedRequest, Request, None]):
    """Passes prepared requests to an emulator.

    Args:
        emulator: The emulator.
    """

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator

    def exchange(self, request: requests.PreparedRequest, timeout: Any) -> Response:
        """Return the response to a request, in the four steps of a transport.

        Args:
            request: The request.
            timeout: The ``timeout`` of requests: seconds, a pair of them, a ``urllib3.Timeout``, or None for no limit.

        Raises:
            requests.RequestException: There is no response, or it comes after the timeout.
            Exception: An exception of the emulator itself, which is a bug in pytest-asc.
        """
        emulator = self.emulator
        if emulator.client_fault:
            self.mutate(request)
        response = emulator.handle(self.convert(request))
        if response.crash:
            raise response.crash
        if response.delivery:
            self.deliver(request, response, response.delivery, _read_timeout(timeout))
        return response

    def mutate(self, request: requests.PreparedRequest) -> None:
        """Inject the emulator's ``client_fault`` into a request."""
        REQUEST_MUTATIONS[self.emulator.client_fault or ""].apply(request)

    def convert(self, request: requests.PreparedRequest) -> Request:
        """Convert a prepared request, and read its body."""
        body = request.body
        return Request(request.method or "", request.url or "", request.headers, _bytes(body) if body else b"")

    def deliver(
        self,
        request: requests.PreparedRequest,
        response: Response,  # noqa: ARG002  the body is truncated by the caller
        delivery: Delivery,
        timeout: float | None,
    ) -> None:
        """Raise the exception of a failed connection, or add the latency to ``elapsed``. The caller truncates the body.

        Raises:
            requests.RequestException: There is no response, or it comes after the timeout.
        """
        plan = plan_delivery(delivery, timeout)
        if plan.wait:
            time.sleep(plan.wait)
        if plan.broken in FAILURES:
            raise FAILURES[plan.broken](request)
        if delivery.latency:
            _add_to_elapsed(request, timedelta(seconds=delivery.latency))


def _bytes(body: Any) -> bytes:
    """Return the bytes of a body, which is text, bytes, a file, or an iterable of chunks."""
    if isinstance(body, bytes):
        return body
    if isinstance(body, str):
        return body.encode()
    if hasattr(body, "read"):
        return _bytes(body.read())
    return b"".join(map(_bytes, body))


def _read_timeout(timeout: Any) -> float | None:
    """Return the seconds that a client waits for a response after connecting; None if it waits forever."""
    if isinstance(timeout, tuple):
        timeout = timeout[1]
    if isinstance(timeout, urllib3.Timeout):
        timeout = timeout.read_timeout
    return timeout if isinstance(timeout, (int, float)) else None


def _add_to_elapsed(request: requests.PreparedRequest, latency: timedelta) -> None:
    """Add the latency to ``elapsed``, which requests sets after the adapter returns, by way of a response hook."""

    def add(response: requests.Response, **_: object) -> None:
        response.elapsed += latency
        request.deregister_hook("response", add)  # type: ignore[no-untyped-call]

    request.register_hook("response", add)  # type: ignore[no-untyped-call]
