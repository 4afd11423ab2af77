"""Table of experiments: further requests that find the cause of a 401 without a reason.

App Store Connect rejects almost every invalid token with the same message (observed). Each experiment repeats the
request with one change. They run in the order of the table until one is accepted: its change shows the cause. This
module neither signs tokens nor sends requests; its caller passes a function that does both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pytest_asc.apple.hosts import is_apple
from pytest_asc.apple.services import APP_STORE_CONNECT, ENTERPRISE
from pytest_asc.diagnosis.findings import best_error, make_finding
from pytest_asc.diagnosis.formatting import host_of, join_and, json_type, span, time_of_day
from pytest_asc.diagnosis.http.clock import read_date
from pytest_asc.diagnosis.http.response import diagnose_response, is_accepted
from pytest_asc.experiments import probe_requests
from pytest_asc.secrets import mask

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pytest_asc.diagnosis.findings import Finding
    from pytest_asc.diagnosis.http.http_response import HttpResponse
    from pytest_asc.experiments.probe_requests import ProbeRequest, UnexplainedRefusal

SAME, AT_SANDBOX = "same token again", "same token in the sandbox"
OTHER_TIMES, INDIVIDUAL = "older iat, lifetime of five minutes", "as an individual key"

# The claims for which a wrong value is a cause of its own. For all others, the cause is token-form.
_CAUSES_OF_CLAIMS = {"aud": "token-audience", "iss": "token-issuer", "scope": "token-scope-mismatch"}
# Values that are the same for all accounts, so they need no masking.
_PUBLIC_VALUES = frozenset({"JWT", "ES256", "user", APP_STORE_CONNECT.audience, ENTERPRISE.audience})


class ExperimentRecord(NamedTuple):
    """The outcome of one experiment, for the report."""

    name: str
    status: int | None
    """The status code; None if the experiment was not run or got no response."""
    showed: str
    """What the response shows, or the reason why the experiment was not run."""


class ExperimentResult(NamedTuple):
    """The result of all experiments."""

    findings: tuple[Finding, ...]
    probes: tuple[ExperimentRecord, ...]
    accepted: HttpResponse | None = None
    """The response to the repeated request with the same token, if it was accepted."""


class Experiment(NamedTuple):
    """A row of the table: a change of the rejected request, and what an accepted response proves."""

    name: str
    why: str
    """What the experiment changes, and why an accepted response proves the cause."""
    applies: Callable[[UnexplainedRefusal], bool]
    """Returns whether the experiment can show the cause of this rejection."""
    obstacle: Callable[[UnexplainedRefusal], str | None]
    """Returns the reason why the experiment cannot run; None if it can."""
    make_request: Callable[[UnexplainedRefusal], ProbeRequest]
    if_accepted: str
    """What an accepted response shows, for the report."""
    if_refused: str
    """What another rejection shows, for the report."""
    conclude: Callable[[UnexplainedRefusal, HttpResponse], tuple[Finding, ...]]
    """Returns the findings that an accepted response proves."""


def is_unexplained(finding: Finding) -> bool:
    """Return whether experiments can confirm or exclude the cause of a finding."""
    has_experiment = _is_early(finding) or finding.cause == "key-unknown-to-apple"
    return has_experiment and finding.level == "error" and finding.certainty != "certain"


def _is_early(finding: Finding) -> bool:
    """Return whether the token was not yet valid by Apple's clock."""
    return finding.definition.validity == "not yet valid"


def run_experiments(
    refusal: UnexplainedRefusal, send: Callable[[ProbeRequest], HttpResponse | None]
) -> ExperimentResult:
    """Run the experiments in order, until one is accepted.

    They also end when a response is neither accepted nor rejected with the first status code, or none is received.

    Args:
        refusal: The rejected token and its credentials.
        send: Sends a request with GET and returns the response; None if none was received.
    """
    probes: list[ExperimentRecord] = []
    refused: list[str] = []
    for entry in EXPERIMENTS:
        if not entry.applies(refusal):
            continue
        if reason := entry.obstacle(refusal):
            probes.append(ExperimentRecord(entry.name, None, f"not tried ({reason})"))
            continue
        response = send(entry.make_request(refusal))
        if response is not None and _accepts(refusal, response):
            probes.append(ExperimentRecord(entry.name, response.status, entry.if_accepted))
            accepted = response if entry.name == SAME else None
            return ExperimentResult(entry.conclude(refusal, response), tuple(probes), accepted)
        if response is None or response.status != refusal.response.status:
            shown = "no response" if response is None else "neither accepted nor rejected"
            probes.append(
                ExperimentRecord(entry.name, response.status if response else None, f"{shown}: no further experiments")
            )
            break
        probes.append(ExperimentRecord(entry.name, response.status, entry.if_refused))
        refused.append(entry.name)
    return ExperimentResult((_unexplained(refusal, refused),), tuple(probes))


def _accepts(refusal: UnexplainedRefusal, response: HttpResponse) -> bool:
    """Return whether the token was accepted: the response is a success, or an error with another, certain cause."""
    if is_accepted(response, refusal.service):
        return True
    if not response.is_json:
        return False
    if response.status == 403:  # noqa: PLR2004  forbidden
        error = best_error(diagnose_response(response, claims=None, service=refusal.service))
        return error is not None and error.certainty == "certain"
    return response.status in range(200, 300)


# Reasons not to run an experiment.


def _no_obstacle(_: UnexplainedRefusal) -> None:
    return None


def _no_key(refusal: UnexplainedRefusal) -> str | None:
    return None if refusal.has_key and refusal.token else "the private key of this token is not available"


def _no_issuer(refusal: UnexplainedRefusal) -> str | None:
    return _no_key(refusal) or (None if refusal.issuer_id else "it needs an issuer ID, but none is set")


def _other_host(refusal: UnexplainedRefusal) -> str | None:
    """Return why a token for the Enterprise Program cannot be sent, or None.

    Apple's other hosts do not accept such a token. A host that is not Apple's may be a proxy for both.
    """
    host = host_of(refusal.base_url).partition(":")[0].lower()
    if is_apple(host) and host != ENTERPRISE.host:
        return f"it needs another host, {ENTERPRISE.host}; for such a key, set ASC_KEY_TYPE=enterprise"
    return _no_key(refusal)


def _no_sandbox(refusal: UnexplainedRefusal) -> str | None:
    """Return why the sandbox cannot be tried, or None. A base URL that the user has set replaces production only."""
    host = host_of(refusal.base_url).partition(":")[0].lower()
    return None if host == refusal.service.host else "a base URL is set, and the sandbox has another host"


# Conclusions from an accepted request.


def _conclude_transient(refusal: UnexplainedRefusal, response: HttpResponse) -> tuple[Finding, ...]:
    later = response.received_at - refusal.response.received_at
    evidence = (
        f"the same token was rejected with {refusal.response.status} and, {later:.1f} s later, accepted with "
        f"{response.status}"
    )
    claims = refusal.token.claims if refusal.token else None
    return make_finding("transient-401", evidence), *diagnose_response(response, claims=claims, service=refusal.service)


def _conclude_not_released(refusal: UnexplainedRefusal, response: HttpResponse) -> tuple[Finding, ...]:
    evidence = (
        f"{host_of(refusal.response.url)} returned {refusal.response.status} for this token, and "
        f"{host_of(response.url)} accepted it: the token is valid, and production "
        "rejects the tokens of an app that was never released"
    )
    return (make_finding("app-not-released", evidence),)


def _conclude_times(refusal: UnexplainedRefusal, response: HttpResponse) -> tuple[Finding, ...]:
    """Find out whether iat or exp was the cause. The experiment changed both, so this compares the rejected times."""
    claims, date = refusal.decoded.claims, read_date(refusal.response)
    iat, exp = claims.get("iat"), claims["exp"]
    tried = probe_requests.short_times(refusal)
    accepted = (
        f"a token that differs only in its times, with iat {time_of_day(tried['iat'], exp)} and a lifetime of "
        f"{span(probe_requests.SHORT_LIFE)}, was accepted with {response.status}"
    )
    starts = [(claims[name], name) for name in ("iat", "nbf") if isinstance(claims.get(name), int)]
    start, name = max(starts, default=(0, ""))
    if date is not None and start > date:
        refused = f"{name} {time_of_day(start, date)} was {span(start - date)} in the future by Apple's clock"
        cause = refusal.finding.cause if _is_early(refusal.finding) else "clock-ahead"
        return (make_finding(cause, f"{refused}, and {accepted}", certainty="certain"),)
    limit = refusal.service.max_lifetime
    if iat is not None and exp - iat == limit:
        evidence = f"exp is {limit} s after iat, and {limit} s is the limit; {accepted}"
        return (make_finding("token-lifetime-at-limit", evidence, level="error", certainty="likely"),)
    if date is None:
        evidence = f"{accepted}; without a Date header, the clocks cannot be compared"
        return (make_finding("clock-ahead", evidence, certainty="likely"),)
    return (
        make_finding(
            "clock-ahead", f"{accepted}; the Date header of Apple's response does not explain it", certainty="possible"
        ),
    )


def _conclude_members(refusal: UnexplainedRefusal, response: HttpResponse) -> tuple[Finding, ...]:
    differing = probe_requests.differences(refusal)
    sides = "; ".join(
        f"{name} is {_format_member(old)} in the rejected token and {_format_member(new)} in the accepted one"
        for name, old, new in differing
    )
    cause = _CAUSES_OF_CLAIMS.get(differing[0][0], "token-form") if len(differing) == 1 else "token-form"
    evidence = f"a token that pytest-asc generated with the same key was accepted with {response.status}; {sides}"
    return (make_finding(cause, evidence, certainty="certain"),)


def _conclude_individual(refusal: UnexplainedRefusal, response: HttpResponse) -> tuple[Finding, ...]:
    issuer = _format_member(refusal.decoded.claims.get("iss"))
    evidence = (
        f"with iss {issuer} the response is {refusal.response.status}; with sub 'user' instead, it is {response.status}"
    )
    return (make_finding("individual-key-as-team", evidence),)


def _conclude_team(refusal: UnexplainedRefusal, response: HttpResponse) -> tuple[Finding, ...]:
    evidence = (
        f"with sub 'user' the response is {refusal.response.status}; "
        f"with iss {mask(refusal.issuer_id or '')} instead, it is {response.status}: the key is a team key"
    )
    fix = "Set the issuer ID, and unset ASC_KEY_TYPE=individual."
    return (make_finding("issuer-id-missing", evidence, certainty="certain", fix=fix),)


def _conclude_enterprise(_: UnexplainedRefusal, response: HttpResponse) -> tuple[Finding, ...]:
    evidence = (
        f"with aud {ENTERPRISE.audience} the response is {response.status}: the key belongs to {ENTERPRISE.title}"
    )
    return (
        make_finding(
            "key-of-other-service", evidence, level="error", certainty="certain", fix="Set ASC_KEY_TYPE=enterprise."
        ),
    )


EXPERIMENTS = (
    Experiment(
        name=SAME,
        why=(
            "The request is the same, so if it is accepted now, the failure was transient. This does not hold for a "
            "token whose iat was in the future: it becomes valid with time, so it is not tried."
        ),
        applies=lambda refusal: not _is_early(refusal.finding),
        obstacle=_no_obstacle,
        make_request=probe_requests.same,
        if_accepted="accepted: the failure was transient",
        if_refused="rejected again: not a transient failure",
        conclude=_conclude_transient,
    ),
    Experiment(
        name=AT_SANDBOX,
        why=(
            "The sandbox accepts the same tokens as production (documented), so if it accepts this one, the token is "
            "valid. Production rejects it until the app has been released (observed)."
        ),
        applies=lambda refusal: refusal.service.sandbox is not None,
        obstacle=_no_sandbox,
        make_request=probe_requests.at_sandbox,
        if_accepted="accepted: the token is valid",
        if_refused="also rejected there",
        conclude=_conclude_not_released,
    ),
    Experiment(
        name=OTHER_TIMES,
        why=(
            "Only the times change, so if the token is accepted, the clock that set them was wrong or the lifetime was "
            "too long. The times of the rejected token show which."
        ),
        applies=lambda refusal: refusal.service.expires,
        obstacle=_no_key,
        make_request=probe_requests.other_times,
        if_accepted="accepted: the timestamps were the cause",
        if_refused="rejected again: different timestamps made no difference",
        conclude=_conclude_times,
    ),
    Experiment(
        name="documented header and claims",
        why=(
            "The times are those of the previous experiment, and everything else is as documented. If the token is "
            "accepted, the header parameters or claims that differ were wrong. Not tried if nothing differs, or for "
            "another service."
        ),
        applies=lambda refusal: refusal.service.scoped and bool(probe_requests.differences(refusal)),
        obstacle=_no_key,
        make_request=probe_requests.documented_token,
        if_accepted="accepted: the members that differ were the cause",
        if_refused="rejected again: the documented members made no difference",
        conclude=_conclude_members,
    ),
    Experiment(
        name=INDIVIDUAL,
        why=(
            "sub replaces iss, so if the token is accepted, the key is an individual key. The Enterprise Program has "
            "no individual keys (documented)."
        ),
        applies=lambda refusal: not refusal.individual and refusal.service is APP_STORE_CONNECT,
        obstacle=_no_key,
        make_request=probe_requests.individual_token,
        if_accepted="accepted: it is an individual key",
        if_refused="rejected again",
        conclude=_conclude_individual,
    ),
    Experiment(
        name="as a team key",
        why="iss replaces sub, so if the token is accepted, the key is a team key.",
        applies=lambda refusal: refusal.individual,
        obstacle=_no_issuer,
        make_request=probe_requests.team_token,
        if_accepted="accepted: it is a team key",
        if_refused="rejected again",
        conclude=_conclude_team,
    ),
    Experiment(
        name="as an enterprise key",
        why=(
            "The audience and the path change, so if the token is accepted, the key belongs to the Enterprise Program. "
            "That API has its own host, and a token is only sent to the host that it is for. The experiment is run if "
            "the base URL has that host, or one that is not Apple's and may be a proxy for both."
        ),
        applies=lambda refusal: not refusal.individual and refusal.service is APP_STORE_CONNECT,
        obstacle=_other_host,
        make_request=probe_requests.enterprise_token,
        if_accepted="accepted: it is a key of the Enterprise Program",
        if_refused="rejected again",
        conclude=_conclude_enterprise,
    ),
)
"""The experiments, in the order in which they run. A run sends at most eight requests."""


def _unexplained(refusal: UnexplainedRefusal, refused: Sequence[str]) -> Finding:
    """Return the finding if no experiment was accepted."""
    if _is_early(refusal.finding) and OTHER_TIMES not in refused:
        return refusal.finding
    if refusal.has_key:
        for suspect in refusal.earlier_findings:
            if suspect.definition.explains_opaque:
                evidence = f"{suspect.evidence}; {_refused_requests(refusal, refused)}"
                return make_finding(suspect.cause, evidence, level="error", certainty="likely")
        if refusal.individual and not refusal.key_type_is_set:
            return _no_issuer_id(refusal, refused)
    if not refused:
        return refusal.finding
    reasons = list(_possible_reasons(refusal, refused))
    evidence = f"{_refused_requests(refusal, refused)}. Apple's response is the same for {join_and(reasons)}"
    return make_finding("key-unknown-to-apple", evidence)


def _no_issuer_id(refusal: UnexplainedRefusal, refused: Sequence[str]) -> Finding:
    known = next(
        (finding.evidence for finding in refusal.earlier_findings if finding.cause == "issuer-id-missing"), None
    )
    reason = known or "no issuer ID is set, so the key is treated as an individual key"
    evidence = (
        f"{reason}; {_refused_requests(refusal, refused)}. Apple's response is the same for a team key in this form, "
        f"and for {join_and(list(_possible_reasons(refusal, refused)))}"
    )
    return make_finding("issuer-id-missing", evidence)


def _possible_reasons(refusal: UnexplainedRefusal, refused: Sequence[str]) -> Iterator[str]:
    yield "a wrong key ID"
    if not refusal.individual:
        yield "a wrong issuer ID"
        if INDIVIDUAL not in refused and refusal.service is APP_STORE_CONNECT:
            yield "an individual key"
    if refusal.service.sandbox and AT_SANDBOX not in refused:
        yield "an app that was never released"
    yield "a key of another service"
    yield "a revoked key"


def _refused_requests(refusal: UnexplainedRefusal, refused: Sequence[str]) -> str:
    count = f"{len(refused)} experiment{'s' if len(refused) > 1 else ''}"
    tried = f" and in {count} ({'; '.join(refused)})" if refused else ""
    return f"{host_of(refusal.response.url)} returned {refusal.response.status} for this token{tried}"


def _format_member(value: object) -> str:
    """Format the value of a claim or header parameter, with IDs masked."""
    if value is None:
        return "missing"
    if isinstance(value, str):
        return repr(value) if value in _PUBLIC_VALUES else mask(value)
    if isinstance(value, list):
        return f"[{', '.join(map(_format_member, value))}]"
    return repr(value) if isinstance(value, (bool, int, float)) else json_type(value)
