from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest


def test_the_report_is_written_to_the_given_path(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
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
def test_a_report_path_that_cannot_be_written_is_a_usage_error_before_the_run(
    pytester: pytest.Pytester, path: str, message: str
) -> None:
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
    result.stdout.fnmatch_lines(
        ["::error title=The Account Holder must accept a pending agreement::agreement-missing*"]
    )
    text = summary.read_text(encoding="utf-8")
    assert text.startswith("# Before\n### ❌ ")
    assert "agreement-missing" in text


def test_there_are_no_annotations_outside_github(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest("--asc-smoke", "--asc-mode=emulator", "--asc-fault=agreement-missing")
    result.stdout.no_fnmatch_line("::error*")


def test_the_suffix_of_each_report_file_chooses_its_format(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest(
        "--asc-smoke", "--asc-mode=emulator", "--asc-fault=token-lifetime-too-long",
        "--asc-report=report.html", "--asc-report=report.json",
    )  # fmt: skip
    assert result.ret == 1
    page = (pytester.path / "report.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert "<title>No request was sent: the token is valid for longer than Apple allows.</title>" in page
    report = json.loads((pytester.path / "report.json").read_text(encoding="utf-8"))
    assert report["cause"] == "token-lifetime-too-long"


def test_the_html_report_contains_no_secret(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(
        """
        import pytest

        @pytest.fixture
        def asc_token(make_asc_token):
            token = make_asc_token()
            open("token.txt", "w").write(token)
            raise RuntimeError(f"no luck with {str(token)}")
        """
    )
    pytester.runpytest("--asc-smoke", "--asc-mode=emulator", "--asc-report=report.html")
    page = (pytester.path / "report.html").read_text(encoding="utf-8")
    token = (pytester.path / "token.txt").read_text(encoding="utf-8")
    assert "no luck with ***" in page
    assert not [at for at in range(len(token) - 16) if token[at : at + 16] in page]


def test_the_failures_of_the_terminal_refer_to_the_report_and_junit_xml_has_the_whole_finding(
    pytester: pytest.Pytester,
) -> None:
    result = pytester.runpytest(
        "--asc-smoke", "--asc-mode=emulator", "--asc-fault=key-truncated", "--junitxml=junit.xml"
    )
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        [
            "=* FAILURES =*",
            "_* key _*",
            "key-truncated: see the section App Store Connect below",
            "*= App Store Connect =*",
            "  fix *Copy the key again, up to and including its END line.",
            "FAILED asc-smoke::key*",  # pytest 9 adds the first line of the finding
        ]
    )
    assert result.stdout.str().count("Copy the key again") == 1
    (failure,) = ET.parse(pytester.path / "junit.xml").iter("failure")
    assert failure.text == (
        "key-truncated: The key is cut off\n"
        "  emulator: it has no END line (length 120)\n"
        "  Copy the key again, up to and including its END line."
    )
