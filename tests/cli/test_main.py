from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from loopback import KEY_ID, Apple

import pytest_asc
from pytest_asc.cli.main import COMMANDS, main
from pytest_asc.diagnosis.token.verify import decode

if TYPE_CHECKING:
    from forked_python import ForkedPython


@pytest.fixture
def credentials(credentials: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Good credentials in the environment, and an empty folder."""
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("credentials")
def test_token_prints_only_the_token(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["token", "--asc-token-lifetime=600", "--scope=GET /v1/apps", "--scope=GET /v1/users"]) == 0
    output = capsys.readouterr()
    token = decode(output.out.removesuffix("\n"))
    assert token.key_id == KEY_ID
    assert token.claims["exp"] - token.claims["iat"] == 600
    assert token.claims["scope"] == ["GET /v1/apps", "GET /v1/users"]
    assert output.err == ""


@pytest.mark.usefixtures("credentials")
def test_options_take_precedence_over_the_environment(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["token", "--asc-key-id=OTHER12345"]) == 0
    output = capsys.readouterr()
    assert decode(output.out.strip()).key_id == "OTHER12345"
    assert "credentials-conflict" in output.err


@pytest.mark.usefixtures("credentials")
def test_token_prints_to_a_terminal_only_with_reveal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert main(["token"]) == 4
    output = capsys.readouterr()
    assert output.out == ""
    assert "--reveal" in output.err
    assert main(["token", "--reveal"]) == 0
    assert decode(capsys.readouterr().out.strip()).key_id == KEY_ID


def test_token_reports_missing_credentials(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["token"]) == 1
    output = capsys.readouterr()
    assert output.out == ""
    assert "credentials-missing" in output.err


@pytest.mark.usefixtures("credentials")
@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--asc-token-lifetime=3600"], "at most 1200 s"),
        (["--asc-token-lifetime=5"], "is 5, expected at least 120 seconds"),
        (["--asc-token-lifetime=long"], "expected a whole number of seconds"),
    ],
)
def test_token_refuses_a_lifetime_out_of_bounds(
    capsys: pytest.CaptureFixture[str], options: list[str], message: str
) -> None:
    assert main(["token", *options]) == 4
    output = capsys.readouterr()
    assert (output.out, message in output.err) == ("", True)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["token", "--scope=foo"], "argument --scope: got 'foo', expected a method and a path, such as 'GET /v1/apps'"),
        (["token", "--scope="], "argument --scope: got '', expected a method and a path, such as 'GET /v1/apps'"),
        (["serve", "--allow-host=bad host"], "argument --allow-host: got 'bad host': expected only a host"),
        (["run", "--allow-host=example.com:443"], "argument --allow-host: got 'example.com:443': expected only a host"),
        (
            ["run", "--allow-host=https://example.com"],
            "argument --allow-host: got 'https://example.com': expected only",
        ),
    ],
)
def test_an_invalid_request_or_host_is_a_usage_error(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 4
    assert message in capsys.readouterr().err


@pytest.mark.usefixtures("credentials")
def test_smoke_runs_the_smoke_check(apple: Apple, forked_python: ForkedPython, tmp_path: Path) -> None:
    options = [f"--asc-base-url={apple.url}", "-q", "-p", "no:cacheprovider"]
    result = forked_python.run("-m", "pytest_asc", "smoke", *options, folder=tmp_path)
    assert result.returncode == 0
    assert "App Store Connect accepted these credentials" in result.stdout
    assert len(apple.requests) == 1


def test_the_smoke_command_causes_no_warning_of_pytest(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\n", encoding="utf-8")
    command = [sys.executable, "-m", "pytest_asc", "smoke", "--asc-mode=emulator", "-p", "no:cacheprovider"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (result.returncode, "AssertRewriteWarning" in result.stdout + result.stderr) == (0, False)


def test_the_help_of_the_smoke_command_is_that_of_pytest(forked_python: ForkedPython, tmp_path: Path) -> None:
    result = forked_python.run("-m", "pytest_asc", "smoke", "--help", folder=tmp_path)
    assert (result.returncode, "--asc-smoke-roles" in result.stdout, result.stderr) == (0, True, "")


@pytest.mark.parametrize("command", sorted({*COMMANDS} - {"smoke"}))
def test_the_help_of_a_command_starts_with_its_line_in_the_list(
    command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    for arguments in (["--help"], [command, "--help"]):
        with pytest.raises(SystemExit):
            main(arguments)
    listed, own = capsys.readouterr().out.split("usage: ")[1:]
    description = own.split("\n\n")[1].rstrip(".")
    assert f"{command} {description[0].lower()}{description[1:]}" in " ".join(listed.split())


@pytest.mark.usefixtures("credentials")
def test_pytest_gives_no_warning_to_a_program_that_has_imported_an_installed_package(tmp_path: Path) -> None:
    installed = tmp_path / "pytest_asc-0.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: pytest-asc\nVersion: 0\n", encoding="utf-8")
    (installed / "entry_points.txt").write_text("[pytest11]\nasc = pytest_asc.plugin\n", encoding="utf-8")
    (installed / "RECORD").write_text("pytest_asc/__init__.py,,\n", encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\n", encoding="utf-8")
    smoke = ["--asc-smoke", "--asc-mode=emulator", "-p", "no:cacheprovider"]
    command = [
        sys.executable,
        "-W",
        "error",
        "-c",
        f"import pytest, pytest_asc; raise SystemExit(pytest.main({smoke}))",
    ]
    path = os.pathsep.join([str(tmp_path), str(Path(pytest_asc.__file__).parents[1])])
    environment = {**os.environ, "PYTHONPATH": path}
    result = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, "")
    assert "PytestAssertRewriteWarning" not in result.stdout


def test_the_installed_console_script_runs_the_main_function(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (script,) = entry_points(group="console_scripts", name="pytest-asc")
    assert script.load() is main
    monkeypatch.setattr("sys.argv", ["/usr/bin/pytest-asc"])
    with pytest.raises(SystemExit):
        main(["--help"])
    assert capsys.readouterr().out.startswith("usage: pytest-asc ")
