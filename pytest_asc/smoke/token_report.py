"""The report on a token that was sent nowhere, in the form of a smoke report."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from pytest_asc.apple.services import SERVICES
from pytest_asc.diagnosis.diagnose import DiagnosisContext, decoded_of, diagnose, service_of, verify_evidence_token
from pytest_asc.diagnosis.findings import best_error
from pytest_asc.plugin.redaction import redact
from pytest_asc.secrets import redactor
from pytest_asc.smoke.renderers.phrases import OFFLINE
from pytest_asc.smoke.run import identity_json, token_json

if TYPE_CHECKING:
    from pytest_asc.credentials.finder import CredentialsResult


def report_on_token(
    token: str, minted_by: str | None, *, service: str | None, reading: CredentialsResult, now: float
) -> dict[str, Any]:
    """Judge a token.

    Args:
        token: The token; it is registered with the redactor.
        minted_by: Who made it; None where that is not known.
        service: The name of the service that it is for; None for the one that it names.
        reading: The credentials at hand, usable or not: the key judges the tokens that name it.
        now: Seconds since 1970.
    """
    redactor.add_token(token)
    credentials = reading.credentials
    meant = SERVICES[service] if service else service_of(token=decoded_of(token), key_type=reading.kind)
    examination = verify_evidence_token(token, service=meant, credentials=credentials)
    own_key = credentials and examination.decoded and examination.decoded.key_id == credentials.key_id
    findings = diagnose(
        token=token,
        service=meant.name,
        now=now,
        context=DiagnosisContext(credentials=credentials, utc_offset=time.localtime(now).tm_gmtoff),
    )
    error = best_error(findings)
    report = {
        "schema_version": 1,
        "ok": error is None,
        "cause": error.cause if error else None,
        "mode": OFFLINE,
        "service": meant.name,
        "credentials": identity_json(reading) if own_key else None,
        "token": token_json(examination, minted_by),
        "request": None,
        "clock": {"skew_seconds": None, "apple_now": None, "local_now": int(now)},
        "rate_limit": None,
        "probes": [],
        "checks": [],
        "findings": [finding.as_json() for finding in findings],
    }
    redact(report, redactor)
    return report
