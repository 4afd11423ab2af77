"""One run of pytest for all cases of a table."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pytest


class ModuleOutcome(NamedTuple):
    """Outcomes of the tests of one module."""

    passed: int
    problems: str
    """The reports of whatever did not pass."""
    failures: str
    """Those of them that are of failures and errors."""

    def assert_passed(self, tests: int) -> None:
        """Assert that so many tests passed, and that nothing else happened."""
        assert not self.problems, self.problems
        assert self.passed == tests


RunTogether = Callable[..., dict[str, ModuleOutcome]]


class SharedRuns:
    """Runs that were made already, by their modules and options."""

    def __init__(self) -> None:
        self._outcomes: dict[tuple[str, ...], dict[str, ModuleOutcome]] = {}

    def outcomes(
        self, pytester: pytest.Pytester, name: str, modules: Iterable[str], *options: str
    ) -> dict[str, ModuleOutcome]:
        """Return what became of each module, by its code, in a run of all of them that the first case makes."""
        codes = dict.fromkeys(modules)
        key = (*codes, *options)
        if key not in self._outcomes:
            files = {f"{name}_{number}": code for number, code in enumerate(codes)}
            self._outcomes[key] = _run(pytester, files, options)
        return self._outcomes[key]


def _run(pytester: pytest.Pytester, files: dict[str, str], options: tuple[str, ...]) -> dict[str, ModuleOutcome]:
    pytester.makepyfile(**files)
    recorded = pytester.inline_run("-pno:cacheprovider", "--continue-on-collection-errors", *options)
    outcomes = {}
    for name, code in files.items():
        reports = [report for report in recorded.getreports() if report.nodeid.startswith(f"{name}.py")]
        problems = [report for report in reports if not report.passed]
        outcomes[code] = ModuleOutcome(
            sum(report.passed for report in reports if report.when == "call"),
            _as_text(problems),
            _as_text(report for report in problems if report.failed),
        )
    return outcomes


def _as_text(reports: Iterable[pytest.TestReport | pytest.CollectReport]) -> str:
    return "\n".join(f"{report.nodeid} {report.outcome}: {report.longrepr}" for report in reports)
