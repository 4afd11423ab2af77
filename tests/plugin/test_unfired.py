"""A planned failure that no request has met is an error at the end of its test."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest


def test_an_unused_planned_failure_is_an_error_of_the_test(pytester: pytest.Pytester) -> None:
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


def test_an_unused_planned_failure_is_reported_for_a_failed_test_as_well(pytester: pytest.Pytester) -> None:
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


def test_a_used_or_optional_planned_failure_is_no_error(pytester: pytest.Pytester) -> None:
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


def test_an_unknown_role_on_a_marker_is_an_error_of_the_test(pytester: pytest.Pytester) -> None:
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
