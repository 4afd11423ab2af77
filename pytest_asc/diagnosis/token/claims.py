"""Check of a token's header and claims, except for the times, and recognition of tokens for another service.

The requirements of each service are in :mod:`pytest_asc.apple.services`; nothing here is specific to one service.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_asc.apple.services import SERVICES
from pytest_asc.diagnosis.findings import make_finding
from pytest_asc.diagnosis.formatting import format_claim, join_or, one_line, span
from pytest_asc.diagnosis.key.ids import strange_character
from pytest_asc.diagnosis.token.times import FIRST_MILLISECONDS, check_lifetime
from pytest_asc.secrets import mask

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytest_asc.apple.services import ClaimSpec, Service
    from pytest_asc.diagnosis.findings import Finding

# Claims with causes of their own. The cause for all other members is token-form.
_CAUSES = {"sub": "token-subject", "scope": "token-scope-format"}
# Members that identify neither a key nor a team, so their values are not masked.
_PUBLIC = frozenset({"sub", "scope", "bid", "origin"})

# Header parameters that all services use.
_COMMON_HEADER_MEMBERS = frozenset({"alg", "kid", "typ"})
# Longer values never match: no documented value is nearly as long.
_MAX_LENGTH = 1_000
# Number of claims whose names are considered for the evidence.
_MAX_LISTED = 50


class ClaimProblem(NamedTuple):
    """A claim or header parameter that does not meet the requirements of a service."""

    finding: Finding
    missing: bool = False
    """True if the member is missing, which is no sign of a token for another service."""


def check_claims(
    header: Mapping[str, Any],
    claims: Mapping[str, Any],
    service: Service,
    *,
    key_type: str | None = None,
    issuer_id: str | None = None,
) -> Iterator[Finding]:
    """Check the header and the claims of a token, except for the times.

    If the token is for another service, the only other finding is that on its lifetime.

    Args:
        header: The token's header.
        claims: The token's claims.
        service: The service that the token is sent to.
        key_type: The key's type (team, individual, enterprise); None if it is not known.
        issuer_id: The expected ``iss``; None if it is not known.
    """
    other = _other_service(header, claims, service)
    if other:
        yield other
    if other is None or other.level != "error":
        yield from (problem.finding for problem in _claim_problems(header, claims, service, key_type, issuer_id))
    elif _accepts(service, header, claims) and (lifetime := check_lifetime(_lifetime(claims), None, service)):
        yield lifetime


def closest_services(header: Mapping[str, Any], claims: Mapping[str, Any]) -> list[Service]:
    """Return the services that accept a token, ignoring its times and key, and that know the most of its members."""
    accepting = [service for service in SERVICES.values() if _accepts(service, header, claims)]
    closest_count = max((_known_member_count(header, claims, service) for service in accepting), default=0)
    return [service for service in accepting if _known_member_count(header, claims, service) == closest_count]


def missing_members(header: Mapping[str, Any], claims: Mapping[str, Any], service: Service) -> list[str]:
    """Describe each member of a token that is missing or differs from what a service requires."""
    return [problem.finding.evidence for problem in _claim_problems(header, claims, service)]


def _claim_problems(
    header: Mapping[str, Any],
    claims: Mapping[str, Any],
    service: Service,
    key_type: str | None = None,
    issuer_id: str | None = None,
) -> Iterator[ClaimProblem]:
    yield from _issuer_problems(claims, service, key_type, issuer_id)
    for name, member in service.claims.items():
        if name != "iss":
            yield from _member_problems(name, claims.get(name), member, _CAUSES.get(name, "token-form"))
    for name, member in service.header.items():
        yield from _member_problems(f"the header's {name}", header.get(name), member, "token-form")
    audience = claims.get("aud")
    # Some libraries write aud as a list with one element, which Apple accepts (observed).
    if service.audience is not None and audience not in (service.audience, [service.audience]):
        evidence = f"aud is {format_claim(audience, clear=True)}, expected {service.audience!r}"
        yield ClaimProblem(make_finding("token-audience", evidence), missing=audience is None)
    if service.expires and claims.get("exp") is None:
        evidence = "the token has no exp: it would never expire"
        yield ClaimProblem(
            make_finding("token-lifetime-too-long", evidence, fix=_missing_exp_fix(service)), missing=True
        )
    if not service.expires and claims.get("iat") is None:
        evidence = "the token has no iat, so its lifetime is unknown"
        yield ClaimProblem(make_finding("token-lifetime-too-long", evidence, fix="Set iat to now."), missing=True)
    if service.strict_claims and (undocumented := claims.keys() - _known_claims(service)):
        listed = [name for name in islice(claims, _MAX_LISTED) if name in undocumented] or ["some of the claims"]
        evidence = f"{service.title} does not accept {one_line(', '.join(listed), 200)}"
        yield ClaimProblem(
            make_finding("token-form", evidence, fix="Leave out the claims that the service does not document.")
        )


def _issuer_problems(
    claims: Mapping[str, Any], service: Service, key_type: str | None, issuer_id: str | None
) -> Iterator[ClaimProblem]:
    """Check the claim that identifies the owner of the key: ``iss``, or ``sub`` for an individual key."""
    iss, sub, member = claims.get("iss"), claims.get("sub"), service.claims["iss"]
    has_individuals = service.individual_subject is not None
    individual = has_individuals and sub == service.individual_subject
    # The fix in the table of causes applies only to services with both team keys and individual keys.
    fix = None if has_individuals else f"Set iss to {member.description}."
    if iss is not None and individual:
        yield ClaimProblem(
            make_finding("token-claims-mixed", f"the token has both iss ({format_claim(iss)}) and sub ({sub!r})")
        )
    elif iss is not None and has_individuals and key_type == "individual":
        yield ClaimProblem(
            make_finding("individual-key-as-team", f"iss is {format_claim(iss)}, but the key is an individual key")
        )
    elif iss is None and individual:
        if key_type in ("team", "enterprise"):
            yield ClaimProblem(make_finding("token-issuer", f"the token has no iss, but the key is a {key_type} key"))
    elif iss is None and has_individuals and (key_type == "individual" or sub is not None or "subject" in claims):
        misnamed = "; there is a claim named subject instead" if "subject" in claims else ""
        yield ClaimProblem(
            make_finding(
                "token-subject",
                f"sub is {format_claim(sub, clear=True)}, expected {service.individual_subject!r}{misnamed}",
            )
        )
    elif iss is None:
        evidence = (
            "the token has neither iss nor sub" if has_individuals else f"iss is missing, expected {member.description}"
        )
        yield ClaimProblem(make_finding("token-issuer", evidence, fix=fix), missing=True)
    elif not _matches(iss, member):
        invalid_character = strange_character(iss) if isinstance(iss, str) else ""
        what = f"which is not a UUID{invalid_character}" if has_individuals else f"expected {member.description}"
        yield ClaimProblem(make_finding("token-issuer", f"iss is {format_claim(iss)}, {what}", fix=fix))
    elif issuer_id is not None and iss.lower() != issuer_id.lower():
        yield ClaimProblem(
            make_finding(
                "token-issuer", f"iss is {format_claim(iss)}, but the key belongs to {mask(issuer_id)}", fix=fix
            )
        )


def _member_problems(name: str, value: object, member: ClaimSpec, cause: str) -> Iterator[ClaimProblem]:
    missing = value is None
    if _matches(value, member) or (missing and member.optional):
        return
    tolerated = missing and not member.required
    finding = make_finding(
        cause,
        f"{name} is {format_claim(value, clear=name in _PUBLIC)}, expected {member.description}",
        level="warning" if tolerated else None,
        certainty="possible" if tolerated else None,
        fix=f"Set {name} to {member.description}.",
    )
    yield ClaimProblem(finding, missing)


def _matches(value: object, member: ClaimSpec) -> bool:
    return isinstance(value, str) and len(value) <= _MAX_LENGTH and re.fullmatch(member.pattern, value) is not None


def _known_claims(service: Service) -> set[str]:
    return {
        *service.claims,
        "iat",
        *(("exp",) if service.expires else ()),
        *(("aud",) if service.audience is not None else ()),
        *(("sub",) if service.individual_subject is not None else ()),
        *(("scope",) if service.scoped else ()),
    }


def _other_service(header: Mapping[str, Any], claims: Mapping[str, Any], service: Service) -> Finding | None:
    """Return a finding if the token is for another service than the one that it is sent to.

    The finding is an error if only the other service accepts the token. It is a warning if both accept it, but more of
    its members belong to the other service.
    """
    problems = [problem for problem in _claim_problems(header, claims, service) if problem.finding.level == "error"]
    own_count = _known_member_count(header, claims, service)
    unknown = (claims.keys() - _known_claims(service) - set(service.tolerated_claims)) | (
        header.keys() - _COMMON_HEADER_MEMBERS - service.header.keys()
    )
    if not problems and not unknown:
        return None
    others = [other for other in closest_services(header, claims) if other is not service]
    closest_count = max((_known_member_count(header, claims, other) for other in others), default=0)
    # If no other service is closer, this is an invalid token for this service.
    if not others or closest_count < own_count or (closest_count == own_count and not problems):
        return None
    summary = (
        f"the token has the claims of {join_or([other.title for other in others])}, but is sent to {service.title}"
    )
    if not problems and (long_lifetime := _lifetime_for_others(claims, service, others)):
        return make_finding("token-of-other-service", f"{summary}: {long_lifetime}")
    if not problems:
        return make_finding("token-of-other-service", summary, level="warning", certainty="possible")
    contradicts = closest_count > own_count or any(not problem.missing for problem in problems)
    details = "; ".join(problem.finding.evidence for problem in problems)
    return make_finding(
        "token-of-other-service", f"{summary}: {details}", certainty="certain" if contradicts else "likely"
    )


def _lifetime_for_others(claims: Mapping[str, Any], service: Service, others: list[Service]) -> str | None:
    """Describe a lifetime that is too long for this service but not for the others; None if that is not the case."""
    lifetime = _lifetime(claims)
    if service.max_lifetime is None or lifetime <= service.max_lifetime or "scope" in claims:
        return None
    if any(other.max_lifetime and lifetime > other.max_lifetime for other in others):
        return None
    return f"exp is {lifetime} s after iat, which is too long for {service.title} but not for {others[0].title}"


def _lifetime(claims: Mapping[str, Any]) -> int:
    """Return the time from ``iat`` to ``exp`` in seconds; 0 if one of them is missing or not in seconds."""
    iat, exp = claims.get("iat"), claims.get("exp")
    if not (isinstance(iat, int) and isinstance(exp, int)) or max(abs(iat), abs(exp)) > FIRST_MILLISECONDS:
        return 0
    return exp - iat


def _missing_exp_fix(service: Service) -> str | None:
    """Return the fix for a token without ``exp``; None for the fix in the table of causes."""
    if service.recommended_lifetime:
        return None
    return f"Set exp to at most {span(service.max_lifetime)} after iat." if service.max_lifetime else "Set exp."


def _accepts(service: Service, header: Mapping[str, Any], claims: Mapping[str, Any]) -> bool:
    # A token with an audience is not for a service whose tokens have none.
    audience_allowed = service.audience is not None or "aud" not in claims
    return audience_allowed and not any(
        problem.finding.level == "error" for problem in _claim_problems(header, claims, service)
    )


def _known_member_count(header: Mapping[str, Any], claims: Mapping[str, Any], service: Service) -> int:
    """Return the number of claims and header parameters that a service knows."""
    return len(_known_claims(service) & claims.keys()) + len(service.header.keys() & header.keys())
