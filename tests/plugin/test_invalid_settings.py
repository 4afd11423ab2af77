"""Invalid values of ini values and environment variables."""

from __future__ import annotations

from pathlib import Path

import pytest

import pytest_asc

INVALID = {
    "mode": ("foo", "is 'foo', expected one of emulator, live"),
    "service": ("foo", "is 'foo', expected one of app-store-connect, enterprise, *"),
    "key_type": ("Team", "is 'Team', expected one of team, individual, enterprise"),
    "token_lifetime": ("-5", "is -5, expected at least 120 seconds: *"),
}


@pytest.mark.parametrize("name", INVALID)
def test_an_invalid_ini_value_is_a_usage_error(pytester: pytest.Pytester, name: str) -> None:
    value, message = INVALID[name]
    pytester.makeini(f"[pytest]\nasc_{name} = {value}\n")
    pytester.makepyfile("def test_x(asc_session): pass")
    result = pytester.runpytest()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: asc_{name} {message}"])


@pytest.mark.parametrize("name", INVALID)
def test_an_invalid_variable_is_an_error_of_the_tests_that_use_fixtures_without_a_traceback(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    value, message = INVALID[name]
    monkeypatch.setenv(f"ASC_{name.upper()}", value)
    pytester.makepyfile("def test_x(asc_session): pass\ndef test_y(): pass")
    result = pytester.runpytest()
    result.assert_outcomes(errors=1, passed=1)
    result.stdout.fnmatch_lines([f"ASC_{name.upper()} {message}"])
    assert str(Path(pytest_asc.__file__).parent) not in result.stdout.str()


def test_a_base_url_without_scheme_is_an_error_of_a_live_test_without_a_traceback(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASC_TOKEN", "x.y.z")
    monkeypatch.setenv("ASC_BASE_URL", "foo")
    pytester.makepyfile("import pytest\n@pytest.mark.asc_live\ndef test_x(asc_session): pass")
    result = pytester.runpytest()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["ASC_BASE_URL is 'foo', expected a URL with scheme and host, such as *"])
    assert str(Path(pytest_asc.__file__).parent) not in result.stdout.str()


def test_missing_credentials_are_an_error_without_a_traceback(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_x(asc_credentials): pass")
    result = pytester.runpytest("--asc-mode=live")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*No credentials were found (credentials-missing)."])
    assert str(Path(pytest_asc.__file__).parent) not in result.stdout.str()


def test_an_error_in_a_document_that_the_ini_file_names_is_reported_under_the_name_of_the_ini_value(
    pytester: pytest.Pytester,
) -> None:
    pytester.makeini("[pytest]\nasc_openapi = missing.json\n")
    result = pytester.runpytest()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: asc_openapi: *missing.json cannot be read: No such file or directory"])
