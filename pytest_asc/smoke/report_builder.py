"""Builder of the smoke report, for smoke runs and for diagnoses without requests."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pytest_asc.apple.services import APP_STORE_CONNECT
from pytest_asc.credentials.search import searched_names
from pytest_asc.diagnosis.http.clock import read_date, read_skew
from pytest_asc.diagnosis.http.response import rate_limit
from pytest_asc.plugin.redaction import redact
from pytest_asc.secrets import mask, redactor
from pytest_asc.smoke.report import (
    ClockSummary,
    CredentialsSummary,
    RateLimit,
    Report,
    RequestSummary,
    TokenSummary,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_asc.apple.services import Service
    from pytest_asc.credentials.finder import CredentialsResult
    from pytest_asc.diagnosis.findings import Finding
    from pytest_asc.diagnosis.http.http_response import HttpResponse
    from pytest_asc.diagnosis.token.verify import TokenVerification
    from pytest_asc.experiments.role_access import AreaAccess
    from pytest_asc.experiments.table import ExperimentResult
    from pytest_asc.smoke.report import CheckOutcome, ReportMode
    from pytest_asc.smoke.smoke_context import Identity

# Greater than the current time in microseconds, which some programs put into a claim.
_MAX_TIME = 10**17


def build_report(
    *,
    ok: bool,
    cause: str | None,
    mode: ReportMode,
    service: Service,
    now: float,
    findings: Iterable[Finding],
    credentials: Identity | CredentialsResult | None = None,
    token: TokenVerification | None = None,
    minted_by: str | None = None,
    url: str | None = None,
    response: HttpResponse | None = None,
    experiments: ExperimentResult | None = None,
    role_access: Iterable[AreaAccess] | None = None,
    checks: Iterable[CheckOutcome] = (),
    api_version: str | None = None,
) -> Report:
    """Build a report, in which IDs are masked and registered secrets are redacted.

    Args:
        ok: True if the credentials can be used.
        cause: The cause of the failure; None if there is none or it is not known.
        mode: ``live``, ``emulator``, or ``offline``.
        service: The service that the report is about.
        now: This machine's time in seconds since 1970, which is used if there is no response.
        findings: The findings, in the order of the report.
        credentials: Key ID, issuer ID and type of the key, and their sources.
        token: The verified token.
        minted_by: The program or variable that the token comes from.
        url: URL of the first request; None if no request was to be sent.
        response: The response to the first request.
        experiments: The result of the experiments; None if there were none.
        role_access: Access of the key's role to each area; None to leave it out.
        checks: Outcomes of the checks that were run.
        api_version: Version of the emulated API; None if no API was emulated.
    """
    findings = tuple(findings)
    found_nothing = any(finding.cause == "credentials-missing" for finding in findings)
    report = Report(
        ok=ok,
        cause=cause,
        mode=mode,
        service=service.name,
        credentials=_credentials_summary(credentials) if credentials else None,
        token=_token_summary(token, minted_by) if token else None,
        request=_request_summary(url, response, experiments, service) if url else None,
        clock=_clock_summary(response, now),
        rate_limit=_rate_limit(response),
        experiments=experiments.probes if experiments else (),
        role_access=None if role_access is None else tuple(role_access),
        checks=tuple(checks),
        findings=findings,
        searched=searched_names() if found_nothing else (),
        api_version=api_version,
    )
    # The report quotes responses, in which a gateway may have repeated the token.
    return Report.from_json(redact(report.to_json(), redactor))


def _credentials_summary(credentials: Identity | CredentialsResult) -> CredentialsSummary:
    return CredentialsSummary(
        kind=credentials.kind,
        key_id=mask(credentials.key_id) if credentials.key_id else None,
        issuer_id=mask(credentials.issuer_id) if credentials.issuer_id else None,
        sources={name: _mask_file_name(source) for name, source in credentials.sources.items()},
    )


def _mask_file_name(source: str) -> str:
    """Mask the key ID in the name of a key file."""
    return re.sub(r"(?<=Key_)[^/.]{1,100}(?=\.p8)", lambda key_id: mask(key_id[0]), source)


def _token_summary(token: TokenVerification, minted_by: str | None) -> TokenSummary:
    claims = token.decoded.claims if token.decoded else {}
    iat, exp = (_time(claims.get(name)) for name in ("iat", "exp"))
    return TokenSummary(
        issued_at=iat,
        expires_at=exp,
        lifetime=exp - iat if iat is not None and exp is not None else None,
        scope=claims.get("scope"),
        minted_by=minted_by,
    )


def _time(claim: object) -> int | None:
    return claim if isinstance(claim, int) and abs(claim) < _MAX_TIME else None


def _request_summary(
    url: str, response: HttpResponse | None, experiments: ExperimentResult | None, service: Service
) -> RequestSummary:
    accepted = (experiments and experiments.accepted) or response
    return RequestSummary(
        method="GET",
        url=url,
        status=response.status if response else None,
        code=response.code if response else None,
        words=response.message if response else None,
        apps_visible=_count_apps(accepted.json) if accepted and service is APP_STORE_CONNECT else None,
    )


def _count_apps(document: Any) -> int | None:
    """Return the number of apps in a document: the total in its metadata, or else the length of the page."""
    try:
        listed = len(document["data"])
    except (KeyError, TypeError):
        return None
    try:
        return int(document["meta"]["paging"]["total"])
    except (KeyError, TypeError, ValueError):
        return listed


def _clock_summary(response: HttpResponse | None, now: float) -> ClockSummary:
    skew = read_skew(response) if response else None
    return ClockSummary(
        skew_seconds=skew.seconds if skew else None,
        apple_now=read_date(response) if response else None,
        local_now=int(response.received_at if response else now),
    )


def _rate_limit(response: HttpResponse | None) -> RateLimit | None:
    figures = rate_limit(response.headers) if response else None
    return RateLimit(**figures) if figures else None
