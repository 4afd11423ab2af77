"""``--asc-record`` and ``--asc-compare``, with live tests against a stand-in for Apple."""

from __future__ import annotations

import json
import os
import stat
from typing import TYPE_CHECKING, Any

import pytest
from recording.apple import SENTINEL

from pytest_asc import Emulator

if TYPE_CHECKING:
    from pathlib import Path

    from recording.apple import Account

SUITE = """
    import pytest

    pytestmark = pytest.mark.asc_live

    def test_apps(asc_session):
        assert len(list(asc_session.resources("/v1/apps?limit=2"))) == 3

    def test_versions(asc_session):
        assert asc_session.get("/v1/apps/6448311069/appStoreVersions").ok
        assert asc_session.get("/v1/users/1").status_code == 404

    def test_groups(asc_session):
        assert asc_session.get("/v1/betaGroups?include=app,betaTesters").ok
"""


@pytest.fixture
def suite(account: Account, pytester: pytest.Pytester) -> Account:
    pytester.makepyfile(SUITE)
    return account


def written(pytester: pytest.Pytester, name: str = "account.json") -> Any:
    return json.loads((pytester.path / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize("workers", [[], ["-n", "2"]])
def test_responses_that_live_tests_read_are_recorded_with_and_without_workers(
    suite: Account, pytester: pytest.Pytester, workers: list[str]
) -> None:
    result = pytester.runpytest("--asc-record=account.json", *workers)
    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(["--asc-record: *account.json: * resources"])
    emulator = Emulator()
    emulator.load(written(pytester))
    assert len(emulator.find("apps")) == 3
    (version,) = emulator.find("appStoreVersions", app="6448311069")
    assert version["attributes"]["versionString"] == "1.0"
    assert len(emulator.find("betaGroups", app="6448311070")) == 1
    file: Path = pytester.path / "account.json"
    if os.name == "posix":  # Windows has no such file modes
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert SENTINEL.lower() not in file.read_text(encoding="utf-8").lower()
    assert SENTINEL.lower() not in result.stdout.str().lower()
    pytester.runpytest("--asc-record=without.json")
    assert written(pytester, "without.json") == written(pytester)


def test_no_recording_is_written_without_live_tests(account: Account, pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_one(asc_session): assert asc_session.get('/v1/apps').ok")
    result = pytester.runpytest("--asc-record=account.json")
    result.stdout.fnmatch_lines(["--asc-record: no live test read anything*"])
    assert not (pytester.path / "account.json").exists()
    assert account.requests == []


def test_a_missing_folder_is_a_usage_error(suite: Account, pytester: pytest.Pytester) -> None:
    assert pytester.runpytest("--asc-record=nowhere/account.json").ret == pytest.ExitCode.USAGE_ERROR
    assert suite.requests == []


@pytest.mark.parametrize("workers", [[], ["-n", "2"]])
def test_a_run_fails_if_live_responses_differ_from_the_emulator(
    suite: Account, pytester: pytest.Pytester, workers: list[str]
) -> None:
    pytester.runpytest("--asc-record=account.json")
    result = pytester.runpytest("--asc-compare=account.json", *workers)
    result.assert_outcomes(passed=3)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["--asc-compare=account.json:", "* differences*", "  GET /v1/apps*"])
    assert SENTINEL.lower() not in result.stdout.str().lower()


def test_a_run_passes_if_nothing_differs(account: Account, pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.asc_live
        def test_missing(asc_session):
            assert asc_session.get("/v1/apps/1").status_code == 404
        """
    )
    emulator = Emulator()
    emulator.save(pytester.path / "empty.json")
    error: dict[str, Any] = {"status": "404", "code": "NOT_FOUND", "title": "", "detail": "", "id": "1"}
    account.find = lambda *_: (404, {"errors": [error]})  # type: ignore[method-assign]
    result = pytester.runpytest("--asc-compare=empty.json")
    result.stdout.fnmatch_lines(["no differences in 1 request"])
    assert result.ret == pytest.ExitCode.OK


@pytest.mark.parametrize("content", [None, "{", '{"data": [{"type": "app"}]}'])
def test_an_invalid_file_to_compare_with_is_a_usage_error(
    suite: Account, pytester: pytest.Pytester, content: str | None
) -> None:
    if content:
        (pytester.path / "account.json").write_text(content, encoding="utf-8")
    assert pytester.runpytest("--asc-compare=account.json").ret == pytest.ExitCode.USAGE_ERROR
    assert suite.requests == []
