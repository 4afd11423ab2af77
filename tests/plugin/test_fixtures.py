"""The fixtures in a test suite: in emulator mode by default, overridable, and following overridden fixtures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from loopback import Apple


def test_the_fixtures_work_without_an_apple_account(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import requests

        def test_token(asc_token):
            assert isinstance(asc_token, str)
            assert asc_token.count(".") == 2
            assert repr(asc_token) == "<Token ***>"

        def test_session(asc_session, asc_emulator):
            app = asc_emulator.add("apps", name="Lists", bundleId="com.example.lists")
            assert asc_session.get(f"/v1/apps/{app['id']}").json()["data"]["attributes"]["name"] == "Lists"
            assert [found["id"] for found in asc_session.resources("/v1/apps")] == [app["id"]]

        def test_code_that_makes_its_own_requests(asc_emulator, asc_token):
            url = "https://api.appstoreconnect.apple.com/v1/apps"
            assert requests.get(url, headers={"Authorization": f"Bearer {asc_token}"}).status_code == 200
            assert requests.get(url).status_code == 401
            assert asc_emulator.requests[-1].refusal.cause == "header-missing"

        def test_credentials(asc_credentials):
            assert asc_credentials.kind == "team"
        """
    )
    result = pytester.runpytest("-W", "error")
    result.assert_outcomes(passed=4)


def test_each_test_has_its_own_empty_account(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.parametrize("number", range(3))
        def test_account(asc_emulator, asc_session, number):
            assert asc_session.get("/v1/apps").json()["data"] == []
            asc_emulator.add("apps", name="One")
            assert len(asc_session.get("/v1/apps").json()["data"]) == 1
        """
    )
    pytester.runpytest().assert_outcomes(passed=3)


def test_a_session_downloads_files_without_sending_its_token(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import gzip

        def test_segment(asc_session, asc_emulator):
            segment = asc_emulator.add("analyticsReportSegments")
            told = asc_session.get(f"/v1/analyticsReportSegments/{segment['id']}").json()["data"]["attributes"]
            answer = asc_session.get(told["url"])
            assert "Authorization" not in answer.request.headers
            assert gzip.decompress(answer.content).startswith(b"Date\\t")
        """
    )
    pytester.runpytest("-W", "error").assert_outcomes(passed=1)


def test_asc_token_is_shared_between_tests(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest

        tokens = []

        @pytest.mark.parametrize("number", range(3))
        def test_token(asc_token, number):
            tokens.append(asc_token)
            assert tokens[0] is asc_token

        @pytest.mark.asc(lifetime=300)
        def test_a_token_with_another_lifetime(asc_token):
            assert asc_token not in tokens
        """
    )
    pytester.runpytest().assert_outcomes(passed=4)


def test_make_asc_token_accepts_any_claims_headers_and_lifetime(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import jwt
        import pytest

        def claims(token):
            return jwt.decode(token, options={"verify_signature": False})

        def test_parts(make_asc_token):
            token = make_asc_token(lifetime=60, issued_at=1_000_000_000, scope=["GET /v1/apps"],
                                   claims={"aud": None, "x": 1}, headers={"kid": "OTHER"})
            assert claims(token) == {"iss": claims(make_asc_token())["iss"], "iat": 1_000_000_000,
                                     "exp": 1_000_000_060, "scope": ["GET /v1/apps"], "x": 1}
            assert jwt.get_unverified_header(token)["kid"] == "OTHER"

        @pytest.mark.parametrize("changes, cause", [
            ({}, None),
            ({"lifetime": 1201}, "token-lifetime-too-long"),
            ({"lifetime": 0}, "token-expired"),
            ({"claims": {"aud": "x"}}, "token-audience"),
            ({"headers": {"kid": "UNKNOWN123"}}, "key-unknown-to-apple"),
            ({"scope": ["GET /v1/users"]}, "token-scope-mismatch"),
        ])
        def test_the_emulator_rejects_an_invalid_token(make_asc_token, asc_session, asc_emulator, changes, cause):
            header = {"Authorization": f"Bearer {make_asc_token(**changes)}"}
            response = asc_session.get("/v1/apps", headers=header)
            assert response.status_code == (401 if cause else 200)
            refusal = asc_emulator.requests[-1].refusal
            assert (refusal.cause if refusal else None) == cause
            if cause:
                assert "Provide a properly configured and signed bearer token" in response.text
                assert cause not in response.text
        """
    )
    pytester.runpytest().assert_outcomes(passed=7)


def test_fixtures_follow_the_overridden_fixture_that_they_depend_on(pytester: pytest.Pytester, key_text: str) -> None:
    pytester.makeconftest(
        f"""
        import pytest
        import pytest_asc

        @pytest.fixture(scope="session")
        def asc_credentials():
            return pytest_asc.Credentials.load(
                key_id="MINE123456", issuer_id="57246542-0a1b-4c2d-8e3f-1a2b3c4d072a", key={key_text!r}
            )

        @pytest.fixture
        def asc_emulator(asc_emulator):
            asc_emulator.add("apps", name="From the conftest")
            return asc_emulator
        """
    )
    pytester.makepyfile(
        """
        import jwt

        def test_token(asc_token):
            assert jwt.get_unverified_header(asc_token)["kid"] == "MINE123456"

        def test_session(asc_session):
            assert [app["attributes"]["name"] for app in asc_session.resources("/v1/apps")] == ["From the conftest"]
        """
    )
    pytester.runpytest().assert_outcomes(passed=2)


def test_the_emulator_can_be_made_to_trust_overridden_credentials(pytester: pytest.Pytester, key_text: str) -> None:
    pytester.makepyfile(
        f"""
        import pytest
        from pytest_asc import Credentials

        @pytest.fixture
        def asc_credentials(asc_emulator):
            mine = Credentials.load(key_id="MYOWNKEY99", issuer_id=None, key={key_text!r})
            asc_emulator.trust(mine.key_id, None, mine.kind, mine.public_key)
            return mine

        def test_session(asc_session, asc_credentials):
            response = asc_session.get("/v1/apps")
            assert (response.status_code, asc_credentials.key_id) == (200, "MYOWNKEY99")
        """
    )
    pytester.runpytest().assert_outcomes(passed=1)


def test_a_session_sends_the_token_of_an_overridden_fixture(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest

        @pytest.fixture
        def asc_token(make_asc_token):
            return str(make_asc_token(lifetime=3600))

        def test_session(asc_session, asc_emulator):
            assert asc_session.get("/v1/apps").status_code == 401
            assert asc_emulator.requests[0].refusal.cause == "token-lifetime-too-long"
        """
    )
    pytester.runpytest().assert_outcomes(passed=1)


def test_the_report_of_a_failed_test_has_the_reasons_of_refused_requests(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        def test_refused(asc_session, asc_emulator):
            asc_emulator.clock_offset = -600.0
            assert asc_session.get("/v1/apps").status_code == 200

        def test_accepted(asc_session):
            assert asc_session.get("/v1/apps").status_code == 404
        """
    )
    result = pytester.runpytest("-p", "no:xdist")
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(
        [
            "*_ test_refused _*",
            "*- asc emulator -*",
            "GET /v1/apps returned 401: clock-ahead",
            "*_ test_accepted _*",
            "*- asc emulator -*",
            "GET /v1/apps returned 200",
        ]
    )
    assert result.stdout.str().count("clock-ahead") == 1
    pytester.runpytest("-n", "2").stdout.fnmatch_lines(["GET /v1/apps returned 401: clock-ahead"])


@pytest.mark.parametrize(
    ("marker", "message"),
    [
        ("asc(lifetme=5)", "*@pytest.mark.asc(lifetme=…): there is no argument lifetme; did you mean lifetime?*"),
        ("asc('live')", "*takes keyword arguments only, got 'live'*"),
        ("asc(mode='offline')", "*expected 'emulator' or 'live'*"),
        ("asc(lifetime='long')", "*expected a whole number of seconds*"),
        ("asc(lifetime=True)", "*asc(lifetime=True): expected a whole number of seconds*"),
        ("asc(allow_writes='no')", "*asc(allow_writes='no'): expected True or False*"),
        ("asc(allow_unfired=0)", "*asc(allow_unfired=0): expected True or False*"),
        ("asc(faults=3)", "@pytest.mark.asc(faults=3): expected a name or a list of names"),
        ("asc(relax='screenshot')", "*there is no review requirement 'screenshot'; did you mean 'screenshots'*"),
        (
            "asc(faults='no-such-cause')",
            "@pytest.mark.asc(faults=…): there is no fault 'no-such-cause'; the faults are *",
        ),
    ],
)
def test_an_invalid_marker_is_an_error_that_explains_it(pytester: pytest.Pytester, marker: str, message: str) -> None:
    pytester.makepyfile(f"import pytest\n@pytest.mark.{marker}\ndef test_x(asc_token): pass")
    result = pytester.runpytest()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([message])
    result.stdout.no_fnmatch_line("*Traceback*")
    result.stdout.no_fnmatch_line("*During handling of the above exception*")


def test_a_requirement_relaxed_by_a_marker_is_relaxed_in_that_test_only(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest


        @pytest.mark.asc(relax=["screenshots", "price"])
        def test_relaxed(asc_emulator):
            assert not {"screenshots", "price"} & asc_emulator.review_requirements
            assert "age-rating" in asc_emulator.review_requirements


        def test_the_next(asc_emulator):
            assert {"screenshots", "price"} < asc_emulator.review_requirements
        """
    )
    pytester.runpytest().assert_outcomes(passed=2)


@pytest.mark.parametrize(
    ("fault", "status", "cause"),
    [
        ("agreement-missing", 403, "agreement-missing"),
        ("clock-behind", 401, "clock-behind"),
        ("token-audience", 401, "token-audience"),
        ("key-newlines-lost", 200, None),
    ],
)
def test_a_fault_on_a_marker_is_active_in_that_test_only(
    pytester: pytest.Pytester, fault: str, status: int, cause: str | None
) -> None:
    pytester.makepyfile(
        f"""
        import pytest

        @pytest.mark.asc(faults=[{fault!r}])
        def test_fault(asc_session, asc_emulator):
            assert asc_session.get("/v1/apps").status_code == {status}
            refusal = asc_emulator.requests[0].refusal
            assert (refusal.cause if refusal else None) == {cause!r}

        def test_the_next(asc_session):
            assert asc_session.get("/v1/apps").status_code == 200
        """
    )
    pytester.runpytest().assert_outcomes(passed=2)


def test_live_fixtures_send_requests_to_the_base_url(
    pytester: pytest.Pytester, apple: Apple, key_text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASC_KEY_ID", "2X9R7KQF34")
    monkeypatch.setenv("ASC_ISSUER_ID", "57246542-0a1b-4c2d-8e3f-1a2b3c4d072a")
    monkeypatch.setenv("ASC_PRIVATE_KEY", key_text)
    pytester.makepyfile(
        """
        import pytest

        def test_live(asc_session):
            assert asc_session.get("/v1/apps").json()["data"][0]["attributes"]["name"] == "Lists"

        @pytest.mark.asc(mode="emulator")
        def test_emulated(asc_session):
            assert asc_session.get("/v1/apps").json()["data"] == []

        def test_emulated_since_it_asks_for_it(asc_session, asc_emulator):
            assert asc_session.get("/v1/apps").json()["data"] == []
        """
    )
    result = pytester.runpytest("--asc-mode=live", f"--asc-base-url={apple.url}")
    result.assert_outcomes(passed=3)
    assert len(apple.requests) == 1


def test_an_emulated_test_in_a_live_run_needs_no_credentials(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_emulated(asc_session, asc_emulator): assert asc_session.get('/v1/apps').ok")
    pytester.runpytest("--asc-mode=live").assert_outcomes(passed=1)


def test_a_live_run_without_credentials_is_an_error_with_the_cause(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_live(asc_token): pass")
    result = pytester.runpytest("--asc-mode=live")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        [
            "E*CredentialsError: No credentials were found (credentials-missing).",
            "  *Evidence: none of * options and variables is set*",
            "  *Fix: Set ASC_KEY_ID*",
        ]
    )


def test_a_token_in_the_environment_takes_precedence_over_a_key(
    pytester: pytest.Pytester, apple: Apple, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASC_TOKEN", "minted-elsewhere")
    pytester.makepyfile(
        """
        def test_token(asc_token, asc_session):
            assert (asc_token, asc_token.minted_by) == ("minted-elsewhere", "ASC_TOKEN")
            asc_session.get("/v1/apps")
        """
    )
    pytester.runpytest("--asc-mode=live", f"--asc-base-url={apple.url}").assert_outcomes(passed=1)
    assert [request.token for request in apple.requests] == ["minted-elsewhere"]


def test_the_fixtures_work_under_xdist(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.parametrize("number", range(8))
        def test_account(asc_emulator, asc_session, number):
            asc_emulator.add("apps", name="One")
            assert len(asc_session.get("/v1/apps").json()["data"]) == 1
        """
    )
    pytester.runpytest("-n", "2", "-W", "error").assert_outcomes(passed=8)


def test_a_marker_gives_the_emulated_key_a_role(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.asc(role="DEVELOPER")
        def test_role(asc_emulator):
            assert asc_emulator.role == "DEVELOPER"

        def test_the_next(asc_emulator):
            assert asc_emulator.role == "ADMIN"
        """
    )
    pytester.runpytest().assert_outcomes(passed=2)
