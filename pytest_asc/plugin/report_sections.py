"""Hooks for the reports of tests: they add sections to those of failed tests, and redact secrets in all.

Registered when the run starts, if a variable of the environment holds a key, a token or an issuer ID, else when a test
first requests a fixture of this plugin: before that there is no secret and nothing to add.
"""

from __future__ import annotations

import logging
import os
import re
from base64 import b64decode, b64encode
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import pytest

from pytest_asc.apple.services import UUID_PATTERN
from pytest_asc.credentials.settings import SECRET_VARIABLES
from pytest_asc.diagnosis.formatting import one_line
from pytest_asc.plugin.redaction import redact, redact_exception, redact_report
from pytest_asc.secrets import redactor

if TYPE_CHECKING:
    import warnings
    from collections.abc import Callable, Generator, Iterator, Mapping

    from _pytest._code.code import ExceptionRepr

    from pytest_asc.emulator.request_records import RequestRecords


_UUID = re.compile(UUID_PATTERN)
_SHORTEST_SECRET = 40
_DOTS_OF_A_TOKEN = 2

REPORT_SECTIONS: pytest.StashKey[Callable[[], Iterator[tuple[str, str]]]] = pytest.StashKey()
"""On a test: gives the sections for its report where it fails."""


class RedactingFormatter(logging.Formatter):
    """Formatter that redacts the text of another one. It leaves the records unchanged, for ``caplog``."""

    def __init__(self, formatter: logging.Formatter) -> None:
        super().__init__()
        self._formatter = formatter

    def format(self, record: logging.LogRecord) -> str:
        """Format a record, its traceback included."""
        return redactor.clean(self._formatter.format(record))


class ReportHooks:
    """Redacts reports, logs, warnings, names of tests and crashes; adds the sections of :data:`REPORT_SECTIONS`.

    Args:
        config: The configuration of the pytest run.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._writer: object = None
        self._traced = False

    def redact_outputs(self) -> None:
        """Redact what is written before or without a report: live logs, log files, the terminal, the debug trace."""
        plugins = self._config.pluginmanager
        # The handlers have kept their names since pytest 6; where they are gone there is nothing to wrap.
        logs = plugins.get_plugin("logging-plugin")
        for name in ("log_cli_handler", "log_file_handler"):
            handler = getattr(logs, name, None)
            formatter = handler.formatter if isinstance(handler, logging.Handler) else None
            if handler and formatter and not isinstance(formatter, RedactingFormatter):
                handler.setFormatter(RedactingFormatter(formatter))
        # The trace of --debug has what fixtures return, as text; pluggy does not say publicly where it writes to.
        trace = self._config.trace.root
        write_trace = getattr(trace, "_writer", None)
        if write_trace and not self._traced:
            self._traced = True
            trace.setwriter(lambda text: write_trace(redactor.clean(text)))
        if self._writer or not plugins.has_plugin("terminalreporter"):  # a worker of pytest-xdist has no terminal
            return
        self._writer = writer = self._config.get_terminal_writer()
        write = writer.write

        def write_redacted(msg: str, *args: Any, **kwargs: Any) -> None:
            write(redactor.clean(msg), *args, **kwargs)

        vars(writer)["write"] = write_redacted

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionstart(self) -> Generator[None]:
        """Redact from the first line on, including an exception with which another plugin ends the run."""
        self.redact_outputs()
        with redacted_exceptions():
            return (yield)

    @pytest.hookimpl(tryfirst=True)
    def pytest_make_parametrize_id(self, val: object) -> str | None:
        """Keep secrets out of test IDs, which are in reports, the cache, temporary folders and the environment."""
        text = val.decode("latin-1") if isinstance(val, bytes) else val
        if not isinstance(text, str):
            return None
        clean = redactor.clean(text)
        return None if clean is text else clean.encode("unicode_escape").decode("ascii")

    @pytest.hookimpl(tryfirst=True)
    def pytest_itemcollected(self, item: pytest.Item) -> None:
        """Redact the names of tests that were set in another way."""
        _redact_name(item)

    @pytest.hookimpl(wrapper=True, tryfirst=True, specname="pytest_runtest_makereport")
    def pytest_redact_exception(
        self, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Redact the exception, which some plugins read, such as allure's."""
        if call.excinfo and redactor:
            redact_exception(call.excinfo.value, redactor)
        return (yield)

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Add the reasons of failed requests, and redact the report."""
        _redact_name(item)  # of secrets that came up since; pytest-xdist needs the report's name to be the item's
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
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Redact what other plugins have added to the report since."""
        _clean(report)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Redact what other plugins have added to the report since."""
        _clean(report)

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
        vars(excrepr).update(vars(redact(excrepr, redactor)))

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> Generator[None]:
        """Redact the message of an interrupt or of ``pytest.exit``, and the traceback that the terminal keeps of it."""
        redact_exception(excinfo.value, redactor)
        yield
        terminal = self._config.pluginmanager.get_plugin("terminalreporter")
        if shown := getattr(terminal, "_keyboardinterrupt_memo", None):
            vars(shown).update(vars(redact(shown, redactor)))

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self) -> Generator[None]:
        """Redact what tests wrote to the JUnit file without a report: its attributes and the suite's properties."""
        from _pytest.junitxml import xml_key  # noqa: PLC0415  there is no public way to the file's contents

        xml = self._config.stash.get(xml_key, None)
        if xml is not None and redactor:
            xml.global_properties[:] = redact(xml.global_properties, redactor)
            for reporter in xml.node_reporters_ordered:
                element = reporter.to_xml()
                for node in element.iter():
                    node.text = redact(node.text, redactor)
                    node.attrib.update(redact(dict(node.attrib), redactor))
                setattr(reporter, "to_xml", lambda element=element: element)  # noqa: B010
        with redacted_exceptions():
            return (yield)


def _redact_name(item: pytest.Item) -> None:
    if redactor.clean(item.nodeid) is not item.nodeid:
        for name in ("name", "_nodeid", "_id"):  # the node ID is in the second or, since pytest 9.2, the third
            if hasattr(item, name):
                setattr(item, name, redact(getattr(item, name), redactor))


@contextmanager
def redacted_exceptions() -> Iterator[None]:
    """Redact the exceptions that leave a ``with`` block: pytest shows them without a report."""
    try:
        yield
    except BaseException as error:
        redact_exception(error, redactor)
        raise


def register_hooks(config: pytest.Config) -> None:
    """Register the secrets of the environment, and the hooks of a run unless they are registered already."""
    hooks = config.pluginmanager.get_plugin("asc-reporting")
    register_secrets(os.environ)
    if hooks is None:
        hooks = ReportHooks(config)
        config.pluginmanager.register(hooks, "asc-reporting")
    hooks.redact_outputs()


def _clean(report: pytest.TestReport | pytest.CollectReport) -> None:
    if redactor:
        redact_report(report, redactor)


def register_secrets(environ: Mapping[str, str]) -> None:
    """Register the keys, tokens and issuer IDs of the environment with the redactor of this process.

    What is too short for a key or a token, or has the form of a path or of a placeholder, is none.
    """
    for name in SECRET_VARIABLES:
        value = environ.get(name, "")
        for issuer_id in _UUID.finditer(value):
            redactor.add_id(issuer_id.group())
        texts = [value]
        with suppress(ValueError):
            texts.append(b64decode("".join(value.split()), validate=True).decode("ascii"))
        for text in texts:
            if "BEGIN" in text or "." not in text:
                body = "".join(line for line in text.replace("\\n", "\n").split() if "-----" not in line)
                for form in (text, body, b64encode(text.encode(errors="replace")).decode()):
                    if len(form) >= _SHORTEST_SECRET:
                        redactor.add_key(form)
        for word in value.split():
            if word.count(".") >= _DOTS_OF_A_TOKEN and len(word) >= _SHORTEST_SECRET:
                redactor.add_key(word)


MAX_LISTED = 20
"""Requests in the section of a failed test."""


def describe_requests(records: RequestRecords) -> str:
    """Return a line for each of the last requests of a test, followed by the reason if it was rejected.

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
    """Yield the lines of a JSON:API error and of its associated errors."""
    source = error.get("source")
    place = next(iter(source.values()), None) if isinstance(source, dict) else None
    yield indent + one_line(f"{error.get('code')}: {error.get('detail')}" + (f" ({place})" if place else ""), limit=300)
    meta = error.get("meta")
    reasons = meta.get("associatedErrors") if isinstance(meta, dict) else None
    for path, errors in reasons.items() if isinstance(reasons, dict) else ():
        yield f"{indent}  {path}"
        for reason in errors if isinstance(errors, list) else ():
            yield from _describe_error(reason, f"{indent}    ")
