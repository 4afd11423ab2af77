"""The smoke checks as pytest items."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest

from pytest_asc.credentials.tokens import LifetimeError
from pytest_asc.secrets import redactor
from pytest_asc.smoke.checks import NothingToCheckError
from pytest_asc.smoke.smoke_context import FixtureError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from _pytest._io import TerminalWriter
    from typing_extensions import Self

    from pytest_asc.apple.services import Service
    from pytest_asc.diagnosis.findings import Finding
    from pytest_asc.smoke.checks import Check
    from pytest_asc.smoke.run import SmokeRun

SUITE = "asc-smoke"


class CheckFailed(Exception):  # noqa: N818  an outcome, not an error of this package
    """Raised if a check fails.

    Args:
        findings: The findings that fail the check.
    """

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        super().__init__("; ".join(str(finding) for finding in findings))
        self.findings = findings


class FailureText(str):
    """Text of the findings of a check, of which the terminal shows one line: its report has the rest.

    Other reports, such as JUnit XML, have the whole text. pytest calls ``toterminal`` for all of them.

    Args:
        findings: The findings.
        section: Title of the report in the terminal.
        terminal: Writer of the terminal.
    """

    __slots__ = ("_line", "_terminal")

    def __new__(cls, findings: tuple[Finding, ...], *, section: str, terminal: TerminalWriter) -> Self:
        """Make the text."""
        text = super().__new__(
            cls, "\n".join(f"{one.cause}: {one.title}\n  {one.evidence}\n  {one.fix}" for one in findings)
        )
        causes = ", ".join(finding.cause for finding in findings)
        text._line = f"{causes}: see the section {section} below"
        text._terminal = terminal
        return text

    _line: str
    _terminal: TerminalWriter

    def toterminal(self, writer: TerminalWriter) -> None:
        """Write one line to the terminal, and the whole text to any other writer."""
        writer.line(self._line if writer is self._terminal else str(self))


class SmokeCheck(pytest.Function):
    """Item of a check. It is a function item, so that fixtures and their overrides apply as in tests."""

    run: SmokeRun
    check: Check

    def runtest(self) -> None:
        """Run the check, record its findings, and fail if they include an error."""
        reason = self.run.reason_to_skip(self.check)
        if reason:
            self.run.record_skip(self.check, reason)
            pytest.skip(reason)
        try:
            findings = self.check.function(self.run.context, self._request)
        except LifetimeError as error:
            findings = (error.finding,)
        except (NothingToCheckError, pytest.skip.Exception) as skip:
            self.run.record_skip(self.check, str(skip))
            pytest.skip(str(skip))
        except FixtureError as error:
            self.run.record_exception(self.check, error.cause)
            raise error.cause from None
        except Exception as error:  # noqa: BLE001  any other exception is a bug of this plugin
            self.run.record_exception(self.check, error)
            pytest.exit(
                f"pytest-asc crashed in its check of {self.name}: {redactor.clean(repr(error))}. "
                "This is a bug in pytest-asc, not in your credentials: please report it.",
                returncode=pytest.ExitCode.INTERNAL_ERROR,
            )
        if failing := self.run.record_findings(self.check, findings):
            raise CheckFailed(failing)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], *args: Any, **kwargs: Any) -> Any:
        """Format the findings. Only other exceptions have a traceback."""
        if isinstance(excinfo.value, CheckFailed):
            return FailureText(
                excinfo.value.findings,
                section=section_title(self.run.context.service),
                terminal=self.config.get_terminal_writer(),
            )
        return super().repr_failure(excinfo, *args, **kwargs)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Return the location without a line number, because checks are not the user's code."""
        return self.path, None, self.name


def section_title(service: Service) -> str:
    """Return the title of the report's section in the terminal."""
    return f"{service.title[0].upper()}{service.title[1:]}"


def _check(request: pytest.FixtureRequest) -> None:
    """Provide the signature of every check: ``request``, with which checks get other fixtures."""


class SmokeSuite(pytest.Module):
    """Collector of the checks. It is a module, so that fixtures with module scope are set up as for tests."""

    run: SmokeRun

    def _getobj(self) -> object:
        """Return this module. pytest would import the path of the collector, which is a folder."""
        return sys.modules[__name__]

    def collect(self) -> Iterator[pytest.Item]:
        """Collect the checks."""
        for check in self.run.checks:
            item = SmokeCheck.from_parent(self, name=check.name, callobj=_check)
            item.check, item.run = check, self.run
            item.add_marker(pytest.mark.asc(mode=self.run.context.mode))
            yield item


class SmokeFolder(pytest.Directory):
    """Collector of a folder on the path to the checks, of which only conftest.py is loaded."""

    run: SmokeRun

    def collect(self) -> Iterator[pytest.Collector]:
        """Collect the checks, or the next folder on the path to them."""
        if self.path == self.run.folder:
            yield suite_in(self, self.run)
        else:
            step = self.run.folder.relative_to(self.path).parts[0]
            yield folder_in(self, self.path / step, self.run)


def suite_in(parent: pytest.Collector, run: SmokeRun) -> SmokeSuite:
    """Make the collector of the checks, which see the same fixtures as its parent."""
    # The node ID starts with that of the folder, because pytest 8.0 finds fixtures by the text of the node ID.
    folder = "" if parent.nodeid == "." else parent.nodeid
    suite = SmokeSuite.from_parent(parent, path=parent.path, name=SUITE, nodeid=f"{folder}/{SUITE}".lstrip("/"))
    suite.run = run
    return suite


def folder_in(parent: pytest.Collector, path: Path, run: SmokeRun) -> SmokeFolder:
    """Make the collector of a folder on the path to the checks."""
    folder = SmokeFolder.from_parent(parent, path=path)
    folder.run = run
    return folder
