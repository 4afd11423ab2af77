"""A failure that was planned and did not happen is an error at the end of its test."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest


def test_a_test_whose_failure_stayed_away_is_in_error(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        def test_x(asc_emulator, asc_session):
            asc_emulator.fail("GET", "/v1/builds", status=503)
            asc_session.get("/v1/apps")
        """
    )
    result = pytester.runpytest("-W", "error")
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(
        [
            "asc_emulator: planned failures did not happen as often as planned:",
            "  GET /v1/builds, status 503: 0 of 1 times",
            "These requests came:",
            "  GET /v1/apps was answered 200",
            "*optional=True*@pytest.mark.asc(allow_unfired=True).",
        ]
    )
    result.stdout.no_fnmatch_line("*fixtures.py*")


def test_it_is_told_of_a_failed_test_as_well(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        def test_x(asc_emulator):
            asc_emulator.fail("GET", "/v1/builds", status=503)
            assert False
        """
    )
    result = pytester.runpytest()
    result.assert_outcomes(failed=1, errors=1)
    result.stdout.fnmatch_lines(["No request came."])


def test_what_happened_as_planned_or_is_allowed_to_stay_away_is_no_error(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest

        def test_happened(asc_emulator, asc_session):
            asc_emulator.fail("GET", "/v1/apps", status=503)
            assert asc_session.get("/v1/apps").status_code == 503

        def test_optional(asc_emulator):
            asc_emulator.fail("GET", "/v1/apps", status=503, optional=True)

        def test_reset(asc_emulator):
            asc_emulator.fail("GET", "/v1/apps", status=503)
            asc_emulator.reset()

        @pytest.mark.asc(allow_unfired=True)
        class TestMarked:
            def test_x(self, asc_emulator):
                asc_emulator.fail("GET", "/v1/apps", status=503)

            @pytest.mark.asc(allow_unfired=False)
            def test_closer(self, asc_emulator):
                asc_emulator.fail("GET", "/v1/apps", status=503)
        """
    )
    pytester.runpytest("-W", "error").assert_outcomes(passed=5, errors=1)


def test_a_role_that_is_none_is_told_at_once(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.asc(role="Developer")
        def test_x(asc_emulator): pass

        @pytest.mark.asc(role="DEVELOPER")
        def test_role(asc_emulator, asc_session):
            assert asc_session.get("/v1/users").status_code == 403
            assert asc_emulator.requests[0].refusal.cause == "role-insufficient"
            assert False
        """
    )
    result = pytester.runpytest("-W", "error")
    result.assert_outcomes(errors=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            "*asc(role=…): there is no role 'Developer'; did you mean 'DEVELOPER'? The roles are *",
            "GET /v1/users was answered 403: role-insufficient",
            "  the role DEVELOPER may not read users; ADMIN or APP_MANAGER may",
        ]
    )
