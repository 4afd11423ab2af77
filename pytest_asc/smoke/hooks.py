"""pytest hooks of the smoke check: collection, order, xdist, and the report at the end."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_asc.plugin.run_context import get_run_context
from pytest_asc.smoke.items import SmokeCheck, folder_in, suite_in
from pytest_asc.smoke.renderers import github, terminal
from pytest_asc.smoke.renderers.registry import renderer_for
from pytest_asc.smoke.run import SmokeRun
from pytest_asc.smoke.smoke_context import SmokeContext

if TYPE_CHECKING:
    from pytest_asc.smoke.items import SmokeFolder

# Verbosity of -qq.
_BRIEF = -2
OVERRIDABLE = ("asc_credentials", "asc_token", "asc_emulator")


def pytest_configure(config: pytest.Config) -> None:
    """Prepare a run with ``--asc-smoke`` or ``--asc-smoke-first``; under xdist, in the controller alone.

    Raises:
        pytest.UsageError: The options contradict each other, or name a file or folder that does not exist.
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
    """Return the folder of the checks: the first argument, or the first below it whose conftest.py overrides ours."""
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
    """``--asc-smoke``: the checks and nothing else."""

    def __init__(self, run: SmokeRun) -> None:
        self._run = run

    @pytest.hookimpl(tryfirst=True)
    def pytest_collect_directory(self, path: Path, parent: pytest.Collector) -> SmokeFolder:
        """Collect only the folders on the path to the checks."""
        return folder_in(parent, path, self._run)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Keep the checks in order, even if a plugin shuffles tests."""
        names = [check.name for check in self._run.checks]
        items.sort(key=lambda item: names.index(item.name) if item.name in names else len(names))


class SmokeFirst:
    """``--asc-smoke-first``: the checks, and then the tests if the checks pass."""

    def __init__(self, run: SmokeRun) -> None:
        self._run = run
        self._only = SmokeOnly(run)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self, session: pytest.Session) -> None:
        """Under xdist, run the checks in the controller, before the workers get a test."""
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
        """Without xdist, put the checks in front of the tests."""
        if config.pluginmanager.has_plugin("dsession"):
            return
        parents = (node for item in items for node in item.listchain() if isinstance(node, pytest.Directory))
        parent = next((node for node in parents if node.path == self._run.folder), session)
        items[:0] = suite_in(parent, self._run).collect()

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> None:
        """Stop the run after the last check if one failed."""
        if isinstance(item, SmokeCheck) and item.check is self._run.checks[-1] and self._run.failed:
            item.session.shouldfail = self._stop_message

    @property
    def _stop_message(self) -> str:
        return "the smoke check failed: the tests were not run"


class SmokeReport:
    """The report at the end of the run: terminal, files, GitHub."""

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
        """Write the report to the files of ``--asc-report``, and the job summary on GitHub."""
        report = self._run.report()
        for path in self._paths:
            path.write_text(renderer_for(path).render(report), encoding="utf-8")
        summary = os.environ.get("GITHUB_STEP_SUMMARY")
        if _on_github() and summary and report.checks:
            with Path(summary).open("a", encoding="utf-8") as file:
                file.write(github.render(report))

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Show the report."""
        report = self._run.report()
        if not report.checks:
            return
        title = report.service_entry.title
        terminalreporter.section(f"{title[0].upper()}{title[1:]}")
        writer = self._config.get_terminal_writer()
        encoding = getattr(sys.stdout, "encoding", None)
        verbosity = self._config.option.verbose
        if verbosity <= _BRIEF:
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
