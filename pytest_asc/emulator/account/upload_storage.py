"""Object storage on a separate host: uploads and downloads with signed URLs, without a token.

A signed URL expires after some time. A request to it must not have a bearer token. Errors are those of Amazon S3
(documented by Amazon).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, quote, unquote, urlencode, urlsplit

from pytest_asc.apple.services import APP_STORE_CONNECT, STORAGE_HOST
from pytest_asc.diagnosis.http.url_origin import host_in
from pytest_asc.emulator.http_models import Response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_asc.emulator.http_models import Request


MARK = "object-storage"
"""Text that every URL of the storage contains: in the host at Apple's hosts, in the path at other base URLs."""
_PREFIX = f"/{MARK}"
# Seconds: URLs of report segments are valid for five minutes (documented), URLs of upload parts for a week (documented
# as about a week, observed as exactly a week).
_DOWNLOAD_LIFETIME = 300
UPLOAD_LIFETIME = 604_800
_DATE_FORMAT = "%Y%m%dT%H%M%SZ"


def key_of(url: str) -> str | None:
    """Return the key of the file in a URL of the storage; None if the URL is another one."""
    host = host_in(url)
    if not host:
        return None
    path = urlsplit(url).path
    if host == STORAGE_HOST:
        return unquote(path[1:])
    inside = host not in APP_STORE_CONNECT.hosts and path.startswith(f"{_PREFIX}/")
    return unquote(path[len(_PREFIX) + 1 :]) if inside else None


@dataclass
class _Upload:
    """An upload in parts that has not been committed yet."""

    content_type: str
    expires_at: float
    """Time at which it expires, in seconds since 1970."""
    parts: dict[int, bytes] = field(default_factory=dict)
    """Received parts by part number."""


class UploadStorage:
    """Stored files and uploads in progress, by key."""

    def __init__(self) -> None:
        self.part_size = 5 * 2**20
        """Size in bytes of each part of an upload but the last: 5 MiB (observed in uploads of builds in 2026)."""
        self._files: dict[str, bytes] = {}
        self._public: dict[str, bytes] = {}
        self._uploads: dict[str, _Upload] = {}

    def holds(self, key: str) -> bool:
        """Return whether there is a file or an upload under a key."""
        return any(key in stored for stored in (self._files, self._public, self._uploads)) or (
            key.rpartition("/")[0] in self._public
        )

    def share(self, key: str, content: bytes, base: str, now: float) -> str:
        """Store a file, and return a URL to download it for five minutes.

        Args:
            key: Key of the file; a file with the same key is replaced.
            content: Content of the file.
            base: Scheme and host of the client's request to App Store Connect.
            now: Seconds since 1970.
        """
        self._files[key] = content
        return f"{_url(key, base)}?{urlencode(_signed(key, '', now, _DOWNLOAD_LIFETIME))}"

    def publish(self, key: str, content: bytes, base: str) -> str:
        """Store a file, and return a public URL that does not expire.

        An additional segment at the end of the path, such as the size of an image, makes no difference.
        """
        self._public[key] = content
        return _url(key, base)

    # Uploads.

    def reserve(self, key: str, count: int, content_type: str, base: str, now: float) -> list[str]:
        """Start an upload in parts, and return the URLs of the parts, in order; they expire after a week.

        Args:
            key: Key of the upload.
            count: Number of parts.
            content_type: Content-Type that each part must have.
            base: Scheme and host of the client's request to App Store Connect.
            now: Seconds since 1970.
        """
        self._uploads[key] = _Upload(content_type, now + UPLOAD_LIFETIME)
        url = _url(key, base)
        urls = []
        for number in map(str, range(1, count + 1)):
            # Expires is documented; the other parameters were observed in URLs of 2026.
            query = {"partNumber": number, "Expires": str(int(now) + UPLOAD_LIFETIME)}
            urls.append(f"{url}?{urlencode({**query, **_signed(key, number, now, UPLOAD_LIFETIME)})}")
        return urls

    def received(self, key: str, now: float) -> bytes | None:
        """Return the received parts of an upload, joined; None if there is no such upload or it has expired."""
        upload = self._uploads.get(key)
        if upload is None or now >= upload.expires_at:
            return None
        return b"".join(upload.parts[number] for number in sorted(upload.parts))

    def close(self, key: str) -> None:
        """End an upload, and discard its parts."""
        self._uploads.pop(key, None)

    # Requests.

    def respond(self, request: Request, key: str, now: float) -> Response:
        """Respond to a request for a file or a part of an upload.

        Args:
            request: The request.
            key: Key in the URL, from :func:`key_of`.
            now: Seconds since 1970.
        """
        public = self._public.get(key) or self._public.get(key.rpartition("/")[0])
        if public is not None and request.method in _READS:
            return _file(public)
        query = {name: values[-1] for name, values in parse_qs(urlsplit(request.url).query).items()}
        part = query.get("partNumber", "")
        refused = _refuse_access(request, key, part, query, now)
        if refused:
            return refused
        if part:
            return self._store_part(request, key, int(part))
        if key not in self._files:
            return _error(404, "NoSuchKey", "The specified key does not exist.")
        return _file(self._files[key])

    def _store_part(self, request: Request, key: str, number: int) -> Response:
        """Store a part of an upload. A part with the same number is replaced."""
        upload = self._uploads.get(key)
        if upload is None:
            return _error(404, "NoSuchUpload", _NO_UPLOAD)
        if request.header("Content-Type") != upload.content_type:
            return _error(403, "SignatureDoesNotMatch", _SIGNATURE_MISMATCH)
        upload.parts[number] = bytes(request.body)
        tag = hashlib.md5(request.body, usedforsecurity=False).hexdigest().upper()  # MD5 in capitals (observed)
        return Response(200, {"ETag": f'"{tag}"'}, b"")


_SEVERAL_AUTH_MECHANISMS = (
    "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or "
    "the Authorization header should be specified"
)
_NO_UPLOAD = (
    "The specified multipart upload does not exist. The upload ID may be invalid, or the upload may have been aborted "
    "or completed."
)
# Response of S3 to a request without a header that the signature of the URL covers. That these headers have to be sent
# is documented; that Apple's signatures cover them is inferred.
_SIGNATURE_MISMATCH = (
    "The request signature we calculated does not match the signature you provided. Check your key and signing method."
)


_READS = frozenset({"GET", "HEAD"})


def _refuse_access(request: Request, key: str, part: str, query: Mapping[str, str], now: float) -> Response | None:
    stamp, lifetime = query.get("X-Amz-Date", ""), query.get("X-Amz-Expires", "")
    if request.header("Authorization"):
        return _error(400, "InvalidArgument", _SEVERAL_AUTH_MECHANISMS)
    if query.get("X-Amz-Signature") != _sign(key, part, stamp, lifetime):
        return _error(403, "AccessDenied", "Access Denied")
    if now >= datetime.strptime(stamp, _DATE_FORMAT).replace(tzinfo=timezone.utc).timestamp() + int(lifetime):
        return _error(403, "AccessDenied", "Request has expired")
    if request.method not in ({"PUT"} if part else _READS):
        return _error(405, "MethodNotAllowed", "The specified method is not allowed against this resource.")
    return None


def _url(key: str, base: str) -> str:
    at_apple = host_in(base) in APP_STORE_CONNECT.hosts
    return f"{f'https://{STORAGE_HOST}' if at_apple else base + _PREFIX}/{quote(key)}"


def _signed(key: str, part: str, now: float, lifetime: int) -> Mapping[str, str]:
    """Return the query parameters of a signed URL that is valid for ``lifetime`` seconds from now."""
    stamp = datetime.fromtimestamp(now, timezone.utc).strftime(_DATE_FORMAT)
    return {
        "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
        "X-Amz-Date": stamp,
        "X-Amz-Expires": str(lifetime),
        "X-Amz-Signature": _sign(key, part, stamp, str(lifetime)),
    }


def _sign(key: str, part: str, stamp: str, lifetime: str) -> str:
    """Return the signature of a URL. It protects nothing, but shows whether a URL was changed."""
    return hashlib.sha256(f"{key}\n{part}\n{stamp}\n{lifetime}".encode(errors="surrogatepass")).hexdigest()


def _file(content: bytes) -> Response:
    return Response(200, {"Content-Type": "application/octet-stream"}, content)


def _error(status: int, code: str, message: str) -> Response:
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>'
    return Response(status, {"Content-Type": "application/xml"}, body.encode())
