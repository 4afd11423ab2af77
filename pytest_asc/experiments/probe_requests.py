"""Requests of the experiments: each token differs from the rejected one in one respect."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from pytest_asc.apple.services import ENTERPRISE, MINUTE, SERVICES
from pytest_asc.diagnosis.http.clock import read_date

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_asc.apple.services import Service
    from pytest_asc.diagnosis.findings import Finding
    from pytest_asc.diagnosis.http.http_response import HttpResponse
    from pytest_asc.diagnosis.token.verify import DecodedToken

# Both in seconds. iat is so far in the past that a clock error too small to show in the response's Date header cannot
# move it into the future. exp is well below every limit, but still in the future when the last experiment runs.
IAT_BACK = 3 * MINUTE
SHORT_LIFE = 5 * MINUTE

Difference: TypeAlias = "tuple[str, object, object]"
"""The name of a claim or header parameter, its value in the rejected token, and its documented value."""


@dataclass(frozen=True)
class UnexplainedRefusal:
    """A response that rejected a token without giving the reason, and what the experiments need."""

    response: HttpResponse
    finding: Finding
    """The finding that the response alone supports."""
    service: Service
    base_url: str
    """The base URL of the rejected request. Experiments use it unless they name their own."""
    token: DecodedToken | None
    """The rejected token; None if it cannot be decoded, so no experiment can change it."""
    has_key: bool
    """True if the private key that signed the token is available."""
    issuer_id: str | None = None
    """The issuer ID that belongs to the key, even if the rejected token does not contain it."""
    key_type_is_set: bool = False
    """True if the user has set the key type; False if it was derived from the IDs that are set."""
    earlier_findings: tuple[Finding, ...] = ()
    """The findings about the key and the IDs from before the request."""

    @property
    def decoded(self) -> DecodedToken:
        """The decoded token, for experiments that change it."""
        assert self.token is not None, "an experiment that changes the token needs a decoded token"  # noqa: S101
        return self.token

    @property
    def individual(self) -> bool:
        """True if the token has the claims of an individual key."""
        subject = self.service.individual_subject
        return self.token is not None and subject is not None and self.token.claims.get("sub") == subject


class ProbeRequest(NamedTuple):
    """A GET request, and the header and claims of its token."""

    header: Mapping[str, Any] | None
    """None, like the claims, to send the rejected token unchanged."""
    claims: Mapping[str, Any] | None
    path: str
    base_url: str | None = None
    """Scheme and host; None for those of the rejected request."""


def same(refusal: UnexplainedRefusal) -> ProbeRequest:
    """Repeat the request with the same token."""
    return ProbeRequest(None, None, refusal.service.probe)


def at_sandbox(refusal: UnexplainedRefusal) -> ProbeRequest:
    """Send the same token to the sandbox, which accepts the tokens for production."""
    sandbox = SERVICES[refusal.service.sandbox or ""]
    return ProbeRequest(None, None, sandbox.probe, sandbox.base_url)


def other_times(refusal: UnexplainedRefusal) -> ProbeRequest:
    """Send a token with the same header and claims, except for ``iat``, ``nbf`` and ``exp``."""
    token, times = refusal.decoded, short_times(refusal)
    starts = {name: times["iat"] for name in ("iat", "nbf") if name in token.claims}
    return ProbeRequest(token.header, {**token.claims, **starts, "exp": times["exp"]}, refusal.service.probe)


def documented_token(refusal: UnexplainedRefusal) -> ProbeRequest:
    """Send a token with the times of :func:`short_times`, and everything else as documented."""
    header, claims = _documented(refusal)
    return ProbeRequest(header, {**claims, **short_times(refusal)}, refusal.service.probe)


def individual_token(refusal: UnexplainedRefusal) -> ProbeRequest:
    """Send the documented token of an individual key."""
    return _documented_with(refusal, iss=None, sub="user")


def team_token(refusal: UnexplainedRefusal) -> ProbeRequest:
    """Send the documented token of a team key."""
    return _documented_with(refusal, iss=refusal.issuer_id, sub=None)


def enterprise_token(refusal: UnexplainedRefusal) -> ProbeRequest:
    """Send the documented token for the Enterprise Program."""
    return _documented_with(refusal, aud=ENTERPRISE.audience)._replace(path=ENTERPRISE.probe)


def _documented_with(refusal: UnexplainedRefusal, **claims: str | None) -> ProbeRequest:
    documented = documented_token(refusal)
    changed = {**(documented.claims or {}), **claims}
    return documented._replace(claims={name: value for name, value in changed.items() if value is not None})


def short_times(refusal: UnexplainedRefusal) -> dict[str, int]:
    """Return ``iat`` and ``exp`` for an experiment, in seconds since 1970.

    They follow Apple's clock if the response has a Date header, because this machine's clock may be wrong.
    """
    date = read_date(refusal.response)
    iat = (int(refusal.response.received_at) if date is None else date) - IAT_BACK
    return {"iat": iat, "exp": iat + SHORT_LIFE}


def _documented(refusal: UnexplainedRefusal) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the documented header and claims, without the times, for the key and key type of the rejected token."""
    token = refusal.decoded
    identity = {"sub": "user"} if refusal.individual else {"iss": refusal.issuer_id or token.claims.get("iss")}
    header = {"alg": "ES256", "kid": token.key_id, "typ": "JWT"}
    return header, {**identity, "aud": refusal.service.audience}


def differences(refusal: UnexplainedRefusal) -> list[Difference]:
    """Return how the rejected token differs from a documented one, apart from ``iat`` and ``exp``."""
    if refusal.token is None:
        return []
    token = refusal.decoded
    pairs = zip((token.header, token.claims), _documented(refusal), ("header ", ""), strict=True)
    return [
        (f"{prefix}{name}", rejected.get(name), documented.get(name))
        for rejected, documented, prefix in pairs
        for name in {**rejected, **documented}
        if name not in {"iat", "exp"} and rejected.get(name) != documented.get(name)
    ]
