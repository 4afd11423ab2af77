from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from loopback import ISSUER_ID, KEY_ID, REFUSED, Apple, Reply

if TYPE_CHECKING:
    from collections.abc import Callable

SUITE = """
    def test_one(asc_session):
        assert asc_session.get("/v1/apps").json()["data"] == []

    def test_two():
        pass

    def test_live_credentials_are_not_the_tests(asc_credentials):
        assert asc_credentials.key_id != "2X9R7KQF34"
"""


@pytest.fixture
def run(
    pytester: pytest.Pytester, apple: Apple, key_text: str, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., pytest.RunResult]:
    """Run a suite of three tests after the smoke check."""
    monkeypatch.setenv("ASC_KEY_ID", KEY_ID)
    monkeypatch.setenv("ASC_ISSUER_ID", ISSUER_ID)
    monkeypatch.setenv("ASC_PRIVATE_KEY", key_text)
    pytester.makepyfile(SUITE)
    return lambda *options: pytester.runpytest("--asc-smoke-first", f"--asc-base-url={apple.url}", *options)


@pytest.mark.parametrize("options", [(), ("-v",), ("-n", "2"), ("-p", "no:cacheprovider")])
def test_the_tests_run_after_a_good_smoke_check(
    run: Callable[..., pytest.RunResult], apple: Apple, options: tuple[str, ...]
) -> None:
    result = run(*options)
    result.assert_outcomes(passed=8)
    assert result.ret == 0
    assert len(apple.requests) == 1
    result.stdout.fnmatch_lines(["*App Store Connect accepted these credentials*"])


@pytest.mark.parametrize("options", [(), ("-n", "2"), ("-x",)])
def test_a_failed_smoke_check_stops_the_run_before_the_tests(
    run: Callable[..., pytest.RunResult], apple: Apple, options: tuple[str, ...]
) -> None:
    apple.answer = lambda _: Reply(401, REFUSED)
    result = run(*options)
    assert result.ret == 1
    result.assert_outcomes(passed=4, failed=1)
    result.stdout.fnmatch_lines(["*key-unknown-to-apple*"])
    if "-x" not in options:
        result.stdout.fnmatch_lines(["*the smoke check failed: the tests were not run*"])
    assert "test_two" not in result.stdout.str()


def test_a_failure_of_an_early_check_stops_the_run_too(
    run: Callable[..., pytest.RunResult], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASC_PRIVATE_KEY", "${KEY}")
    result = run()
    assert result.ret == 1
    result.assert_outcomes(failed=1, skipped=4)


def test_fixtures_overridden_in_the_folder_of_the_tests_are_used(
    pytester: pytest.Pytester, apple: Apple, make_token: Callable[..., str]
) -> None:
    pytester.mkdir("tests")
    pytester.makepyfile(
        **{
            "tests/conftest": f"""
                import pytest

                @pytest.fixture
                def asc_token():
                    return {make_token(lifetime=3600)!r}
            """,
            "tests/test_one": "def test_one(): pass",
        }
    )
    result = pytester.runpytest("--asc-smoke-first", f"--asc-base-url={apple.url}")
    assert result.ret == 1
    result.stdout.fnmatch_lines(["*token-lifetime-too-long*"])


def test_asc_smoke_first_cannot_be_combined_with_asc_smoke(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest("--asc-smoke-first", "--asc-smoke")
    assert result.ret == 4
    result.stderr.fnmatch_lines(["ERROR: --asc-smoke runs no tests, but --asc-smoke-first does: use one of the two"])
