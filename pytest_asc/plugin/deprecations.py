"""``asc_warn_deprecated``: reports the deprecated operations that the tests of a run use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from pytest_asc.emulator.dispatch import DEPRECATED_IN_USE
from pytest_asc.emulator.spec.api_spec import api_spec

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

INI = "asc_warn_deprecated"
OFF, WARN, ERROR = "off", "warn", "error"
_VALUES = (OFF, WARN, ERROR)
_KEY = "asc_deprecated_operations"
"""Key of the uses in the output that a worker of pytest-xdist sends to its controller."""


class _Use(NamedTuple):
    """The tests that used an operation."""

    tests: int
    """Number of tests."""
    first: str
    """Node ID of the first test."""


class DeprecatedOperations:
    """Plugin for the ini value ``asc_warn_deprecated``, registered unless it is ``off``.

    Args:
        config: The configuration of the pytest run.
        fails: True to fail each test that uses a deprecated operation.
    """

    def __init__(self, config: pytest.Config, *, fails: bool) -> None:
        self._config = config
        self._fails = fails
        self._uses: dict[str, _Use] = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self) -> Generator[None]:
        """Fail a test if it or its fixtures have used deprecated operations and the ini value is ``error``."""
        __tracebackhide__ = True
        yield
        if self._fails and DEPRECATED_IN_USE:
            names = ", ".join(_names())
            pytest.fail(f"{names}: deprecated by Apple (App Store Connect API {api_spec().version})", pytrace=False)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Record the operations that a test and its fixtures use, including fixtures with a wider scope."""
        try:
            return (yield)
        finally:
            self._add((name, _Use(1, item.nodeid)) for name in _names())
            DEPRECATED_IN_USE.clear()

    def _add(self, uses: Iterable[tuple[str, _Use]]) -> None:
        for name, use in uses:
            before = self._uses.get(name, _Use(0, use.first))
            self._uses[name] = _Use(before.tests + use.tests, before.first)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self) -> None:
        """In a worker of pytest-xdist, send the uses to the controller."""
        output: dict[str, Any] | None = getattr(self._config, "workeroutput", None)
        if output is not None:
            output[_KEY] = {name: tuple(use) for name, use in self._uses.items()}

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Add the uses of a worker of pytest-xdist."""
        uses: dict[str, tuple[int, str]] = getattr(node, "workeroutput", {}).get(_KEY, {})
        self._add((name, _Use(*use)) for name, use in uses.items())

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """List each operation once, with the first test that used it and the number of others."""
        if not self._uses:
            return
        terminalreporter.section(f"deprecated operations of App Store Connect API {api_spec().version}")
        for name, (tests, first) in sorted(self._uses.items()):
            terminalreporter.write_line(f"{name}: {first}" + (f" and {tests - 1} more" if tests > 1 else ""))


def register(config: pytest.Config) -> None:
    """Register the plugin, unless the ini value is ``off``.

    Raises:
        pytest.UsageError: The ini value is invalid.
    """
    value = str(config.getini(INI)).strip().lower()
    if value not in _VALUES:
        raise pytest.UsageError(f"{INI} is {value!r}, expected one of {', '.join(_VALUES)}")
    if value != OFF:
        DEPRECATED_IN_USE.clear()  # an earlier run in this process may have left some
        config.pluginmanager.register(DeprecatedOperations(config, fails=value == ERROR), "asc-deprecated-operations")


def _names() -> list[str]:
    return sorted(f"{operation.method} {operation.path}" for operation in DEPRECATED_IN_USE)
