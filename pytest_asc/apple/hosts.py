"""Hosts other than those of the services: loopback, and hosts of Apple that do not serve the API."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
"""Names of this machine's loopback interface, as written in URLs."""

NOT_API_HOSTS: Mapping[str, str] = MappingProxyType(
    {
        "appstoreconnect.apple.com": "the website",
        "itunesconnect.apple.com": "an old name of the website",
        "developer.apple.com": "the documentation",
        "appstoreconnect.com": "not an Apple host",
        "api.appstoreconnect.com": "not an Apple host",
    }
)
"""Hosts that are mistaken for the API's (observed in public code), each with a description."""

NOTARY_PATH = "/notary/"
"""Start of the paths of the Notary API, which accepts App Store Connect tokens at the website's host (documented)."""

SESSION_PATHS = ("/iris/", "/olympus/", "/WebObjects/")
"""Start of the paths at the website's host that need an Apple ID session instead of a token (observed: expo/eas-cli
#4396)."""

_SESSION_HOSTS = frozenset({"idmsa.apple.com", "gsa.apple.com"})


def takes_sessions(host: str) -> bool:
    """Return whether users sign in with an Apple ID at a host, given in lower case (observed: fastlane #14398)."""
    return host in _SESSION_HOSTS


def is_apple(host: str) -> bool:
    """Return whether a host, given in lower case, belongs to Apple."""
    return host == "apple.com" or host.endswith(".apple.com")
