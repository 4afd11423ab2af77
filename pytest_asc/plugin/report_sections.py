"""Hooks for the reports of tests: they add sections to those of failed tests, and redact secrets in all.

Registered when a test first requests a fixture of this plugin: before that there is no secret and nothing to add.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

from pytest_asc.plugin.redaction import redact
from pytest_asc.secrets import redactor

if TYPE_CHECKING:
    import warnings
    from collections.abc import Callable, Generator, Iterator

    from _pytest._code.code import ExceptionRepr

    from pytest_asc.emulator.app import Emulator


REPORT_SECTIONS: pytest.StashKey[Callable[[], Iterator[tuple[str, str]]]] = pytest.StashKey()
"""On a test: gives the sections for its report where it fails."""


class RedactingFormatter(logging.Formatter):
    """Formats as another formatter does and redacts the text. Records stay as they are, for ``caplog``."""

    def __init__(self, formatter: logging.Formatter) -> None:
        super().__init__()
        self._formatter = formatter

    def format(self, record: logging.LogRecord) -> str:
        """Format a record, its traceback included."""
        return redactor.clean(self._formatter.format(record))


class ReportHooks:
    """Redacts logs, warnings, reports and crashes; adds the sections of :data:`REPORT_SECTIONS`.

    Args:
        config: The configuration of the pytest run, whose log handlers and trace are made to redact.
    """

    def __init__(self, config: pytest.Config) -> None:
        # Live logs and log files are written before there is a report to clean. The plugin's handlers have kept their
        # names since pytest 6; where they are gone there is nothing to wrap.
        plugin = config.pluginmanager.get_plugin("logging-plugin")
        for name in ("log_cli_handler", "log_file_handler"):
            handler = getattr(plugin, name, None)
            if isinstance(handler, logging.Handler) and handler.formatter:
                handler.setFormatter(RedactingFormatter(handler.formatter))
        # The trace of --debug has what fixtures return, as text; pluggy does not say publicly where it writes to.
        trace = config.trace.root
        if write := getattr(trace, "_writer", None):
            trace.setwriter(lambda text: write(redactor.clean(text)))

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Add the reasons of failed requests, and redact the report."""
        report = yield
        sections = item.stash.get(REPORT_SECTIONS, None)
        if report.failed and sections:
            report.sections += sections()
        _clean(report)
        return report

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_make_collect_report(self) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        """Redact the errors of a collection."""
        report = yield
        _clean(report)
        return report

    @pytest.hookimpl(tryfirst=True)
    def pytest_warning_recorded(self, warning_message: warnings.WarningMessage) -> None:
        """Redact a warning before it is shown."""
        warning = warning_message.message
        text = str(warning)
        if isinstance(warning, Warning) and redactor.clean(text) is not text:
            warning_message.message = UserWarning(redactor.clean(text))

    @pytest.hookimpl(tryfirst=True)
    def pytest_internalerror(self, excrepr: ExceptionRepr) -> None:
        """Redact the traceback of a crash."""
        redact(excrepr, redactor)


def _clean(report: pytest.TestReport | pytest.CollectReport) -> None:
    if redactor:
        report.longrepr = redact(report.longrepr, redactor)
        redact(report.sections, redactor)
        redact(getattr(report, "user_properties", None), redactor)


def describe_refusals(emulator: Emulator) -> str:
    """Return one paragraph for each request that the emulator refused: the reason that its response does not give."""
    lines: list[str] = []
    for record in emulator.requests:
        if record.refusal:
            lines += [
                f"{record.method} {record.path} {record.outcome}: {record.refusal.cause}",
                f"  {record.refusal.evidence}",
                f"  {record.refusal.fix}",
            ]
    return "\n".join(lines)
