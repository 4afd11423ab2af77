"""The one judge of tokens: what is wrong with a token for a service, at a time, for a request.

The emulator refuses by it and the doctor explains by it. Everything is a pure function of what is passed in. What does
not depend on the clock is judged once per token (:func:`examine`), the times at every look (:meth:`Examination.at`).
"""

from __future__ import annotations

import base64
import json
import math
import re
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from jwt.algorithms import ECAlgorithm

from pytest_asc.diagnosis.findings import found
from pytest_asc.diagnosis.words import span
from pytest_asc.secrets import mask
from pytest_asc.services import LONG_LIVED_PATHS, SIX_MONTHS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

    from pytest_asc.diagnosis.findings import Finding
    from pytest_asc.services import Service

# Apple's tolerance for an iat in the future is not documented; 34 s ahead was accepted once (observed by capgo). A
# minute is the figure that clients date their iat back by.
FUTURE_TOLERANCE = 60
# Some clients round their clock up to the next second, with a life of exactly the limit, and are served (observed).
ROUNDING = 1
# The last time claim that is a plausible duration, and the first that is a plausible time in milliseconds.
LONGEST_DURATION = 10**9
FIRST_MILLISECONDS = 10**11

_ES256 = ECAlgorithm(ECAlgorithm.SHA256)
_SIGNATURE_LENGTH = 64
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_SCOPE_ENTRY = re.compile(r"[A-Z]+ /\S*")
_LONG_LIVED = re.compile("|".join(LONG_LIVED_PATHS))
_UNSCOPED_PARAMETERS = frozenset({"limit", "cursor", "sort"})


class TokenError(Exception):
    """A text that is no JSON Web Token; ``finding`` says why."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(str(finding))
        self.finding = finding


@dataclass(frozen=True)
class DecodedToken:
    """The parts of a token, unverified."""

    header: Mapping[str, Any]
    claims: Mapping[str, Any]
    signing_input: bytes
    signature: bytes

    @property
    def key_id(self) -> str | None:
        """The header's ``kid``; None where it is missing or no text."""
        kid = self.header.get("kid")
        return kid if isinstance(kid, str) else None


def decode(token: str) -> DecodedToken:
    """Take a token apart.

    Raises:
        TokenError: It is no JSON Web Token.
    """
    if finding := _wrapped(token) or _spoilt(token):
        raise TokenError(finding)
    parts = token.split(".")
    if len(parts) != 3:  # noqa: PLR2004  header, claims and signature (RFC 7515)
        raise TokenError(found("token-malformed", f"{len(parts)} parts between dots, expected 3; length {len(token)}"))
    return DecodedToken(
        header=_decode_object(parts[0], "header"),
        claims=_decode_object(parts[1], "claims"),
        signing_input=f"{parts[0]}.{parts[1]}".encode("ascii"),
        signature=_decode_bytes(parts[2], "signature"),
    )


def _wrapped(token: str) -> Finding | None:
    """What stands in the token's place or around it."""
    length = f"length {len(token)}"
    if not token.strip():
        return found("token-malformed", f"the token is empty ({length})")
    if re.match(r"\s*bearer(\s|$)", token, re.IGNORECASE):
        return found("bearer-doubled", f"the token itself starts with Bearer ({length})")
    if re.match(r"""b['"]""", token):
        return found("token-bytes-repr", f"the token starts with {token[:2]} ({length})")
    return None


def _spoilt(token: str) -> Finding | None:
    """What happened to a token on its way from the library to the header."""
    length = f"length {len(token)}"
    if blanks := re.findall(r"\s", token):
        place = "at its end" if len(token.rstrip()) + len(blanks) == len(token) else "in it"
        return found("token-whitespace", f"{length}, with {blanks[0]!r} {place}")
    if strange := re.search(r"[^\w.+/=-]", token, re.ASCII):
        return found("token-malformed", f"the character at {strange.start()} is not base64url ({length})")
    if foreign := sorted(set(re.findall(r"[+/=]", token))):
        return found("token-base64-alphabet", f"the token holds {' and '.join(foreign)} ({length})")
    return None


def _decode_bytes(part: str, name: str) -> bytes:
    try:
        return base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
    except ValueError:
        raise TokenError(found("token-malformed", f"the {name} is not base64url (length {len(part)})")) from None


def _decode_object(part: str, name: str) -> dict[str, Any]:
    try:
        value = json.loads(_decode_bytes(part, name))
    except (ValueError, RecursionError):
        raise TokenError(found("token-malformed", f"the {name} is not JSON (length {len(part)})")) from None
    if not isinstance(value, dict):
        raise TokenError(found("token-malformed", f"the {name} is a JSON {type(value).__name__}, expected an object"))
    return value


@dataclass(frozen=True)
class Examination:
    """What is known of a token whatever the time, and the times between which it is good."""

    decoded: DecodedToken | None
    findings: tuple[Finding, ...]
    """What does not depend on the clock."""
    valid_from: float = -math.inf
    """Seconds since 1970; before it, the token is issued in the future or expires too far ahead."""
    valid_until: float = math.inf
    """Seconds since 1970; from it on, the token has expired."""
    _max_ahead: float = math.inf

    @property
    def sound(self) -> bool:
        """Whether the token is good at some time."""
        return not any(finding.level == "error" for finding in self.findings)

    def at(self, now: float, *, utc_offset: int = 0) -> tuple[Finding, ...]:
        """Every finding at a time.

        Args:
            now: Seconds since 1970.
            utc_offset: Seconds that local time is ahead of UTC where the token was made, to tell a naive local time.
        """
        if not self.sound or self.decoded is None:
            return self.findings
        return self.findings + tuple(_time_findings(self.decoded.claims, now, self._max_ahead, utc_offset))


def examine(
    token: str,
    *,
    service: Service,
    key: EllipticCurvePublicKey | None = None,
    kind: str | None = None,
    issuer_id: str | None = None,
) -> Examination:
    """Judge all of a token that does not depend on the clock.

    Args:
        token: The token.
        service: The service that it is sent to.
        key: The public half of the key that should have signed it; None leaves the signature unchecked.
        kind: The key's kind (team, individual, enterprise) where it is known.
        issuer_id: The issuer id that belongs to the key, where it is known.
    """
    try:
        decoded = decode(token)
    except TokenError as error:
        return Examination(None, (error.finding,))
    claims = decoded.claims
    findings = [
        *_header_findings(decoded.header),
        *_shape_findings(claims),
        *_who_findings(claims, kind, issuer_id),
        *_audience_findings(claims, service),
        *_signature_findings(decoded, key),
    ]
    scope_finding = _check_scope_format(claims)
    if scope_finding:
        findings.append(scope_finding)
    if any(finding.level == "error" for finding in findings):
        return Examination(decoded, tuple(findings))
    iat, exp = claims.get("iat"), claims["exp"]
    long_lived = _long_lived(claims.get("scope"))
    life_finding = check_life(exp - iat, claims.get("scope"), service) if iat is not None else None
    if life_finding:
        return Examination(decoded, (*findings, life_finding))
    limit = service.max_lifetime
    if iat is not None and exp - iat == limit:
        findings.append(found("token-lifetime-at-limit", f"exp is {limit} s after iat, and {limit} s is the limit"))
    max_ahead = math.inf if limit is None else SIX_MONTHS if long_lived else limit
    issued = -math.inf if iat is None else iat - FUTURE_TOLERANCE
    return Examination(decoded, tuple(findings), max(issued, exp - max_ahead - ROUNDING), exp, max_ahead)


def _header_findings(header: Mapping[str, Any]) -> Iterator[Finding]:
    if header.get("alg") != "ES256":
        yield found("token-algorithm", f"alg is {_quoted(header.get('alg'))}, expected 'ES256'")
    if not header.get("kid"):
        yield found("token-kid-missing", "the header has no kid")
    elif not isinstance(header["kid"], str):
        yield found("token-kid-missing", f"kid is a {_json_type(header['kid'])}, expected text")


def _shape_findings(claims: Mapping[str, Any]) -> Iterator[Finding]:
    """Times that are no whole seconds since 1970. A missing ``iat`` is taken by Apple (observed in many clients)."""
    if claims.get("exp") is None:
        yield found("token-lifetime-too-long", "the token has no exp: it would never expire")
        return
    for name in ("exp", "iat"):
        value = claims.get(name)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int):
            yield found("token-time-not-integer", f"{name} is {_quoted(value)}, a {_json_type(value)}")
        elif abs(value) > FIRST_MILLISECONDS:
            yield found("token-time-milliseconds", f"{name} is {_quoted(value)}, in seconds a time after the year 5000")
        elif name == "exp" and value < LONGEST_DURATION:
            yield found("token-exp-is-duration", f"exp is {value}, which as a time is {utc(value)}")
        else:
            continue
        return


def _who_findings(claims: Mapping[str, Any], kind: str | None, issuer_id: str | None) -> Iterator[Finding]:
    """Whose key it is: ``iss`` for team keys, ``sub: user`` without ``iss`` for individual ones (documented)."""
    iss, sub = claims.get("iss"), claims.get("sub")
    individual = sub == "user"
    if iss is not None and individual:
        yield found("token-claims-mixed", f"iss is {_quoted(iss)} and sub is 'user'")
    elif kind == "individual" and iss is not None:
        yield found("individual-key-as-team", f"iss is {_quoted(iss)}, but the key is an individual one")
    elif iss is None and not individual:
        if kind == "individual" or sub is not None or "subject" in claims:
            misnamed = "; the claim is misnamed subject" if "subject" in claims else ""
            yield found("token-subject", f"sub is {_quoted(sub)}, expected 'user'{misnamed}")
        else:
            yield found("token-issuer", "the token has neither iss nor sub")
    elif iss is None and kind in ("team", "enterprise"):
        yield found("token-issuer", f"the token has no iss, but the key is a {kind} key")
    elif iss is not None and not (isinstance(iss, str) and UUID.fullmatch(iss)):
        yield found("token-issuer", f"iss is {_quoted(iss)}, which is not a UUID")
    elif iss is not None and issuer_id is not None and iss.lower() != issuer_id.lower():
        yield found("token-issuer", f"iss is {_quoted(iss)}, but the key belongs to {mask(issuer_id)}")


def _audience_findings(claims: Mapping[str, Any], service: Service) -> Iterator[Finding]:
    """A list of one element is taken for the element: that is how some libraries write it (observed)."""
    audience = claims.get("aud")
    if audience not in (service.audience, [service.audience]):
        yield found("token-audience", f"aud is {_quoted(audience, clear=True)}, expected {service.audience!r}")


def _signature_findings(decoded: DecodedToken, key: EllipticCurvePublicKey | None) -> Iterator[Finding]:
    if decoded.header.get("alg") != "ES256":
        return  # One cause, one finding: another algorithm makes another signature.
    signature = decoded.signature
    if len(signature) != _SIGNATURE_LENGTH:
        der = signature[:1] == b"\x30" and len(signature) in range(66, 73)
        yield found(
            "token-signature-der" if der else "token-signature-mismatch",
            f"the signature is {len(signature)} bytes, expected {_SIGNATURE_LENGTH}",
        )
    elif key is not None and not _ES256.verify(decoded.signing_input, key, signature):
        yield found("token-signature-mismatch", f"the signature does not verify with the key {_quoted(decoded.key_id)}")


def check_life(lifetime: float, scope: object, service: Service) -> Finding | None:
    """Judge the seconds from ``iat`` to ``exp``, for tokens that were made and for those that are going to be.

    A longer life than 20 minutes, up to six months, needs a scope of GET requests on resources that allow it
    (documented).
    """
    limit = service.max_lifetime
    if limit is None or lifetime <= limit:
        return None
    life = f"exp is {_quoted(lifetime)} s after iat"
    entries = scope if isinstance(scope, (list, tuple)) else ()
    if not entries:
        return found("token-lifetime-too-long", f"{life}; {service.title} takes at most {limit} s")
    if lifetime > SIX_MONTHS:
        return found("token-long-lived-not-allowed", f"{life}, more than six months ({SIX_MONTHS} s)")
    for entry in entries:
        if not str(entry).startswith("GET "):
            return found("token-long-lived-not-allowed", f"{life}, and the scope holds {_quoted(entry, clear=True)}")
        if not _allows_long_life(entry):
            return found("token-long-lived-not-allowed", f"{life}, and {entry!r} is no resource that allows it")
    return None


def _allows_long_life(entry: object) -> bool:
    method, _, url = str(entry).partition(" ")
    return method == "GET" and _LONG_LIVED.fullmatch(urlsplit(url).path) is not None


def _long_lived(scope: object) -> bool:
    return isinstance(scope, list) and bool(scope) and all(map(_allows_long_life, scope))


def _check_scope_format(claims: Mapping[str, Any]) -> Finding | None:
    if "scope" not in claims:
        return None
    scope = claims["scope"]
    if not isinstance(scope, list):
        return found("token-scope-format", f"scope is a {_json_type(scope)}, expected a list")
    for entry in scope:
        if not (isinstance(entry, str) and _SCOPE_ENTRY.fullmatch(entry)):
            return found("token-scope-format", f"scope holds {_quoted(entry, clear=True)}")
    return None


def check_scope(decoded: DecodedToken, method: str, url: str) -> Finding | None:
    """Whether the token's scope covers a request; no scope covers all.

    Order of parameters does not count, nor do ``limit``, ``cursor`` and ``sort``; the others must be the same
    (documented).
    """
    scope = decoded.claims.get("scope")
    if not isinstance(scope, list):
        return None
    request = _scope_key(method, url)
    if any(_scope_key(*entry.split(" ", 1)) == request for entry in scope):
        return None
    listed = ", ".join(scope) or "nothing"
    return found("token-scope-mismatch", f"the scope is {listed}; the request is {method} {urlsplit(url).path}")


def _scope_key(method: str, url: str) -> tuple[str, str, list[tuple[str, str]]]:
    parts = urlsplit(url)
    query = parse_qsl(parts.query, keep_blank_values=True)
    return method, parts.path, sorted(pair for pair in query if pair[0] not in _UNSCOPED_PARAMETERS)


def _time_findings(claims: Mapping[str, Any], now: float, max_ahead: float, utc_offset: int) -> Iterator[Finding]:
    exp: int = claims["exp"]
    # A token without iat is judged by exp alone.
    iat: float = claims["iat"] if claims.get("iat") is not None else -math.inf
    ahead = iat - now
    by_zone = utc_offset != 0 and abs(abs(ahead) - abs(utc_offset)) < 2 * FUTURE_TOLERANCE
    if by_zone and not (exp > now >= iat - FUTURE_TOLERANCE):
        yield found(
            "token-time-zone-bug",
            f"iat is {utc(iat)} and now is {utc(now)}: apart by this machine's offset from UTC, {span(utc_offset)}",
        )
    elif exp <= now:
        age = "" if iat == -math.inf else f"; the token is {span(now - iat)} old"
        yield found("token-expired", f"exp was {utc(exp)}, {span(now - exp)} ago{age}")
    elif ahead > FUTURE_TOLERANCE:
        yield found("token-issued-in-future", f"iat is {utc(iat)}, {span(ahead)} ahead of {utc(now)}")
    elif exp - now > max_ahead + ROUNDING:
        yield found(
            "token-lifetime-too-long",
            f"exp is {exp - now:.0f} s ahead of {utc(now)}; at most {max_ahead:.0f} s are taken",
        )
    elif ahead > ROUNDING:
        yield found(
            "token-issued-in-future",
            f"iat is {utc(iat)}, {span(ahead)} ahead of {utc(now)}",
            level="warning",
            certainty="possible",
        )


def utc(seconds: float) -> str:
    """A time of day in UTC, with the date where it is not a time of our years."""
    try:
        moment = datetime.fromtimestamp(seconds, tz=timezone.utc)
    except (ValueError, OverflowError, OSError):
        return f"{seconds:g} s since 1970"
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def _json_type(value: object) -> str:
    names = {bool: "boolean", int: "number", float: "fraction", str: "text", list: "list", dict: "object"}
    return names.get(type(value), "null")


def _quoted(value: object, *, clear: bool = False) -> str:
    """A claim as evidence shows it: identifiers masked, the rest clipped."""
    if value is None:
        return "missing"
    if isinstance(value, str) and not clear:
        return mask(value)
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"  # noqa: PLR2004  a line's worth
