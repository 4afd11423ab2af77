"""Verification of a token for a service, at a given time.

The emulator and the diagnosis both use it, so that their reasons agree. All functions are pure. Everything that does
not depend on the clock is checked once for each token (:func:`verify_token`), the times on each use
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
from pytest_asc.diagnosis.token.times import check_lifetime, check_time_format, check_token_lifetime, read_times

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
    "verify_decoded",
    "verify_token",
]

_ES256 = ECAlgorithm(ECAlgorithm.SHA256)
_SIGNATURE_LENGTH = 64
# Lengths of HMAC signatures with SHA-256 and SHA-384. A signature with SHA-512 is as long as one with ES256.
_HMACS = {32: "HS256", 48: "HS384"}
# The order n of P-256 (FIPS 186-4, D.1.2.3): r and s of a signature are between 1 and n - 1 (RFC 6979, 2.4).
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
# Apple's key IDs have 10 characters. It is not known whether Apple rejects longer ones.
_LONGEST_KEY_ID = 100


@dataclass(frozen=True)
class TokenVerification:
    """Result of the checks that do not depend on the clock, and the period in which the token is valid."""

    decoded: DecodedToken | None
    findings: tuple[Finding, ...]
    """Findings that do not depend on the clock."""
    valid_from: float = -math.inf
    """First time at which the token is valid, in seconds since 1970."""
    valid_until: float = math.inf
    """Time at which the token expires, in seconds since 1970."""
    times: Times | None = None
    """The token's times; None if they were not checked because of other errors."""

    @property
    def can_be_valid(self) -> bool:
        """True if no error was found, so that only the time decides whether the token is valid."""
        return not any(finding.level == "error" for finding in self.findings)

    def findings_at(self, now: float, *, utc_offset: int = 0) -> tuple[Finding, ...]:
        """Return all findings on the token at a time.

        Args:
            now: The time, in seconds since 1970.
            utc_offset: Offset of local time from UTC in seconds on the machine that generated the token, to recognise
                local times in claims.
        """
        if self.times is None:
            return self.findings
        if time_zone_finding := self.times.check_time_zone(now, utc_offset):
            # The time zone also explains an error in the lifetime.
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
    return verify_decoded(decoded, service=service, key=key, key_type=key_type, issuer_id=issuer_id)


def verify_decoded(
    decoded: DecodedToken,
    *,
    service: Service,
    key: EllipticCurvePublicKey | None = None,
    key_type: str | None = None,
    issuer_id: str | None = None,
) -> TokenVerification:
    """Check everything in a decoded token that does not depend on the clock; see :func:`verify_token`."""
    claims = decoded.claims
    id_findings = tuple(_id_findings(decoded, service))
    explained = {"token-issuer"} if any(not finding.cause.startswith("key-id") for finding in id_findings) else set()
    claim_findings = check_claims(decoded.header, claims, service, key_type=key_type, issuer_id=issuer_id)
    findings = [
        *_header_findings(decoded.header),
        *_repetitions(decoded),
        *id_findings,
        *(finding for finding in claim_findings if finding.cause not in explained),
        *_signature_findings(decoded, service, key),
    ]
    if not _is_for_other_service(findings):
        format_findings = (check_time_format(claims, service), check_scope_format(claims) if service.scoped else None)
        findings += [finding for finding in format_findings if finding]
    if any(finding.level == "error" for finding in findings):
        return TokenVerification(decoded, tuple(findings))
    times = read_times(claims, service)
    if life := check_token_lifetime(times, claims.get("scope")):
        findings.append(life)
    return TokenVerification(decoded, tuple(findings), times.valid_from, times.exp, times)


def _is_for_other_service(findings: list[Finding]) -> bool:
    """Return whether the token is for another service, so that the form of its times and its scope does not matter."""
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
        evidence = f"kid has {len(header['kid'])} characters, expected a key ID of 10"
        yield make_finding("token-form", evidence, fix="Set kid to the key ID only.")


def _repetitions(decoded: DecodedToken) -> Iterator[Finding]:
    """Yield a finding for a repeated member: parsers disagree on which value they use (RFC 7515, section 4)."""
    if decoded.repeated:
        evidence = f"{one_line(decoded.repeated[0], 60)} occurs more than once"
        yield make_finding(
            "token-form", evidence, fix="Leave out the header parameter or claim: the JWT library adds it."
        )


def _out_of_range(signature: bytes) -> str | None:
    """Describe an r or s of a signature that is outside the valid range; None if both are inside."""
    half = _SIGNATURE_LENGTH // 2
    for name, part in (("r", signature[:half]), ("s", signature[half:])):
        value = int.from_bytes(part, "big")
        if not 0 < value < _ORDER:
            return f"the signature's {name} is {'zero' if value == 0 else 'not less than the order of the curve'}"
    return None


def _id_findings(decoded: DecodedToken, service: Service) -> Iterator[Finding]:
    issuer = decoded.claims.get("iss")
    has_issuer = service.takes_issuer_id and isinstance(issuer, str)
    return check_sent_ids(decoded.key_id, issuer if has_issuer else None) if decoded.key_id else iter(())


def _signature_findings(
    decoded: DecodedToken, service: Service, key: EllipticCurvePublicKey | None
) -> Iterator[Finding]:
    if decoded.header.get("alg") != "ES256":
        return  # the wrong algorithm, which is reported, explains a wrong signature
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
    elif out_of_range := _out_of_range(signature):
        yield make_finding("token-signature-mismatch", f"{out_of_range}, which is impossible in an ES256 signature")
    elif key is not None and not _ES256.verify(decoded.signing_input, key, signature):
        yield make_finding(
            "token-signature-mismatch", f"the signature cannot be verified with the key {format_claim(decoded.key_id)}"
        )
