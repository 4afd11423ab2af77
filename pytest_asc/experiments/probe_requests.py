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

# In seconds. iat lies far enough in the past for any clock error too small to be seen in the response's Date header.
# exp is well below every limit, and still in the future when the last experiment gets its response.
IAT_BACK = 3 * MINUTE
SHORT_LIFE = 5 * MINUTE

Difference: TypeAlias = "tuple[str, object, object]"
"""A member's name, its value in the rejected token and in a documented one."""


@dataclass(frozen=True)
class UnexplainedRefusal:
    """A token that was rejected without a reason, and the credentials to try instead."""

    response: HttpResponse
    finding: Finding
    """The finding from the response alone."""
    service: Service
    base_url: str
    """The base URL of the request and of every experiment."""
    token: DecodedToken | None
    """None if it cannot be decoded, so that no member of it can be changed."""
    has_key: bool
    """True if the private key that signed the token is available."""
    issuer_id: str | None = None
    """The issuer ID of the key, used or not."""
    key_type_is_set: bool = False
    """True if the user has set the key type; otherwise it was derived from the ids that are set."""
    earlier_findings: tuple[Finding, ...] = ()
    """The findings on key and IDs before the request."""

    @property
    def decoded(self) -> DecodedToken:
        """The decoded token. Experiments that change it need it."""
        assert self.token is not None, "an experiment that changes the token was made without a token"  # noqa: S101
        return self.token

    @property
    def individual(self) -> bool:
        """True if the token has the claims of an individual key."""
        subject = self.service.individual_subject
        return self.token is not None and subject is not None and self.token.claims.get("sub") == subject


class ProbeRequest(NamedTuple):
    """A GET request with a token that has this header and these claims."""

    header: Mapping[str, Any] | None
    """None, as the claims: the very same token again."""
    claims: Mapping[str, Any] | None
    path: str
    base_url: str | None = None
    """Scheme and host, where it goes to another than the refused one."""


def same(refusal: UnexplainedRefusal) -> ProbeRequest:
    """Repeat the request with the same token."""
    return ProbeRequest(None, None, refusal.service.probe)


def at_sandbox(refusal: UnexplainedRefusal) -> ProbeRequest:
    """Send the same token to the sandbox, which accepts the same tokens."""
    sandbox = SERVICES[refusal.service.sandbox or ""]
    return ProbeRequest(None, None, sandbox.probe, sandbox.base_url)


def other_times(refusal: UnexplainedRefusal) -> ProbeRequest:
    """Send the same token with other times."""
    token, times = refusal.decoded, short_times(refusal)
    starts = {name: times["iat"] for name in ("iat", "nbf") if name in token.claims}
    return ProbeRequest(token.header, {**token.claims, **starts, "exp": times["exp"]}, refusal.service.probe)


def documented_token(refusal: UnexplainedRefusal) -> ProbeRequest:
    """Send a token with these times and all other members as documented."""
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
    usual = documented_token(refusal)
    changed = {**(usual.claims or {}), **claims}
    return usual._replace(claims={name: value for name, value in changed.items() if value is not None})


def short_times(refusal: UnexplainedRefusal) -> dict[str, int]:
    """The ``iat`` and ``exp`` to try: by Apple's clock if the response has it, as this machine's may be wrong."""
    date = read_date(refusal.response)
    iat = (int(refusal.response.received_at) if date is None else date) - IAT_BACK
    return {"iat": iat, "exp": iat + SHORT_LIFE}


def _documented(refusal: UnexplainedRefusal) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims as documented, without the times, for the key and the key type of the refused token."""
    token = refusal.decoded
    who = {"sub": "user"} if refusal.individual else {"iss": refusal.issuer_id or token.claims.get("iss")}
    header = {"alg": "ES256", "kid": token.key_id, "typ": "JWT"}
    return header, {**who, "aud": refusal.service.audience}


def differences(refusal: UnexplainedRefusal) -> list[Difference]:
    """Members, apart from the times, in which the rejected token differs from a documented one, with both values."""
    if refusal.token is None:
        return []
    token = refusal.decoded
    pairs = zip((token.header, token.claims), _documented(refusal), ("header ", ""), strict=True)
    return [
        (f"{place}{name}", own.get(name), usual.get(name))
        for own, usual, place in pairs
        for name in {**own, **usual}
        if name not in {"iat", "exp"} and own.get(name) != usual.get(name)
    ]
