"""``--asc-service``: the smoke check and the fixtures for Apple's other services."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import jwt
import pytest
import responses
from loopback import KEY_ID, Apple, Reply

from pytest_asc.apple.services import (
    APP_STORE_CONNECT,
    APP_STORE_SERVER,
    APP_STORE_SERVER_SANDBOX,
    ENTERPRISE,
    PROBEABLE,
    SERVICES,
    WEATHERKIT,
)

if TYPE_CHECKING:
    from pathlib import Path

    from loopback import Sent

TEAM_ID, SERVICE_ID, BUNDLE_ID = "ABCDE12345", "com.example.weather", "com.example.app"


@pytest.fixture(autouse=True)
def service_ids(credentials: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key and all IDs in the environment."""
    monkeypatch.setenv("ASC_TEAM_ID", TEAM_ID)
    monkeypatch.setenv("ASC_SERVICE_ID", f"{SERVICE_ID}\n")
    monkeypatch.setenv("ASC_BUNDLE_ID", BUNDLE_ID)


def smoke(pytester: pytest.Pytester, *options: str) -> tuple[pytest.RunResult, dict[str, Any]]:
    result = pytester.runpytest("--asc-smoke", "--asc-report=report.json", "-W", "error", *options)
    return result, json.loads((pytester.path / "report.json").read_text(encoding="utf-8"))


def weatherkit(apple: Apple) -> None:
    """Make the server verify tokens as WeatherKit does, with PyJWT only."""

    def answer(request: Sent) -> Reply:
        try:
            claims = jwt.decode(request.token or "", apple.key.public_key(), algorithms=["ES256"])
        except jwt.InvalidTokenError:
            return Reply(401, b'{"reason": "MISSING_AUTH"}')
        header = jwt.get_unverified_header(request.token or "")
        good = header.get("id") == f"{TEAM_ID}.{SERVICE_ID}" and set(claims) == {"iss", "iat", "exp", "sub"}
        return Reply(200, b'["currentWeather"]') if good else Reply(401, b'{"reason": "NOT_ENABLED"}')

    apple.answer = answer


def test_weatherkit_gets_a_request_with_its_own_token(pytester: pytest.Pytester, apple: Apple) -> None:
    weatherkit(apple)
    result, report = smoke(pytester, "--asc-service=weatherkit", f"--asc-base-url={apple.url}")
    assert (result.ret, report["ok"], report["findings"]) == (0, True, [])
    assert [request.path for request in apple.requests] == [WEATHERKIT.probe]
    assert (report["service"], report["request"]["apps_visible"]) == ("weatherkit", None)
    assert report["checks"][-1]["name"] == "GET /api/v1/availability/37/-122"
    assert report["credentials"]["kind"] == "team"
    assert report["credentials"]["sources"]["team_id"] == "ASC_TEAM_ID"
    result.stdout.fnmatch_lines(["*= WeatherKit =*", "WeatherKit accepted these credentials."])


@pytest.mark.parametrize("name", PROBEABLE)
def test_the_smoke_check_passes_for_every_emulated_service(pytester: pytest.Pytester, name: str) -> None:
    result, report = smoke(pytester, "--asc-mode=emulator", f"--asc-service={name}")
    assert (result.ret, report["service"], report["findings"]) == (0, name, [])
    result.assert_outcomes(passed=5)


@pytest.mark.parametrize("place", ["option", "ini", "environment"])
def test_the_service_can_be_set_by_ini_file_and_environment(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    options = ["--asc-mode=emulator"]
    if place == "option":
        options.append("--asc-service=weatherkit")
    elif place == "ini":
        pytester.makeini("[pytest]\nasc_service = weatherkit\n")
    else:
        monkeypatch.setenv("ASC_SERVICE", "weatherkit")
    assert smoke(pytester, *options)[1]["service"] == "weatherkit"


@pytest.mark.parametrize(
    ("name", "missing", "words"),
    [
        (
            "weatherkit",
            "ASC_TEAM_ID",
            "tokens for WeatherKit contain the Team ID, but it is not set in --asc-team-id, *",
        ),
        ("weatherkit", "ASC_SERVICE_ID", "*contain the Services ID*ASC_SERVICE_ID"),
        ("app-store-server", "ASC_BUNDLE_ID", "*contain the bundle ID*ASC_BUNDLE_ID"),
    ],
)
def test_a_missing_id_of_the_service_is_reported_before_any_request(
    pytester: pytest.Pytester, apple: Apple, monkeypatch: pytest.MonkeyPatch, name: str, missing: str, words: str
) -> None:
    monkeypatch.delenv(missing)
    result, report = smoke(pytester, f"--asc-service={name}", f"--asc-base-url={apple.url}")
    assert (result.ret, report["cause"], apple.requests) == (1, "service-id-missing", [])
    assert fnmatchcase(" ".join(result.stdout.str().split()), f"*{words}*")  # the report wraps its lines


def test_the_app_store_server_needs_an_issuer_id(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ASC_ISSUER_ID")
    _, report = smoke(pytester, "--asc-service=app-store-server")
    assert report["cause"] == "issuer-id-missing"


def test_a_subscription_key_is_accepted_for_the_app_store_server(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, key_text: str, apple: Apple
) -> None:
    file = tmp_path / f"SubscriptionKey_{KEY_ID}.p8"
    file.write_text(key_text)
    file.chmod(0o600)
    monkeypatch.delenv("ASC_PRIVATE_KEY")
    apple.answer = lambda _: Reply(404, b'{"errorCode":4040010,"errorMessage":"Transaction id not found."}')
    options = (f"--asc-key-file={file}", f"--asc-base-url={apple.url}")
    result, report = smoke(pytester, "--asc-service=app-store-server", *options)
    assert (result.ret, report["findings"]) == (0, [])
    assert report["request"]["code"] == "4040010"
    _, report = smoke(pytester, *options)
    assert report["findings"][0]["cause"] == "key-of-other-service"


@pytest.mark.parametrize(
    ("body", "cause", "words"),
    [
        (
            b'{"reason": "MISSING_AUTH"}',
            "missing-auth",
            "401 MISSING_AUTH; the token meets all requirements of the service, so",
        ),
        (b'{"reason": "NOT_ENABLED"}', "service-not-enabled", "401 NOT_ENABLED"),
    ],
)
def test_the_reason_in_a_401_of_weatherkit_is_explained(
    pytester: pytest.Pytester, apple: Apple, body: bytes, cause: str, words: str
) -> None:
    apple.answer = lambda _: Reply(401, body)
    result, report = smoke(pytester, "--asc-service=weatherkit", f"--asc-base-url={apple.url}")
    assert (result.ret, report["cause"], len(apple.requests)) == (1, cause, 1)
    (finding,) = report["findings"]
    assert (finding["level"], finding["certainty"], words in finding["evidence"]) == ("error", "likely", True)


def test_an_overridden_token_for_another_service_is_reported_and_not_sent(
    pytester: pytest.Pytester, apple: Apple
) -> None:
    pytester.makeconftest(
        """
        import pytest

        @pytest.fixture
        def asc_token(make_asc_token):
            return make_asc_token(service="app-store-connect")
        """
    )
    _, report = smoke(pytester, "--asc-service=weatherkit", f"--asc-base-url={apple.url}")
    assert (report["cause"], apple.requests) == ("token-of-other-service", [])


NO_TRANSACTION = {"errorCode": 4040010, "errorMessage": "Transaction id not found."}
UNAUTHENTICATED = "Unauthenticated\n\nRequest ID: ABCDEFGHIJKLMNOPQRSTUVWXYZ.0.0\n"


@pytest.mark.parametrize(
    ("sandbox_accepts", "cause", "requests"), [(True, "app-not-released", 3), (False, "key-unknown-to-apple", 4)]
)
def test_a_token_that_only_the_sandbox_accepts_is_explained(
    pytester: pytest.Pytester, sandbox_accepts: bool, cause: str, requests: int
) -> None:
    with responses.RequestsMock() as apple:
        apple.get(APP_STORE_SERVER.base_url + APP_STORE_SERVER.probe, status=401, body=UNAUTHENTICATED)
        url = APP_STORE_SERVER_SANDBOX.base_url + APP_STORE_SERVER_SANDBOX.probe
        if sandbox_accepts:
            apple.get(url, status=404, json=NO_TRANSACTION)
        else:
            apple.get(url, status=401, body=UNAUTHENTICATED)
        result, report = smoke(pytester, "--asc-service=app-store-server", "-p", "no:xdist")
        tokens = [call.request.headers["Authorization"] for call in apple.calls]
    assert (result.ret, report["cause"], len(tokens)) == (1, cause, requests)
    assert len(set(tokens[:3])) == 1, "the same token, to production twice and to the sandbox"
    assert {probe["name"]: probe["status"] for probe in report["probes"]}["same token in the sandbox"] == (
        404 if sandbox_accepts else 401
    )


def test_no_request_is_sent_to_the_sandbox_if_a_base_url_is_set(pytester: pytest.Pytester, apple: Apple) -> None:
    apple.answer = lambda _: Reply(401, UNAUTHENTICATED.encode())
    _, report = smoke(pytester, "--asc-service=app-store-server", f"--asc-base-url={apple.url}")
    assert report["cause"] == "key-unknown-to-apple"
    assert "an app that was never released" in report["findings"][0]["evidence"]
    shown = {probe["name"]: probe["showed"] for probe in report["probes"]}
    assert shown["same token in the sandbox"] == "not tried (a base URL is set, and the sandbox has another host)"


@pytest.mark.parametrize(
    ("options", "host"),
    [
        (["--asc-service=weatherkit"], APP_STORE_CONNECT.host),
        (["--asc-service=app-store-server"], APP_STORE_SERVER_SANDBOX.host),
        (["--asc-key-type=enterprise"], APP_STORE_CONNECT.host),
        (["--asc-key-type=team"], ENTERPRISE.host),
    ],
)
def test_a_token_is_not_sent_to_the_host_of_another_service(
    pytester: pytest.Pytester, options: list[str], host: str
) -> None:
    result = pytester.runpytest("--asc-smoke", f"--asc-base-url=https://{host}", *options)
    assert result.ret == 4
    result.stderr.fnmatch_lines(
        [f"ERROR: the base URL points to {host}, a host of *, but the token is for *, so it was not sent.*"]
    )


def test_the_fixtures_work_for_the_configured_service(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\nasc_service = weatherkit\n")
    pytester.makepyfile(
        """
        import requests

        URL = "https://weatherkit.apple.com/api/v1/weather/en/1/2"

        def test_session(asc_session):
            assert "currentWeather" in asc_session.get("/api/v1/weather/en/1/2").json()

        def test_any_client(asc_emulator, asc_token):
            good = requests.get(URL, headers={"Authorization": f"Bearer {asc_token}"}, timeout=1)
            assert good.status_code == 200
            assert requests.get(URL, timeout=1).json() == {"reason": "MISSING_AUTH"}
            assert asc_emulator.requests[1].refusal.cause == "header-missing"

        def test_diagnosis(asc_emulator, make_asc_token, asc_diagnose):
            token = make_asc_token(service="app-store-connect")
            response = requests.get(URL, headers={"Authorization": f"Bearer {token}"}, timeout=1)
            assert [finding.cause for finding in asc_diagnose(response)] == ["token-of-other-service"]
        """
    )
    pytester.runpytest("-W", "error").assert_outcomes(passed=3)


def test_make_asc_token_generates_tokens_for_every_service(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        f"""
        import pytest

        @pytest.mark.parametrize("service", {sorted(SERVICES)!r})
        def test_mint(make_asc_token, asc_diagnose, service):
            ids = {{"client_id": "com.example.web", "origin": "https://example.com"}}
            if service == "apple-ads":
                ids = {{"client_id": "SEARCHADS.1", "team_id": "SEARCHADS.2"}}
            assert asc_diagnose(make_asc_token(service=service, **ids), service=service) == ()
            assert asc_diagnose(make_asc_token(service=service, **ids)) == ()
        """
    )
    pytester.runpytest("-W", "error").assert_outcomes(passed=len(SERVICES))


def test_a_fault_of_one_service_selects_that_service(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.asc(faults=["service-not-enabled"])
        def test_x(asc_session):
            response = asc_session.get("/api/v1/availability/1/2")
            assert (response.status_code, response.json()) == (401, {"reason": "NOT_ENABLED"})
        """
    )
    pytester.runpytest("-W", "error").assert_outcomes(passed=1)


def test_a_fault_of_another_service_is_a_usage_error(pytester: pytest.Pytester) -> None:
    options = ("--asc-mode=emulator", "--asc-fault=missing-auth", "--asc-service=enterprise")
    result = pytester.runpytest("--asc-smoke", *options)
    assert result.ret == 4
    result.stderr.fnmatch_lines(
        ["ERROR: --asc-fault: 'missing-auth' is a fault of the service weatherkit, but --asc-service is enterprise"]
    )


def test_an_unknown_service_is_a_usage_error_that_lists_the_services(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest("--asc-service=gamecenter")
    assert result.ret == 4
    result.stderr.fnmatch_lines(["*invalid choice: 'gamecenter'*weatherkit*"])
