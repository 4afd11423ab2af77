"""Token lifetimes that Apple would reject, or that are too short to be useful."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from loopback import Smoke

TOO_LONG = "exp is 1201 s after iat; App Store Connect accepts at most 1200 s"


def report_of(pytester: pytest.Pytester) -> dict[str, Any]:
    report: dict[str, Any] = json.loads((pytester.path / "report.json").read_text(encoding="utf-8"))
    return report


def assert_reports_the_lifetime(result: pytest.RunResult, report: dict[str, Any]) -> None:
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert (report["ok"], report["cause"]) == (False, "token-lifetime-too-long")
    (finding,) = (finding for finding in report["findings"] if finding["level"] == "error")
    assert finding["cause"] == "token-lifetime-too-long"
    assert finding["evidence"] == TOO_LONG
    assert "15 minutes" in finding["fix"]
    output = result.stdout.str() + result.stderr.str()
    assert "token-lifetime-too-long" in output
    assert "Traceback" not in output
    assert "LifetimeError" not in output
    assert ".py:" not in output


@pytest.mark.usefixtures("credentials")
def test_a_live_smoke_check_reports_a_lifetime_that_is_too_long(smoke: Smoke) -> None:
    assert_reports_the_lifetime(*smoke("--asc-token-lifetime=1201"))


@pytest.mark.parametrize("source", ["option", "ini", "environment"])
def test_an_emulated_smoke_check_reports_a_lifetime_that_is_too_long(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    options = ["--asc-token-lifetime=1201"] if source == "option" else []
    if source == "ini":
        pytester.makeini("[pytest]\nasc_token_lifetime = 1201")
    elif source == "environment":
        monkeypatch.setenv("ASC_TOKEN_LIFETIME", "1201")
    result = pytester.runpytest("--asc-smoke", "--asc-mode=emulator", "--asc-report=report.json", *options)
    assert_reports_the_lifetime(result, report_of(pytester))


def test_a_smoke_check_before_the_suite_reports_a_lifetime_that_is_too_long(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_x(): pass")
    result = pytester.runpytest(
        "--asc-smoke-first", "--asc-mode=emulator", "--asc-report=report.json", "--asc-token-lifetime=1201"
    )
    assert_reports_the_lifetime(result, report_of(pytester))


@pytest.mark.parametrize("source", ["--asc-token-lifetime", "asc_token_lifetime", "ASC_TOKEN_LIFETIME"])
@pytest.mark.parametrize("lifetime", ["-5", "0", "119"])
def test_a_lifetime_that_is_too_short_is_a_usage_error(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, source: str, lifetime: str
) -> None:
    options = [f"{source}={lifetime}"] if source.startswith("--") else []
    if source.startswith("asc"):
        pytester.makeini(f"[pytest]\n{source} = {lifetime}")
    elif source.startswith("ASC"):
        monkeypatch.setenv(source, lifetime)
    result = pytester.runpytest("--asc-smoke", "--asc-mode=emulator", *options)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: {source} is {lifetime}, expected at least 120 seconds: *"])
    assert "Traceback" not in result.stderr.str()


def test_the_shortest_lifetime_is_accepted(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest("--asc-smoke", "--asc-mode=emulator", "--asc-token-lifetime=120")
    assert result.ret == pytest.ExitCode.OK


def test_a_too_long_lifetime_on_a_marker_fails_the_test_without_frames_of_the_package(
    pytester: pytest.Pytester,
) -> None:
    pytester.makepyfile("import pytest\n@pytest.mark.asc(lifetime=1201)\ndef test_x(asc_token): pass")
    result = pytester.runpytest()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"E*LifetimeError: token-lifetime-too-long: {TOO_LONG}. *"])
    assert result.stdout.str().count("pytest_asc/") <= 1
