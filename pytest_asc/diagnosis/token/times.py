"""Check of a token's times: their form, the lifetime, and whether the token is valid at a given time."""

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

# Tolerated seconds of an iat in the future. Apple's tolerance is not documented; 34 s were accepted once (observed by
# capgo). Clients backdate iat by one minute.
FUTURE_TOLERANCE = 60
# Seconds by which a token may exceed a limit: clients that round iat up are accepted at the limit (observed).
ROUNDING = 1
# A smaller exp is a duration, not a time. A time greater than the second constant is not in seconds.
LONGEST_DURATION = 10**9
FIRST_MILLISECONDS = 10**11
# Units smaller than a second, each with the number of units in a second.
_UNITS = (("milliseconds", 10**3), ("microseconds", 10**6), ("nanoseconds", 10**9))
# Times from 2001 to 2096, in seconds since 1970.
_PLAUSIBLE = range(10**9, 4 * 10**9)


def check_time_format(claims: Mapping[str, Any], service: Service) -> Finding | None:
    """Return a finding if a time is not a whole number of seconds since 1970. Missing times are reported elsewhere."""
    for name in ("exp", "iat") if service.expires else ("iat",):
        value = claims.get(name)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int):
            return make_finding(
                "token-time-not-integer",
                f"{name} is {format_claim(value, clear=True)}, {json_type(value)}, expected a whole number",
            )
        if abs(value) > FIRST_MILLISECONDS:
            return _not_in_seconds(name, value)
        if name == "exp" and value < LONGEST_DURATION:
            return make_finding("token-exp-is-duration", f"exp is {value}, which is {utc(value)} if read as a time")
    return None


def _not_in_seconds(name: str, value: int) -> Finding:
    """Return a finding for a time that is not in seconds, with the unit in which it would be a plausible date."""
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
    """Return a finding if a lifetime is longer than a service accepts.

    A lifetime of more than 20 minutes, up to six months, requires a scope that contains only GET requests for
    certain resources (documented).

    Args:
        lifetime: Seconds from ``iat`` to ``exp``.
        scope: The claim ``scope``; None if there is none.
        service: The service that the token is for.
    """
    limit = service.max_lifetime
    if limit is None or lifetime <= limit:
        return None
    lifetime_text = f"exp is {format_claim(lifetime)} s after iat"
    entries = scope if isinstance(scope, (list, tuple)) else ()
    if not entries or not service.long_lived_paths:
        return make_finding(
            "token-lifetime-too-long",
            f"{lifetime_text}; {service.title} accepts at most {limit} s",
            fix=_lifetime_fix(service),
        )
    if lifetime > SIX_MONTHS:
        fix = (
            f"Set exp to at most {SIX_MONTHS} s after iat."
            if max_lifetime_of(list(entries), service) != limit
            else None
        )
        return make_finding(
            "token-long-lived-not-allowed", f"{lifetime_text}, more than six months ({SIX_MONTHS} s)", fix=fix
        )
    for entry in entries:
        if not str(entry).startswith("GET "):
            return make_finding(
                "token-long-lived-not-allowed",
                f"{lifetime_text}, and the scope contains {format_claim(entry, clear=True)}, expected only GET",
            )
        if not allows_long_lifetime(entry, service):
            return make_finding(
                "token-long-lived-not-allowed",
                f"{lifetime_text}, and Apple does not accept a long-lived token for {entry!r}",
            )
    return None


def _lifetime_fix(service: Service) -> str | None:
    """Return the fix for a lifetime that is too long; None for the fix in the table of causes."""
    limit = service.max_lifetime
    if limit is None or service.recommended_lifetime:
        return None
    return f"Set exp to at most {span(limit)} after iat."


def _expired_fix(service: Service) -> str | None:
    """Return the fix for an expired token; None for the fix in the table of causes, which is for short lifetimes."""
    if service.max_lifetime is not None and service.max_lifetime <= HOUR:
        return None
    what = "client secret" if service.sent_as_client_secret else "token"
    limit = f" for at most {span(service.max_lifetime)}" if service.max_lifetime else ""
    return f"Generate a new {what}, and renew it before it expires: it is valid{limit or ' until its exp'}."


def _at_limit_fix(service: Service) -> str | None:
    """Return the fix for a lifetime that equals the limit; None for the fix in the table of causes."""
    longer = _lifetime_fix(service)
    return (
        longer and f"{longer.rstrip('.')}, less a minute: at the limit, the token fails if a clock is one second off."
    )


class Times(NamedTuple):
    """The times of a token that have passed :func:`check_time_format`, and the limits of its service."""

    iat: float
    """Seconds since 1970; minus infinity if there is no ``iat``, which Apple accepts (observed)."""
    exp: float
    """Seconds since 1970; infinity if the token does not expire."""
    max_life: float
    """Maximum seconds from ``iat`` to ``exp``, which :func:`check_lifetime` checks; infinity if there is no limit."""
    max_ahead: float
    """Maximum seconds from the time of verification to ``exp``; infinity if there is no limit."""
    service: Service

    @property
    def valid_from(self) -> float:
        """First time at which the token is valid, in seconds since 1970. It follows from ``iat`` and ``exp``."""
        return max(self.iat - FUTURE_TOLERANCE, self.exp - self.max_ahead - ROUNDING)

    def findings_at(self, now: float) -> Iterator[Finding]:
        """Yield the findings on the token at a time, in seconds since 1970."""
        ahead = self.iat - now
        if self.exp <= now:
            yield make_finding("token-expired", self._expired(now), fix=_expired_fix(self.service))
        elif ahead > FUTURE_TOLERANCE:
            yield make_finding("token-issued-in-future", f"iat is {utc(self.iat)}, {span(ahead)} ahead of {utc(now)}")
        elif self.exp - now > self.max_ahead + ROUNDING:
            yield make_finding(
                "token-lifetime-too-long",
                f"exp is {self.exp - now:.0f} s ahead of {utc(now)}; at most {self.max_ahead:.0f} s are accepted",
                fix=_lifetime_fix(self.service),
            )
        elif self.max_life == math.inf and self.exp - now > self.max_ahead - ROUNDING:
            # Only the time until exp is limited, so this token will be valid soon. Apple Music rejected such a token
            # (observed: scottrhoyt/apple-music-jwt #1).
            evidence = f"exp is {self.exp - now:.0f} s ahead of {utc(now)}, and {self.max_ahead:.0f} s is the limit"
            yield make_finding("token-lifetime-at-limit", evidence, fix=_at_limit_fix(self.service))
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
        """Return a finding if both times, or only ``exp``, are wrong by the local offset from UTC.

        Args:
            now: The current time, in seconds since 1970.
            utc_offset: Offset of local time from UTC in seconds on the machine that generated the token.
        """
        lifetime, offset = self.exp - self.iat, f"this machine's offset from UTC, {span(utc_offset)}"
        if not utc_offset:
            return None
        if 0 < lifetime <= self.max_life:
            valid = self.exp > now >= self.iat - FUTURE_TOLERANCE
            off_by_offset = abs(abs(self.iat - now) - abs(utc_offset)) < 2 * FUTURE_TOLERANCE
            evidence = f"iat is {utc(self.iat)} and now is {utc(now)}: the difference is {offset}"
            return make_finding("token-time-zone-bug", evidence) if off_by_offset and not valid else None
        intended = lifetime - utc_offset
        if 0 < intended <= self.max_life < math.inf and abs(now - self.iat) < abs(utc_offset):
            evidence = f"exp is {utc(self.exp)}, which differs from {span(intended)} after iat by {offset}"
            return make_finding("token-time-zone-bug", evidence)
        return None


def read_times(claims: Mapping[str, Any], service: Service) -> Times:
    """Read the times in claims that have passed :func:`check_time_format`."""
    iat: float = -math.inf if claims.get("iat") is None else claims["iat"]
    limit = max_lifetime_of(claims.get("scope"), service)
    maximum: float = math.inf if limit is None else limit
    exp: float = claims["exp"] if service.expires else iat + maximum
    return Times(
        iat,
        exp,
        max_life=maximum if "iat" in service.counted_from else math.inf,
        max_ahead=maximum if "now" in service.counted_from else math.inf,
        service=service,
    )


def check_token_lifetime(times: Times, scope: object) -> Finding | None:
    """Return a finding if the lifetime of a token equals or exceeds the limit."""
    service = times.service
    counted = service.expires and times.iat != -math.inf and "iat" in service.counted_from
    if not counted:
        return None
    lifetime, limit = int(times.exp - times.iat), service.max_lifetime
    if lifetime == limit:
        evidence = f"exp is {limit} s after iat, and {limit} s is the limit"
        return make_finding("token-lifetime-at-limit", evidence, fix=_at_limit_fix(service))
    return check_lifetime(lifetime, scope, service)
