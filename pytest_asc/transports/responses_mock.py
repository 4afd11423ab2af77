"""The emulator behind every ``requests`` call to Apple, through responses."""

from __future__ import annotations

import re
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING
from unittest.mock import patch

import responses
from requests.adapters import HTTPAdapter

from pytest_asc.apple.services import emulated_hosts
from pytest_asc.transports.requests_adapter import send_to

if TYPE_CHECKING:
    from collections.abc import Iterator

    from requests import PreparedRequest

    from pytest_asc.apple.services import Service
    from pytest_asc.emulator.app import Emulator

_ANYTHING = re.compile("")


@contextmanager
def intercept(emulator: Emulator) -> Iterator[None]:
    """Answer requests to the hosts that the emulator stands for, whatever the method; let all others go on as before.

    It is one :class:`responses.RequestsMock` with one catch-all callback. Where another mock was active before, the
    requests to other hosts go on to it. A mock that a test activates inside (``@responses.activate``, ``with
    responses.RequestsMock()``) comes first, as always with responses: it sees Apple's requests too, refuses those it
    has no route for with a ConnectionError, and its ``passthru`` leads to the network and not back here. Give such a
    mock the way back with ``RequestsMock(real_adapter_send=requests.adapters.HTTPAdapter.send)`` and
    ``add_passthru("https://api.appstoreconnect.apple.com")``.

    An exception of the emulator's own, which is a bug of pytest-asc, is raised where the request was sent.
    """
    mock = responses.RequestsMock(assert_all_requests_are_fired=False, real_adapter_send=HTTPAdapter.send)
    mock.add(_AnyMethod(emulator))
    mock.add_passthru(_ANYTHING)
    # Entering the mock would do the same, and look for the adapter by its name twice: 20 µs for each test, not 3.
    with patch.object(HTTPAdapter, "send", mock.unbound_on_send()):
        yield


@cache
def _pattern(service: Service) -> re.Pattern[str]:
    """URLs of the hosts that an emulator of a service stands for."""
    hosts = "|".join(map(re.escape, emulated_hosts(service)))
    return re.compile(rf"https?://({hosts})(:\d+)?([/?#]|$)", re.IGNORECASE)


class _AnyMethod(responses.CallbackResponse):
    """A callback for Apple's hosts that asks neither for the method nor for the path."""

    def __init__(self, emulator: Emulator) -> None:
        self._hosts = _pattern(emulator.service)
        super().__init__("ANY", self._hosts, self._answer, content_type=None)
        self._emulator = emulator

    def matches(self, request: PreparedRequest) -> tuple[bool, str]:
        if self._hosts.match(request.url or ""):
            return True, ""
        return False, "not a host of Apple's"

    def _answer(self, request: PreparedRequest) -> tuple[int, dict[str, str], bytes]:
        # responses hands on what the adapter was given.
        timeout = request.req_kwargs.get("timeout")  # type: ignore[attr-defined]
        answer = send_to(self._emulator, request, timeout)
        return answer.status, answer.headers, answer.body
