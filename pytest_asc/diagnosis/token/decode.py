"""Decoding of a token, and the reason if a text is not a token."""

from __future__ import annotations

import base64
import json
import re
import string
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_asc.diagnosis.findings import make_finding
from pytest_asc.diagnosis.formatting import json_type
from pytest_asc.diagnosis.lookalikes import check_not_a_token

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_asc.diagnosis.findings import Finding


class TokenError(Exception):
    """Raised for a text that is not a JSON Web Token.

    Args:
        finding: The reason.
    """

    def __init__(self, finding: Finding) -> None:
        super().__init__(str(finding))
        self.finding = finding


@dataclass(frozen=True)
class DecodedToken:
    """The decoded parts of a token, which are not verified."""

    header: Mapping[str, Any]
    claims: Mapping[str, Any]
    signing_input: bytes
    signature: bytes
    repeated: tuple[str, ...] = ()
    """Names of members that occur more than once in the header or the claims; the last value of each is used."""

    @property
    def key_id(self) -> str | None:
        """The header's ``kid``; None if it is missing or not a string."""
        kid = self.header.get("kid")
        return kid if isinstance(kid, str) else None


def decode(token: str) -> DecodedToken:
    """Decode a token without verifying it.

    Raises:
        TokenError: The text is not a JSON Web Token.
    """
    if finding := check_not_a_token(token) or _misplaced(token) or _damaged(token):
        raise TokenError(finding)
    parts = token.split(".")
    if len(parts) != 3:  # noqa: PLR2004  header, claims and signature (RFC 7515)
        count = f"{len(parts)} part{'s' * (len(parts) != 1)}"
        evidence = f"it has {count}, expected 3 separated by dots ({_length(token)})"
        raise TokenError(make_finding("token-malformed", evidence))
    repeated: list[str] = []
    return DecodedToken(
        header=_decode_object(parts[0], "header", repeated),
        claims=_decode_object(parts[1], "claims set", repeated),
        signing_input=f"{parts[0]}.{parts[1]}".encode("ascii"),
        signature=_decode_bytes(parts[2], "signature"),
        repeated=tuple(repeated),
    )


def _misplaced(token: str) -> Finding | None:
    """Return a finding for an empty text, or for a token after ``Bearer`` or in the ``repr`` of bytes."""
    length = _length(token)
    if not token.strip():
        return make_finding("token-malformed", f"the token is empty ({length})")
    if re.match(r"\s*bearer(\s|$)", token, re.IGNORECASE):
        return make_finding("bearer-doubled", f"the token itself starts with Bearer ({length})")
    if re.match(r"""b['"]""", token):
        return make_finding("token-bytes-repr", f"the token starts with {token[:2]} ({length})")
    return None


_CHARACTERS = f"{string.ascii_letters}{string.digits}_.-".encode()
_STRANGE = re.compile("[^A-Za-z0-9_.+/=-]")


def _damaged(token: str) -> Finding | None:
    """Return a finding for characters that cannot occur in a token. They are added after a JWT library generated it."""
    if token.isascii() and not token.encode().translate(None, delete=_CHARACTERS):
        return None
    length = _length(token)
    # Splitting is faster than searching.
    if token.split(None, 1) != [token] and (whitespace := re.search(r"\s", token)):
        verb = "contains" if re.search(r"\s", token.rstrip()) else "ends with"
        return make_finding("token-whitespace", f"it {verb} {whitespace[0]!r} ({length})")
    if invalid := _STRANGE.search(token):
        return make_finding("token-malformed", f"character {invalid.start() + 1} is not base64url ({length})")
    if wrong_characters := sorted(set(re.findall(r"[+/=]", token))):
        return make_finding(
            "token-base64-alphabet", f"the token contains {' and '.join(map(repr, wrong_characters))} ({length})"
        )
    return None


def _length(token: str) -> str:
    return f"length {len(token)}"


def _decode_bytes(part: str, name: str) -> bytes:
    try:
        return base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
    except ValueError:
        raise TokenError(make_finding("token-malformed", f"the {name} is not base64url (length {len(part)})")) from None


def _decode_object(part: str, name: str, repeated: list[str]) -> dict[str, Any]:
    """Decode the header or the claims, and append the names of repeated members to ``repeated``."""

    def unite(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        united = dict(pairs)
        if len(united) < len(pairs):
            counted = Counter(key for key, _ in pairs)
            repeated.extend(f"{key} in the {name}" for key, count in counted.items() if count > 1)
        return united

    try:
        value = json.loads(_decode_bytes(part, name), object_pairs_hook=unite)
    except (ValueError, RecursionError):
        raise TokenError(make_finding("token-malformed", f"the {name} is not JSON (length {len(part)})")) from None
    if not isinstance(value, dict):
        raise TokenError(make_finding("token-malformed", f"the {name} is {json_type(value)}, expected an object"))
    return value
