"""Authentication: API keys, and verification of the Authorization header.

The checks are those of :mod:`pytest_asc.diagnosis`. Their findings are kept in the request log only: every 401 has the
same body, as Apple's responses do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from pytest_asc.diagnosis.findings import best_error, make_finding
from pytest_asc.diagnosis.formatting import span
from pytest_asc.diagnosis.http.authorization import check_authorization
from pytest_asc.diagnosis.token.verify import TokenError, TokenVerification, check_scope, decode, verify_token
from pytest_asc.secrets import mask

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

    from pytest_asc.apple.services import Service
    from pytest_asc.diagnosis.findings import Finding
    from pytest_asc.diagnosis.token.verify import DecodedToken

_DOCUMENTED_MEMBERS = frozenset({"alg", "kid", "typ", "iss", "sub", "iat", "exp", "aud", "scope"})
# Number of cached verifications: enough for a run that signs a token for each of its tests.
_CACHE_SIZE = 1024
# Maximum length of a header whose verification is cached. An ordinary token has 300 characters.
_MAX_CACHED_LENGTH = 4096
# Number of tokens to remember as sent before, for the fault that rejects the first use of each.
_MAX_SEEN = 10_000


@dataclass(frozen=True, repr=False, eq=False)
class Key:
    """An API key that the emulated account knows."""

    key_id: str
    issuer_id: str | None
    key_type: str
    """``team``, ``individual`` or ``enterprise``."""
    public_key: EllipticCurvePublicKey


class CachedVerification(NamedTuple):
    """Result of the checks of an Authorization header that depend neither on the time nor on the request."""

    verification: TokenVerification
    key: Key | None
    """Key that signed the token; None if the token is invalid whatever the time."""
    has_scope: bool


class KeyOverrides(NamedTuple):
    """Overrides of the state of all keys, for fault injection."""

    revoked: bool = False
    """True if every key has been revoked."""
    key_type: str | None = None
    """Type of every key; None to keep the types given to :meth:`Authenticator.trust`."""
    reject_first_use: bool = False
    """True to reject every token the first time it is sent."""
    documented_members_only: bool = False
    """True to reject tokens with undocumented header parameters or claims."""


class Authenticator:
    """Verifies the Authorization headers of requests to one service.

    Args:
        service: The service whose tokens are accepted.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self._keys: dict[str, Key] = {}
        self._cache: dict[str, CachedVerification] = {}
        self.overrides = KeyOverrides()
        self._seen: set[str] = set()

    def fork(self) -> Authenticator:
        """Return an authenticator with the same keys; it shares the cache of verified tokens until either changes."""
        other = Authenticator(self._service)
        other._keys = dict(self._keys)
        if self.overrides == other.overrides:
            other._cache = self._cache
        return other

    def trust(self, key: Key) -> None:
        """Accept tokens that are signed with a key. A key with the same key ID is replaced."""
        self._keys[key.key_id] = key
        self._cache = {}  # a new dict: forks with the previous keys may still use the old one

    def override_keys(self, overrides: KeyOverrides = KeyOverrides()) -> None:  # noqa: B008  it is never changed
        """Set the overrides of key state; without an argument, remove them."""
        self.overrides = overrides
        self._seen.clear()
        self._cache = {}

    def authenticate(
        self, authorization: str | None, method: str, url: str, now: float, *, skew: float = 0.0
    ) -> Key | Finding:
        """Verify the Authorization header of a request.

        Args:
            authorization: Value of the header; None if the request has none.
            method: Method of the request, which the token's scope must allow.
            url: URL of the request, which the token's scope must allow.
            now: Time in seconds since 1970, by the clock of the emulated service.
            skew: Seconds by which this clock is ahead of the caller's.

        Returns:
            The key that signed the token, or the finding that explains a 401.
        """
        cached = self._cache.get(authorization or "")
        if cached is None:
            rejection = check_authorization(authorization)
            if rejection:
                return rejection
            cached = self._verify_and_cache(authorization or "")
        verification, key, has_scope = cached
        if key is None or not verification.valid_from <= now < verification.valid_until:
            return self._rejection(verification, now, skew)
        if self.overrides.reject_first_use and authorization and authorization not in self._seen:
            if len(self._seen) >= _MAX_SEEN:
                self._seen.clear()
            self._seen.add(authorization)
            return make_finding("transient-401", "the emulated service rejects each token the first time it is sent")
        if has_scope and verification.decoded:
            return check_scope(verification.decoded, method, url) or key
        return key

    def _verify_and_cache(self, authorization: str) -> CachedVerification:
        token = authorization.partition(" ")[2]
        try:
            key_id = decode(token).key_id
        except TokenError as error:
            cached = CachedVerification(TokenVerification(None, (error.finding,)), None, has_scope=False)
        else:
            cached = self._verify(token, key_id)
        if len(authorization) > _MAX_CACHED_LENGTH:
            return cached
        if len(self._cache) >= _CACHE_SIZE:
            self._cache.clear()
        self._cache[authorization] = cached
        return cached

    def _verify(self, token: str, key_id: str | None) -> CachedVerification:
        overrides = self.overrides
        key = None if overrides.revoked or key_id is None else self._keys.get(key_id)
        key_type = overrides.key_type or (key.key_type if key else None)
        verification = verify_token(
            token,
            service=self._service,
            key=key.public_key if key else None,
            key_type=key_type,
            issuer_id=key.issuer_id if key and overrides.key_type is None else None,
        )
        if verification.can_be_valid and key is None:
            finding = make_finding(
                "key-unknown-to-apple", _unknown_key_evidence(key_id, revoked=overrides.revoked), certainty="certain"
            )
            verification = TokenVerification(verification.decoded, (finding,))
        elif (
            verification.can_be_valid
            and overrides.documented_members_only
            and (undocumented := _undocumented_members(verification.decoded))
        ):
            finding = make_finding("token-form", f"the emulated service does not accept {', '.join(undocumented)}")
            verification = TokenVerification(verification.decoded, (finding,))
        claims = verification.decoded.claims if verification.decoded else {}
        return CachedVerification(verification, key if verification.can_be_valid else None, has_scope="scope" in claims)

    def _rejection(self, verification: TokenVerification, now: float, skew: float) -> Finding:
        error_by_callers_clock = best_error(verification.findings_at(now - skew))
        rejection = best_error(verification.findings_at(now))
        if skew and rejection and error_by_callers_clock is None:
            # The token is valid by the clock of its issuer, so the difference between the clocks is the cause.
            cause, relation = ("clock-behind", "ahead of") if skew > 0 else ("clock-ahead", "behind")
            return make_finding(
                cause, f"Apple's clock is {span(skew)} {relation} the caller's; by Apple's clock, {rejection.evidence}"
            )
        assert rejection is not None, "a token that is not valid now has no error"  # noqa: S101
        return rejection


def _undocumented_members(decoded: DecodedToken | None) -> list[str]:
    if decoded is None:
        return []
    return [name for name in (*decoded.header, *decoded.claims) if name not in _DOCUMENTED_MEMBERS]


def _unknown_key_evidence(key_id: str | None, *, revoked: bool) -> str:
    shown = mask(key_id or "")
    return f"the key {shown} has been revoked" if revoked else f"the emulator has no key with the ID {shown}"
