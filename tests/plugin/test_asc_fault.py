"""The closed loop: every cause of the table is rehearsed and leads to its own verdict, and to no other."""

from __future__ import annotations

import json

import pytest

from pytest_asc.diagnosis.causes import CAUSES


@pytest.mark.parametrize("fault", sorted(CAUSES))
def test_a_fault_leads_to_its_verdict(pytester: pytest.Pytester, fault: str) -> None:
    result = pytester.runpytest(
        "--asc-smoke", "--asc-mode=emulator", f"--asc-fault={fault}", "--asc-report=report.json", "-W", "error"
    )
    report = json.loads((pytester.path / "report.json").read_text(encoding="utf-8"))
    # One cause, one finding.
    (finding,) = report["findings"]
    assert finding["cause"] == fault
    is_error = CAUSES[fault].level == "error"
    assert report["cause"] == (fault if is_error else None)
    assert result.ret == (1 if is_error else 0)
    result.stdout.fnmatch_lines([f"*{fault}*", f"*{finding['fix'][:20]}*"])


def test_a_fault_is_for_the_emulator(pytester: pytest.Pytester) -> None:
    for options in (["--asc-smoke"], ["--asc-mode=live"]):
        result = pytester.runpytest("--asc-fault=agreement-missing", *options)
        assert result.ret == 4
        result.stderr.fnmatch_lines(["ERROR: --asc-fault is for the emulator: add --asc-mode=emulator"])


def test_an_unknown_fault_is_answered_with_the_known(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest("--asc-smoke", "--asc-mode=emulator", "--asc-fault=gremlins")
    assert result.ret == 4
    result.stderr.fnmatch_lines(["ERROR: 'gremlins' is no such cause to rehearse; there are accept-header, *"])


def test_tests_meet_the_fault_as_well(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_x(asc_session): assert asc_session.get('/v1/apps').status_code == 403")
    pytester.runpytest("--asc-fault=agreement-missing").assert_outcomes(passed=1)
