"""Strict parser of a URL's origin (RFC 6454). All HTTP libraries agree on the host of a URL that it accepts."""

from __future__ import annotations

import re
from ipaddress import IPv6Address
from typing import NamedTuple

DEFAULT_PORTS = {"http": 80, "https": 443}
_MAX_PORT = 65_535
# RFC 3986 also allows percent-encoding, underscores and user names, on which parsers disagree. No API needs them.
_HOST = r"[a-z0-9-]+(?:\.[a-z0-9-]+)*\.?"
_HOST_NAME = re.compile(_HOST, re.IGNORECASE | re.ASCII)
# Whitespace and control characters are excluded, because some parsers strip them.
_URL = re.compile(
    rf"(https?)://({_HOST}|\[[0-9a-f:.]+\])(?::([0-9]{{1,5}}))?(?:[/?#][^\x00-\x20\x7f\\]*)?",
    re.IGNORECASE | re.ASCII,
)
_START = re.compile(r"https?://([^/?#]*)", re.IGNORECASE | re.ASCII)
_ABSOLUTE = re.compile(r"\s*[a-z][a-z0-9+.-]*://", re.IGNORECASE | re.ASCII)


class Origin(NamedTuple):
    """Scheme, host and port of a URL. Scheme and host are in lower case; the port defaults to that of the scheme."""

    scheme: str
    host: str
    """A host name, or an IP address without brackets."""
    port: int


def parse_origin(url: str) -> Origin:
    """Parse the origin of a URL.

    Raises:
        ValueError: The URL is not an HTTP URL, or libraries may disagree about its host, because it contains a user
            name, a backslash, a percent sign in the host, whitespace or control characters.
    """
    match = _URL.fullmatch(url)
    if match is None:
        raise ValueError("expected http or https, a host of letters, digits, dots and hyphens, and no user name")
    scheme, host = match[1].lower(), match[2].lower()
    port = int(match[3]) if match[3] else DEFAULT_PORTS[scheme]
    if not 0 < port <= _MAX_PORT:
        raise ValueError(f"the port is {port}, expected 1 to {_MAX_PORT}")
    return Origin(scheme, _address(host[1:-1]) if host.startswith("[") else host, port)


def origin_or_none(url: str) -> Origin | None:
    """Return the origin of a URL; None if :func:`parse_origin` raises an error."""
    try:
        return parse_origin(url)
    except ValueError:
        return None


def host_in(url: str) -> str:
    """Return the host of a URL in evidence, in lower case.

    This is less strict than :func:`parse_origin`, because no token is sent to the host: the path may contain characters
    that clients escape, and the host may contain underscores, as in local networks.

    Returns:
        A host name, or an IP address without brackets; empty if the URL has no host or libraries disagree about it.
    """
    start = _START.match(url)
    origin = origin_or_none(start[0].replace("_", "-")) if start else None
    if start is None or origin is None:
        return ""
    return origin.host if start[1].startswith("[") else start[1].partition(":")[0].lower()


def parse_host(text: str) -> str:
    """Parse a host, and return it in lower case: a host name, or an IP address without brackets.

    Raises:
        ValueError: The text is not a host, but for example a URL or a host with a port.
    """
    if _HOST_NAME.fullmatch(text):
        return text.lower()
    try:
        return _address(text.removeprefix("[").removesuffix("]").lower())
    except ValueError:
        raise ValueError("expected only a host, of letters, digits, dots and hyphens, or an IPv6 address") from None


def is_absolute(url: str) -> bool:
    """Return whether a URL starts with a scheme and ``//``; a URL in its query does not count."""
    return _ABSOLUTE.match(url) is not None


def _address(text: str) -> str:
    if "%" in text:
        raise ValueError("the address has a zone")
    IPv6Address(text)
    return text
