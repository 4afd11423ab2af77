from __future__ import annotations

import json
from typing import Any

import pytest


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def connect(*_: Any, **__: Any) -> None:
        pytest.fail("a connection was opened")

    monkeypatch.setattr("socket.socket.connect", connect)
    monkeypatch.setattr("socket.create_connection", connect)
    monkeypatch.setattr("socket.getaddrinfo", connect)


@pytest.mark.usefixtures("no_network", "credentials")
def test_three_checks_pass_without_a_request(pytester: pytest.Pytester, key_text: str) -> None:
    result = pytester.runpytest("--asc-smoke", "--asc-offline", "--asc-report=report.json")
    result.assert_outcomes(passed=3)
    output = " ".join(result.stdout.str().split())
    assert "No request was sent. Nothing is wrong with these credentials as far as this machine can tell." in output
    report = json.loads((pytester.path / "report.json").read_text("utf-8"))
    assert (report["ok"], report["mode"], report["request"]) == (True, "offline", None)
    assert [check["name"] for check in report["checks"]] == ["key", "ids", "token"]
    assert key_text.splitlines()[1] not in result.stdout.str()


@pytest.mark.usefixtures("no_network", "credentials")
@pytest.mark.parametrize(
    ("name", "value", "cause"),
    [
        ("ASC_PRIVATE_KEY", "broken", "key-unparsable"),
        ("ASC_ISSUER_ID", "ABCDE12345", "issuer-id-not-uuid"),
        ("ASC_TOKEN", "undefined", "token-placeholder"),
    ],
)
def test_bad_credentials_fail_without_a_request(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, name: str, value: str, cause: str
) -> None:
    monkeypatch.setenv(name, value)
    result = pytester.runpytest("--asc-smoke", "--asc-offline", "--asc-report=report.json")
    assert result.ret == 1
    assert json.loads((pytester.path / "report.json").read_text("utf-8"))["cause"] == cause
    result.stdout.fnmatch_lines(["No request was sent: *"])


@pytest.mark.usefixtures("no_network")
def test_in_emulator_mode_the_fault_of_a_token_is_found_offline(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest("--asc-smoke", "--asc-offline", "--asc-mode=emulator", "--asc-fault=token-expired")
    result.assert_outcomes(passed=2, failed=1)


@pytest.mark.usefixtures("no_network", "credentials")
def test_the_suite_runs_after_the_offline_checks(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_x(): pass")
    pytester.runpytest("--asc-smoke-first", "--asc-offline").assert_outcomes(passed=4)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--asc-offline"], "*--asc-offline is for the smoke check: add --asc-smoke or --asc-smoke-first"),
        (["--asc-smoke", "--asc-offline", "--asc-smoke-roles"], "*--asc-smoke-roles sends requests*"),
    ],
)
def test_a_combination_without_sense_is_a_usage_error(
    pytester: pytest.Pytester, options: list[str], message: str
) -> None:
    result = pytester.runpytest(*options)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: {message.removeprefix('*')}"])


def test_emulator_mode_says_that_the_users_key_was_not_read(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASC_PRIVATE_KEY", "broken")
    result = pytester.runpytest("--asc-smoke", "--asc-mode=emulator")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["*made by the emulator; your own credentials were not read"])
