"""Token faults: tokens with wrong contents, or damaged after they were signed."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from jwt.utils import base64url_decode, base64url_encode

from pytest_asc.credentials.tokens import Token, mint
from pytest_asc.secrets import redactor

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytest_asc.credentials.finder import Credentials

_HOUR = 60 * 60
_AHEAD = 5 * 60
"""Seconds; no time zone differs from another by so little."""


class MintArguments(NamedTuple):
    """Arguments of a valid token."""

    credentials: Credentials
    now: float
    """Seconds since 1970."""
    service: str

    def __call__(self, **changes: Any) -> Token:
        """Generate the token with changes: the arguments of :func:`pytest_asc.credentials.tokens.mint`."""
        return mint(self.credentials, now=self.now, **{"service": self.service, **changes})


def make_faulty_token(fault: str, credentials: Credentials, *, now: float, service: str) -> Token:
    """Make a token that shows a cause.

    Args:
        fault: The slug of the cause, one of :data:`TOKENS`.
        credentials: The key, and the ids that go into the token.
        now: Seconds since 1970.
        service: The name of the service that it is sent to.
    """
    return Token(TOKENS[fault](MintArguments(credentials, now, service)), minted_by="pytest-asc")


UTC_OFFSETS: Mapping[str, int] = MappingProxyType({"token-time-zone-bug": 2 * _HOUR})
"""Offsets of local time from UTC in seconds, by the slug of the cause."""


def _minted(**changes: Any) -> Callable[[MintArguments], str]:
    return lambda arguments: arguments(**changes)


def _good_but(change: Callable[[str], str]) -> Callable[[MintArguments], str]:
    return lambda arguments: change(arguments())


def _padded(token: str) -> str:
    return ".".join(part + "=" * (-len(part) % 4) for part in token.split("."))


def _with_der_signature(token: str) -> str:
    signing_input, _, signature = token.rpartition(".")
    raw = base64url_decode(signature)
    r, s = (int.from_bytes(half, "big") for half in (raw[:32], raw[32:]))
    der = base64url_encode(encode_dss_signature(r, s)).decode("ascii")
    redactor.add_token(der)
    return f"{signing_input}.{der}"


def _with_hmac(token: str) -> str:
    signing_input = token.rpartition(".")[0]
    made = hmac.new(b"the text of the key", signing_input.encode("ascii"), hashlib.sha256).digest()
    return f"{signing_input}.{base64url_encode(made).decode('ascii')}"


def _of_another_key(arguments: MintArguments) -> str:
    other = replace(arguments.credentials, private_key=ec.generate_private_key(ec.SECP256R1()))
    return arguments._replace(credentials=other)()


TOKENS: Mapping[str, Callable[[MintArguments], str]] = MappingProxyType(
    {
        "token-malformed": _good_but(lambda token: token.rpartition(".")[0]),
        "token-base64-alphabet": _good_but(_padded),
        "token-bytes-repr": _good_but(lambda token: str(token.encode())),
        "token-whitespace": _good_but(lambda token: f"{token}\n"),
        "token-algorithm": _minted(headers={"alg": "ES384"}),
        "token-kid-missing": _minted(headers={"kid": None}),
        "token-audience": _minted(claims={"aud": "appstoreconnect-v2"}),
        "token-issuer": _minted(claims={"iss": None}),
        "token-subject": _minted(claims={"iss": None, "subject": "user"}),
        "token-claims-mixed": _minted(claims={"sub": "user"}),
        "token-lifetime-too-long": _minted(lifetime=20 * 60 + 1),
        "token-lifetime-at-limit": _minted(lifetime=20 * 60),
        "token-long-lived-not-allowed": _minted(scope=["GET /v1/apps"], lifetime=24 * _HOUR),
        "token-expired": _minted(lifetime=0),
        "token-exp-is-duration": _minted(claims={"exp": 1200}),
        "token-time-milliseconds": lambda arguments: arguments(
            issued_at=int(arguments.now) * 1000, lifetime=900 * 1000
        ),
        "token-time-not-integer": lambda arguments: arguments(issued_at=int(arguments.now) - 0.5),
        "token-time-zone-bug": lambda arguments: arguments(
            issued_at=int(arguments.now) - UTC_OFFSETS["token-time-zone-bug"]
        ),
        "token-issued-in-future": lambda arguments: arguments(issued_at=int(arguments.now) + _AHEAD),
        "token-signature-der": _good_but(_with_der_signature),
        "token-signature-mismatch": _of_another_key,
        "token-signature-hmac": _good_but(_with_hmac),
        "token-scope-format": _minted(claims={"scope": "GET /v1/apps"}),
        "token-scope-mismatch": _minted(scope=["GET /v1/users"]),
        "token-form": _minted(claims={"nonce": "pytest-asc"}),
        "token-of-other-service": _minted(service="apns"),
        "not-a-token": lambda arguments: arguments.credentials.key_id,
        "token-placeholder": lambda _: "${ASC_TOKEN}",
        "token-quoted": _good_but(lambda token: f'"{token}"'),
        "apple-id-session": lambda _: "abcd-efgh-ijkl-mnop",
    }
)
"""Functions that make a token, by the slug of the cause."""
