"""Tokens: signed with PyJWT, and kept until shortly before they expire."""

from __future__ import annotations

import json
import threading
import time
from typing import TYPE_CHECKING, Any

from jwt.algorithms import ECAlgorithm
from jwt.utils import base64url_encode

from pytest_asc.diagnosis.token import check_life
from pytest_asc.secrets import SecretStr, redactor
from pytest_asc.services import SERVICES, service_for

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from typing_extensions import Self

    from pytest_asc.credentials import Credentials

DEFAULT_LIFETIME = 15 * 60
"""Seconds from ``iat`` to ``exp``: leaves five minutes for clocks that differ from Apple's (observed by many to fail
at 20 minutes and to work at 15)."""

BACK_DATE = 60
"""Seconds that ``iat`` lies back, so that a clock slightly ahead of Apple's does no harm (fastlane does the same)."""

RENEW_BEFORE = 60
"""Seconds before ``exp`` at which a kept token is replaced."""

MIN_LIFETIME = BACK_DATE + RENEW_BEFORE

_ES256 = ECAlgorithm(ECAlgorithm.SHA256)
_json = json.JSONEncoder(separators=(",", ":")).encode


class LifetimeError(ValueError):
    """A life that Apple refuses, or that is over before the token is of use."""


class Token(SecretStr):
    """A signed token: a ``str`` to send, whose ``repr`` shows no part of it."""

    __slots__ = ("_source", "minted_by")

    minted_by: str
    """Who made it: ``pytest-asc``, or the variable that it was read from."""
    _source: TokenSource | None

    def __new__(cls, text: str, *, minted_by: str, source: TokenSource | None = None) -> Self:
        """Make a token of a signed text."""
        token = super().__new__(cls, text)
        token.minted_by = minted_by
        token._source = source
        return token

    def __reduce_ex__(self, protocol: Any) -> Any:
        # A copy or a pickle is the same text without the lock of the source.
        return _restore, (str(self), self.minted_by)

    def fresh(self) -> Token:
        """A token that is valid now: this one, or its successor where it was minted here and is about to expire."""
        return self._source.token() if self._source else self

    def renewed(self) -> Token:
        """Another token than this one, where it was minted here."""
        return self._source.renew() if self._source else self


def _restore(text: str, minted_by: str) -> Token:
    return Token(text, minted_by=minted_by)


def mint(
    credentials: Credentials,
    *,
    now: float,
    lifetime: float = DEFAULT_LIFETIME,
    scope: Sequence[str] | None = None,
    issued_at: float | None = None,
    claims: Mapping[str, Any] | None = None,
    headers: Mapping[str, Any] | None = None,
    service: str | None = None,
    source: TokenSource | None = None,
) -> Token:
    """Sign a token, a bad one if asked for: nothing is checked here.

    Args:
        credentials: The key, and the ids that go into the token.
        now: The time, in seconds since 1970; ``iat`` is a minute before it.
        lifetime: Seconds from ``iat`` to ``exp``.
        scope: The requests that the token is good for, such as ``["GET /v1/apps"]``; None for all.
        issued_at: ``iat`` itself, in seconds since 1970.
        claims: Claims to set on top; None as a value takes the claim out.
        headers: Members of the JOSE header to set on top; None takes one out.
        service: The service that the token is for; by default the one that the key's kind is for.
        source: Where its successors come from.

    Raises:
        KeyError: There is no such service.
    """
    target = SERVICES[service] if service else service_for(credentials.kind)
    iat = int(now) - BACK_DATE if issued_at is None else issued_at
    who = {"sub": "user"} if credentials.kind == "individual" else {"iss": credentials.issuer_id}
    payload: dict[str, Any] = {**who, "iat": iat, "exp": iat + lifetime, "aud": target.audience}
    if scope is not None:
        payload["scope"] = list(scope)
    header: dict[str, Any] = {"alg": "ES256", "kid": credentials.key_id, "typ": "JWT"}
    if claims:
        payload = _changed(payload, claims)
    if headers:
        header = _changed(header, headers)
    text = sign(header, payload, credentials.private_key)
    redactor.add_token(text)
    return Token(text, minted_by="pytest-asc", source=source)


def _changed(members: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**members, **changes}.items() if value is not None}


def sign(header: Mapping[str, Any], payload: Mapping[str, Any], key: EllipticCurvePrivateKey) -> str:
    """Sign any header and claims with ES256, whatever they say.

    The parts are put together here and not by ``jwt.encode``, which rightly refuses to make the bad ones.
    """
    parts = b".".join(base64url_encode(_json(part).encode()) for part in (header, payload))
    return (parts + b"." + base64url_encode(_ES256.sign(parts, key))).decode("ascii")


class TokenSource:
    """Mints tokens of one kind and keeps each until a minute before it expires. Safe under threads.

    Args:
        credentials: The key, and the ids that go into the tokens.
        lifetime: Seconds from ``iat`` to ``exp``: from 2 to 20 minutes, longer for a scope that allows it.
        scope: The requests that the tokens are good for; None for all.
        clock: Gives the time in seconds since 1970.

    Raises:
        LifetimeError: Apple would refuse tokens of this life, or they would be over before they are of use.
    """

    def __init__(
        self,
        credentials: Credentials,
        *,
        lifetime: int = DEFAULT_LIFETIME,
        scope: Sequence[str] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        if lifetime < MIN_LIFETIME:
            raise LifetimeError(
                f"A token's life of {lifetime} s is too short: iat lies {BACK_DATE} s back and a token is renewed "
                f"{RENEW_BEFORE} s before it expires. Give at least {MIN_LIFETIME} s."
            )
        if finding := check_life(lifetime, scope, service_for(credentials.kind)):
            raise LifetimeError(str(finding))
        self._credentials = credentials
        self._lifetime = lifetime
        self._scope = scope
        self._clock = clock
        self._lock = threading.Lock()
        # One tuple, replaced as a whole: readers need no lock.
        self._kept: tuple[float, float, Token | None] = (0.0, 0.0, None)

    def token(self) -> Token:
        """The kept token, or a new one where there is none, it expires within a minute, or the clock was set back."""
        now = self._clock()
        since, until, kept = self._kept
        if kept is not None and since <= now < until:
            return kept
        with self._lock:
            since, until, kept = self._kept
            if kept is not None and since <= now < until:
                return kept
            new = mint(self._credentials, now=now, lifetime=self._lifetime, scope=self._scope, source=self)
            self._kept = (now, int(now) - BACK_DATE + self._lifetime - RENEW_BEFORE, new)
            return new

    def renew(self) -> Token:
        """A new token, whatever is kept: for the one retry after a refusal."""
        with self._lock:
            self._kept = (0.0, 0.0, None)
        return self.token()
