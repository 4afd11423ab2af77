"""Tokens: signed with PyJWT, and kept until shortly before they expire."""

from __future__ import annotations

import json
import threading
import time
from typing import TYPE_CHECKING, Any

from jwt.algorithms import ECAlgorithm
from jwt.utils import base64url_encode

from pytest_asc.apple.services import SERVICES, ServiceIds, service_for
from pytest_asc.credentials.lifetimes import BACKDATE, DEFAULT_LIFETIME, MIN_LIFETIME, RENEW_BEFORE
from pytest_asc.diagnosis.findings import Finding, make_finding
from pytest_asc.diagnosis.token.verify import check_lifetime
from pytest_asc.secrets import SecretStr, redactor

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from typing_extensions import Self, Unpack

    from pytest_asc.apple.services import ClaimSpec, Service
    from pytest_asc.credentials.finder import Credentials

_ES256 = ECAlgorithm(ECAlgorithm.SHA256)
_json = json.JSONEncoder(separators=(",", ":")).encode


class ServiceIdError(ValueError):
    """An ID that the service's tokens contain is missing."""


class LifetimeError(ValueError):
    """A lifetime that Apple rejects, or that ends before the token is of use.

    Args:
        finding: The cause, with the evidence and the fix.
    """

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding)
        self.finding = finding

    def __str__(self) -> str:
        return str(self.finding)


class Token(SecretStr):
    """A signed token: a ``str`` to send, whose ``repr`` shows no part of it."""

    __slots__ = ("_source", "minted_by")

    minted_by: str
    """Its origin: ``pytest-asc``, or the variable that it was read from."""
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
        """Return this token, or a new one if this one was generated here and is about to expire."""
        return self._source.token() if self._source else self

    def renewed(self) -> Token:
        """Return a new token, if this one was generated here; otherwise this one."""
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
    **ids: Unpack[ServiceIds],
) -> Token:
    """Generate a signed token. No argument is checked, so invalid tokens can be made.

    Args:
        credentials: The key, and the ids that go into the token.
        now: The time, in seconds since 1970; ``iat`` is a minute before it.
        lifetime: Seconds from ``iat`` to ``exp``; it means nothing where a service's tokens have no ``exp``.
        scope: The requests that the token is good for, such as ``["GET /v1/apps"]``; None for all.
        issued_at: ``iat`` itself, in seconds since 1970.
        claims: Claims to set on top; None as a value takes the claim out.
        headers: Members of the JOSE header to set on top; None takes one out.
        service: The service that the token is for; by default the one that the key's kind is for.
        source: Generates the tokens that replace it.
        **ids: The ids of :class:`~pytest_asc.apple.services.ServiceIds` that the service's tokens hold, in place of
            those that came with the credentials.

    Raises:
        KeyError: There is no such service.
        ServiceIdError: An id that the service's tokens hold is not given.
    """
    target = SERVICES[service] if service else service_for(credentials.kind)
    known: dict[str, Any] = {**credentials.service_ids, **ids}
    if credentials.issuer_id:
        known["issuer_id"] = credentials.issuer_id
    iat = int(now) - BACKDATE if issued_at is None else issued_at
    individual = target.individual_subject if credentials.kind == "individual" else None
    payload: dict[str, Any] = {"sub": individual} if individual else _filled(target.claims, known, target, but=claims)
    payload["iat"] = iat
    if target.expires:
        payload["exp"] = iat + lifetime
    if target.audience:
        payload["aud"] = target.audience
    if scope is not None:
        payload["scope"] = list(scope)
    header: dict[str, Any] = {"alg": "ES256", "kid": credentials.key_id}
    if target.header:
        header |= _filled(target.header, known, target, but=headers)
    if target.typ:
        header["typ"] = target.typ
    if claims:
        payload = _changed(payload, claims)
    if headers:
        header = _changed(header, headers)
    text = sign(header, payload, credentials.private_key)
    redactor.add_token(text)
    return Token(text, minted_by="pytest-asc", source=source)


def _filled(
    members: Mapping[str, ClaimSpec], known: Mapping[str, Any], service: Service, *, but: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Return the members with their IDs, except those that the caller overrides."""
    try:
        return {name: member.value.format_map(known) for name, member in members.items() if not but or name not in but}
    except KeyError as missing:
        raise ServiceIdError(f"a token for {service.title} needs {missing.args[0]}, but none is given") from None


def _changed(members: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**members, **changes}.items() if value is not None}


def sign(header: Mapping[str, Any], payload: Mapping[str, Any], key: EllipticCurvePrivateKey) -> str:
    """Sign any header and claims with ES256, without checks.

    The parts are put together here and not by ``jwt.encode``, which rightly refuses to make the bad ones.
    """
    parts = b".".join(base64url_encode(_json(part).encode()) for part in (header, payload))
    return (parts + b"." + base64url_encode(_ES256.sign(parts, key))).decode("ascii")


class TokenSource:
    """Generates tokens with the same claims, and caches each until a minute before it expires. Thread-safe.

    Args:
        credentials: The key, and the ids that go into the tokens.
        lifetime: Seconds from ``iat`` to ``exp``: from 2 to 20 minutes, longer for a scope that allows it.
        scope: The requests that the tokens are good for; None for all.
        clock: Gives the time in seconds since 1970; None for ``time.time`` as it is when a token is asked for, so that
            freezegun and time-machine are followed.
        service: The name of the service that they are for; by default the one that the key's kind is for.

    Raises:
        LifetimeError: Apple would reject tokens of this lifetime, or they would expire before they are of use.
    """

    def __init__(
        self,
        credentials: Credentials,
        *,
        lifetime: int = DEFAULT_LIFETIME,
        scope: Sequence[str] | None = None,
        clock: Callable[[], float] | None = None,
        service: str | None = None,
    ) -> None:
        __tracebackhide__ = True
        target = SERVICES[service] if service else service_for(credentials.kind)
        if finding := _check_short(lifetime) or check_lifetime(lifetime, scope, target):
            raise LifetimeError(finding)
        self._credentials = credentials
        self._lifetime = lifetime
        self._scope = scope
        self._clock = clock or _now
        self._service = service
        self._lock = threading.Lock()
        # One tuple, replaced as a whole: readers need no lock.
        self._kept: tuple[float, float, Token | None] = (0.0, 0.0, None)

    def token(self) -> Token:
        """Return the cached token, or a new one if it is about to expire or the clock was set back."""
        now = self._clock()
        since, until, kept = self._kept
        if kept is not None and since <= now < until:
            return kept
        with self._lock:
            since, until, kept = self._kept
            if kept is not None and since <= now < until:
                return kept
            new = mint(
                self._credentials,
                now=now,
                lifetime=self._lifetime,
                scope=self._scope,
                service=self._service,
                source=self,
            )
            self._kept = (now, int(now) - BACKDATE + self._lifetime - RENEW_BEFORE, new)
            return new

    def renew(self) -> Token:
        """Return a new token in place of the cached one, for the one retry after a 401."""
        with self._lock:
            self._kept = (0.0, 0.0, None)
        return self.token()


def _now() -> float:
    return time.time()  # looked up now: freezegun replaces it during a test


def _check_short(lifetime: int) -> Finding | None:
    if lifetime >= MIN_LIFETIME:
        return None
    return make_finding(
        "token-expired",
        f"a token lifetime of {lifetime} s is too short: iat is {BACKDATE} s in the past, and a token is replaced "
        f"{RENEW_BEFORE} s before exp",
        fix=f"Use at least {MIN_LIFETIME} s; the default is {DEFAULT_LIFETIME} s.",
    )
