"""``--asc-live-guard``: rejects writes to Apple's hosts, with any common HTTP client, by tests that may not write."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_asc.apple.hosts import is_apple
from pytest_asc.diagnosis.http.url_origin import origin_or_none
from pytest_asc.plugin.options import settings_of
from pytest_asc.session import SAFE_METHODS, WriteRefusedError
from pytest_asc.transports.apple_hosts import emulator_for
from pytest_asc.transports.write_guard import checking_requests

if TYPE_CHECKING:
    from collections.abc import Generator

    from pytest_asc.diagnosis.http.url_origin import Origin


class LiveGuard:
    """Plugin for the option ``--asc-live-guard``.

    It rejects writes to Apple's hosts and to the host of the base URL, for the clients of
    :mod:`pytest_asc.transports.write_guard`.

    Args:
        config: The configuration of the pytest run.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._allowed = bool(config.option.asc_allow_writes)
        base_url = settings_of(config).get("base_url")
        origin = origin_or_none(base_url.value.strip()) if base_url else None
        self._base = (origin.host.rstrip("."), origin.port) if origin else None

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Reject writes of a test and its fixtures, unless both the test and the run allow them."""
        marked = any(mark.kwargs.get("allow_writes") for mark in item.iter_markers("asc"))
        if marked and self._allowed:
            return (yield)
        with checking_requests(self._check):
            return (yield)

    def _check(self, method: str, origin: Origin) -> None:
        guarded = is_apple(origin.host) or (origin.host, origin.port) == self._base
        if guarded and method not in SAFE_METHODS and emulator_for(origin.host) is None:
            raise WriteRefusedError(
                f"{method} was not sent to {origin.host}: --asc-live-guard lets tests only read. To let this test "
                "write, mark it with @pytest.mark.asc(allow_writes=True) and run pytest with --asc-allow-writes."
            )
