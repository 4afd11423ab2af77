"""The further requests of a smoke run: experiments after a refusal, and doors that a good key is tried at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_asc.credentials.tokens import sign
from pytest_asc.diagnosis.http.http_response import HttpResponse
from pytest_asc.diagnosis.token.verify import check_scope
from pytest_asc.experiments.probe_requests import UnexplainedRefusal
from pytest_asc.experiments.role_access import probed_areas_of, read_access, skipped_access
from pytest_asc.experiments.table import ExperimentResult, run_experiments
from pytest_asc.secrets import redactor

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

    from pytest_asc.diagnosis.findings import Finding
    from pytest_asc.experiments.probe_requests import ProbeRequest
    from pytest_asc.experiments.role_access import AreaAccess, ProbedArea
    from pytest_asc.smoke.smoke_context import SmokeContext

MOST_REQUESTS = 8
"""In one run, whatever it has to find out."""
_TOO_MANY_REQUESTS = 429


def investigate(
    evidence: SmokeContext, request: pytest.FixtureRequest, refused: HttpResponse, finding: Finding
) -> ExperimentResult:
    """Make the experiments for an answer that leaves a question."""
    token, identity = evidence.token(request), evidence.identity(request)
    credentials, examination = identity.credentials, token.examination
    decoded = examination.decoded if examination.sound else None

    def send(attempt: ProbeRequest) -> HttpResponse | None:
        text = token.text
        if attempt.header is not None and attempt.claims is not None and credentials is not None:
            text = sign(attempt.header, attempt.claims, credentials.private_key)
            redactor.add_token(text)
        answer = evidence.get(request, attempt.path, text, base_url=attempt.base_url)
        return answer if isinstance(answer, HttpResponse) else None

    refusal = UnexplainedRefusal(
        response=refused,
        finding=finding,
        service=evidence.service,
        base_url=evidence.base_url,
        token=decoded,
        has_key=credentials is not None and decoded is not None and decoded.key_id == credentials.key_id,
        issuer_id=identity.issuer_id or evidence.issuer_left_out,
        key_type_is_set=evidence.kind_said,
        before=identity.findings,
    )
    return run_experiments(refusal, send)


def check_role_access(
    evidence: SmokeContext, request: pytest.FixtureRequest, first: HttpResponse
) -> Iterator[AreaAccess]:
    """See what the key's role opens, one small GET for each area.

    Args:
        evidence: Of the run.
        request: Of the check.
        first: The answer to the service's own probe, which need not be asked again.
    """
    token, app = evidence.token(request), _first_id(first.json)
    stopped: str | None = None
    for area in probed_areas_of(evidence.service):
        path = area.path.format(app=app)
        if path == evidence.service.probe:
            yield read_access(area, first, evidence.service)
            continue
        if evidence.requests >= MOST_REQUESTS:
            stopped = f"a run makes at most {MOST_REQUESTS} requests"
        if reason := stopped or _reason_not_to_ask(area, path, app, evidence):
            yield skipped_access(area, f"not asked ({reason})")
            continue
        answer = evidence.get(request, path, token.text)
        if not isinstance(answer, HttpResponse):
            stopped = "an earlier request got no answer"
            yield skipped_access(area, answer.evidence)
            continue
        if answer.status == _TOO_MANY_REQUESTS:
            stopped = "the rate limit is reached"
        yield read_access(area, answer, evidence.service)


def _reason_not_to_ask(area: ProbedArea, path: str, app: str | None, evidence: SmokeContext) -> str | None:
    if app is None and "{app}" in area.path:
        return "no app is visible"
    token = evidence.token_known
    decoded = token.examination.decoded if token else None
    out_of_scope = decoded is not None and check_scope(decoded, "GET", path) is not None
    return "the token's scope does not cover it" if out_of_scope else None


def _first_id(document: Any) -> str | None:
    try:
        first = document["data"][0]["id"]
    except (KeyError, TypeError, IndexError):
        return None
    # It becomes part of a path.
    return first if isinstance(first, str) and first.isalnum() else None
