"""Generation of tokens, which are signed with PyJWT and cached until shortly before they expire."""

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
    """Raised if an ID that a token needs is missing."""


class LifetimeError(ValueError):
    """Raised for a lifetime that Apple rejects, or that is too short for a cached token.

    Args:
        finding: The cause, with the evidence and the fix.
    """

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding)
        self.finding = finding

    def __str__(self) -> str:
        return str(self.finding)


class Token(SecretStr):
    """A signed token. It is a ``str`` whose ``repr`` shows no part of it."""

    __slots__ = ("_source", "minted_by")

    minted_by: str
    """Origin of the token: ``pytest-asc``, or the variable that it was read from."""
    _source: TokenSource | None

    def __new__(cls, text: str, *, minted_by: str, source: TokenSource | None = None) -> Self:
        """Make a token from the text of a token that is already signed.

        Args:
            text: The text.
            minted_by: Origin of the token: ``pytest-asc``, or the variable that it was read from.
            source: The source that generates the tokens which replace this one; None if none does.
        """
        token = super().__new__(cls, text)
        token.minted_by = minted_by
        token._source = source
        return token

    def __reduce_ex__(self, protocol: Any) -> Any:
        # Copies and pickles have no source, because its lock cannot be pickled.
        return _restore, (str(self), self.minted_by)

    def fresh(self) -> Token:
        """Return this token, or a new one if this token is about to expire and was generated here."""
        return self._source.token() if self._source else self

    def renewed(self) -> Token:
        """Return a new token if this token was generated here; otherwise return this token."""
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
    """Generate a signed token. The arguments are not checked, so that tests can generate invalid tokens.

    Args:
        credentials: The key, and the IDs for the token.
        now: The current time, in seconds since 1970.
        lifetime: Seconds from ``iat`` to ``exp``. Ignored for services whose tokens have no ``exp``.
        scope: The requests that the token is valid for, such as ``["GET /v1/apps"]``; None for all.
        issued_at: ``iat``, in seconds since 1970; by default one minute before ``now``.
        claims: Claims to add or replace; None as a value removes a claim.
        headers: Header parameters to add or replace; None as a value removes a parameter.
        service: The name of the service that the token is for; by default the one for the key's type.
        source: The source that generates the tokens which replace this one.
        **ids: :class:`~pytest_asc.apple.services.ServiceIds` that override those of the credentials.

    Raises:
        KeyError: The service does not exist.
        ServiceIdError: An ID that the token needs is missing.
    """
    target = SERVICES[service] if service else service_for(credentials.kind)
    known: dict[str, Any] = {**credentials.service_ids, **ids}
    if credentials.issuer_id:
        known["issuer_id"] = credentials.issuer_id
    iat = int(now) - BACKDATE if issued_at is None else issued_at
    individual = target.individual_subject if credentials.kind == "individual" else None
    payload: dict[str, Any] = (
        {"sub": individual} if individual else _fill_in(target.claims, known, target, overridden=claims)
    )
    payload["iat"] = iat
    if target.expires:
        payload["exp"] = iat + lifetime
    if target.audience:
        payload["aud"] = target.audience
    if scope is not None:
        payload["scope"] = list(scope)
    header: dict[str, Any] = {"alg": "ES256", "kid": credentials.key_id}
    if target.header:
        header |= _fill_in(target.header, known, target, overridden=headers)
    if target.typ:
        header["typ"] = target.typ
    if claims:
        payload = _apply_changes(payload, claims)
    if headers:
        header = _apply_changes(header, headers)
    text = sign(header, payload, credentials.private_key)
    redactor.add_token(text)
    return Token(text, minted_by="pytest-asc", source=source)


def _fill_in(
    members: Mapping[str, ClaimSpec],
    known: Mapping[str, Any],
    service: Service,
    *,
    overridden: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """Return the members with their IDs filled in, except for the members that the caller overrides."""
    try:
        return {
            name: member.value.format_map(known)
            for name, member in members.items()
            if not overridden or name not in overridden
        }
    except KeyError as missing:
        raise ServiceIdError(f"a token for {service.title} needs {missing.args[0]}, but none is given") from None


def _apply_changes(members: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**members, **changes}.items() if value is not None}


def sign(header: Mapping[str, Any], payload: Mapping[str, Any], key: EllipticCurvePrivateKey) -> str:
    """Sign a header and claims with ES256, without checking them.

    ``jwt.encode`` would refuse to generate some invalid tokens.
    """
    parts = b".".join(base64url_encode(_json(part).encode()) for part in (header, payload))
    return (parts + b"." + base64url_encode(_ES256.sign(parts, key))).decode("ascii")


class TokenSource:
    """Generates tokens that differ only in their times, and caches each until a minute before it expires. Thread-safe.

    Args:
        credentials: The key, and the IDs for the tokens.
        lifetime: Seconds from ``iat`` to ``exp``: from 2 to 20 minutes, or longer if the scope allows it.
        scope: The requests that the tokens are valid for; None for all.
        clock: Function that returns the time in seconds since 1970. None for ``time.time``, which is looked up on each
            call, so that freezegun and time-machine take effect.
        service: The name of the service that the tokens are for; by default the one for the key's type.

    Raises:
        LifetimeError: Apple rejects tokens with this lifetime, or it is too short for cached tokens.
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
        if finding := _check_minimum(lifetime) or check_lifetime(lifetime, scope, target):
            raise LifetimeError(finding)
        self._credentials = credentials
        self._lifetime = lifetime
        self._scope = scope
        self._clock = clock or _now
        self._service = service
        self._lock = threading.Lock()
        # The period in which the cached token is used, and the token. The tuple is replaced as a whole, so that reading
        # it needs no lock.
        self._cached: tuple[float, float, Token | None] = (0.0, 0.0, None)

    def token(self) -> Token:
        """Return the cached token, or a new one if the cached token is about to expire or the clock was set back."""
        now = self._clock()
        since, until, cached = self._cached
        if cached is not None and since <= now < until:
            return cached
        with self._lock:
            since, until, cached = self._cached
            if cached is not None and since <= now < until:
                return cached
            new = mint(
                self._credentials,
                now=now,
                lifetime=self._lifetime,
                scope=self._scope,
                service=self._service,
                source=self,
            )
            self._cached = (now, int(now) - BACKDATE + self._lifetime - RENEW_BEFORE, new)
            return new

    def renew(self) -> Token:
        """Replace the cached token, and return the new one."""
        with self._lock:
            self._cached = (0.0, 0.0, None)
        return self.token()


def _now() -> float:
    return time.time()  # looked up on each call, because freezegun replaces it during a test


def _check_minimum(lifetime: int) -> Finding | None:
    if lifetime >= MIN_LIFETIME:
        return None
    return make_finding(
        "token-expired",
        f"a token lifetime of {lifetime} s is too short: iat is backdated by {BACKDATE} s, and a token is replaced "
        f"{RENEW_BEFORE} s before exp",
        fix=f"Set the lifetime to at least {MIN_LIFETIME} s; the default is {DEFAULT_LIFETIME} s.",
    )
