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


SESSION_PATHS = ("/iris/", "/olympus/", "/WebObjects/")
"""The paths at the website's host that take the session of an Apple ID, and no token (observed: expo/eas-cli #4396)."""

_SESSION_HOSTS = frozenset({"idmsa.apple.com", "gsa.apple.com"})


def takes_sessions(host: str) -> bool:
    """Return whether a host, in lower case, is one where Apple IDs sign in (observed: fastlane #14398)."""
    return host in _SESSION_HOSTS


def is_apple(host: str) -> bool:
    """Return whether a host, in lower case, belongs to Apple."""
    return host == "apple.com" or host.endswith(".apple.com")
