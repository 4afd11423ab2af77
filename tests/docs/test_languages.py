"""The examples in other languages, the GitHub Action and the Containerfile do what the documentation says."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
import requests
import yaml

from pytest_asc.control.commands import COMMANDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from forked_python import ForkedPython

ROOT = Path(__file__).parents[2]
LANGUAGES = ROOT / "docs" / "languages"


@pytest.fixture
def run(forked_server: ForkedPython) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run a program against an emulator, in a folder."""

    def run(*command: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
        return forked_server.run("-m", "pytest_asc", "run", "--empty", "--", *command, folder=cwd)

    return run


EXAMPLES = [
    ("node", ["--test", "javascript/node.test.mjs"], r"# pass 4\b"),
    ("vitest", ["run", "--globals", "--no-color", "app_names.test"], r"Tests +4 passed \(4\)"),
    ("jest", ["--testMatch", "**/app_names.test.mjs"], r"Tests: +4 passed, 4 total"),
    ("ruby", ["-W", "ruby/app_names_test.rb"], "4 runs, 8 assertions, 0 failures, 0 errors, 0 skips"),
    ("rspec", ["ruby/app_names_spec.rb"], "4 examples, 0 failures"),
]


@pytest.mark.parametrize(("program", "arguments", "summary"), EXAMPLES, ids=[program for program, _, _ in EXAMPLES])
def test_the_examples_pass_with_their_test_runners(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    run: Callable[..., subprocess.CompletedProcess[str]],
    program: str,
    arguments: list[str],
    summary: str,
) -> None:
    if not shutil.which(program):
        pytest.skip(f"{program} is not installed")
    if program == "jest":
        monkeypatch.setenv("NODE_OPTIONS", "--experimental-vm-modules")
    folder = shutil.copytree(LANGUAGES, tmp_path / "languages")  # test runners write caches beside the tests
    (folder / "package.json").write_text("{}", "utf-8")
    result = run(program, *arguments, cwd=folder)
    assert result.returncode == 0, result.stdout + result.stderr
    assert re.search(summary, result.stdout + result.stderr)


@pytest.mark.skipif(not shutil.which("swiftc"), reason="swift is not installed")
def test_the_swift_example_parses_as_swift(run: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    assert run("swiftc", "-parse", str(LANGUAGES / "swift" / "AppNamesTests.swift")).returncode == 0


def test_the_swift_example_uses_existing_commands() -> None:
    text = (LANGUAGES / "swift" / "AppNamesTests.swift").read_text("utf-8")
    called = re.findall(r'control\("([A-Z]+)", "([^"]+)"', text)
    assert {*called} <= {(one.method, one.path) for one in COMMANDS}
    assert len(called) == 4


@pytest.fixture(scope="module")
def action() -> Any:
    return yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))


def step(action: Any, name: str) -> Any:
    (found,) = [one for one in action["runs"]["steps"] if one["name"] == name]
    return found


def test_the_action_is_composite_and_its_scripts_contain_no_input(action: Any, tmp_path: Path) -> None:
    assert action["runs"]["using"] == "composite"
    for one in action["runs"]["steps"]:
        assert one["shell"] == "bash"
        assert "${{" not in one["run"]  # an input with quotes in it would be part of the script
        assert subprocess.run(["bash", "-n"], input=one["run"], text=True, check=False).returncode == 0
        for value in one["env"].values():
            for name in re.findall(r"inputs\.([\w-]+)", value):
                assert name in action["inputs"]


def environment(tmp_path: Path, **variables: str) -> dict[str, str]:
    (tmp_path / "pytest-asc").mkdir()
    files = {name: str(tmp_path / name) for name in ("GITHUB_ENV", "GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    here = {"RUNNER_TEMP": str(tmp_path), "GITHUB_ACTION_PATH": str(ROOT), "PYTEST_ASC_PYTHON": sys.executable}
    return {**os.environ, **files, **here, **variables}


def written(file: Path) -> dict[str, str]:
    return dict(line.split("=", 1) for line in file.read_text("utf-8").splitlines())


def test_the_action_checks_credentials(action: Any, tmp_path: Path) -> None:
    script = step(action, "Check the credentials")["run"]
    env = environment(tmp_path, OPTIONS="--asc-mode=emulator\n\n-p\nno:cacheprovider\n")
    result = subprocess.run(["bash", "-e", "-o", "pipefail", "-c", script], env=env, cwd=tmp_path, check=False,
                            capture_output=True, text=True)  # fmt: skip
    assert result.returncode == 0, result.stdout + result.stderr
    assert "0 apps are visible" in result.stdout or "passed" in result.stdout


def test_the_action_starts_serve_for_the_following_steps(action: Any, tmp_path: Path) -> None:
    script = step(action, "Start the emulator")["run"]
    pid = tmp_path / "pid"
    env = environment(tmp_path, OPTIONS="--empty")
    subprocess.run(["bash", "-e", "-o", "pipefail", "-c", f"{script}\necho $server > {pid}"], env=env, check=True)
    process = int(pid.read_text())
    try:
        variables, outputs = written(tmp_path / "GITHUB_ENV"), written(tmp_path / "GITHUB_OUTPUT")
        assert (outputs["url"], outputs["control-url"]) == (variables["ASC_BASE_URL"], variables["ASC_EMULATOR_URL"])
        assert set(action["outputs"]) == set(outputs)
        assert requests.get(f"{variables['ASC_EMULATOR_URL']}health", timeout=30).json()["status"] == "ok"
        assert Path(variables["ASC_PRIVATE_KEY_PATH"]).read_text("ascii").startswith("-----BEGIN PRIVATE KEY")
    finally:
        os.kill(process, 15)
    failing = {**env, "OPTIONS": "--role\nNOBODY"}
    result = subprocess.run(["bash", "-e", "-o", "pipefail", "-c", script], env=failing, check=False,
                            capture_output=True, text=True)  # fmt: skip
    assert result.returncode == 1
    assert "NOBODY" in result.stderr


def test_the_containerfile_copies_existing_files_and_starts_serve() -> None:
    lines = (ROOT / "Containerfile").read_text("utf-8").replace("\\\n", "").splitlines()
    instructions = [line.split(" ", 1) for line in lines if line and not line.startswith("#")]
    assert instructions[0][0] == "FROM"
    for name, arguments in instructions:
        if name == "COPY":
            assert all((ROOT / source).exists() for source in arguments.split()[:-1])
    (entry,) = [json.loads(arguments) for name, arguments in instructions if name == "ENTRYPOINT"]
    (port,) = [arguments for name, arguments in instructions if name == "EXPOSE"]
    assert entry[-1] == port
    command = [sys.executable, *entry[1:-1], "0", "--empty"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout
        info = json.loads(process.stdout.readline())
        process.terminate()
    assert info["control_secret"]
    (check,) = [arguments for name, arguments in instructions if name == "HEALTHCHECK"]
    assert f":{port}{urlsplit(info['control_url']).path}" in check
