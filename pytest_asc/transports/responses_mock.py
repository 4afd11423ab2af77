"""The emulator behind every ``requests`` call to Apple, through responses."""

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


class intercept:  # noqa: N801  it reads as a function, and is one but for the speed
    """Answer requests to the hosts that the emulator stands for, with any method; let all others go on as before.

    For requests it is one :class:`responses.RequestsMock` with one catch-all callback. Where another mock was active
    before, the requests to other hosts go on to it. A mock that a test activates inside (``@responses.activate``,
    ``with responses.RequestsMock()``) comes first, as always with responses: it sees Apple's requests too, and refuses
    those it has no route for with a ConnectionError; what its ``passthru`` lets through reaches the emulator.

    The other libraries of :mod:`.client_patches` have their connections to these hosts answered, and any further
    connection to a host of Apple's raises :class:`pytest_asc.transports.apple_hosts.AppleHostError`.

    An exception of the emulator's own, which is a bug of pytest-asc, is raised where the request was sent.

    Args:
        emulator: The emulator that answers.
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
    """URLs of the hosts that an emulator of a service stands for."""
    hosts = "|".join(map(re.escape, emulated_hosts(service)))
    return re.compile(rf"https?://({hosts})(:\d+)?([/?#]|$)", re.IGNORECASE)


class _AnyMethod(responses.CallbackResponse):
    """A callback for the hosts of an emulator, any method and any path."""

    def __init__(self) -> None:
        super().__init__("ANY", _ANYTHING, self._answer, content_type=None)
        self.answering: list[_Answering] = []
        """The emulators that answer, the last one first. They may end in any order: a test's own can be started before
        one that a fixture of the whole module opens."""
        self.ended: re.Pattern[str] | None = None
        """The URLs that were answered last."""

    def matches(self, request: PreparedRequest) -> tuple[bool, str]:
        url = request.url or ""
        # vcrpy records and replays by a class of its own below: it comes first, and what it lets through comes back.
        if HTTPSConnectionPool.ConnectionCls is not HTTPSConnection:
            return False, "left to another library"
        if self._find(url) or (not self.answering and self.ended and self.ended.match(url)):
            return True, ""
        return False, "not a host of Apple's"

    def _find(self, url: str) -> RequestsTransport | None:
        return next((transport for hosts, transport in reversed(self.answering) if hosts.match(url)), None)

    def _answer(self, request: PreparedRequest) -> tuple[int, dict[str, str], bytes]:
        transport = self._find(request.url or "")
        if transport is None:  # a thread that outlives its test: its request must not reach Apple
            raise requests.ConnectionError("the test of this request has ended", request=request)
        # responses passes on the arguments of the adapter.
        timeout = request.req_kwargs.get("timeout")  # type: ignore[attr-defined]
        response = transport.exchange(request, timeout)
        return response.status, response.headers, response.body


class _EmulatorMock(responses.RequestsMock):
    """A mock with one callback. There is one for the whole process, since making it costs more than a test's share."""

    def __init__(self) -> None:
        super().__init__(assert_all_requests_are_fired=False, real_adapter_send=self._send_on)
        self.send = self.unbound_on_send()
        self._before: Callable[..., requests.Response] = HTTPAdapter.send
        self._callback = _AnyMethod()
        self.add(self._callback)
        self.add_passthru(_ANYTHING)

    def start_answering(self, answering: _Answering) -> None:
        """Answer with an emulator; the first one takes the place of ``HTTPAdapter.send``."""
        if not self._callback.answering:
            self._before = HTTPAdapter.send
            HTTPAdapter.send = self.send  # type: ignore[method-assign,assignment]
        self._callback.answering.append(answering)

    def stop_answering(self, answering: _Answering) -> None:
        """Stop answering with an emulator; the last one puts ``HTTPAdapter.send`` back and forgets the calls."""
        callback = self._callback
        callback.answering.remove(answering)
        if not callback.answering:
            callback.ended = answering[0]
            HTTPAdapter.send = self._before  # type: ignore[method-assign]
            if self.calls:
                callback.calls.reset()
                self.calls.reset()

    def _send_on(self, *args: Any, **kwargs: Any) -> requests.Response:
        return self._before(*args, **kwargs)


@cache
def _mock() -> _EmulatorMock:
    return _EmulatorMock()
