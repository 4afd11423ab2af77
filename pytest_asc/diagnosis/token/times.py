"""Check of a token's times: their form, its lifetime, and whether it is valid at a given time."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_asc.apple.services import HOUR, SIX_MONTHS
from pytest_asc.diagnosis.findings import make_finding
from pytest_asc.diagnosis.formatting import format_claim, json_type, span, utc
from pytest_asc.diagnosis.token.scope import allows_long_lifetime, max_lifetime_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytest_asc.apple.services import Service
    from pytest_asc.diagnosis.findings import Finding

# Apple's tolerance for an iat in the future is not documented; 34 s ahead was accepted once (observed by capgo). One
# minute is the time by which clients backdate iat.
FUTURE_TOLERANCE = 60
# Tokens of clients that round iat up to the next second, with a lifetime of exactly the limit, are accepted (observed).
ROUNDING = 1
# A smaller exp is a duration, not a time; a greater time than the second number is not in seconds.
LONGEST_DURATION = 10**9
FIRST_MILLISECONDS = 10**11
# Units smaller than a second, and their number in one second.
_UNITS = (("milliseconds", 10**3), ("microseconds", 10**6), ("nanoseconds", 10**9))
# Times from 2001 to 2096, in seconds since 1970.
_PLAUSIBLE = range(10**9, 4 * 10**9)


def check_time_format(claims: Mapping[str, Any], service: Service) -> Finding | None:
    """Check that the times are whole seconds since 1970. Missing ones are reported with the other claims."""
    for name in ("exp", "iat") if service.expires else ("iat",):
        value = claims.get(name)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int):
            return make_finding(
                "token-time-not-integer", f"{name} is {format_claim(value, clear=True)}, {json_type(value)}"
            )
        if abs(value) > FIRST_MILLISECONDS:
            return _not_in_seconds(name, value)
        if name == "exp" and value < LONGEST_DURATION:
            return make_finding("token-exp-is-duration", f"exp is {value}, which as a time is {utc(value)}")
    return None


def _not_in_seconds(name: str, value: int) -> Finding:
    """Return a finding for a time that is not in seconds, with the unit in which it is a plausible date."""
    evidence = f"{name} is {format_claim(value)}: read as seconds, it is after the year 5000"
    for unit, factor in _UNITS:
        if value // factor in _PLAUSIBLE:
            fix = None if factor == 1000 else f"Divide the times by {factor:,}: Apple expects seconds since 1970."  # noqa: PLR2004  the fix in the table of causes
            return make_finding(
                "token-time-milliseconds", f"{evidence}; read as {unit}, it is {utc(value // factor)}", fix=fix
            )
    return make_finding(
        "token-time-milliseconds", evidence, certainty="likely", fix="Set iat and exp to seconds since 1970."
    )


def check_lifetime(lifetime: float, scope: object, service: Service) -> Finding | None:
    """Check the seconds from ``iat`` to ``exp``, of an existing token or of one to be generated.

    A lifetime of more than 20 minutes, and up to six months, requires a scope that contains only GET requests for
    resources that allow it (documented).
    """
    limit = service.max_lifetime
    if limit is None or lifetime <= limit:
        return None
    life = f"exp is {format_claim(lifetime)} s after iat"
    entries = scope if isinstance(scope, (list, tuple)) else ()
    if not entries or not service.long_lived_paths:
        return make_finding(
            "token-lifetime-too-long", f"{life}; {service.title} accepts at most {limit} s", fix=_fix(service)
        )
    if lifetime > SIX_MONTHS:
        fix = (
            f"Set exp to at most {SIX_MONTHS} s after iat."
            if max_lifetime_of(list(entries), service) != limit
            else None
        )
        return make_finding("token-long-lived-not-allowed", f"{life}, more than six months ({SIX_MONTHS} s)", fix=fix)
    for entry in entries:
        if not str(entry).startswith("GET "):
            return make_finding(
                "token-long-lived-not-allowed", f"{life}, and the scope contains {format_claim(entry, clear=True)}"
            )
        if not allows_long_lifetime(entry, service):
            return make_finding(
                "token-long-lived-not-allowed", f"{life}, and Apple does not accept a long-lived token for {entry!r}"
            )
    return None


def _fix(service: Service) -> str | None:
    """Return the fix for a lifetime that is too long; None for the one in the table of causes."""
    limit = service.max_lifetime
    if limit is None or service.recommended_lifetime:
        return None
    return f"Set exp to at most {span(limit)} after iat."


def _fix_expired(service: Service) -> str | None:
    """Return the fix for an expired token; None for the one in the table of causes, if the lifetime is in minutes."""
    if service.max_lifetime is not None and service.max_lifetime <= HOUR:
        return None
    what = "client secret" if service.sent_as_client_secret else "token"
    limit = f" for at most {span(service.max_lifetime)}" if service.max_lifetime else ""
    return f"Generate a new {what}, and renew it before it expires: it is valid{limit or ' until its exp'}."


def _fix_at_limit(service: Service) -> str | None:
    """Return the fix for a lifetime that is exactly the limit; None for the one in the table of causes."""
    longer = _fix(service)
    return (
        longer and f"{longer.rstrip('.')}, less a minute: at the limit, the token fails if a clock is one second off."
    )


class Times(NamedTuple):
    """Times of a token, in the right form, and the limits of its service."""

    iat: float
    """Seconds since 1970; minus infinity if there is no ``iat``, which Apple accepts (observed)."""
    exp: float
    """Seconds since 1970; infinity if the token does not expire."""
    max_life: float
    """Maximum seconds from ``iat`` to ``exp``. A longer lifetime is reported by :func:`check_lifetime`."""
    max_ahead: float
    """Maximum seconds from the time of verification to ``exp``."""
    service: Service

    @property
    def valid_from(self) -> float:
        """First time at which the token is valid: earlier, ``iat`` is in the future or ``exp`` too far ahead."""
        return max(self.iat - FUTURE_TOLERANCE, self.exp - self.max_ahead - ROUNDING)

    def findings_at(self, now: float) -> Iterator[Finding]:
        """Yield the findings on the token at a time, in seconds since 1970."""
        ahead = self.iat - now
        if self.exp <= now:
            yield make_finding("token-expired", self._expired(now), fix=_fix_expired(self.service))
        elif ahead > FUTURE_TOLERANCE:
            yield make_finding("token-issued-in-future", f"iat is {utc(self.iat)}, {span(ahead)} ahead of {utc(now)}")
        elif self.exp - now > self.max_ahead + ROUNDING:
            yield make_finding(
                "token-lifetime-too-long",
                f"exp is {self.exp - now:.0f} s ahead of {utc(now)}; at most {self.max_ahead:.0f} s are accepted",
                fix=_fix(self.service),
            )
        elif self.max_life == math.inf and self.exp - now > self.max_ahead - ROUNDING:
            # If only the time until exp is limited, a token that is at the limit now will be below it later. Apple
            # Music rejected such a token (observed: scottrhoyt/apple-music-jwt #1).
            evidence = f"exp is {self.exp - now:.0f} s ahead of {utc(now)}, and {self.max_ahead:.0f} s is the limit"
            yield make_finding("token-lifetime-at-limit", evidence, fix=_fix_at_limit(self.service))
        elif ahead > ROUNDING:
            yield make_finding(
                "token-issued-in-future",
                f"iat is {utc(self.iat)}, {span(ahead)} ahead of {utc(now)}",
                level="warning",
                certainty="possible",
            )

    def _expired(self, now: float) -> str:
        if not self.service.expires:
            return f"iat was {utc(self.iat)}, {span(now - self.iat)} ago; a token is valid for {span(self.max_life)}"
        age = "" if self.iat == -math.inf else f"; the token is {span(now - self.iat)} old"
        return f"exp was {utc(self.exp)}, {span(now - self.exp)} ago{age}"

    def check_time_zone(self, now: float, utc_offset: int) -> Finding | None:
        """Return a finding if both times, or only ``exp``, are wrong by exactly the local offset from UTC.

        Args:
            now: Seconds since 1970.
            utc_offset: Seconds by which local time was ahead of UTC on the machine that generated the token.
        """
        life, offset = self.exp - self.iat, f"this machine's offset from UTC, {span(utc_offset)}"
        if not utc_offset:
            return None
        if 0 < life <= self.max_life:
            good = self.exp > now >= self.iat - FUTURE_TOLERANCE
            apart = abs(abs(self.iat - now) - abs(utc_offset)) < 2 * FUTURE_TOLERANCE
            evidence = f"iat is {utc(self.iat)} and now is {utc(now)}: the difference is {offset}"
            return make_finding("token-time-zone-bug", evidence) if apart and not good else None
        meant = life - utc_offset
        if 0 < meant <= self.max_life < math.inf and abs(now - self.iat) < abs(utc_offset):
            evidence = f"exp is {utc(self.exp)}, which differs from {span(meant)} after iat by {offset}"
            return make_finding("token-time-zone-bug", evidence)
        return None


def times_of(claims: Mapping[str, Any], service: Service) -> Times:
    """Return the times in claims that have passed :func:`check_time_format`."""
    iat: float = -math.inf if claims.get("iat") is None else claims["iat"]
    longest = max_lifetime_of(claims.get("scope"), service)
    most: float = math.inf if longest is None else longest
    exp: float = claims["exp"] if service.expires else iat + most
    return Times(
        iat,
        exp,
        max_life=most if "iat" in service.counted_from else math.inf,
        max_ahead=most if "now" in service.counted_from else math.inf,
        service=service,
    )


def check_lifetime_of(times: Times, scope: object) -> Finding | None:
    """Check the lifetime of a token, which does not depend on the clock."""
    service = times.service
    counted = service.expires and times.iat != -math.inf and "iat" in service.counted_from
    if not counted:
        return None
    life, limit = int(times.exp - times.iat), service.max_lifetime
    if life == limit:
        evidence = f"exp is {limit} s after iat, and {limit} s is the limit"
        return make_finding("token-lifetime-at-limit", evidence, fix=_fix_at_limit(service))
    return check_lifetime(life, scope, service)
