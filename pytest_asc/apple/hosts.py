"""Hosts beside those of the services: this machine's own, and those of Apple's that are no API."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
"""The names of this machine's own network interface, as URLs have them."""

NOT_API_HOSTS: Mapping[str, str] = MappingProxyType(
    {
        "appstoreconnect.apple.com": "the website",
        "itunesconnect.apple.com": "the website's old name",
        "developer.apple.com": "the documentation",
        "appstoreconnect.com": "no host of Apple's",
        "api.appstoreconnect.com": "no host of Apple's",
    }
)
"""Hosts that people take for the API's (observed in public code), and a description of each."""

NOTARY_PATH = "/notary/"
"""The paths of the Notary API, which takes App Store Connect's tokens and is at the website's host (documented)."""


def is_apple(host: str) -> bool:
    """Return whether a host, in lower case, belongs to Apple."""
    return host.endswith(".apple.com")
