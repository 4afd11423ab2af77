"""Interception of all ``requests`` calls to Apple with responses."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias

import requests
import responses
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPSConnection
from urllib3.connectionpool import HTTPSConnectionPool

from pytest_asc.apple.services import emulated_hosts
from pytest_asc.transports.apple_hosts import start_answering, stop_answering
from pytest_asc.transports.client_patches import patch_clients
from pytest_asc.transports.requests_transport import RequestsTransport

if TYPE_CHECKING:
    from collections.abc import Callable

    from requests import PreparedRequest

    from pytest_asc.apple.services import Service
    from pytest_asc.emulator.app import Emulator

_ANYTHING = re.compile("")
_Answering: TypeAlias = "tuple[re.Pattern[str], RequestsTransport]"


class intercept:  # noqa: N801  used like a function; a generator-based context manager would be slower
    """Respond to requests to the emulated hosts, with any method; requests to other hosts are not affected.

    For requests, this is one :class:`responses.RequestsMock` with a catch-all callback. If another mock was active
    before, it still gets the requests to other hosts. A mock that a test activates inside (``@responses.activate``,
    ``with responses.RequestsMock()``) comes first, as always with responses: it also gets requests to Apple, and raises
    a ConnectionError for those without a route. Requests that its ``passthru`` lets through reach the emulator.

    For the other libraries in :mod:`.client_patches`, connections to these hosts lead to the emulator. Any other
    connection to a host of Apple's raises :class:`pytest_asc.transports.apple_hosts.AppleHostError`.

    An exception of the emulator itself, which is a bug in pytest-asc, is raised to the sender of the request.

    Args:
        emulator: The emulator.
    """

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator
        self._answering = (_pattern(emulator.service), RequestsTransport(emulator))

    def __enter__(self) -> None:
        patch_clients()
        start_answering(self._emulator)
        _mock().start_answering(self._answering)

    def __exit__(self, *_: object) -> None:
        _mock().stop_answering(self._answering)
        stop_answering(self._emulator)


@cache
def _pattern(service: Service) -> re.Pattern[str]:
    """Return a pattern for URLs with a host of an emulated service."""
    hosts = "|".join(map(re.escape, emulated_hosts(service)))
    return re.compile(rf"https?://({hosts})(:\d+)?([/?#]|$)", re.IGNORECASE)


class _AnyMethod(responses.CallbackResponse):
    """Callback for all methods and paths at the hosts of the active emulators."""

    def __init__(self) -> None:
        super().__init__("ANY", _ANYTHING, self._answer, content_type=None)
        self.answering: list[_Answering] = []
        """The active emulators; the last one has precedence. They can end in any order: that of a test may have been
        started before one that a module-scoped fixture opens."""
        self.ended: re.Pattern[str] | None = None
        """Pattern of the emulator that ended last."""

    def matches(self, request: PreparedRequest) -> tuple[bool, str]:
        url = request.url or ""
        # vcrpy records and replays with its own connection class. It comes first; what it lets through comes back here.
        if HTTPSConnectionPool.ConnectionCls is not HTTPSConnection:
            return False, "left to another library"
        if self._find(url) or (not self.answering and self.ended and self.ended.match(url)):
            return True, ""
        return False, "not a host of Apple's"

    def _find(self, url: str) -> RequestsTransport | None:
        return next((transport for hosts, transport in reversed(self.answering) if hosts.match(url)), None)

    def _answer(self, request: PreparedRequest) -> tuple[int, dict[str, str], bytes]:
        transport = self._find(request.url or "")
        if transport is None:  # the request of a thread that outlives its test must not reach Apple
            raise requests.ConnectionError("the test of this request has ended", request=request)
        # responses stores the arguments of the adapter in req_kwargs.
        timeout = request.req_kwargs.get("timeout")  # type: ignore[attr-defined]
        response = transport.exchange(request, timeout)
        return response.status, response.headers, response.body


class _EmulatorMock(responses.RequestsMock):
    """Mock with one callback. The process has only one such mock, since creating one for each test would be slow."""

    def __init__(self) -> None:
        super().__init__(assert_all_requests_are_fired=False, real_adapter_send=self._send_to_previous)
        self.send = self.unbound_on_send()
        self._before: Callable[..., requests.Response] = HTTPAdapter.send
        self._callback = _AnyMethod()
        self.add(self._callback)
        self.add_passthru(_ANYTHING)

    def start_answering(self, answering: _Answering) -> None:
        """Add an emulator. If it is the first one, replace ``HTTPAdapter.send``."""
        if not self._callback.answering:
            self._before = HTTPAdapter.send
            HTTPAdapter.send = self.send  # type: ignore[method-assign,assignment]
        self._callback.answering.append(answering)

    def stop_answering(self, answering: _Answering) -> None:
        """Remove an emulator. If it was the last one, restore ``HTTPAdapter.send`` and discard the recorded calls."""
        callback = self._callback
        callback.answering.remove(answering)
        if not callback.answering:
            callback.ended = answering[0]
            HTTPAdapter.send = self._before  # type: ignore[method-assign]
            if self.calls:
                callback.calls.reset()
                self.calls.reset()

    def _send_to_previous(self, *args: Any, **kwargs: Any) -> requests.Response:
        return self._before(*args, **kwargs)


@cache
def _mock() -> _EmulatorMock:
    return _EmulatorMock()
