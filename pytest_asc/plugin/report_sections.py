"""Hooks for the reports of tests: they redact secrets in all reports, and add sections to those of failed tests.

They are registered when the run starts if an environment variable contains a key, a token or an issuer ID. Otherwise
they are registered when a test first requests a fixture of this plugin, because before that the run has no secrets.
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
"""Length in characters. Keys and tokens are longer."""
_DOTS_IN_TOKEN = 2

REPORT_SECTIONS: pytest.StashKey[Callable[[], Iterator[tuple[str, str]]]] = pytest.StashKey()
"""Key of a function in the stash of a test. The function returns the sections for the report if the test fails."""


class RedactingFormatter(logging.Formatter):
    """Formatter that redacts the output of another one. It does not change log records, which ``caplog`` returns."""

    def __init__(self, formatter: logging.Formatter) -> None:
        super().__init__()
        self._formatter = formatter

    def format(self, record: logging.LogRecord) -> str:
        """Format a record, including its traceback."""
        return redactor.clean(self._formatter.format(record))


class ReportHooks:
    """Plugin that redacts reports, logs, warnings, names of tests and crashes, and adds :data:`REPORT_SECTIONS`.

    Args:
        config: The configuration of the pytest run.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._writer: object = None
        self._traced = False

    def redact_outputs(self) -> None:
        """Redact output that is not part of a report: live logs, log files, the terminal, the trace of ``--debug``."""
        plugins = self._config.pluginmanager
        # The handlers are private to pytest, with these names since pytest 6. Without them, nothing is wrapped.
        logs = plugins.get_plugin("logging-plugin")
        for name in ("log_cli_handler", "log_file_handler"):
            handler = getattr(logs, name, None)
            formatter = handler.formatter if isinstance(handler, logging.Handler) else None
            if handler and formatter and not isinstance(formatter, RedactingFormatter):
                handler.setFormatter(RedactingFormatter(formatter))
        # The trace of --debug contains the repr of what fixtures return. pluggy has no public access to its writer.
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
        """Redact from the first line of output, and redact an exception of another plugin that ends the run."""
        self.redact_outputs()
        with redacted_exceptions():
            return (yield)

    @pytest.hookimpl(tryfirst=True)
    def pytest_make_parametrize_id(self, val: object) -> str | None:
        """Keep secrets out of test IDs, which appear in reports, the cache, folder names and PYTEST_CURRENT_TEST."""
        text = val.decode("latin-1") if isinstance(val, bytes) else val
        if not isinstance(text, str):
            return None
        clean = redactor.clean(text)
        return None if clean is text else clean.encode("unicode_escape").decode("ascii")

    @pytest.hookimpl(tryfirst=True)
    def pytest_itemcollected(self, item: pytest.Item) -> None:
        """Redact the name of a test if it does not come from a parameter, such as one that another plugin has set."""
        _redact_name(item)

    @pytest.hookimpl(wrapper=True, tryfirst=True, specname="pytest_runtest_makereport")
    def pytest_redact_exception(
        self, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Redact the exception itself, because some plugins read it, such as allure-pytest."""
        if call.excinfo and redactor:
            redact_exception(call.excinfo.value, redactor)
        return (yield)

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Add the sections of a failed test, and redact the report."""
        # Secrets may have been registered since collection. pytest-xdist needs the same name in report and item.
        _redact_name(item)
        report = yield
        sections = item.stash.get(REPORT_SECTIONS, None)
        if report.failed and sections:
            report.sections += sections()
        _clean(report)
        return report

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_make_collect_report(self) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        """Redact the report of a collection."""
        report = yield
        _clean(report)
        return report

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Redact what other plugins have added to the report since it was made."""
        _clean(report)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Redact what other plugins have added to the report since it was made."""
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
        """Redact the traceback of an internal error of pytest."""
        vars(excrepr).update(vars(redact(excrepr, redactor)))

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> Generator[None]:
        """Redact the message of an interrupt or of ``pytest.exit``, and the traceback that the terminal keeps."""
        redact_exception(excinfo.value, redactor)
        yield
        terminal = self._config.pluginmanager.get_plugin("terminalreporter")
        if shown := getattr(terminal, "_keyboardinterrupt_memo", None):
            vars(shown).update(vars(redact(shown, redactor)))

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self) -> Generator[None]:
        """Redact the attributes and properties that tests have added to the JUnit XML file, which are in no report."""
        from _pytest.junitxml import xml_key  # noqa: PLC0415  pytest has no public access to the file

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
        for name in ("name", "_nodeid", "_id"):  # the node ID is in _nodeid, since pytest 9.2 in _id
            if hasattr(item, name):
                setattr(item, name, redact(getattr(item, name), redactor))


@contextmanager
def redacted_exceptions() -> Iterator[None]:
    """Redact the exceptions that leave the ``with`` block. pytest shows these without a report."""
    try:
        yield
    except BaseException as error:
        redact_exception(error, redactor)
        raise


def register_hooks(config: pytest.Config) -> None:
    """Register the secrets of the environment with the redactor, and the hooks unless the run already has them."""
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

    Values that are too short for a key or a token, paths and placeholders are not registered.

    Args:
        environ: The environment variables.
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
            if word.count(".") >= _DOTS_IN_TOKEN and len(word) >= _SHORTEST_SECRET:
                redactor.add_key(word)


MAX_LISTED = 20
"""Maximum number of requests in the report section of a failed test."""


def describe_requests(records: RequestRecords) -> str:
    """Return a line for each of the last requests of a test; after a rejected request, also the reason.

    For a 401, the reason is the cause, which the response does not contain. For other statuses, it is the code, detail
    and source of each error.
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
    """Yield the lines for a JSON:API error and for the errors in its ``meta.associatedErrors``."""
    source = error.get("source")
    place = next(iter(source.values()), None) if isinstance(source, dict) else None
    yield indent + one_line(f"{error.get('code')}: {error.get('detail')}" + (f" ({place})" if place else ""), limit=300)
    meta = error.get("meta")
    reasons = meta.get("associatedErrors") if isinstance(meta, dict) else None
    for path, errors in reasons.items() if isinstance(reasons, dict) else ():
        yield f"{indent}  {path}"
        for reason in errors if isinstance(errors, list) else ():
            yield from _describe_error(reason, f"{indent}    ")
