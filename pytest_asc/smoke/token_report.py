"""Report on a token or a pasted text, in the form of a smoke report, without sending a request."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from pytest_asc.apple.services import SERVICES
from pytest_asc.diagnosis.diagnose import Diagnosis, DiagnosisContext, decode_or_none, infer_service
from pytest_asc.diagnosis.findings import best_error
from pytest_asc.diagnosis.http.evidence import HttpEvidence, parse_evidence
from pytest_asc.diagnosis.lookalikes import MAX_SIZE
from pytest_asc.diagnosis.pasted_secrets import register_secrets
from pytest_asc.secrets import redactor
from pytest_asc.smoke.report_builder import build_report

if TYPE_CHECKING:
    from pytest_asc.credentials.finder import CredentialsResult
    from pytest_asc.smoke.report import Report


# A text of fewer distinct characters, such as a line of dashes, is not secret.
_MIN_DISTINCT = 6


def report_on_evidence(
    evidence: str,
    minted_by: str | None = None,
    *,
    is_token: bool = False,
    service: str | None,
    credentials_result: CredentialsResult,
    now: float,
) -> Report:
    """Diagnose a token or a pasted text.

    Secrets in the text are registered with the redactor of this process.

    Args:
        evidence: A token, or any text.
        minted_by: The program or variable that the token comes from; None if it is not known.
        is_token: True if the text is the value of a variable for a token, which is sent unchanged.
        service: The name of the service that the token is for; None to infer it from the evidence.
        credentials_result: The result of the search for credentials. The signature is verified if the token contains
            their key ID.
        now: The current time, in seconds since 1970.
    """
    parsed = HttpEvidence(token=evidence) if is_token else parse_evidence(evidence)
    token = parsed.token or (parsed.request.token if parsed.request else None)
    if token and len(set(token[:MAX_SIZE])) >= _MIN_DISTINCT:
        redactor.add_token(token[:MAX_SIZE])
    decoded = decode_or_none(token)
    register_secrets(evidence, decoded.claims if decoded else None)
    credentials = credentials_result.credentials
    host = parsed.request.host if parsed.request else ""
    target = SERVICES[service] if service else infer_service(host=host, token=decoded, key_type=credentials_result.kind)
    is_from_known_key = credentials is not None and decoded is not None and decoded.key_id == credentials.key_id
    context = DiagnosisContext(credentials=credentials, utc_offset=time.localtime(now).tm_gmtoff)
    diagnosis = Diagnosis(parsed, target, now, context)
    findings = diagnosis.findings()
    error = best_error(findings)
    return build_report(
        ok=error is None,
        cause=error.cause if error else None,
        mode="offline",
        service=target,
        now=now,
        findings=findings,
        credentials=credentials_result if is_from_known_key else None,
        token=diagnosis.verification if token else None,
        minted_by=minted_by,
    )
