"""``--asc-compare``: compares the responses to live tests with those of an emulator that has loaded a recording."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from pytest_asc.plugin.live_observers import live_observers_of
from pytest_asc.recording.comparison.compared_requests import ComparedRequest
from pytest_asc.recording.comparison.comparison import Report, compare_responses
from pytest_asc.recording.comparison.differences import Difference
from pytest_asc.recording.comparison.recorded_account import RecordedAccount
from pytest_asc.recording.comparison.renderers import render_text
from pytest_asc.recording.live_requests import live_request
from pytest_asc.recording.reader import ApiResponse

if TYPE_CHECKING:
    import requests

_SENT = "asc_compare"
"""Key of the differences in the output that a worker of pytest-xdist sends to its controller."""
_UNAUTHORIZED, _TOO_MANY_REQUESTS, _SERVER_ERRORS = 401, 429, 500


class LiveComparison:
    """Plugin for the option ``--asc-compare``. It fails the run if any response differs.

    Args:
        config: The configuration of the pytest run.
        file: The path of the recording, relative to the directory in which pytest was started.
    """

    def __init__(self, config: pytest.Config, file: str) -> None:
        self._config = config
        self._file = file
        self._account: RecordedAccount | None = None
        self._report = Report()
        live_observers_of(config).append(self._observe)

    def pytest_sessionstart(self) -> None:
        """Load the recording, after the user's OpenAPI document.

        Raises:
            pytest.UsageError: The file cannot be read, or is not a valid recording.
        """
        path = self._config.invocation_params.dir / Path(self._file).expanduser()
        try:
            self._account = RecordedAccount(path)
        except OSError as error:
            raise pytest.UsageError(f"--asc-compare={self._file}: {error.strerror}") from None
        except ValueError as error:
            raise pytest.UsageError(f"--asc-compare={self._file}: {error}") from None

    def _observe(self, request: requests.PreparedRequest, response: requests.Response) -> None:
        parts = urlsplit(request.url or "")
        live, account = live_request(parts.path), self._account
        is_transient = (
            response.status_code in {_UNAUTHORIZED, _TOO_MANY_REQUESTS} or response.status_code >= _SERVER_ERRORS
        )
        if request.method != "GET" or live is None or account is None or is_transient or "cursor=" in parts.query:
            return
        try:
            document = response.json()
        except ValueError:
            document = None
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        sort = next((item[5:].removeprefix("-") for item in parts.query.split("&") if item.startswith("sort=")), None)
        compared = ComparedRequest(live.operation, path, sort)
        self._report.asked += 1
        live_response = ApiResponse(response.status_code, document)
        for difference in compare_responses(compared, live_response, account.get(path), account):
            (self._report.known if difference.known else self._report.differences).append(difference)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Add the differences found by a worker of pytest-xdist."""
        sent = getattr(node, "workeroutput", {}).get(_SENT)
        if sent:
            asked, *found = sent
            self._report.asked += asked
            lists = (self._report.differences, self._report.known)
            for own, differences in zip(lists, found, strict=True):
                own += [_difference_of(members) for members in differences]

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Fail the run if any response differs; in a worker of pytest-xdist, send the differences to the controller."""
        report = self._report
        if hasattr(self._config, "workerinput"):
            output: dict[str, Any] = vars(self._config)["workeroutput"]
            output[_SENT] = (
                report.asked,
                *([tuple(one) for one in found] for found in (report.differences, report.known)),
            )
        elif not report.ok and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """List the differences."""
        terminalreporter.write_line(f"--asc-compare={self._file}:")
        for line in render_text(self._report):
            terminalreporter.write_line(line)


def _difference_of(members: Any) -> Difference:
    path, what, where, live, emulator, resource, known = members
    return Difference(path, what, where, live, emulator, tuple(resource) if resource else None, known)


def make_plugin(config: pytest.Config, file: str) -> LiveComparison:
    """Create the plugin for the value of the option."""
    return LiveComparison(config, file)
