"""Hooks for the reports of tests: they add sections to those of failed tests, and redact secrets in all.

Registered when a test first requests a fixture of this plugin: before that there is no secret and nothing to add.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest

from pytest_asc.diagnosis.formatting import one_line
from pytest_asc.plugin.redaction import redact
from pytest_asc.secrets import redactor

if TYPE_CHECKING:
    import warnings
    from collections.abc import Callable, Generator, Iterator, Mapping

    from _pytest._code.code import ExceptionRepr

    from pytest_asc.emulator.request_records import RequestRecords


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


MAX_LISTED = 20
"""Requests in the section of a failed test."""


def describe_requests(records: RequestRecords) -> str:
    """Return the last requests of a test, a line each, and below a refused one the reason.

    For a 401 that is the cause that the response does not give; for others the code, detail and pointer of each error.
    """
    earlier = len(records) - MAX_LISTED
    lines = [f"… {earlier} earlier requests"] if earlier > 0 else []
    for record in records[-MAX_LISTED:]:
        if record.refusal:
            lines += [
                f"{record.method} {record.path} {record.outcome}: {record.refusal.cause}",
                f"  {record.refusal.evidence}",
                f"  {record.refusal.fix}",
            ]
            continue
        lines.append(f"{record.method} {record.path} {record.outcome}")
        lines += [f"  {line}" for error in record.errors for line in _describe_error(error)]
    return "\n".join(lines)


def _describe_error(error: Mapping[str, Any], indent: str = "") -> Iterator[str]:
    """Yield the lines of an error of Apple's form, those that it names as its reasons included."""
    source = error.get("source")
    place = next(iter(source.values()), None) if isinstance(source, dict) else None
    yield indent + one_line(f"{error.get('code')}: {error.get('detail')}" + (f" ({place})" if place else ""), limit=300)
    meta = error.get("meta")
    reasons = meta.get("associatedErrors") if isinstance(meta, dict) else None
    for path, errors in reasons.items() if isinstance(reasons, dict) else ():
        yield f"{indent}  {path}"
        for reason in errors if isinstance(errors, list) else ():
            yield from _describe_error(reason, f"{indent}    ")
