"""What can be learnt from further requests where a 401 says nothing: the experiments, and what follows from each.

App Store Connect refuses almost every bad token in the same words (observed). What tells the causes apart is a request
that differs in one thing. The experiments stand in a table, in their order; the first that is accepted ends them, and
what it changed is the cause. Nothing here sends or signs: that is passed in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pytest_asc.apple.hosts import is_apple
from pytest_asc.apple.services import APP_STORE_CONNECT, ENTERPRISE
from pytest_asc.diagnosis.findings import best_error, make_finding
from pytest_asc.diagnosis.formatting import host_of, span, time_of_day
from pytest_asc.diagnosis.http.clock import read_date
from pytest_asc.diagnosis.http.response import diagnose_response, is_accepted
from pytest_asc.experiments import probe_requests
from pytest_asc.secrets import mask

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pytest_asc.diagnosis.findings import Finding
    from pytest_asc.diagnosis.http.http_response import HttpResponse
    from pytest_asc.experiments.probe_requests import ProbeRequest, UnexplainedRefusal

SAME, AT_SANDBOX = "same token again", "same token at the sandbox"
OTHER_TIMES, INDIVIDUAL = "older iat, five minutes of life", "as an individual key"

# Members whose difference has a cause of its own; any other is the token's form.
_CAUSES_OF_MEMBERS = {"aud": "token-audience", "iss": "token-issuer", "scope": "token-scope-mismatch"}
_PUBLIC_WORDS = frozenset({"JWT", "ES256", "user", APP_STORE_CONNECT.audience, ENTERPRISE.audience})


class Probe(NamedTuple):
    """An experiment in the report."""

    name: str
    status: int | None
    """None where it was not made, or got no answer."""
    showed: str


class ExperimentResult(NamedTuple):
    """What all experiments together say."""

    findings: tuple[Finding, ...]
    probes: tuple[Probe, ...]
    accepted: HttpResponse | None = None
    """The answer to the same token, where that was accepted in the end."""


class Experiment(NamedTuple):
    """One line of the table."""

    name: str
    why: str
    """What it changes, and why an acceptance tells."""
    fits: Callable[[UnexplainedRefusal], bool]
    """Whether there is anything to learn from it."""
    obstacle: Callable[[UnexplainedRefusal], str | None]
    """Why it cannot be made."""
    attempt: Callable[[UnexplainedRefusal], ProbeRequest]
    if_accepted: str
    if_refused: str
    conclude: Callable[[UnexplainedRefusal, HttpResponse], tuple[Finding, ...]]
    """What an acceptance proves."""


def is_open(finding: Finding) -> bool:
    """Whether a finding of a refused token leaves a question that experiments can answer."""
    could_be = _is_early(finding) or finding.cause == "key-unknown-to-apple"
    return could_be and finding.level == "error" and finding.certainty != "certain"


def _is_early(finding: Finding) -> bool:
    """Return whether the token was not yet valid by Apple's clock."""
    return finding.definition.validity == "not yet valid"


def run_experiments(
    refusal: UnexplainedRefusal, send: Callable[[ProbeRequest], HttpResponse | None]
) -> ExperimentResult:
    """Make the experiments in their order, up to the first that tells.

    Args:
        refusal: What was refused.
        send: Makes a request; gives None where there was no answer.
    """
    probes: list[Probe] = []
    refused: list[str] = []
    for entry in EXPERIMENTS:
        if not entry.fits(refusal):
            continue
        if reason := entry.obstacle(refusal):
            probes.append(Probe(entry.name, None, f"not made ({reason})"))
            continue
        answer = send(entry.attempt(refusal))
        if answer is not None and _accepts(refusal, answer):
            probes.append(Probe(entry.name, answer.status, entry.if_accepted))
            accepted = answer if entry.name == SAME else None
            return ExperimentResult(entry.conclude(refusal, answer), tuple(probes), accepted)
        if answer is None or answer.status != refusal.answer.status:
            shown = "no answer" if answer is None else "neither accepted nor refused"
            probes.append(Probe(entry.name, answer.status if answer else None, f"{shown}: the experiments end here"))
            break
        probes.append(Probe(entry.name, answer.status, entry.if_refused))
        refused.append(entry.name)
    return ExperimentResult((_unexplained(refusal, refused),), tuple(probes))


def _accepts(refusal: UnexplainedRefusal, answer: HttpResponse) -> bool:
    """Whether a token got past the front end: to the resource, or to a refusal that has another reason for certain."""
    if is_accepted(answer, refusal.service):
        return True
    if not answer.is_json:
        return False
    if answer.status == 403:  # noqa: PLR2004  forbidden
        error = best_error(diagnose_response(answer, claims=None, service=refusal.service))
        return error is not None and error.certainty == "certain"
    return answer.status in range(200, 300)


# What stands in the way.


def _nothing(_: UnexplainedRefusal) -> None:
    return None


def _no_key(refusal: UnexplainedRefusal) -> str | None:
    return None if refusal.has_key and refusal.token else "the key of this token is not at hand"


def _no_issuer(refusal: UnexplainedRefusal) -> str | None:
    return _no_key(refusal) or (None if refusal.issuer_id else "it takes an issuer id, and none is set")


def _other_host(refusal: UnexplainedRefusal) -> str | None:
    """A token goes to the host that it is for. One that the user named may stand for both services."""
    host = host_of(refusal.base_url).partition(":")[0].lower()
    if is_apple(host) and host != ENTERPRISE.host:
        return f"{ENTERPRISE.host} is another host; for a key of the Enterprise Program, set ASC_KEY_TYPE=enterprise"
    return _no_key(refusal)


def _no_sandbox(refusal: UnexplainedRefusal) -> str | None:
    """The sandbox is reached at its own host; a host that the user named is one for production alone."""
    host = host_of(refusal.base_url).partition(":")[0].lower()
    return None if host == refusal.service.host else "the base URL was set, and the sandbox has another"


# What an acceptance proves.


def _was_passing(refusal: UnexplainedRefusal, answer: HttpResponse) -> tuple[Finding, ...]:
    later = answer.received_at - refusal.answer.received_at
    evidence = f"the same token was answered {refusal.answer.status} and, {later:.1f} s later, {answer.status}"
    claims = refusal.token.claims if refusal.token else None
    return make_finding("transient-401", evidence), *diagnose_response(answer, claims=claims, service=refusal.service)


def _was_unreleased(refusal: UnexplainedRefusal, answer: HttpResponse) -> tuple[Finding, ...]:
    evidence = (
        f"{host_of(refusal.answer.url)} answered {refusal.answer.status} to this token, and {host_of(answer.url)} took "
        "it: the token is good, and production takes none for an app that was never released"
    )
    return (make_finding("app-not-released", evidence),)


def _was_times(refusal: UnexplainedRefusal, answer: HttpResponse) -> tuple[Finding, ...]:
    """Both times were changed, so the figures say which of them it was."""
    claims, date = refusal.decoded.claims, read_date(refusal.answer)
    iat, exp = claims.get("iat"), claims["exp"]
    tried = probe_requests.short_times(refusal)
    accepted = (
        f"a token that differs in its times alone, with iat {time_of_day(tried['iat'], exp)} and a life of "
        f"{span(probe_requests.SHORT_LIFE)}, was answered {answer.status}"
    )
    starts = [(claims[name], name) for name in ("iat", "nbf") if isinstance(claims.get(name), int)]
    start, name = max(starts, default=(0, ""))
    if date is not None and start > date:
        refused = f"{name} {time_of_day(start, date)} was {span(start - date)} to come by Apple's clock"
        cause = refusal.finding.cause if _is_early(refusal.finding) else "clock-ahead"
        return (make_finding(cause, f"{refused}, and {accepted}", certainty="certain"),)
    limit = refusal.service.max_lifetime
    if iat is not None and exp - iat == limit:
        evidence = f"exp is {limit} s after iat, and {limit} s is the limit; {accepted}"
        return (make_finding("token-lifetime-at-limit", evidence, level="error", certainty="likely"),)
    if date is None:
        evidence = f"{accepted}; there is no Date to compare the clocks by"
        return (make_finding("clock-ahead", evidence, certainty="likely"),)
    return (make_finding("clock-ahead", f"{accepted}; Apple's Date does not explain it", certainty="possible"),)


def _was_form(refusal: UnexplainedRefusal, answer: HttpResponse) -> tuple[Finding, ...]:
    differing = probe_requests.differences(refusal)
    sides = "; ".join(
        f"{name} is {_shown(own)} in this token and {_shown(usual)} in that" for name, own, usual in differing
    )
    cause = _CAUSES_OF_MEMBERS.get(differing[0][0], "token-form") if len(differing) == 1 else "token-form"
    evidence = f"a token that pytest-asc minted with the same key was answered {answer.status}; {sides}"
    return (make_finding(cause, evidence, certainty="certain"),)


def _was_individual(refusal: UnexplainedRefusal, answer: HttpResponse) -> tuple[Finding, ...]:
    issuer = _shown(refusal.decoded.claims.get("iss"))
    evidence = f"with iss {issuer} it is answered {refusal.answer.status}, with sub 'user' instead {answer.status}"
    return (make_finding("individual-key-as-team", evidence),)


def _was_team(refusal: UnexplainedRefusal, answer: HttpResponse) -> tuple[Finding, ...]:
    evidence = (
        f"with sub 'user' it is answered {refusal.answer.status}, "
        f"with iss {mask(refusal.issuer_id or '')} instead {answer.status}: it is a team key"
    )
    fix = "Use the issuer id, and take ASC_KEY_TYPE=individual away."
    return (make_finding("issuer-id-missing", evidence, certainty="certain", fix=fix),)


def _was_enterprise(_: UnexplainedRefusal, answer: HttpResponse) -> tuple[Finding, ...]:
    evidence = f"with aud {ENTERPRISE.audience} it is answered {answer.status}: it is a key of {ENTERPRISE.title}"
    return (
        make_finding(
            "key-of-other-service", evidence, level="error", certainty="certain", fix="Set ASC_KEY_TYPE=enterprise."
        ),
    )


EXPERIMENTS = (
    Experiment(
        name=SAME,
        why=(
            "Nothing changes but the moment, so an acceptance makes the refusal a passing one. A token whose iat was "
            "to come changes by waiting: for it, an acceptance would tell nothing."
        ),
        fits=lambda refusal: not _is_early(refusal.finding),
        obstacle=_nothing,
        attempt=probe_requests.same,
        if_accepted="accepted: the refusal was a passing one",
        if_refused="refused again: it was no passing refusal",
        conclude=_was_passing,
    ),
    Experiment(
        name=AT_SANDBOX,
        why=(
            "The sandbox takes the tokens of production (documented), so an acceptance says that the token is good. "
            "Production refuses it until its app has been released (observed)."
        ),
        fits=lambda refusal: refusal.service.sandbox is not None,
        obstacle=_no_sandbox,
        attempt=probe_requests.at_sandbox,
        if_accepted="accepted: the token is good",
        if_refused="refused there, too",
        conclude=_was_unreleased,
    ),
    Experiment(
        name=OTHER_TIMES,
        why=(
            "Only the times change, so an acceptance puts them in the wrong: the clock that they were taken from, or "
            "the life. The refused token's figures say which."
        ),
        fits=lambda refusal: refusal.service.expires,
        obstacle=_no_key,
        attempt=probe_requests.other_times,
        if_accepted="accepted: the times of the first were the cause",
        if_refused="refused again: other times do not help",
        conclude=_was_times,
    ),
    Experiment(
        name="header and claims as documented",
        why=(
            "The times are those of the last, and all other members are the documented ones, so an acceptance puts the "
            "members that differ in the wrong. A token that has no others is not tried, nor one of a sibling service."
        ),
        fits=lambda refusal: refusal.service.scoped and bool(probe_requests.differences(refusal)),
        obstacle=_no_key,
        attempt=probe_requests.usual_form,
        if_accepted="accepted: the token's form was the cause",
        if_refused="refused again: another form does not help",
        conclude=_was_form,
    ),
    Experiment(
        name=INDIVIDUAL,
        why=(
            "sub takes the place of iss, so an acceptance says that the key is an individual one. The Enterprise "
            "Program has none (documented)."
        ),
        fits=lambda refusal: not refusal.individual and refusal.service is APP_STORE_CONNECT,
        obstacle=_no_key,
        attempt=probe_requests.individual_form,
        if_accepted="accepted: it is an individual key",
        if_refused="refused again",
        conclude=_was_individual,
    ),
    Experiment(
        name="as a team key",
        why="iss takes the place of sub, so an acceptance says that the key is a team key.",
        fits=lambda refusal: refusal.individual,
        obstacle=_no_issuer,
        attempt=probe_requests.team_form,
        if_accepted="accepted: it is a team key",
        if_refused="refused again",
        conclude=_was_team,
    ),
    Experiment(
        name="as an enterprise key",
        why=(
            "The audience and the path change, so an acceptance says that the key is one of the Enterprise Program. "
            "Its API has a host of its own, and no token is sent to a host that it is not for: the experiment is made "
            "where the host is that one, or one that the user named and that may stand for both."
        ),
        fits=lambda refusal: not refusal.individual and refusal.service is APP_STORE_CONNECT,
        obstacle=_other_host,
        attempt=probe_requests.enterprise_form,
        if_accepted="accepted: it is a key of the Enterprise Program",
        if_refused="refused again",
        conclude=_was_enterprise,
    ),
)
"""In their order. All together they are few: a run makes at most eight requests."""


def _unexplained(refusal: UnexplainedRefusal, refused: Sequence[str]) -> Finding:
    """What remains where nothing was accepted."""
    if _is_early(refusal.finding) and OTHER_TIMES not in refused:
        return refusal.finding
    if refusal.has_key:
        for suspect in refusal.before:
            if suspect.definition.explains_opaque:
                evidence = f"{suspect.evidence}; {_all_refused(refusal, refused)}"
                return make_finding(suspect.cause, evidence, level="error", certainty="likely")
        if refusal.individual and not refusal.kind_said:
            return _no_issuer_id(refusal, refused)
    if not refused:
        return refusal.finding
    alike = list(_alike(refusal, refused))
    evidence = f"{_all_refused(refusal, refused)}. Apple answers so for {_listed(alike)} alike"
    return make_finding("key-unknown-to-apple", evidence)


def _no_issuer_id(refusal: UnexplainedRefusal, refused: Sequence[str]) -> Finding:
    known = next((finding.evidence for finding in refusal.before if finding.cause == "issuer-id-missing"), None)
    why = known or "no issuer id is set, so the key is taken for an individual one"
    evidence = (
        f"{why}; {_all_refused(refusal, refused)}. Apple answers so for a team key in this form, "
        f"and for {_listed(list(_alike(refusal, refused)))} alike"
    )
    return make_finding("issuer-id-missing", evidence)


def _alike(refusal: UnexplainedRefusal, refused: Sequence[str]) -> Iterator[str]:
    yield "a wrong key id"
    if not refusal.individual:
        yield "a wrong issuer id"
        if INDIVIDUAL not in refused and refusal.service is APP_STORE_CONNECT:
            yield "an individual key"
    if refusal.service.sandbox and AT_SANDBOX not in refused:
        yield "an app that was never released"
    yield "a key of another service"
    yield "a revoked key"


def _all_refused(refusal: UnexplainedRefusal, refused: Sequence[str]) -> str:
    count = f"{len(refused)} experiment{'s' if len(refused) > 1 else ''}"
    tried = f" and in {count} ({'; '.join(refused)})" if refused else ""
    return f"{host_of(refusal.answer.url)} answered {refusal.answer.status} to this token{tried}"


def _listed(items: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(items[:-1]), items[-1])))


def _shown(value: object) -> str:
    """A member's value: identifiers masked, what everyone knows as it is."""
    if value is None:
        return "missing"
    if isinstance(value, str):
        return repr(value) if value in _PUBLIC_WORDS else mask(value)
    if isinstance(value, list):
        return f"[{', '.join(map(_shown, value))}]"
    return repr(value) if isinstance(value, (bool, int, float)) else f"a JSON {type(value).__name__}"
