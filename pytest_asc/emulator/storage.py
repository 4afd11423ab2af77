"""The second host: where files are fetched from without a token.

What App Store Connect hands over as a file lies at an object storage, behind an address that is signed, ends after some
minutes and takes no bearer token. What goes wrong there is answered as S3 does (documented by Amazon).
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timezone
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, quote, unquote, urlencode, urlsplit

from pytest_asc.emulator.message import Response
from pytest_asc.services import APP_STORE_CONNECT, STORAGE_HOST

if TYPE_CHECKING:
    from pytest_asc.emulator.message import Request


# Where the emulator is asked at another address than Apple's, the storage is a path there.
_MARK = "object-storage"
_PREFIX = f"/{_MARK}"
_LIFE = 300  # seconds: addresses of segments are good for five minutes (documented)
_STAMP = "%Y%m%dT%H%M%SZ"


def key_of(url: str) -> str | None:
    """The key that a URL asks the storage for; None where it leads elsewhere."""
    if _MARK not in url:  # every request comes by here
        return None
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return None
    if host == STORAGE_HOST:
        return unquote(parts.path[1:])
    inside = host not in APP_STORE_CONNECT.hosts and parts.path.startswith(f"{_PREFIX}/")
    return unquote(parts.path[len(_PREFIX) + 1 :]) if inside else None


class Storage:
    """The files, by key."""

    def __init__(self) -> None:
        self._files: dict[str, bytes] = {}

    def share(self, key: str, content: bytes, base: str, now: float) -> str:
        """Keep a file, and give the address that it can be fetched from for five minutes.

        Args:
            key: Where to keep it, in place of what is there.
            content: The file.
            base: Scheme and host that the client asked App Store Connect at.
            now: Seconds since 1970.
        """
        self._files[key] = content
        here = urlsplit(base).hostname in APP_STORE_CONNECT.hosts
        stamp = datetime.fromtimestamp(now, timezone.utc).strftime(_STAMP)
        query = {
            "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
            "X-Amz-Date": stamp,
            "X-Amz-Expires": str(_LIFE),
            "X-Amz-Signature": _sign(key, stamp, str(_LIFE)),
        }
        return f"{f'https://{STORAGE_HOST}' if here else base + _PREFIX}/{quote(key)}?{urlencode(query)}"

    def answer(self, request: Request, key: str, now: float) -> Response:
        """Answer a request for a key.

        Args:
            request: Its method, headers and URL.
            key: What :func:`key_of` found in the URL.
            now: Seconds since 1970.
        """
        query = {name: values[-1] for name, values in parse_qs(urlsplit(request.url).query).items()}
        stamp, life = query.get("X-Amz-Date", ""), query.get("X-Amz-Expires", "")
        if request.header("Authorization"):
            return _refuse(400, "InvalidArgument", _ONE_WAY)
        if query.get("X-Amz-Signature") != _sign(key, stamp, life):
            return _refuse(403, "AccessDenied", "Access Denied")
        if now >= datetime.strptime(stamp, _STAMP).replace(tzinfo=timezone.utc).timestamp() + int(life):
            return _refuse(403, "AccessDenied", "Request has expired")
        if request.method not in {"GET", "HEAD"}:
            return _refuse(405, "MethodNotAllowed", "The specified method is not allowed against this resource.")
        if key not in self._files:
            return _refuse(404, "NoSuchKey", "The specified key does not exist.")
        return Response(200, {"Content-Type": "application/octet-stream"}, self._files[key])


_ONE_WAY = (
    "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or "
    "the Authorization header should be specified"
)


def _sign(key: str, stamp: str, life: str) -> str:
    """What an address has to end with: it guards nothing, but one that was changed is noticed."""
    return hashlib.sha256(f"{key}\n{stamp}\n{life}".encode()).hexdigest()


def _refuse(status: int, code: str, message: str) -> Response:
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>'
    return Response(status, {"Content-Type": "application/xml"}, body.encode())
