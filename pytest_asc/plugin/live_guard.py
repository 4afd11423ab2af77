"""``--asc-live-guard``: no test writes to Apple's hosts over ``http.client`` unless it may, whatever its client."""

from __future__ import annotations

from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any

import pytest

from pytest_asc.apple.hosts import is_apple
from pytest_asc.diagnosis.http.url_origin import origin_or_none
from pytest_asc.plugin.options import settings_of
from pytest_asc.session import SAFE_METHODS, WriteRefusedError

if TYPE_CHECKING:
    from collections.abc import Generator


class LiveGuard:
    """Refuses writes of requests, urllib3, urllib.request and http.client to Apple's hosts and to the base URL's.

    Args:
        config: The configuration of the pytest run.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._allowed = bool(config.option.asc_allow_writes)
        base_url = settings_of(config).get("base_url")
        origin = origin_or_none(base_url.value.strip()) if base_url else None
        self._base = (origin.host, origin.port) if origin else None

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Guard a test and its fixtures, unless it may write or uses the emulator."""
        live = item.get_closest_marker("asc_live") is not None
        emulated = "asc_emulator" in getattr(item, "fixturenames", ()) and not live
        marked = any(mark.kwargs.get("allow_writes") for mark in item.iter_markers("asc"))
        if emulated or (marked and self._allowed):
            return (yield)
        original = HTTPConnection.putrequest

        def putrequest(connection: HTTPConnection, method: str, url: str, *args: Any, **kwargs: Any) -> None:
            host = getattr(connection, "_tunnel_host", None) or connection.host
            guarded = is_apple(host) or (host, connection.port) == self._base
            if guarded and method.upper() not in SAFE_METHODS:
                raise WriteRefusedError(
                    f"{method} {url.partition('?')[0]} was not sent to {host}: --asc-live-guard lets tests only read. "
                    "To let this test write, mark it with @pytest.mark.asc(allow_writes=True) and run pytest with "
                    "--asc-allow-writes."
                )
            original(connection, method, url, *args, **kwargs)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(HTTPConnection, "putrequest", putrequest)
            return (yield)
