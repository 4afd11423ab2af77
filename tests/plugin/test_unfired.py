"""A planned failure that no request has triggered is an error at the end of its test."""

from __future__ import annotations

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
            "Requests received:",
            "  GET /v1/apps returned 200",
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
    result.stdout.fnmatch_lines(["No request was received."])


def test_a_used_or_optional_planned_failure_is_not_an_error(pytester: pytest.Pytester) -> None:
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
            "GET /v1/users returned 403: role-insufficient",
            "  the role DEVELOPER cannot read users; ADMIN or APP_MANAGER can",
        ]
    )


SIGNED = """
import jwt, pytest, requests, time
URL = "https://api.appstoreconnect.apple.com/v1/apps"

def get(key):
    now = int(time.time())
    claims = {"iss": key.issuer_id, "iat": now, "exp": now + 600, "aud": "appstoreconnect-v1"}
    token = jwt.encode(claims, key.private_key, "ES256", {"kid": key.key_id})
    return requests.get(URL, headers={"Authorization": f"Bearer {token}"}).status_code
"""


@pytest.mark.parametrize("fixtures", ["", "asc_token, ", "asc_env, ", "asc_emulator, ", "make_asc_token, "])
def test_a_token_fault_on_a_marker_that_no_request_contained_is_an_error_of_the_test(
    pytester: pytest.Pytester, fixtures: str
) -> None:
    pytester.makepyfile(
        f"""{SIGNED}
@pytest.mark.asc(faults=["token-lifetime-too-long"])
def test_refused({fixtures}asc_credentials):
    assert get(asc_credentials) == 200

@pytest.mark.asc(faults=["token-lifetime-too-long"], allow_unfired=True)
def test_allowed({fixtures}asc_credentials):
    assert get(asc_credentials) == 200
"""
    )
    result = pytester.runpytest("-W", "error")
    result.assert_outcomes(passed=2, errors=1)
    result.stdout.fnmatch_lines(
        [
            "The fault 'token-lifetime-too-long' had no effect: no request was sent with the token of asc_token.",
            "  GET /v1/apps 200",
            "*signs its own tokens ignores asc_token*",
        ]
    )


def test_a_marker_changes_a_shared_emulator_for_its_own_test_only(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest

        @pytest.fixture(scope="module", autouse=True)
        def account(asc_emulator_factory):
            with asc_emulator_factory() as account:
                yield account

        @pytest.mark.asc(role="DEVELOPER", relax=["price"])
        def test_role(asc_session, account):
            assert asc_session.get("/v1/users").status_code == 403
            assert "price" not in account.review_requirements

        def test_next(asc_session, account):
            assert asc_session.get("/v1/users").status_code == 200
            assert "price" in account.review_requirements

        @pytest.mark.asc(faults=["agreement-missing"])
        def test_fault(asc_session):
            assert asc_session.get("/v1/apps").status_code == 403

        @pytest.mark.asc(faults=["token-expired"])
        def test_token(asc_session):
            assert asc_session.get("/v1/apps").status_code == 401

        @pytest.mark.asc(faults=["token-expired"])
        def test_token_unused(asc_emulator):
            pass
        """
    )
    result = pytester.runpytest("-W", "error")
    result.assert_outcomes(passed=4, errors=2)
    result.stdout.fnmatch_lines(
        ["*faults=[[]'agreement-missing'[]]*emulator of asc_emulator_factory*account.fault('agreement-missing')*"]
    )
