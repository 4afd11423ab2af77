"""Verification of a token for a service, at a given time.

The emulator and diagnosis share it, so that both give the same reasons. All functions are pure. Everything that does
not depend on the clock is checked once per token (:func:`verify_token`), the times on each use
(:meth:`TokenVerification.findings_at`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jwt.algorithms import ECAlgorithm

from pytest_asc.diagnosis.findings import make_finding
from pytest_asc.diagnosis.formatting import format_claim, json_type, one_line, utc
from pytest_asc.diagnosis.key.ids import check_sent_ids
from pytest_asc.diagnosis.token.claims import check_claims
from pytest_asc.diagnosis.token.decode import DecodedToken, TokenError, decode
from pytest_asc.diagnosis.token.scope import check_scope, check_scope_format
from pytest_asc.diagnosis.token.times import check_lifetime, check_lifetime_of, check_time_format, times_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

    from pytest_asc.apple.services import Service
    from pytest_asc.diagnosis.findings import Finding
    from pytest_asc.diagnosis.token.times import Times

__all__ = [
    "DecodedToken",
    "TokenError",
    "TokenVerification",
    "check_lifetime",
    "check_scope",
    "decode",
    "utc",
    "verify_token",
]

_ES256 = ECAlgorithm(ECAlgorithm.SHA256)
_SIGNATURE_LENGTH = 64
# Lengths of HMAC signatures with SHA-256 and SHA-384. One with SHA-512 is as long as an ES256 signature.
_HMACS = {32: "HS256", 48: "HS384"}
# The order n of P-256 (FIPS 186-4, D.1.2.3): r and s of a signature are between 1 and n - 1 (RFC 6979, 2.4).
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
# Apple's key IDs have 10 characters. Whether Apple rejects others because of their length is not known.
_LONGEST_KEY_ID = 100


@dataclass(frozen=True)
class TokenVerification:
    """Result of the checks that do not depend on the clock, and the times between which the token is valid."""

    decoded: DecodedToken | None
    findings: tuple[Finding, ...]
    """Findings that do not depend on the clock."""
    valid_from: float = -math.inf
    """First time at which the token is valid, in seconds since 1970."""
    valid_until: float = math.inf
    """Time at which the token expires, in seconds since 1970."""
    times: Times | None = None
    """The token's times; None if other findings prevent checking them."""

    @property
    def can_be_valid(self) -> bool:
        """True if the token is valid at some time."""
        return not any(finding.level == "error" for finding in self.findings)

    def findings_at(self, now: float, *, utc_offset: int = 0) -> tuple[Finding, ...]:
        """Return all findings on the token at a time.

        Args:
            now: Seconds since 1970.
            utc_offset: Seconds by which local time was ahead of UTC on the machine that generated the token, to
                recognise local times that were used as UTC.
        """
        if self.times is None:
            return self.findings
        if time_zone_finding := self.times.check_time_zone(now, utc_offset):
            # Report only the time zone: an error in the lifetime is a consequence of it.
            return (*(finding for finding in self.findings if finding.level != "error"), time_zone_finding)
        if not self.can_be_valid:
            return self.findings
        return (*self.findings, *self.times.findings_at(now))


def verify_token(
    token: str,
    *,
    service: Service,
    key: EllipticCurvePublicKey | None = None,
    key_type: str | None = None,
    issuer_id: str | None = None,
) -> TokenVerification:
    """Check everything in a token that does not depend on the clock.

    Args:
        token: The token.
        service: The service that it is sent to.
        key: The public key to check the signature with; None to skip this check.
        key_type: The key's type (team, individual, enterprise); None if it is not known.
        issuer_id: The expected ``iss``; None if it is not known.
    """
    try:
        decoded = decode(token)
    except TokenError as error:
        return TokenVerification(None, (error.finding,))
    claims = decoded.claims
    ids = tuple(_id_findings(decoded, service))
    explained = {"token-issuer"} if any(not finding.cause.startswith("key-id") for finding in ids) else set()
    of_claims = check_claims(decoded.header, claims, service, key_type=key_type, issuer_id=issuer_id)
    findings = [
        *_header_findings(decoded.header),
        *_repetitions(decoded),
        *ids,
        *(finding for finding in of_claims if finding.cause not in explained),
        *_signature_findings(decoded, service, key),
    ]
    if not _is_for_other_service(findings):
        more = (check_time_format(claims, service), check_scope_format(claims) if service.scoped else None)
        findings += [finding for finding in more if finding]
    if any(finding.level == "error" for finding in findings):
        return TokenVerification(decoded, tuple(findings))
    times = times_of(claims, service)
    if life := check_lifetime_of(times, claims.get("scope")):
        findings.append(life)
    return TokenVerification(decoded, tuple(findings), times.valid_from, times.exp, times)


def _is_for_other_service(findings: list[Finding]) -> bool:
    """Return whether the claims are those of another service, so that other findings on them are irrelevant."""
    return any(finding.cause == "token-of-other-service" and finding.level == "error" for finding in findings)


def _header_findings(header: Mapping[str, Any]) -> Iterator[Finding]:
    if header.get("alg") != "ES256":
        alg = header.get("alg")
        yield make_finding("token-algorithm", f"alg is {format_claim(alg, clear=True)}, expected 'ES256'")
    if not header.get("kid"):
        yield make_finding("token-kid-missing", "the header has no kid")
    elif not isinstance(header["kid"], str):
        yield make_finding("token-kid-missing", f"kid is {json_type(header['kid'])}, expected a string")
    elif len(header["kid"]) > _LONGEST_KEY_ID:
        evidence = f"kid is {len(header['kid'])} characters long, expected the 10 of a key ID"
        yield make_finding("token-form", evidence, fix="Set kid to the key ID only.")


def _repetitions(decoded: DecodedToken) -> Iterator[Finding]:
    """Yield a finding for a repeated member: parsers differ in which of the values they use (RFC 7515, section 4)."""
    if decoded.repeated:
        evidence = f"{one_line(decoded.repeated[0], 60)} occurs more than once"
        yield make_finding(
            "token-form", evidence, fix="Leave out the header or claim that the JWT library adds itself."
        )


def _outside_curve(signature: bytes) -> str | None:
    """Describe an r or s that is outside the valid range; None if both are valid."""
    half = _SIGNATURE_LENGTH // 2
    for name, part in (("r", signature[:half]), ("s", signature[half:])):
        value = int.from_bytes(part, "big")
        if not 0 < value < _ORDER:
            return f"the signature's {name} is {'zero' if value == 0 else 'beyond the order of the curve'}"
    return None


def _id_findings(decoded: DecodedToken, service: Service) -> Iterator[Finding]:
    issuer = decoded.claims.get("iss")
    has_issuer = service.takes_issuer_id and isinstance(issuer, str)
    return check_sent_ids(decoded.key_id, issuer if has_issuer else None) if decoded.key_id else iter(())


def _signature_findings(
    decoded: DecodedToken, service: Service, key: EllipticCurvePublicKey | None
) -> Iterator[Finding]:
    if decoded.header.get("alg") != "ES256":
        return  # The algorithm is reported; the wrong signature is only a consequence of it.
    signature = decoded.signature
    if len(signature) != _SIGNATURE_LENGTH:
        der = signature[:1] == b"\x30" and len(signature) in range(66, 73)
        if der and service.der_signatures:
            return
        length = f"the signature is {len(signature)} bytes, expected {_SIGNATURE_LENGTH}"
        if hmac := _HMACS.get(len(signature)):
            yield make_finding(
                "token-signature-hmac", f"alg is 'ES256', and {length}: an {hmac} signature has this length"
            )
        else:
            yield make_finding("token-signature-der" if der else "token-signature-mismatch", length)
    elif outside := _outside_curve(signature):
        yield make_finding("token-signature-mismatch", f"{outside}, which is impossible in an ES256 signature")
    elif key is not None and not _ES256.verify(decoded.signing_input, key, signature):
        yield make_finding(
            "token-signature-mismatch", f"the signature does not verify with the key {format_claim(decoded.key_id)}"
        )
