"""Further requests of a smoke run: experiments after an unexplained 401, and tests of the access of the key's role."""

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

MAX_REQUESTS = 8
"""Maximum number of requests in a run."""
_TOO_MANY_REQUESTS = 429


def investigate(
    context: SmokeContext, request: pytest.FixtureRequest, refused: HttpResponse, finding: Finding
) -> ExperimentResult:
    """Run the experiments for a response that does not show its cause.

    Args:
        context: The context of the smoke run.
        request: The check's ``request`` fixture.
        refused: The response to the first request.
        finding: The finding on that response.
    """
    token, identity = context.token(request), context.identity(request)
    credentials, verification = identity.credentials, token.verification
    decoded = verification.decoded if verification.can_be_valid else None

    def send(experiment: ProbeRequest) -> HttpResponse | None:
        text = token.text
        if experiment.header is not None and experiment.claims is not None and credentials is not None:
            text = sign(experiment.header, experiment.claims, credentials.private_key)
            redactor.add_token(text)
        response = context.get(request, experiment.path, text, base_url=experiment.base_url)
        return response if isinstance(response, HttpResponse) else None

    refusal = UnexplainedRefusal(
        response=refused,
        finding=finding,
        service=context.service,
        base_url=context.base_url,
        token=decoded,
        has_key=credentials is not None and decoded is not None and decoded.key_id == credentials.key_id,
        issuer_id=identity.issuer_id or context.unused_issuer_id,
        key_type_is_set=context.key_type_is_set,
        earlier_findings=identity.findings,
    )
    return run_experiments(refusal, send)


def check_role_access(
    context: SmokeContext, request: pytest.FixtureRequest, first: HttpResponse
) -> Iterator[AreaAccess]:
    """Test the access of the key's role to each area of the API with a small GET request.

    Args:
        context: The context of the smoke run.
        request: The check's ``request`` fixture.
        first: The response to the first request, which is not sent again.
    """
    token, app = context.token(request), _first_id(first.json)
    stopped: str | None = None
    for area in probed_areas_of(context.service):
        path = area.path.format(app=app)
        if path == context.service.probe:
            yield read_access(area, first, context.service)
            continue
        if context.requests_sent >= MAX_REQUESTS:
            stopped = f"a run sends at most {MAX_REQUESTS} requests"
        if reason := stopped or _reason_to_skip(area, path, app, context):
            yield skipped_access(area, f"not tried ({reason})")
            continue
        response = context.get(request, path, token.text)
        if not isinstance(response, HttpResponse):
            stopped = "an earlier request got no response"
            yield skipped_access(area, response.evidence)
            continue
        if response.status == _TOO_MANY_REQUESTS:
            stopped = "the rate limit is reached"
        yield read_access(area, response, context.service)


def _reason_to_skip(area: ProbedArea, path: str, app: str | None, context: SmokeContext) -> str | None:
    if app is None and "{app}" in area.path:
        return "no app is visible"
    token = context.known_token
    decoded = token.verification.decoded if token else None
    out_of_scope = decoded is not None and check_scope(decoded, "GET", path) is not None
    return "the token's scope does not cover it" if out_of_scope else None


def _first_id(document: Any) -> str | None:
    try:
        first = document["data"][0]["id"]
    except (KeyError, TypeError, IndexError):
        return None
    # The ID becomes part of a path.
    return first if isinstance(first, str) and first.isalnum() else None
