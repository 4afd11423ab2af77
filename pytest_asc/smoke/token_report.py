"""Report on a token or a pasted text that is checked offline, in the form of a smoke report."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from pytest_asc.apple.services import SERVICES
from pytest_asc.diagnosis.diagnose import (
    DiagnosisContext,
    decode_or_none,
    diagnose,
    infer_service,
    verify_evidence_token,
)
from pytest_asc.diagnosis.findings import best_error
from pytest_asc.diagnosis.http.evidence import HttpEvidence, parse_evidence
from pytest_asc.diagnosis.lookalikes import MAX_SIZE
from pytest_asc.diagnosis.pasted_secrets import register_secrets
from pytest_asc.secrets import redactor
from pytest_asc.smoke.report_builder import build_report

if TYPE_CHECKING:
    from pytest_asc.credentials.finder import CredentialsResult
    from pytest_asc.smoke.report import Report


# Blanks or dashes alone are no secret, and the report has them, too.
_FEWEST_CHARACTERS = 6


def report_on_evidence(
    evidence: str,
    minted_by: str | None = None,
    *,
    is_token: bool = False,
    service: str | None,
    reading: CredentialsResult,
    now: float,
) -> Report:
    """Check a token, or a text that was pasted, without a request.

    Args:
        evidence: A token or any text; a token in it, and what may be a piece of one, is registered with the redactor.
        minted_by: The program or variable that the token comes from; None where that is not known.
        is_token: True for the value of a variable, which is sent as it stands.
        service: Name of the service that the token is for; None for the one that the request or the token names.
        reading: The credentials that were found, usable or not. The signature is verified where the token names their
            key.
        now: Seconds since 1970.
    """
    parsed = HttpEvidence(token=evidence) if is_token else parse_evidence(evidence)
    token = parsed.token or (parsed.request.token if parsed.request else None)
    if token and len(set(token[:MAX_SIZE])) >= _FEWEST_CHARACTERS:
        redactor.add_token(token[:MAX_SIZE])
    decoded = decode_or_none(token)
    register_secrets(evidence, decoded.claims if decoded else None)
    credentials = reading.credentials
    host = parsed.request.host if parsed.request else ""
    entry = SERVICES[service] if service else infer_service(host=host, token=decoded, key_type=reading.kind)
    verification = None if token is None else verify_evidence_token(token, service=entry, credentials=credentials)
    names_our_key = credentials is not None and decoded is not None and decoded.key_id == credentials.key_id
    findings = diagnose(
        None if is_token else evidence,
        token=evidence if is_token else None,
        service=entry.name,
        now=now,
        context=DiagnosisContext(credentials=credentials, utc_offset=time.localtime(now).tm_gmtoff),
    )
    error = best_error(findings)
    return build_report(
        ok=error is None,
        cause=error.cause if error else None,
        mode="offline",
        service=entry,
        now=now,
        findings=findings,
        credentials=reading if names_our_key else None,
        token=verification,
        minted_by=minted_by,
    )
