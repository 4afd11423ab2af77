"""``asc_warn_deprecated``: deprecated operations that tests used are listed at the end of the run, or fail tests."""

from __future__ import annotations

import pytest

TESTS = """
    import pytest

    @pytest.mark.parametrize("number", [1, 2])
    def test_old(asc_session, number):
        asc_session.get("/v1/gameCenterLeaderboards/1")

    def test_new(asc_session):
        asc_session.get("/v1/apps")

    def test_client_of_its_own(asc_emulator, asc_token):
        import requests

        url = "https://api.appstoreconnect.apple.com/v1/gameCenterAchievements/1"
        requests.get(url, headers={"Authorization": f"Bearer {asc_token}"})
        asc_emulator.reset()
"""

SECTION = [
    "*= deprecated operations of App Store Connect API * =*",
    "GET /v1/gameCenterAchievements/{id}: *::test_client_of_its_own",
    "GET /v1/gameCenterLeaderboards/{id}: *::test_old* and 1 more",
]


def test_deprecated_operations_are_not_listed_by_default(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(TESTS)
    result = pytester.runpytest()
    result.assert_outcomes(passed=4)
    assert "deprecated operations" not in result.stdout.str()
    off = pytester.runpytest("-o", "asc_warn_deprecated=off")
    off.assert_outcomes(passed=4)
    assert "deprecated operations" not in off.stdout.str()


@pytest.mark.parametrize("arguments", [(), ("-n2",)])
def test_each_deprecated_operation_is_listed_once_with_the_first_test_that_used_it(
    pytester: pytest.Pytester, arguments: tuple[str, ...]
) -> None:
    if arguments:
        pytest.importorskip("xdist")
    pytester.makeini("[pytest]\nasc_warn_deprecated = warn\n")
    pytester.makepyfile(TESTS)
    result = pytester.runpytest(*arguments)
    result.assert_outcomes(passed=4)
    result.stdout.fnmatch_lines(SECTION)
    assert result.stdout.str().count("/v1/gameCenterLeaderboards/{id}") == 1


def test_a_run_without_deprecated_operations_has_no_section_about_them(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_new(asc_session): asc_session.get('/v1/apps')")
    result = pytester.runpytest("-o", "asc_warn_deprecated=warn")
    assert "deprecated operations" not in result.stdout.str()


def test_the_option_value_error_fails_a_test_that_uses_a_deprecated_operation(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(TESTS)
    result = pytester.runpytest("-o", "asc_warn_deprecated=error", "-rf")
    result.assert_outcomes(passed=1, failed=3)
    result.stdout.fnmatch_lines(
        [
            "GET /v1/gameCenterLeaderboards/{id}: deprecated by Apple (App Store Connect API *)",
            *SECTION,
        ]
    )
    assert result.ret == pytest.ExitCode.TESTS_FAILED


def test_an_unknown_value_of_the_deprecations_option_is_a_usage_error(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(TESTS)
    result = pytester.runpytest("-o", "asc_warn_deprecated=loudly")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: asc_warn_deprecated is 'loudly', expected one of off, warn, error"])
