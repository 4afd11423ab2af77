"""Outcomes of the checks of a smoke run, and the report on them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from pytest_asc.apple.services import APP_STORE_CONNECT
from pytest_asc.diagnosis.findings import best_error
from pytest_asc.secrets import redactor
from pytest_asc.smoke.checks import checks_of
from pytest_asc.smoke.report import CheckOutcome
from pytest_asc.smoke.report_builder import build_report

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_asc.diagnosis.findings import Finding
    from pytest_asc.smoke.checks import Check
    from pytest_asc.smoke.report import Outcome, Report
    from pytest_asc.smoke.smoke_context import SmokeContext


class SmokeRun:
    """Collects the outcomes of the checks.

    Args:
        context: The credentials, token and responses that the checks share.
        folder: The folder whose fixtures the checks use.
        strict: Also fail a check if it has a warning.
        offline: Run only the checks that send no request.
    """

    def __init__(self, context: SmokeContext, *, folder: Path, strict: bool, offline: bool = False) -> None:
        self.context = context
        self.folder = folder
        self.checks = tuple(check for check in checks_of(context.service) if not (offline and check.sends_request))
        self._offline = offline
        self._strict = strict
        self._found: dict[str, tuple[Finding, ...]] = {}
        self._outcomes: dict[str, CheckOutcome] = {}

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All findings, in the order of the checks, without warnings whose cause is also reported as an error."""
        found = [finding for check in self.checks for finding in self._found.get(check.name, ())]
        errors = {finding.cause for finding in found if finding.level == "error"}
        return tuple(finding for finding in found if finding.level == "error" or finding.cause not in errors)

    @property
    def failed(self) -> bool:
        """True if a check failed."""
        return any(check.outcome == "failed" for check in self._outcomes.values())

    def reason_to_skip(self, check: Check) -> str | None:
        """Return the reason to skip a check; None if no earlier check failed."""
        for other in self.checks[: self.checks.index(check)]:
            if (known := self._outcomes.get(other.name)) and known.outcome == "failed":
                failing = self._failing(self._found.get(other.name, ()))
                cause = failing[0].cause if failing else "an exception"
                return f"not run: the {other.name} check found {cause}"
        return None

    def record_findings(self, check: Check, findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
        """Record the findings of a check, and return those that fail it."""
        self._found[check.name] = findings
        failing = self._failing(findings)
        if failing:
            self._record(check, "failed", failing[0].cause)
        else:
            self._record(check, "passed", None)
        return failing

    def record_skip(self, check: Check, reason: str) -> None:
        """Record that a check was skipped."""
        self._record(check, "skipped", reason)

    def record_exception(self, check: Check, error: BaseException) -> None:
        """Record that a check raised an exception."""
        self._record(check, "failed", redactor.clean(f"{type(error).__name__}: {error}"))

    def _record(self, check: Check, outcome: Outcome, reason: str | None) -> None:
        self._outcomes[check.name] = CheckOutcome(check.name, outcome, reason)

    def _failing(self, findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
        levels = {"error", "warning"} if self._strict else {"error"}
        return tuple(finding for finding in findings if finding.level in levels)

    def report(self) -> Report:
        """Build the report of the checks that were run so far."""
        context = self.context
        # With --asc-strict, a warning can be the cause of the failure.
        cause = best_error(self.findings) or next(iter(self._failing(self.findings)), None)
        token = context.known_token
        return build_report(
            ok=not self.failed,
            cause=cause.cause if cause and self.failed else None,
            mode="offline" if self._offline else context.mode,
            service=context.service,
            now=time.time(),
            findings=self.findings,
            credentials=context.known_identity,
            token=token.verification if token else None,
            minted_by=token.minted_by if token else None,
            url=None if self._offline else context.url,
            response=context.response,
            experiments=context.experiments,
            role_access=context.role_access,
            checks=(self._outcomes[check.name] for check in self.checks if check.name in self._outcomes),
            api_version=self._api_version(),
        )

    def _api_version(self) -> str | None:
        if self.context.mode != "emulator" or self.context.service is not APP_STORE_CONNECT:
            return None
        from pytest_asc.emulator.spec.api_spec import api_spec  # noqa: PLC0415  not used in live mode

        return api_spec().version
