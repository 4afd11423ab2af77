"""One smoke run: what was looked at, what was found, and the report of it."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any

from pytest_asc.apple.services import APP_STORE_CONNECT
from pytest_asc.diagnosis.findings import best_error
from pytest_asc.diagnosis.http.clock import read_date, read_skew
from pytest_asc.diagnosis.http.response import rate_limit
from pytest_asc.plugin.redaction import redact
from pytest_asc.secrets import mask, redactor
from pytest_asc.smoke.checks import checks_of

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_asc.credentials.finder import CredentialsResult
    from pytest_asc.diagnosis.findings import Finding
    from pytest_asc.diagnosis.token.verify import TokenVerification
    from pytest_asc.smoke.checks import Check
    from pytest_asc.smoke.smoke_context import Identity, SentToken, SmokeContext


# Farther than the times in microseconds that somebody may have put into a claim.
_NO_TIME = 10**17


class SmokeRun:
    """Collects the outcomes of the checks.

    Args:
        evidence: What the checks look at.
        folder: The folder whose fixtures the checks use.
        strict: Whether a warning fails a check.
    """

    def __init__(self, evidence: SmokeContext, *, folder: Path, strict: bool) -> None:
        self.evidence = evidence
        self.folder = folder
        self.checks = checks_of(evidence.service)
        self._strict = strict
        self._found: dict[str, tuple[Finding, ...]] = {}
        self._outcomes: dict[str, tuple[str, str | None]] = {}

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All that was found, in the order of the checks; what was first suspected and then found, once."""
        found = [finding for check in self.checks for finding in self._found.get(check.name, ())]
        errors = {finding.cause for finding in found if finding.level == "error"}
        return tuple(finding for finding in found if finding.level == "error" or finding.cause not in errors)

    @property
    def failed(self) -> bool:
        """Whether a check failed."""
        return any(outcome == "failed" for outcome, _ in self._outcomes.values())

    def reason_to_skip(self, check: Check) -> str | None:
        """Why a check need not look: one cause, one failure."""
        for other in self.checks[: self.checks.index(check)]:
            if self._outcomes.get(other.name, ("", None))[0] == "failed":
                failing = self._failing(self._found.get(other.name, ()))
                cause = failing[0].cause if failing else "an exception"
                return f"not reached: the check of {other.name} found {cause}"
        return None

    def looked(self, check: Check, findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
        """Note what a check found; return what it fails for."""
        self._found[check.name] = findings
        failing = self._failing(findings)
        self._outcomes[check.name] = ("failed", failing[0].cause) if failing else ("passed", None)
        return failing

    def skipped(self, check: Check, reason: str) -> None:
        """Note that a check had nothing to look at."""
        self._outcomes[check.name] = ("skipped", reason)

    def broke_off(self, check: Check, error: BaseException) -> None:
        """Note that a check ended with an exception."""
        self._outcomes[check.name] = ("failed", redactor.clean(f"{type(error).__name__}: {error}"))

    def _failing(self, findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
        levels = {"error", "warning"} if self._strict else {"error"}
        return tuple(finding for finding in findings if finding.level in levels)

    def report(self) -> dict[str, Any]:
        """The report, as ``--asc-report`` writes it: no secret, no whole identifier."""
        evidence = self.evidence
        # A warning that fails the run is its cause, for want of an error.
        cause = best_error(self.findings) or next(iter(self._failing(self.findings)), None)
        report = {
            "schema_version": 1,
            "ok": not self.failed,
            "cause": cause.cause if cause and self.failed else None,
            "mode": evidence.mode,
            "service": evidence.service.name,
            "credentials": identity_json(evidence.identity_known) if evidence.identity_known else None,
            "token": _token(evidence.token_known),
            "request": _request(evidence),
            "clock": _clock(evidence),
            "rate_limit": rate_limit(evidence.answer.headers) if evidence.answer else None,
            "probes": [probe._asdict() for probe in evidence.conclusion.probes] if evidence.conclusion else [],
            "roles": [look._asdict() for look in evidence.looks],
            "checks": [
                {"name": check.name, "outcome": self._outcomes[check.name][0], "reason": self._outcomes[check.name][1]}
                for check in self.checks
                if check.name in self._outcomes
            ],
            "findings": [finding.as_json() for finding in self.findings],
        }
        # Foreign words stand in it: a gateway may have repeated the token.
        redact(report, redactor)
        return report


def identity_json(identity: Identity | CredentialsResult) -> dict[str, Any]:
    """Key id, issuer id and kind as a report holds them: masked."""
    return {
        "kind": identity.kind,
        "key_id": mask(identity.key_id) if identity.key_id else None,
        "issuer_id": mask(identity.issuer_id) if identity.issuer_id else None,
        "sources": {name: _masked(source) for name, source in identity.sources.items()},
    }


def _masked(source: str) -> str:
    """A source without the key id that stands in a file's name."""
    return re.sub(r"(?<=Key_)[^/.]+(?=\.p8)", lambda key_id: mask(key_id[0]), source)


def _token(token: SentToken | None) -> dict[str, Any] | None:
    return None if token is None else token_json(token.examination, token.minted_by)


def token_json(examination: TokenVerification, minted_by: str | None) -> dict[str, Any]:
    """A token as a report holds it: its times and its scope."""
    claims = examination.decoded.claims if examination.decoded else {}
    iat, exp = (_time(claims.get(name)) for name in ("iat", "exp"))
    return {
        "issued_at": iat,
        "expires_at": exp,
        "lifetime": exp - iat if iat is not None and exp is not None else None,
        "scope": claims.get("scope"),
        "minted_by": minted_by,
    }


def _time(claim: object) -> int | None:
    return claim if isinstance(claim, int) and abs(claim) < _NO_TIME else None


def _request(evidence: SmokeContext) -> dict[str, Any]:
    answer = evidence.answer
    accepted = (evidence.conclusion and evidence.conclusion.accepted) or answer
    return {
        "method": "GET",
        "url": evidence.url,
        "status": answer.status if answer else None,
        "code": answer.code if answer else None,
        "words": answer.message if answer else None,
        "apps_visible": _apps_visible(accepted.json) if accepted and evidence.service is APP_STORE_CONNECT else None,
    }


def _apps_visible(document: Any) -> int | None:
    """Apple's total where the document has one, the length of the page where it has none."""
    try:
        listed = len(document["data"])
    except (KeyError, TypeError):
        return None
    try:
        return int(document["meta"]["paging"]["total"])
    except (KeyError, TypeError, ValueError):
        return listed


def _clock(evidence: SmokeContext) -> dict[str, Any]:
    answer = evidence.answer
    skew = read_skew(answer) if answer else None
    return {
        "skew_seconds": skew.seconds if skew else None,
        "apple_now": read_date(answer) if answer else None,
        "local_now": int(answer.received_at if answer else time.time()),
    }
