"""In a run that does not use the plugin, it imports no further modules and prints nothing."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("requests", "urllib3", "jwt", "cryptography", "responses", "asyncio", "http.server", "aiohttp")


def test_importing_the_plugin_imports_only_pytest() -> None:
    command = [sys.executable, "-X", "importtime", "-c", "import pytest; import pytest_asc.plugin"]
    loaded = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    after_pytest = loaded[loaded.rindex("| pytest\n") :]
    names = [line.rpartition("|")[2].strip() for line in after_pytest.splitlines()[1:]]
    assert names == ["pytest_asc", "pytest_asc.plugin"]


@pytest.mark.parametrize("options", [(), ("-v", "--strict-markers"), ("-n", "1"), ("--markers",), ("--fixtures",)])
def test_a_run_without_the_fixtures_imports_no_other_module_of_the_plugin(
    pytester: pytest.Pytester, options: tuple[str, ...]
) -> None:
    pytester.makepyfile("def test_nothing(): pass")
    pytester.makeconftest(
        f"""
        import sys
        from pathlib import Path

        def write(name):
            Path(name).write_text(repr([name for name in {HEAVY!r} if name in sys.modules]))

        def pytest_sessionfinish(session):
            if hasattr(session.config, "workerinput"):
                write("worker.txt")

        def pytest_unconfigure(config):
            if not hasattr(config, "workerinput"):
                write("main.txt")
        """
    )

    def run(*more: str) -> tuple[pytest.RunResult, dict[str, str]]:
        result = pytester.runpytest_subprocess("-p", "no:cacheprovider", *options, *more)
        assert result.ret == 0
        return result, {file.stem: file.read_text("utf-8") for file in pytester.path.glob("*.txt")}

    result, loaded = run()
    # Python or another plugin may have imported some of them: for example, unittest.mock imports asyncio.
    assert run("-p", "no:asc")[1] == loaded
    assert loaded.keys() == ({"main", "worker"} if "-n" in options else {"main"})
    assert "App Store Connect" not in "".join(line for line in result.outlines if line.startswith("="))


def test_the_plugin_can_be_disabled(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_token(asc_token): pass")
    result = pytester.runpytest("-p", "no:asc")
    result.stdout.fnmatch_lines(["*fixture 'asc_token' not found*"])


def test_the_plugin_can_be_loaded_by_name_if_autoload_is_disabled(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makepyfile("def test_token(asc_token): assert asc_token")
    result = pytester.runpytest_subprocess("-p", "pytest_asc.plugin")
    result.assert_outcomes(passed=1)


@pytest.mark.parametrize(
    "name",
    ["asc_credentials", "asc_token", "make_asc_token", "asc_session", "asc_emulator", "asc_server", "asc_diagnose"],
)
def test_every_fixture_has_a_docstring(pytester: pytest.Pytester, name: str) -> None:
    result = pytester.runpytest("--fixtures")
    result.stdout.re_match_lines(
        [rf"{name} (\[session scope\] )?-- .*fixtures\.py.*", r"    [A-Z].+\."], consecutive=True
    )


def test_every_option_is_in_the_help(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest("--help")
    result.stdout.fnmatch_lines(["App Store Connect:", "*--asc-key-id*", "*--asc-smoke*", "*asc_key_id (string):*"])
    result.stdout.no_fnmatch_line("*--asc-private-key*")


def test_the_markers_are_registered(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest("--markers")
    result.stdout.fnmatch_lines(["@pytest.mark.asc(*role='ADMIN'*", "@pytest.mark.asc_live: *"])
