"""The origin of a URL (RFC 6454), read so strictly that no HTTP library connects to another host."""

from __future__ import annotations

import re
from ipaddress import IPv6Address
from typing import NamedTuple

DEFAULT_PORTS = {"http": 80, "https": 443}
_MAX_PORT = 65_535
# RFC 3986 allows more in a host, such as %41, _ and user@. Parsers differ on those, and no API needs them.
_HOST = r"[a-z0-9-]+(?:\.[a-z0-9-]+)*\.?"
_HOST_NAME = re.compile(_HOST, re.IGNORECASE | re.ASCII)
# The URL's end must not be a place for anything that a parser strips: whitespace and control characters.
_URL = re.compile(
    rf"(https?)://({_HOST}|\[[0-9a-f:.]+\])(?::([0-9]{{1,5}}))?(?:[/?#][^\x00-\x20\x7f\\]*)?",
    re.IGNORECASE | re.ASCII,
)
_START = re.compile(r"https?://([^/?#]*)", re.IGNORECASE | re.ASCII)
_ABSOLUTE = re.compile(r"\s*[a-z][a-z0-9+.-]*://", re.IGNORECASE | re.ASCII)


class Origin(NamedTuple):
    """Scheme and host, in lower case, and port; that of the scheme where the URL names none."""

    scheme: str
    host: str
    """A name, or an address without brackets."""
    port: int


def parse_origin(url: str) -> Origin:
    """Read the origin of a URL.

    Raises:
        ValueError: It is no URL of HTTP, or one whose host libraries read differently: with a user name, a backslash,
            a percent sign in the host, whitespace or control characters.
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
    """Return the origin of a URL; None where :func:`parse_origin` raises."""
    try:
        return parse_origin(url)
    except ValueError:
        return None


def host_in(url: str) -> str:
    """Return the host of a URL that somebody has sent, in lower case.

    No token goes there, so the path may hold what a client escapes, and a name an underscore, as in local networks.

    Returns:
        A name, or an address without brackets; empty where the URL names no host, or libraries read it differently.
    """
    start = _START.match(url)
    origin = origin_or_none(start[0].replace("_", "-")) if start else None
    if start is None or origin is None:
        return ""
    return origin.host if start[1].startswith("[") else start[1].partition(":")[0].lower()


def parse_host(text: str) -> str:
    """Return a host in lower case: a name, or an IPv6 address without brackets.

    Raises:
        ValueError: It is no host, such as a URL or a host with a port.
    """
    if _HOST_NAME.fullmatch(text):
        return text.lower()
    try:
        return _address(text.removeprefix("[").removesuffix("]").lower())
    except ValueError:
        raise ValueError("expected only a host, of letters, digits, dots and hyphens, or an IPv6 address") from None


def is_absolute(url: str) -> bool:
    """Return whether a URL begins with a scheme and ``//``; one in its query does not count."""
    return _ABSOLUTE.match(url) is not None


def _address(text: str) -> str:
    if "%" in text:
        raise ValueError("the address has a zone")
    IPv6Address(text)
    return text
