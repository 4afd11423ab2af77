"""Signatures of webhook notifications.

Documented in "Configuring and parsing App Store Connect API webhook notifications": the value of the header
``x-apple-signature`` is ``hmacsha256=`` followed by the HMAC-SHA256 of the body, with the webhook's secret as the key,
in lower-case hexadecimal.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import TypeAlias

SIGNATURE_HEADER = "x-apple-signature"
_SCHEME = "hmacsha256="
_SIGNATURE = re.compile(_SCHEME + "[0-9a-f]{64}")
_SIGNATURE_WITHOUT_SCHEME = re.compile("[0-9a-fA-F]{64}")
_MAX_SHOWN = 40

Headers: TypeAlias = "Mapping[str, str] | Iterable[tuple[str | bytes, str | bytes]]"
"""Headers of a request: a mapping, or name-value pairs as in an ASGI scope. Names are compared case-insensitively."""


def sign_webhook(body: bytes, secret: str | bytes) -> str:
    """Return the value of the header ``x-apple-signature`` for a body."""
    return _SCHEME + hmac.new(_as_bytes(secret), body, sha256).hexdigest()


def verify_webhook(body: bytes | bytearray | memoryview | str, headers: Headers, secret: str | bytes) -> bool:
    """Verify the signature of a webhook notification: that App Store Connect sent it, and nobody changed it.

    The signature is compared in constant time.

    Args:
        body: The body as it was received, before parsing: ``request.get_data()`` in Flask, ``await request.body()`` in
            FastAPI.
        headers: The headers of the request: a mapping or name-value pairs. Names are compared case-insensitively.
        secret: The secret that the webhook was created with.

    Returns:
        True, always: an invalid signature raises an error.

    Raises:
        TypeError: The body is neither bytes nor str, for example because it has been parsed already.
        ValueError: The header is missing or malformed, the signature does not match the body, or the secret is empty.
    """
    if isinstance(body, (bytearray, memoryview)):
        body = bytes(body)
    if not isinstance(body, (bytes, str)):
        raise TypeError(
            f"got a body of type {type(body).__name__}, expected the bytes of the request: the signature of a "
            "document that was parsed and serialized again differs"
        )
    if not secret:
        raise ValueError("got an empty secret, expected the secret that the webhook was created with")
    raw = _as_bytes(body)
    signature = _signature(headers)
    if not _SIGNATURE.fullmatch(signature):
        hint = "; the prefix is missing" if _SIGNATURE_WITHOUT_SCHEME.fullmatch(signature) else ""
        shown = signature[:_MAX_SHOWN] + "…" * (len(signature) > _MAX_SHOWN)
        raise ValueError(
            f"got {SIGNATURE_HEADER} {shown!r}, expected {_SCHEME!r} and 64 lower-case hexadecimal digits{hint}"
        )
    if not hmac.compare_digest(signature, sign_webhook(raw, secret)):
        raise ValueError(
            f"the header {SIGNATURE_HEADER} does not match the {len(raw)} bytes of the body with this secret: "
            "expected the secret that the webhook was created with, and the body as it was received, before parsing"
        )
    return True


def _signature(headers: Headers) -> str:
    pairs = headers.items() if isinstance(headers, Mapping) or hasattr(headers, "items") else headers
    names: list[str] = []
    values: list[str] = []
    for name, value in pairs:
        names.append(_as_text(name))
        if names[-1].lower() == SIGNATURE_HEADER:
            values.append(_as_text(value))
    if not values:
        listed = ", ".join(sorted(names)) or "no headers"
        raise ValueError(
            f"got {listed}; expected a header {SIGNATURE_HEADER}, which Apple sends with every notification"
        )
    if len(set(values)) > 1:
        raise ValueError(f"got {len(values)} headers {SIGNATURE_HEADER} that differ, expected one")
    return values[0].strip()


def _as_text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _as_bytes(value: str | bytes) -> bytes:
    return value.encode() if isinstance(value, str) else value
