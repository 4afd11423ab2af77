"""Check of a token's header and claims, except the times, and recognition of tokens for another service.

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

# The causes for members that have their own; the cause for any other member is token-form.
_CAUSES = {"sub": "token-subject", "scope": "token-scope-format"}
# Members that do not identify a key or a team, so that their values can be shown.
_PUBLIC = frozenset({"sub", "scope", "bid", "origin"})

# Members that occur in the headers of all services.
_COMMON_HEADER_MEMBERS = frozenset({"alg", "kid", "typ"})
# Longer values are not matched with the pattern: no documented member is nearly as long.
_LONGEST = 1_000
# The evidence lists names among this many claims at most.
_LISTED = 50


class ClaimProblem(NamedTuple):
    """A member that does not meet the requirements of a service."""

    finding: Finding
    missing: bool = False
    """True if the member is missing. This does not suggest that the token is for another service."""


def check_claims(
    header: Mapping[str, Any],
    claims: Mapping[str, Any],
    service: Service,
    *,
    key_type: str | None = None,
    issuer_id: str | None = None,
) -> Iterator[Finding]:
    """Check all members except the times.

    If they are those of another service, that is the only finding.

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
    elif _accepts(service, header, claims) and (life := check_lifetime(_life(claims), None, service)):
        yield life


def closest_services(header: Mapping[str, Any], claims: Mapping[str, Any]) -> list[Service]:
    """Return the services that accept a token, ignoring its times and its key, and know the most of its members."""
    takers = [service for service in SERVICES.values() if _accepts(service, header, claims)]
    closest = max((_known_member_count(header, claims, service) for service in takers), default=0)
    return [service for service in takers if _known_member_count(header, claims, service) == closest]


def missing_members(header: Mapping[str, Any], claims: Mapping[str, Any], service: Service) -> list[str]:
    """Describe each member that a service requires and that is missing in the token or has another value."""
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
    # A list with one element is accepted like the element itself: some libraries write aud this way (observed).
    if service.audience is not None and audience not in (service.audience, [service.audience]):
        evidence = f"aud is {format_claim(audience, clear=True)}, expected {service.audience!r}"
        yield ClaimProblem(make_finding("token-audience", evidence), missing=audience is None)
    if service.expires and claims.get("exp") is None:
        evidence = "the token has no exp: it would never expire"
        yield ClaimProblem(make_finding("token-lifetime-too-long", evidence, fix=_fix_of_life(service)), missing=True)
    if not service.expires and claims.get("iat") is None:
        evidence = "the token has no iat, so its lifetime is unknown"
        yield ClaimProblem(make_finding("token-lifetime-too-long", evidence, fix="Set iat to now."), missing=True)
    if service.strict_claims and (unasked := claims.keys() - _known_claims(service)):
        listed = [name for name in islice(claims, _LISTED) if name in unasked] or ["such a claim"]
        evidence = f"{service.title} does not accept {one_line(', '.join(listed), 200)}"
        yield ClaimProblem(make_finding("token-form", evidence, fix="Leave out the claims that are not documented."))


def _issuer_problems(
    claims: Mapping[str, Any], service: Service, key_type: str | None, issuer_id: str | None
) -> Iterator[ClaimProblem]:
    """Check the claim that identifies the key's owner: ``iss``, or ``sub`` for an individual key."""
    iss, sub, member = claims.get("iss"), claims.get("sub"), service.claims["iss"]
    has_individuals = service.individual_subject is not None
    individual = has_individuals and sub == service.individual_subject
    # The fix in the table of causes applies to services with team keys and individual keys.
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
        misnamed = "; the claim is misnamed subject" if "subject" in claims else ""
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
        strange = strange_character(iss) if isinstance(iss, str) else ""
        what = f"which is not a UUID{strange}" if has_individuals else f"expected {member.description}"
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
    return isinstance(value, str) and len(value) <= _LONGEST and re.fullmatch(member.pattern, value) is not None


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

    The finding is an error if the service rejects the token and another accepts it. It is a warning if both accept it,
    but the token has more of the claims of the other service.
    """
    problems = [problem for problem in _claim_problems(header, claims, service) if problem.finding.level == "error"]
    own = _known_member_count(header, claims, service)
    unknown = (claims.keys() - _known_claims(service) - set(service.tolerated_claims)) | (
        header.keys() - _COMMON_HEADER_MEMBERS - service.header.keys()
    )
    if not problems and not unknown:
        return None
    others = [other for other in closest_services(header, claims) if other is not service]
    closest = max((_known_member_count(header, claims, other) for other in others), default=0)
    # A token that resembles those of this service most is an invalid token for this service.
    if not others or closest < own or (closest == own and not problems):
        return None
    summary = f"the token has the claims of {join_or([other.title for other in others])} and is sent to {service.title}"
    if not problems and (long_life := _life_of_others(claims, service, others)):
        return make_finding("token-of-other-service", f"{summary}: {long_life}")
    if not problems:
        return make_finding("token-of-other-service", summary, level="warning", certainty="possible")
    contrary = closest > own or any(not problem.missing for problem in problems)
    details = "; ".join(problem.finding.evidence for problem in problems)
    return make_finding(
        "token-of-other-service", f"{summary}: {details}", certainty="certain" if contrary else "likely"
    )


def _life_of_others(claims: Mapping[str, Any], service: Service, others: list[Service]) -> str | None:
    """Describe a lifetime that the other services accept and this one rejects; None if it is not such a lifetime."""
    life = _life(claims)
    if service.max_lifetime is None or life <= service.max_lifetime or "scope" in claims:
        return None
    if any(other.max_lifetime and life > other.max_lifetime for other in others):
        return None
    return f"exp is {life} s after iat, which is too long for {service.title} but not for {others[0].title}"


def _life(claims: Mapping[str, Any]) -> int:
    """Return the seconds from ``iat`` to ``exp``; 0 if they are missing or not in seconds."""
    iat, exp = claims.get("iat"), claims.get("exp")
    if not (isinstance(iat, int) and isinstance(exp, int)) or max(abs(iat), abs(exp)) > FIRST_MILLISECONDS:
        return 0
    return exp - iat


def _fix_of_life(service: Service) -> str | None:
    """Return the fix for a token that never expires; None for the one in the table of causes."""
    if service.recommended_lifetime:
        return None
    return f"Set exp to at most {span(service.max_lifetime)} after iat." if service.max_lifetime else "Set exp."


def _accepts(service: Service, header: Mapping[str, Any], claims: Mapping[str, Any]) -> bool:
    # A token with an audience is not for a service whose tokens have none.
    named = service.audience is not None or "aud" not in claims
    return named and not any(problem.finding.level == "error" for problem in _claim_problems(header, claims, service))


def _known_member_count(header: Mapping[str, Any], claims: Mapping[str, Any], service: Service) -> int:
    """Return the number of a token's members that a service knows."""
    return len(_known_claims(service) & claims.keys()) + len(service.header.keys() & header.keys())
