"""What this plugin adds to the reports of tests, and what it takes out of them.

Registered when the first fixture of ours is asked for: before that there is no secret and nothing to tell.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

from pytest_asc.plugin.redaction import redact
from pytest_asc.plugin.test_context import TEST_CONTEXT
from pytest_asc.secrets import redactor

if TYPE_CHECKING:
    import warnings
    from collections.abc import Generator

    from _pytest._code.code import ExceptionRepr

    from pytest_asc.emulator.app import Emulator


class RedactingFormatter(logging.Formatter):
    """Formats as another formatter does and takes secrets out. Records stay as they are, for ``caplog``."""

    def __init__(self, formatter: logging.Formatter) -> None:
        super().__init__()
        self._formatter = formatter

    def format(self, record: logging.LogRecord) -> str:
        """Format a record, its traceback included."""
        return redactor.clean(self._formatter.format(record))


class ReportHooks:
    """The hooks."""

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
        """Tell why the emulator or Apple refused, and clean the report."""
        report = yield
        situation = item.stash.get(TEST_CONTEXT, None)
        if report.failed and situation:
            if situation.refusals:
                report.sections.append(("asc live", str(situation.refusals)))
            if situation.emulator and (told := refusals(situation.emulator)):
                report.sections.append(("asc emulator", told))
        _clean(report)
        return report

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_make_collect_report(self) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        """Clean the errors of a collection."""
        report = yield
        _clean(report)
        return report

    @pytest.hookimpl(tryfirst=True)
    def pytest_warning_recorded(self, warning_message: warnings.WarningMessage) -> None:
        """Clean a warning before anyone shows it."""
        warning = warning_message.message
        text = str(warning)
        if isinstance(warning, Warning) and redactor.clean(text) is not text:
            warning_message.message = UserWarning(redactor.clean(text))

    @pytest.hookimpl(tryfirst=True)
    def pytest_internalerror(self, excrepr: ExceptionRepr) -> None:
        """Clean the traceback of a crash."""
        redact(excrepr, redactor)


def _clean(report: pytest.TestReport | pytest.CollectReport) -> None:
    if redactor:
        report.longrepr = redact(report.longrepr, redactor)
        redact(report.sections, redactor)
        redact(getattr(report, "user_properties", None), redactor)


def refusals(emulator: Emulator) -> str:
    """One paragraph for each request that the emulator refused: what the wire did not say."""
    lines: list[str] = []
    for record in emulator.requests:
        if record.refusal:
            lines += [
                f"{record.method} {record.path} {record.outcome}: {record.refusal.cause}",
                f"  {record.refusal.evidence}",
                f"  {record.refusal.fix}",
            ]
    return "\n".join(lines)
