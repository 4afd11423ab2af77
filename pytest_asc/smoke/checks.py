"""The checks, in their order: from evidence to findings. A check that has nothing to look at says why."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from pytest_asc.diagnosis.findings import best_error
from pytest_asc.diagnosis.http.clock import read_skew
from pytest_asc.diagnosis.http.response import diagnose_response
from pytest_asc.diagnosis.token.verify import check_scope
from pytest_asc.experiments.table import is_open
from pytest_asc.smoke.follow_up_requests import check_role_access, investigate

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from pytest_asc.apple.services import Service
    from pytest_asc.diagnosis.findings import Finding
    from pytest_asc.smoke.smoke_context import SmokeContext

    Look = Callable[[SmokeContext, pytest.FixtureRequest], tuple[Finding, ...]]


class NothingToCheckError(Exception):
    """A check has nothing to look at; the message says why."""


def look_at_key(evidence: SmokeContext, request: pytest.FixtureRequest) -> tuple[Finding, ...]:
    """The key's text and file, and where they came from."""
    identity = evidence.identity(request)
    found = tuple(finding for finding in identity.findings if finding.definition.group != "ids")
    if identity.credentials is None and not identity.findings:
        raise NothingToCheckError("the token comes without a key")
    return found


def look_at_ids(evidence: SmokeContext, request: pytest.FixtureRequest) -> tuple[Finding, ...]:
    """Key id, issuer id and the kind of key."""
    identity = evidence.identity(request)
    if identity.credentials is None and not identity.findings:
        raise NothingToCheckError("the token comes without ids")
    return tuple(finding for finding in identity.findings if finding.definition.group == "ids")


def look_at_token(evidence: SmokeContext, request: pytest.FixtureRequest) -> tuple[Finding, ...]:
    """The token, by this machine's clock and for the request that is going to be made."""
    token = evidence.token(request)
    decoded = token.examination.decoded
    scope = check_scope(decoded, "GET", evidence.service.probe) if decoded and token.examination.sound else None
    return (*token.findings, scope) if scope else token.findings


def look_at_clock(evidence: SmokeContext, request: pytest.FixtureRequest) -> tuple[Finding, ...]:
    """This machine's clock against the answer's Date."""
    evidence.ask(request)
    if evidence.answer is None:
        raise NothingToCheckError("there was no answer to take Apple's time from")
    if read_skew(evidence.answer) is None:
        raise NothingToCheckError("the answer has no Date")
    return tuple(finding for finding in _answer_findings(evidence) if _is_of_clock(finding))


def look_at_answer(evidence: SmokeContext, request: pytest.FixtureRequest) -> tuple[Finding, ...]:
    """What Apple answered, or why nothing came; and what further requests tell, where it leaves a question."""
    evidence.ask(request)
    if evidence.failure or evidence.answer is None:
        return (evidence.failure,) if evidence.failure else ()
    findings = tuple(finding for finding in _answer_findings(evidence) if not _is_of_clock(finding))
    if evidence.spoilt and best_error(findings):
        return (evidence.spoilt,)
    question = next(filter(is_open, findings), None)
    first = evidence.answer
    if question:
        evidence.conclusion = investigate(evidence, request, first, question)
        findings = evidence.conclusion.findings
        first = evidence.conclusion.accepted or first
    if request.config.option.asc_smoke_roles and all(map(_is_of_role, findings)):
        evidence.looks = tuple(check_role_access(evidence, request, first))
    return findings


def _is_of_clock(finding: Finding) -> bool:
    """What is not certain is left to the experiments of the last check."""
    return finding.definition.group == "clock" and not is_open(finding)


def _is_of_role(finding: Finding) -> bool:
    """Whether the key is good all the same."""
    return finding.level != "error" or finding.cause == "role-insufficient"


def _answer_findings(evidence: SmokeContext) -> tuple[Finding, ...]:
    token = evidence.token_known
    if evidence.answer is None:
        return ()
    decoded = token.examination.decoded if token else None
    return diagnose_response(
        evidence.answer,
        header=decoded.header if decoded else None,
        claims=decoded.claims if decoded else None,
        service=evidence.service,
    )


class Check(NamedTuple):
    """One item of a smoke run."""

    name: str
    look: Look


def checks_of(service: Service) -> tuple[Check, ...]:
    """The checks of a run that asks a service, in their order."""
    return (
        Check("key", look_at_key),
        Check("ids", look_at_ids),
        Check("token", look_at_token),
        Check("clock", look_at_clock),
        Check(f"GET {urlsplit(service.probe).path}", look_at_answer),
    )
