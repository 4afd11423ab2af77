"""The checks of a smoke run, in their order. Each is a function from the context of the run to findings."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from pytest_asc.diagnosis.findings import best_error
from pytest_asc.diagnosis.http.clock import read_skew
from pytest_asc.diagnosis.http.response import diagnose_response
from pytest_asc.diagnosis.token.verify import check_scope
from pytest_asc.experiments.table import is_unexplained
from pytest_asc.smoke.follow_up_requests import check_role_access, investigate

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from pytest_asc.apple.services import Service
    from pytest_asc.diagnosis.findings import Finding
    from pytest_asc.smoke.smoke_context import SmokeContext

    CheckFunction = Callable[[SmokeContext, pytest.FixtureRequest], tuple[Finding, ...]]


class NothingToCheckError(Exception):
    """Raised by a check that has nothing to check. The message is the reason."""


def check_key(context: SmokeContext, request: pytest.FixtureRequest) -> tuple[Finding, ...]:
    """Check the private key's text, its file and its source."""
    identity = context.identity(request)
    found = tuple(finding for finding in identity.findings if finding.definition.group != "ids")
    if identity.credentials is None and not identity.findings:
        raise NothingToCheckError("not run: a token is set, but no key")
    return found


def check_ids(context: SmokeContext, request: pytest.FixtureRequest) -> tuple[Finding, ...]:
    """Check the key ID, the issuer ID and the key's type."""
    identity = context.identity(request)
    if identity.credentials is None and not identity.findings:
        raise NothingToCheckError("not run: a token is set, but no IDs")
    return tuple(finding for finding in identity.findings if finding.definition.group == "ids")


def check_token(context: SmokeContext, request: pytest.FixtureRequest) -> tuple[Finding, ...]:
    """Verify the token by this machine's clock, and check that its scope covers the first request."""
    token = context.token(request)
    decoded = token.verification.decoded
    scope = check_scope(decoded, "GET", context.service.probe) if decoded and token.verification.can_be_valid else None
    return (*token.findings, scope) if scope else token.findings


def check_clock(context: SmokeContext, request: pytest.FixtureRequest) -> tuple[Finding, ...]:
    """Compare this machine's clock with the response's ``Date``."""
    context.send_first_request(request)
    if context.response is None:
        raise NothingToCheckError("not run: Apple's time is unknown without a response")
    if read_skew(context.response) is None:
        raise NothingToCheckError("not run: the response has no Date header")
    return tuple(finding for finding in _response_findings(context) if _is_clock_finding(finding))


def check_response(context: SmokeContext, request: pytest.FixtureRequest) -> tuple[Finding, ...]:
    """Diagnose the response or its absence, with further requests if the response does not show its cause."""
    context.send_first_request(request)
    if context.failure or context.response is None:
        return (context.failure,) if context.failure else ()
    findings = tuple(finding for finding in _response_findings(context) if not _is_clock_finding(finding))
    if context.request_finding and best_error(findings):
        return (context.request_finding,)
    unexplained = next(filter(is_unexplained, findings), None)
    first = context.response
    if unexplained:
        context.experiments = investigate(context, request, first, unexplained)
        findings = context.experiments.findings
        first = context.experiments.accepted or first
    if request.config.option.asc_smoke_roles and all(map(_leaves_key_usable, findings)):
        context.role_access = tuple(check_role_access(context, request, first))
    return findings


def _is_clock_finding(finding: Finding) -> bool:
    """Return whether the clock check reports a finding. Uncertain findings are left to the experiments."""
    return finding.definition.group == "clock" and not is_unexplained(finding)


def _leaves_key_usable(finding: Finding) -> bool:
    """Return whether the key can be used despite a finding."""
    return finding.level != "error" or finding.cause in {"role-insufficient", "account-holder-only"}


def _response_findings(context: SmokeContext) -> tuple[Finding, ...]:
    token = context.known_token
    if context.response is None:
        return ()
    decoded = token.verification.decoded if token else None
    return diagnose_response(
        context.response,
        header=decoded.header if decoded else None,
        claims=decoded.claims if decoded else None,
        service=context.service,
    )


class Check(NamedTuple):
    """A check of a smoke run."""

    name: str
    function: CheckFunction
    sends_request: bool = False


def checks_of(service: Service) -> tuple[Check, ...]:
    """Return the checks of a service, in their order."""
    return (
        Check("key", check_key),
        Check("ids", check_ids),
        Check("token", check_token),
        Check("clock", check_clock, sends_request=True),
        Check(f"GET {urlsplit(service.probe).path}", check_response, sends_request=True),
    )
