"""Faults of the token: for each cause, a function that generates a token with wrong contents or changes a valid one."""

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
"""In seconds. Time zones differ by at least 15 minutes, so this does not look like a time zone bug."""


class MintArguments(NamedTuple):
    """The arguments for a valid token. Calling it generates the token."""

    credentials: Credentials
    now: float
    """Seconds since 1970."""
    service: str

    def __call__(self, **changes: Any) -> Token:
        """Generate the token, with other arguments of :func:`pytest_asc.credentials.tokens.mint` if they are given."""
        return mint(self.credentials, now=self.now, **{"service": self.service, **changes})


def make_faulty_token(fault: str, credentials: Credentials, *, now: float, service: str) -> Token:
    """Generate a token that has a fault.

    Args:
        fault: The slug of the cause, one of :data:`TOKENS`.
        credentials: The key that signs the token, and the IDs that it contains.
        now: The current time, in seconds since 1970.
        service: The name of the service that receives the token.
    """
    return Token(TOKENS[fault](MintArguments(credentials, now, service)), minted_by="pytest-asc")


UTC_OFFSETS: Mapping[str, int] = MappingProxyType({"token-time-zone-bug": 2 * _HOUR})
"""Maps the slug of a cause to the offset of local time from UTC that it requires, in seconds."""


def _with_arguments(**changes: Any) -> Callable[[MintArguments], str]:
    return lambda arguments: arguments(**changes)


def _changed_token(change: Callable[[str], str]) -> Callable[[MintArguments], str]:
    return lambda arguments: change(arguments())


def _with_padding(token: str) -> str:
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
    digest = hmac.new(b"the text of the key", signing_input.encode("ascii"), hashlib.sha256).digest()
    return f"{signing_input}.{base64url_encode(digest).decode('ascii')}"


def _signed_with_other_key(arguments: MintArguments) -> str:
    other = replace(arguments.credentials, private_key=ec.generate_private_key(ec.SECP256R1()))
    return arguments._replace(credentials=other)()


TOKENS: Mapping[str, Callable[[MintArguments], str]] = MappingProxyType(
    {
        "token-malformed": _changed_token(lambda token: token.rpartition(".")[0]),
        "token-base64-alphabet": _changed_token(_with_padding),
        "token-bytes-repr": _changed_token(lambda token: str(token.encode())),
        "token-whitespace": _changed_token(lambda token: f"{token}\n"),
        "token-algorithm": _with_arguments(headers={"alg": "ES384"}),
        "token-kid-missing": _with_arguments(headers={"kid": None}),
        "token-audience": _with_arguments(claims={"aud": "appstoreconnect-v2"}),
        "token-issuer": _with_arguments(claims={"iss": None}),
        "token-subject": _with_arguments(claims={"iss": None, "subject": "user"}),
        "token-claims-mixed": _with_arguments(claims={"sub": "user"}),
        "token-lifetime-too-long": _with_arguments(lifetime=20 * 60 + 1),
        "token-lifetime-at-limit": _with_arguments(lifetime=20 * 60),
        "token-long-lived-not-allowed": _with_arguments(scope=["GET /v1/apps"], lifetime=24 * _HOUR),
        "token-expired": _with_arguments(lifetime=0),
        "token-exp-is-duration": _with_arguments(claims={"exp": 1200}),
        "token-time-milliseconds": lambda arguments: arguments(
            issued_at=int(arguments.now) * 1000, lifetime=900 * 1000
        ),
        "token-time-not-integer": lambda arguments: arguments(issued_at=int(arguments.now) - 0.5),
        "token-time-zone-bug": lambda arguments: arguments(
            issued_at=int(arguments.now) - UTC_OFFSETS["token-time-zone-bug"]
        ),
        "token-issued-in-future": lambda arguments: arguments(issued_at=int(arguments.now) + _AHEAD),
        "token-signature-der": _changed_token(_with_der_signature),
        "token-signature-mismatch": _signed_with_other_key,
        "token-signature-hmac": _changed_token(_with_hmac),
        "token-scope-format": _with_arguments(claims={"scope": "GET /v1/apps"}),
        "token-scope-mismatch": _with_arguments(scope=["GET /v1/users"]),
        "token-form": _with_arguments(claims={"nonce": "pytest-asc"}),
        "token-of-other-service": _with_arguments(service="apns"),
        "not-a-token": lambda arguments: arguments.credentials.key_id,
        "token-placeholder": lambda _: "${ASC_TOKEN}",
        "token-quoted": _changed_token(lambda token: f'"{token}"'),
        "apple-id-session": lambda _: "abcd-efgh-ijkl-mnop",
    }
)
"""Maps the slug of a cause to a function that generates the token."""
