"""pytest hooks of the smoke check: collection and order of the checks, pytest-xdist, and the report."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_asc.plugin.run_context import get_run_context
from pytest_asc.smoke.items import SmokeCheck, folder_in, section_title, suite_in
from pytest_asc.smoke.renderers import github, terminal
from pytest_asc.smoke.renderers.registry import renderer_for
from pytest_asc.smoke.run import SmokeRun
from pytest_asc.smoke.smoke_context import SmokeContext

if TYPE_CHECKING:
    from pytest_asc.smoke.items import SmokeFolder

# Verbosity of -qq.
_BRIEF_VERBOSITY = -2
OVERRIDABLE = ("asc_credentials", "asc_token", "asc_emulator")


def pytest_configure(config: pytest.Config) -> None:
    """Register the plugins for ``--asc-smoke`` or ``--asc-smoke-first``; with pytest-xdist, only in the controller.

    Raises:
        pytest.UsageError: The options contradict each other, or the path of a report is invalid.
    """
    context = SmokeContext(config, get_run_context(config).resolver.mode(smoke=True))
    run = SmokeRun(context, folder=_folder(config), strict=config.option.asc_strict, offline=config.option.asc_offline)
    config.pluginmanager.register(SmokeReport(config, run), "asc-smoke-report")
    if config.option.asc_smoke:
        # Five checks share one request and need no workers.
        config.option.dist, config.option.tx = "no", []
        config.args[:] = [str(run.folder)]
        config.pluginmanager.register(SmokeOnly(run), "asc-smoke")
    else:
        config.pluginmanager.register(SmokeFirst(run), "asc-smoke")


def _folder(config: pytest.Config) -> Path:
    """Return the folder of the first argument, or the first folder in it whose conftest.py overrides our fixtures."""
    named = (
        config.invocation_params.dir / config.args[0].partition("::")[0]
        if config.args
        else config.invocation_params.dir
    )
    folder = named if named.is_dir() else named.parent if named.exists() else config.invocation_params.dir
    folder = Path(os.path.normpath(folder))
    files = (
        Path(file)
        for plugin in config.pluginmanager.get_plugins()
        if (file := getattr(plugin, "__file__", None)) and any(hasattr(plugin, name) for name in OVERRIDABLE)
    )
    overriding = sorted(file.parent for file in files if file.name == "conftest.py" and file.is_relative_to(folder))
    return overriding[0] if overriding else folder


class SmokeOnly:
    """Hooks for ``--asc-smoke``, which runs only the checks."""

    def __init__(self, run: SmokeRun) -> None:
        self._run = run

    @pytest.hookimpl(tryfirst=True)
    def pytest_collect_directory(self, path: Path, parent: pytest.Collector) -> SmokeFolder:
        """Collect only the folders on the path to the folder of the checks."""
        return folder_in(parent, path, self._run)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Restore the order of the checks, in case another plugin shuffled them."""
        names = [check.name for check in self._run.checks]
        items.sort(key=lambda item: names.index(item.name) if item.name in names else len(names))


class SmokeFirst:
    """Hooks for ``--asc-smoke-first``, which runs the tests after the checks if all checks pass."""

    def __init__(self, run: SmokeRun) -> None:
        self._run = run
        self._only = SmokeOnly(run)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self, session: pytest.Session) -> None:
        """With pytest-xdist, run the checks in the controller before the workers get tests."""
        if not session.config.pluginmanager.has_plugin("dsession"):
            return
        session.config.pluginmanager.register(self._only)
        items = [item for item in session.perform_collect([str(self._run.folder)]) if isinstance(item, SmokeCheck)]
        session.config.pluginmanager.unregister(self._only)
        for item, following in zip(items, [*items[1:], None], strict=True):
            item.ihook.pytest_runtest_protocol(item=item, nextitem=following)
        if self._run.failed:
            session.shouldfail = self._stop_message
            raise session.Failed(self._stop_message)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(
        self, session: pytest.Session, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        """Without pytest-xdist, put the checks before the tests."""
        if config.pluginmanager.has_plugin("dsession"):
            return
        parents = (node for item in items for node in item.listchain() if isinstance(node, pytest.Directory))
        parent = next((node for node in parents if node.path == self._run.folder), session)
        items[:0] = suite_in(parent, self._run).collect()

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> None:
        """Stop the run after the last check if any check failed."""
        if isinstance(item, SmokeCheck) and item.check is self._run.checks[-1] and self._run.failed:
            item.session.shouldfail = self._stop_message

    @property
    def _stop_message(self) -> str:
        return "the smoke check failed: the tests were not run"


class SmokeReport:
    """Hooks that write the report at the end of the run: to the terminal, to files and to GitHub Actions."""

    def __init__(self, config: pytest.Config, run: SmokeRun) -> None:
        self._config = config
        self._run = run
        self._paths = [config.invocation_params.dir / path for path in config.option.asc_report]
        for path in self._paths:
            if not path.parent.is_dir():
                raise pytest.UsageError(f"--asc-report: the folder {path.parent} does not exist")
            if path.is_dir():
                raise pytest.UsageError(f"--asc-report: {path} is a folder, expected a file")

    def pytest_sessionfinish(self) -> None:
        """Write the report to the files in ``--asc-report``, and to the job summary on GitHub Actions."""
        report = self._run.report()
        for path in self._paths:
            path.write_text(renderer_for(path).render(report), encoding="utf-8")
        summary = os.environ.get("GITHUB_STEP_SUMMARY")
        if _on_github() and summary and report.checks:
            with Path(summary).open("a", encoding="utf-8") as file:
                file.write(github.render(report))

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the report, and annotations on GitHub Actions."""
        report = self._run.report()
        if not report.checks:
            return
        terminalreporter.section(section_title(report.service_entry))
        writer = self._config.get_terminal_writer()
        encoding = getattr(sys.stdout, "encoding", None)
        verbosity = self._config.option.verbose
        if verbosity <= _BRIEF_VERBOSITY:
            lines = terminal.render_brief_lines(report, width=writer.fullwidth, encoding=encoding)
        else:
            lines = terminal.render_lines(report, width=writer.fullwidth, encoding=encoding, verbose=verbosity > 0)
        for line in lines:
            for text, markup in line:
                terminalreporter.write(text, **markup)
            terminalreporter.write("\n")
        if _on_github():
            for annotation in github.annotate(report):
                terminalreporter.write_line(annotation)


def _on_github() -> bool:
    return os.environ.get("GITHUB_ACTIONS") == "true"
