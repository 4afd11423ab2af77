"""Tokens: signed with PyJWT, and cached until shortly before they expire."""

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
    """Raised if an ID that the service's tokens contain is missing."""


class LifetimeError(ValueError):
    """Raised for a lifetime that Apple rejects, or that is too short for the token to be used.

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
    """Origin of the token: ``pytest-asc``, or the variable that it was read from."""
    _source: TokenSource | None

    def __new__(cls, text: str, *, minted_by: str, source: TokenSource | None = None) -> Self:
        """Create a token from its text, which has been signed already."""
        token = super().__new__(cls, text)
        token.minted_by = minted_by
        token._source = source
        return token

    def __reduce_ex__(self, protocol: Any) -> Any:
        # Copies and pickles have the same text, but no source: its lock cannot be pickled.
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
    """Generate a signed token. The arguments are not checked, so that invalid tokens can be generated.

    Args:
        credentials: The key, and the IDs in the token.
        now: The time, in seconds since 1970. By default, ``iat`` is one minute earlier.
        lifetime: Seconds from ``iat`` to ``exp``. Ignored for services whose tokens have no ``exp``.
        scope: The requests that the token is valid for, such as ``["GET /v1/apps"]``; None for all.
        issued_at: ``iat``, in seconds since 1970.
        claims: Claims to add or replace; None as a value removes a claim.
        headers: Members of the JOSE header to add or replace; None as a value removes a member.
        service: The name of the service that the token is for; by default that of the key's type.
        source: The source that generates the tokens which replace this one.
        **ids: :class:`~pytest_asc.apple.services.ServiceIds` for the token, in place of those of the credentials.

    Raises:
        KeyError: There is no such service.
        ServiceIdError: An ID that the service's tokens contain is missing.
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

    ``jwt.encode`` is not used because it refuses to generate invalid tokens.
    """
    parts = b".".join(base64url_encode(_json(part).encode()) for part in (header, payload))
    return (parts + b"." + base64url_encode(_ES256.sign(parts, key))).decode("ascii")


class TokenSource:
    """Generates tokens with the same claims, and caches each until a minute before it expires. Thread-safe.

    Args:
        credentials: The key, and the IDs in the tokens.
        lifetime: Seconds from ``iat`` to ``exp``: from 2 to 20 minutes, or longer if the scope allows it.
        scope: The requests that the tokens are valid for; None for all.
        clock: Function that returns the time in seconds since 1970. None for ``time.time``, which is looked up on each
            call, so that freezegun and time-machine take effect.
        service: The name of the service that the tokens are for; by default that of the key's type.

    Raises:
        LifetimeError: Apple rejects tokens with this lifetime, or it is too short for them to be used.
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
        # A single tuple that is replaced as a whole, so that reading it needs no lock.
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
        """Replace the cached token and return the new one, for the single retry after a 401."""
        with self._lock:
            self._kept = (0.0, 0.0, None)
        return self.token()


def _now() -> float:
    return time.time()  # looked up on each call, because freezegun replaces it during a test


def _check_short(lifetime: int) -> Finding | None:
    if lifetime >= MIN_LIFETIME:
        return None
    return make_finding(
        "token-expired",
        f"a token lifetime of {lifetime} s is too short: iat is {BACKDATE} s in the past, and a token is replaced "
        f"{RENEW_BEFORE} s before exp",
        fix=f"Use at least {MIN_LIFETIME} s; the default is {DEFAULT_LIFETIME} s.",
    )
