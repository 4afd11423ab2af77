"""Who may come in: keys, tokens, and how often.

Headers and tokens are judged by the judges of :mod:`pytest_asc.diagnosis`. What they find stays in the record of
the request: on the wire, one 401 is like another.
"""

from __future__ import annotations

from collections import deque
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

RATE_LIMIT = 3600  # observed: requests in an hour, for each key
_HOUR = 3600.0
_DOCUMENTED = frozenset({"alg", "kid", "typ", "iss", "sub", "iat", "exp", "aud", "scope"})
# Judgements that are kept: enough for a session that mints a token for each of its tests.
_JUDGEMENTS = 1024


class Usage:
    """The requests that a key has sent in the last hour."""

    __slots__ = ("_times",)

    def __init__(self) -> None:
        self._times: deque[float] = deque()

    def count(self, now: float, limit: int) -> int:
        """Count a request, unless the limit is reached.

        Args:
            now: Seconds since 1970.
            limit: Requests in an hour.

        Returns:
            How many are left, or -1 where the limit was reached before.
        """
        times = self._times
        while times and times[0] <= now - _HOUR:
            times.popleft()
        if len(times) >= limit:
            return -1
        times.append(now)
        return limit - len(times)


@dataclass(frozen=True, repr=False, eq=False)
class Key:
    """An API key that the emulated account knows."""

    key_id: str
    issuer_id: str | None
    kind: str
    public_key: EllipticCurvePublicKey


class CachedVerification(NamedTuple):
    """What is known of an Authorization header whatever the time."""

    examination: TokenVerification
    key: Key | None
    scoped: bool


class KeyOverrides(NamedTuple):
    """How an account treats its keys otherwise than it should, or than was said of them."""

    revoked: bool = False
    """Every key has been revoked."""
    kind: str | None = None
    """Every key is of this kind."""
    refuses_once: bool = False
    """Every token is refused when it first comes."""
    strict: bool = False
    """A token may have no members but the documented."""


class Authenticator:
    """Judges the Authorization headers of requests to one service."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._keys: dict[str, Key] = {}
        self._usage: dict[str, Usage] = {}
        self._judgements: dict[str, CachedVerification] = {}
        self.overrides = KeyOverrides()
        self._seen: set[str] = set()

    def fork(self) -> Authenticator:
        """A gate with the same keys, and with what is known of their tokens, that nothing has come through yet."""
        other = Authenticator(self._service)
        other._keys = dict(self._keys)
        if self.overrides == other.overrides:
            other._judgements = self._judgements
        return other

    def trust(self, key: Key) -> None:
        """Know a key from now on, in place of one with the same id."""
        self._keys[key.key_id] = key
        self._judgements = {}  # another gate may go by what was known

    def change(self, overrides: KeyOverrides = KeyOverrides()) -> None:  # noqa: B008  it is never changed
        """Treat every key like this from now on, in place of what was before."""
        self.overrides = overrides
        self._seen.clear()
        self._judgements = {}

    def forget_usage(self) -> None:
        """Give every key its whole rate limit again."""
        self._usage.clear()

    def count(self, key: Key, now: float, limit: int) -> int:
        """Count a request of a key; see :meth:`Usage.count`."""
        usage = self._usage.get(key.key_id)
        if usage is None:
            usage = self._usage[key.key_id] = Usage()
        return usage.count(now, limit)

    def authenticate(
        self, authorization: str | None, method: str, url: str, now: float, *, skew: float = 0.0
    ) -> Key | Finding:
        """Judge a request's header: the key that it is signed with, or why it is refused.

        Args:
            authorization: The header's value; None where there is no such header.
            method: Of the request, for the token's scope.
            url: Of the request, for the token's scope.
            now: Seconds since 1970, by the clock of the emulated service.
            skew: Seconds that this clock is ahead of the caller's.
        """
        judgement = self._judgements.get(authorization or "")
        if judgement is None:
            refusal = check_authorization(authorization)
            if refusal:
                return refusal
            judgement = self._judge(authorization or "")
        examination, key, scoped = judgement
        if key is None or not examination.valid_from <= now < examination.valid_until:
            return self._refusal(examination, now, skew)
        if self.overrides.refuses_once and authorization and authorization not in self._seen:
            self._seen.add(authorization)
            return make_finding("transient-401", "the emulated service refuses every token at first")
        if scoped and examination.decoded:
            return check_scope(examination.decoded, method, url) or key
        return key

    def _judge(self, authorization: str) -> CachedVerification:
        token = authorization.partition(" ")[2]
        try:
            key_id = decode(token).key_id
        except TokenError as error:
            judgement = CachedVerification(TokenVerification(None, (error.finding,)), None, scoped=False)
        else:
            judgement = self._examine(token, key_id)
        if len(self._judgements) >= _JUDGEMENTS:
            self._judgements.clear()
        self._judgements[authorization] = judgement
        return judgement

    def _examine(self, token: str, key_id: str | None) -> CachedVerification:
        overrides = self.overrides
        key = None if overrides.revoked or key_id is None else self._keys.get(key_id)
        kind = overrides.kind or (key.kind if key else None)
        examination = verify_token(
            token,
            service=self._service,
            key=key.public_key if key else None,
            kind=kind,
            issuer_id=key.issuer_id if key and overrides.kind is None else None,
        )
        if examination.sound and key is None:
            unknown = make_finding(
                "key-unknown-to-apple", _unknown(key_id, revoked=overrides.revoked), certainty="certain"
            )
            examination = TokenVerification(examination.decoded, (unknown,))
        elif examination.sound and overrides.strict and (more := _undocumented(examination.decoded)):
            odd = make_finding("token-form", f"the emulated service takes no {', '.join(more)}")
            examination = TokenVerification(examination.decoded, (odd,))
        claims = examination.decoded.claims if examination.decoded else {}
        return CachedVerification(examination, key if examination.sound else None, scoped="scope" in claims)

    def _refusal(self, examination: TokenVerification, now: float, skew: float) -> Finding:
        at_callers_time = best_error(examination.at(now - skew))
        refusal = best_error(examination.at(now))
        if skew and refusal and at_callers_time is None:
            # The token is good by the clock that it was made with: the clocks are the cause.
            cause, relation = ("clock-behind", "ahead of") if skew > 0 else ("clock-ahead", "behind")
            return make_finding(
                cause, f"Apple's clock is {span(skew)} {relation} the caller's; by it, {refusal.evidence}"
            )
        assert refusal is not None, "the judge finds nothing wrong with a token that it does not take"  # noqa: S101
        return refusal


def _undocumented(decoded: DecodedToken | None) -> list[str]:
    if decoded is None:
        return []
    return [name for name in (*decoded.header, *decoded.claims) if name not in _DOCUMENTED]


def _unknown(key_id: str | None, *, revoked: bool) -> str:
    shown = mask(key_id or "")
    return f"the key {shown} has been revoked" if revoked else f"no key with the id {shown} is known to the emulator"
