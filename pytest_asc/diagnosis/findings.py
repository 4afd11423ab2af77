"""A finding: a cause with its level, its certainty, its evidence and its fix."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from pytest_asc.apple.causes import CAUSES, CERTAINTIES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_asc.apple.causes import Cause, Certainty, Level


@dataclass(frozen=True)
class Finding:
    """One cause with its evidence. It contains no secret and no complete identifier."""

    cause: str
    """The slug in the table of causes."""
    level: Level
    """``error``: it causes a failure. ``warning``: the credentials work, but only because a value was repaired, or only
    for now. ``note``: for information."""
    certainty: Certainty
    """``certain``: the evidence proves the cause. ``likely``: the evidence suggests it. ``possible``: the cause is
    consistent with the evidence, but not proven."""
    evidence: str
    """The observation that supports the finding, with numbers where there are any."""
    fix: str
    """The fix: one sentence in the imperative."""
    docs: str
    """URL of this project's page about the cause."""
    reference: str = ""
    """URL of the page that documents the rule, usually Apple's."""

    @property
    def definition(self) -> Cause:
        """The cause's entry in the table of causes."""
        return CAUSES[self.cause]

    @property
    def title(self) -> str:
        """The cause in a few words."""
        return self.definition.title

    def as_json(self) -> dict[str, str]:
        """Return the finding as a JSON object, as in the smoke report."""
        return asdict(self)

    def __str__(self) -> str:
        return f"{self.cause}: {self.evidence}. {self.fix}"


def make_finding(
    cause: str,
    evidence: str,
    *,
    level: Level | None = None,
    certainty: Certainty | None = None,
    fix: str | None = None,
) -> Finding:
    """Make a finding. Level, certainty and fix default to those in the table of causes."""
    entry = CAUSES[cause]
    return Finding(
        cause=cause,
        level=level or entry.level,
        certainty=certainty or entry.certainty,
        evidence=evidence,
        fix=fix or entry.fix,
        docs=entry.docs,
        reference=entry.reference,
    )


def best_error(findings: Iterable[Finding]) -> Finding | None:
    """Return the best-supported error: the first of those with the highest certainty; None if there is no error."""
    errors = [finding for finding in findings if finding.level == "error"]
    return min(errors, key=lambda finding: CERTAINTIES.index(finding.certainty), default=None)
