"""A finding: one cause, seen in one piece of evidence."""

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
    """``error`` explains a failure or would cause one; ``warning`` works by luck or repair; ``note`` informs."""
    certainty: Certainty
    """``certain``: the evidence alone proves it; ``likely``; ``possible``: remains after all else is excluded."""
    evidence: str
    """The evidence, with its figures."""
    fix: str
    """One sentence, imperative."""
    docs: str
    """The URL of this project's page on the cause."""
    reference: str = ""
    """The URL of the page that documents the rule, most often Apple's."""

    @property
    def definition(self) -> Cause:
        """The cause as the table defines it."""
        return CAUSES[self.cause]

    @property
    def title(self) -> str:
        """The cause in a few words."""
        return self.definition.title

    def as_json(self) -> dict[str, str]:
        """The finding as the JSON report holds it."""
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
    """Make the finding of a cause: the table gives what is not said here."""
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
    """The best-supported error: the most certain, and of those the one found first."""
    errors = [finding for finding in findings if finding.level == "error"]
    return min(errors, key=lambda finding: CERTAINTIES.index(finding.certainty), default=None)
