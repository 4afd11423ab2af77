from __future__ import annotations

import json
from pathlib import Path

import pytest


def test_the_report_is_written_where_it_was_asked_for(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = pytester.mkdir("folder")
    monkeypatch.chdir(folder)
    result = pytester.runpytest("--asc-smoke", "--asc-mode=emulator", "--asc-report=../report.json")
    assert result.ret == 0
    report = json.loads((pytester.path / "report.json").read_text(encoding="utf-8"))
    assert set(report) >= {
        "schema_version", "ok", "cause", "service", "credentials", "token", "request", "clock", "rate_limit", "probes",
        "findings",
    }  # fmt: skip


def test_the_report_is_written_without_a_terminal(pytester: pytest.Pytester) -> None:
    pytester.runpytest("--asc-smoke", "--asc-mode=emulator", "--asc-report=report.json", "-p", "no:terminal")
    assert json.loads((pytester.path / "report.json").read_text(encoding="utf-8"))["ok"]


@pytest.mark.parametrize(
    ("path", "message"),
    [("nowhere/report.json", "the folder */nowhere does not exist"), (".", "* is a folder, expected a file")],
)
def test_a_place_that_is_none_is_refused_before_the_run(pytester: pytest.Pytester, path: str, message: str) -> None:
    result = pytester.runpytest("--asc-smoke", "--asc-mode=emulator", f"--asc-report={path}")
    assert result.ret == 4
    result.stderr.fnmatch_lines([f"ERROR: --asc-report: {message}"])


def test_github_gets_annotations_and_a_summary(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    summary = Path(pytester.path / "summary.md")
    summary.write_text("# Before\n", encoding="utf-8")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    result = pytester.runpytest("--asc-smoke", "--asc-mode=emulator", "--asc-fault=agreement-missing")
    assert result.ret == 1
    result.stdout.fnmatch_lines(["::error title=An agreement waits for the Account Holder::agreement-missing*"])
    text = summary.read_text(encoding="utf-8")
    assert text.startswith("# Before\n### ❌ ")
    assert "agreement-missing" in text


def test_elsewhere_there_are_none(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest("--asc-smoke", "--asc-mode=emulator", "--asc-fault=agreement-missing")
    result.stdout.no_fnmatch_line("::error*")
