"""Shared emulators, the environment and key file of a run, and the report section of a failed test."""

from __future__ import annotations

import pytest


def test_an_emulator_can_be_shared_by_the_tests_of_a_module(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        test_shared="""
        import pytest

        @pytest.fixture(scope="module", autouse=True)
        def account(asc_emulator_factory):
            with asc_emulator_factory(role="DEVELOPER") as account:
                account.add("apps", id="1")
                yield account

        def test_one(asc_session, asc_emulator, account):
            assert asc_emulator is account
            assert asc_session.get("/v1/apps").json()["data"][0]["id"] == "1"
            asc_emulator.add("apps", id="2")

        def test_two(asc_session):
            assert len(asc_session.get("/v1/apps").json()["data"]) == 2
        """,
        test_own="""
        def test_own(asc_emulator):
            assert asc_emulator.find("apps") == []
        """,
    )
    pytester.runpytest("-W", "error").assert_outcomes(passed=3)


def test_the_report_of_a_failed_test_lists_only_its_own_requests_to_a_shared_emulator(
    pytester: pytest.Pytester,
) -> None:
    pytester.makepyfile(
        """
        import pytest

        @pytest.fixture(scope="module", autouse=True)
        def account(asc_emulator_factory):
            with asc_emulator_factory() as account:
                yield account

        def test_one(asc_session, asc_emulator):
            asc_session.get("/v1/users")

        def test_two(asc_session, asc_emulator):
            assert asc_session.get("/v1/apps").status_code == 0
        """
    )
    result = pytester.runpytest("-W", "error")
    result.stdout.fnmatch_lines(["*- asc emulator -*", "GET /v1/apps returned 200"])
    result.stdout.no_fnmatch_line("GET /v1/users *")


def test_an_unused_failure_of_a_shared_emulator_is_an_error_at_its_end(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest

        @pytest.fixture(scope="module", autouse=True)
        def account(asc_emulator_factory):
            with asc_emulator_factory() as account:
                yield account

        def test_one(asc_emulator):
            asc_emulator.fail("GET", "/v1/apps", status=500)
        """
    )
    result = pytester.runpytest("-W", "error")
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*planned failures did not happen as often as planned*"])


def test_every_error_of_a_refused_request_is_in_the_report(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        def test_x(asc_session, asc_emulator):
            asc_session.post("/v1/betaGroups", json={"data": {"type": "betaGroups", "attributes": {"nme": 1}}})
            asc_session.get("/v1/apps?filter[nme]=1")
            assert asc_emulator.requests.find("POST", "/v1/builds*")
        """
    )
    result = pytester.runpytest("-W", "error")
    result.stdout.fnmatch_lines(
        [
            "E *<no POST /v1/builds[*]; the requests are: POST /v1/betaGroups 409*",
            "*- asc emulator -*",
            "POST /v1/betaGroups returned 409",
            "  ENTITY_ERROR.ATTRIBUTE.UNKNOWN: *(/data/attributes/nme)",
            "  ENTITY_ERROR.ATTRIBUTE.REQUIRED: *(/data/attributes/name)",
            "GET /v1/apps returned 400",
            "  PARAMETER_ERROR.INVALID: *(filter[[]nme])",
        ]
    )


def test_records_show_requests_and_responses_without_secrets(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        def test_x(asc_session, asc_emulator, asc_token):
            asc_session.get("/v1/apps?limit=2", headers={"X-Mine": "1"})
            (record,) = asc_emulator.requests
            assert record.headers["X-Mine"] == "1"
            assert record.headers["Authorization"] == "Bearer ***"
            assert record.query == {"limit": ["2"]}
            assert record.response.json()["data"] == []
            assert repr(record) == "<RequestRecord GET /v1/apps?limit=2 200>"
            assert str(asc_token) not in repr(record.headers)
        """
    )
    pytester.runpytest("-W", "error").assert_outcomes(passed=1)


def test_another_process_does_not_remove_the_key_file_of_a_running_test_run(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import subprocess, sys

        def test_key_file(asc_credentials):
            file = asc_credentials.key_file
            subprocess.run([sys.executable, "-m", "pytest_asc", "run", "--empty", "--", "true"], check=True)
            assert file.read_text() == asc_credentials.pem
        """
    )
    pytester.runpytest("-W", "error").assert_outcomes(passed=1)


def test_the_environment_has_the_key_in_every_supported_variable(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASC_TOKEN", "elsewhere")
    pytester.makepyfile(
        """
        import base64, json, jwt, os, stat, subprocess, sys
        from pathlib import Path

        AUDIENCE = "appstoreconnect-v1"
        PATHS = []

        def test_env(asc_env, asc_credentials):
            file = Path(os.environ["ASC_PRIVATE_KEY_PATH"])
            PATHS.append(file)
            assert file == asc_credentials.key_file
            if os.name == "posix":  # Windows has no such modes
                assert stat.S_IMODE(file.stat().st_mode) == 0o600 and stat.S_IMODE(file.parent.stat().st_mode) == 0o700
            assert file.read_text() == os.environ["ASC_PRIVATE_KEY"] == asc_credentials.pem
            assert base64.b64decode(os.environ["ASC_PRIVATE_KEY_B64"]).decode() == asc_credentials.pem
            fastlane = json.loads(Path(os.environ["APP_STORE_CONNECT_API_KEY_PATH"]).read_text())
            assert fastlane["key_id"] == os.environ["SPACESHIP_CONNECT_API_KEY_ID"] == asc_credentials.key_id
            assert os.environ["ASC_TOKEN"] == asc_env["ASC_TOKEN"] != "elsewhere"
            claims = jwt.decode(os.environ["ASC_TOKEN"], asc_credentials.public_key, ["ES256"], audience=AUDIENCE)
            assert claims["iss"] == os.environ["ASC_ISSUER_ID"]
            assert (os.environ["ASC_KEY_TYPE"], os.environ["ASC_MODE"]) == ("team", "emulator")
            assert os.environ["ASC_TOKEN_LIFETIME"] == "900"
            assert os.environ["ASC_BASE_URL"] == "https://api.appstoreconnect.apple.com"
            assert "PRIVATE" not in repr(asc_credentials.pem)

        def test_gone(asc_credentials):
            assert os.environ["ASC_TOKEN"] == "elsewhere"
            assert "ASC_PRIVATE_KEY_PATH" not in os.environ

        def test_subprocess(asc_server, asc_emulator):
            asc_emulator.add("apps", id="7")
            code = (
                "import os, requests, jwt, time\\n"
                "now = int(time.time())\\n"
                "claims = {'iss': os.environ['ASC_ISSUER_ID'], 'iat': now, 'exp': now + 600}\\n"
                "claims['aud'] = 'appstoreconnect-v1'\\n"
                "kid = {'kid': os.environ['ASC_KEY_ID']}\\n"
                "token = jwt.encode(claims, os.environ['ASC_PRIVATE_KEY'], 'ES256', kid)\\n"
                "url = 'https://api.appstoreconnect.apple.com/v1/apps'\\n"
                "print(requests.get(url, headers={'Authorization': 'Bearer ' + token}).json()['data'][0]['id'])\\n"
            )
            done = subprocess.run([sys.executable, "-c", code], env=asc_server.env, capture_output=True, text=True)
            assert done.stdout.strip() == "7", done.stderr
        """
    )
    pytester.runpytest("-W", "error").assert_outcomes(passed=3)


def test_an_injected_token_fault_that_no_request_contained_is_an_error(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.asc(faults=["token-expired"])
        def test_own_token(asc_emulator, asc_token):
            import requests
            headers = {"Authorization": f"Bearer {asc_emulator.token()}"}
            assert requests.get("https://api.appstoreconnect.apple.com/v1/apps", headers=headers).status_code == 200

        @pytest.mark.asc(faults=["token-expired"])
        def test_no_token(asc_emulator):
            pass

        @pytest.mark.asc(faults=["token-expired"], allow_unfired=True)
        def test_allowed(asc_emulator):
            pass

        @pytest.mark.asc(faults=["token-expired"])
        def test_used(asc_session):
            assert asc_session.get("/v1/apps").status_code == 401
        """
    )
    result = pytester.runpytest("-W", "error")
    result.assert_outcomes(passed=4, errors=2)
    result.stdout.fnmatch_lines(["The fault 'token-expired' had no effect: *", "  GET /v1/apps 200"])


def test_a_report_without_a_smoke_run_is_a_usage_error(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest("--asc-report=x.json")
    assert result.ret == 4
    result.stderr.fnmatch_lines(["*--asc-report is for the smoke check: add --asc-smoke*"])


@pytest.mark.parametrize("scope", ["class", "module", "package", "session"])
def test_the_factory_opens_an_emulator_for_any_scope(pytester: pytest.Pytester, scope: str) -> None:
    pytester.makeconftest(
        f"""
        import pytest

        @pytest.fixture(scope={scope!r})
        def account(asc_emulator_factory):
            with asc_emulator_factory() as account:
                account.add("apps", name="Lists")
                yield account
        """
    )
    code = """
import pytest, unittest, requests

@pytest.mark.usefixtures("account")
class TestShared:
    @pytest.mark.parametrize("turn", [1, 2])
    def test_session(self, turn, account, asc_session):
        assert len(asc_session.get("/v1/apps").json()["data"]) == 1
        assert len(account.requests) >= turn

    def test_emulator(self, asc_emulator, account):
        assert asc_emulator is account

@pytest.mark.usefixtures("account")
class TestCase(unittest.TestCase):
    def test_answered(self):
        assert requests.get("https://api.appstoreconnect.apple.com/v1/apps").status_code == 401
"""
    pytester.makepyfile(test_one=code, test_two=code)
    pytester.runpytest("-W", "error").assert_outcomes(passed=8)
