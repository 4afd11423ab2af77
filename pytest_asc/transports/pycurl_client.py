"""Guard for pycurl: its connections cannot be emulated, and audit hooks do not see connections of a C library."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from pytest_asc.transports.apple_hosts import refuse_urls

_REDIRECTING_OPTIONS = ("PROXY", "PRE_PROXY", "RESOLVE", "CONNECT_TO", "UNIX_SOCKET_PATH")
"""Options with which a transfer is not sent to the host of its URL."""


def patch_pycurl() -> None:
    """Patch pycurl to raise an error for a transfer to a host of Apple's; others are not affected."""
    pycurl: Any = import_module("pycurl")
    elsewhere = {getattr(pycurl, name) for name in _REDIRECTING_OPTIONS if hasattr(pycurl, name)}

    def setopt(self: Any, option: int, value: Any) -> Any:
        self.is_led_elsewhere = getattr(self, "is_led_elsewhere", False) or option in elsewhere
        return curl.setopt(self, option, value)

    def check(handle: Any) -> None:
        if not getattr(handle, "is_led_elsewhere", False):
            refuse_urls(handle.getinfo(pycurl.EFFECTIVE_URL) or "", "pycurl")

    def checked(name: str) -> Any:
        original = getattr(curl, name)

        def perform(self: Any) -> Any:
            check(self)
            return original(self)

        return perform

    def add_handle(self: Any, handle: Any) -> Any:
        check(handle)
        return multi.add_handle(self, handle)

    curl, multi = pycurl.Curl, pycurl.CurlMulti
    performs = {name: checked(name) for name in ("perform", "perform_rb", "perform_rs") if hasattr(curl, name)}
    pycurl.Curl = type("Curl", (curl,), {"setopt": setopt, **performs})
    pycurl.CurlMulti = type("CurlMulti", (multi,), {"add_handle": add_handle})
