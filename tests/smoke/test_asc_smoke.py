"""``pytest --asc-smoke`` against an independent server on loopback, and against the emulator."""

from __future__ import annotations

import json
import re
import time
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

import pytest
import requests
from loopback import APPS, ISSUER_ID, KEY_ID, REFUSED, Apple, Reply

if TYPE_CHECKING:
    from collections.abc import Callable

    from loopback import Smoke

CHECKS = ["key", "ids", "token", "clock", "GET /v1/apps"]


@pytest.mark.usefixtures("credentials")
def test_good_credentials_need_one_request(smoke: Smoke, apple: Apple) -> None:
    result, report = smoke()
    assert result.ret == 0
    result.assert_outcomes(passed=5)
    assert [(request.method, request.path) for request in apple.requests] == [("GET", "/v1/apps?limit=1")]
    assert (report["schema_version"], report["ok"], report["cause"], report["findings"]) == (1, True, None, [])
    assert report["mode"] == "live"
    assert report["credentials"] == {
        "kind": "team",
        "key_id": "2X9R…34",
        "issuer_id": "5724…072a",
        "sources": {"key_id": "ASC_KEY_ID", "issuer_id": "ASC_ISSUER_ID", "private_key": "ASC_PRIVATE_KEY"},
    }
    assert report["token"]["lifetime"] == 900
    assert report["token"]["minted_by"] == "pytest-asc"
    assert report["request"]["status"] == 200
    assert report["request"]["apps_visible"] == 3
    assert report["request"]["url"] == f"{apple.url}/v1/apps?limit=1"
    assert report["rate_limit"] == {"limit": 3600, "remaining": 3571}
    assert abs(report["clock"]["skew_seconds"]) < 5
    assert report["probes"] == []
    assert [check["name"] for check in report["checks"]] == CHECKS


@pytest.mark.usefixtures("credentials")
@pytest.mark.parametrize(
    "options",
    [("-n", "2"), ("-q",), ("-v",), ("-p", "no:cacheprovider"), ("--junitxml=junit.xml",), ("-p", "no:xdist")],
)
def test_the_smoke_check_accepts_other_options_of_pytest(smoke: Smoke, apple: Apple, options: tuple[str, ...]) -> None:
    result, report = smoke(*options)
    assert result.ret == 0
    result.assert_outcomes(passed=5)
    assert report["ok"]
    assert len(apple.requests) == 1


@pytest.mark.usefixtures("credentials")
def test_the_checks_are_pytest_items(smoke: Smoke) -> None:
    result, _ = smoke("-v")
    result.stdout.fnmatch_lines([f"asc-smoke::{name} PASSED*" for name in CHECKS], consecutive=True)


@pytest.mark.usefixtures("credentials")
def test_collect_only_lists_the_checks_and_sends_nothing(pytester: pytest.Pytester, apple: Apple) -> None:
    result = pytester.runpytest("--asc-smoke", f"--asc-base-url={apple.url}", "--collect-only", "-q")
    result.stdout.fnmatch_lines([f"asc-smoke::{name}" for name in CHECKS])
    assert apple.requests == []


@pytest.mark.usefixtures("credentials")
def test_one_check_can_be_run_alone(smoke: Smoke) -> None:
    result, report = smoke("-k", "GET")
    result.assert_outcomes(passed=1, deselected=4)
    assert report["request"]["status"] == 200


@pytest.mark.usefixtures("credentials")
def test_the_junit_report_has_the_checks(smoke: Smoke, pytester: pytest.Pytester, apple: Apple) -> None:
    apple.answer = lambda _: Reply(401, REFUSED)
    smoke("--junitxml=junit.xml")
    junit = (pytester.path / "junit.xml").read_text(encoding="utf-8")
    assert [f'name="{name}"' in junit for name in CHECKS] == [True] * 5
    assert "key-unknown-to-apple" in junit


@pytest.mark.usefixtures("credentials")
def test_the_users_tests_are_not_imported(smoke: Smoke, pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_broken="raise RuntimeError('imported')")
    pytester.makepyfile(**{"tests/__init__": "raise RuntimeError('imported')", "tests/test_broken": "syntax error"})
    result, _ = smoke()
    assert result.ret == 0
    result.assert_outcomes(passed=5)


@pytest.mark.usefixtures("credentials")
def test_the_smoke_check_runs_in_an_empty_folder(
    pytester: pytest.Pytester,
    runpytest_forked: Callable[..., pytest.RunResult],
    apple: Apple,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    empty = pytester.mkdir("empty")
    monkeypatch.chdir(empty)
    result = runpytest_forked("--asc-smoke", f"--asc-base-url={apple.url}", "-p", "no:cacheprovider")
    assert result.ret == 0
    assert list(empty.iterdir()) == []


OVERRIDE = """
    import time
    import jwt
    import pytest

    @pytest.fixture
    def asc_token():
        now = int(time.time())
        claims = {{"iss": {issuer!r}, "iat": now, "exp": now + 3600, "aud": "appstoreconnect-v1"}}
        return jwt.encode(claims, {key!r}, algorithm="ES256", headers={{"kid": {key_id!r}}})
"""


@pytest.mark.parametrize("place", ["", "tests/", "tests/unit/"])
@pytest.mark.parametrize("with_credentials", [True, False])
def test_the_token_of_an_overridden_fixture_is_checked(
    smoke: Smoke,
    pytester: pytest.Pytester,
    apple: Apple,
    key_text: str,
    request: pytest.FixtureRequest,
    place: str,
    with_credentials: bool,
) -> None:
    if with_credentials:
        request.getfixturevalue("credentials")
    (pytester.path / place).mkdir(parents=True, exist_ok=True)
    pytester.makepyfile(**{f"{place}conftest": OVERRIDE.format(issuer=ISSUER_ID, key=key_text, key_id=KEY_ID)})
    result, report = smoke(place) if place == "tests/unit/" else smoke()
    assert result.ret == 1
    assert report["cause"] == "token-lifetime-too-long"
    assert report["token"]["lifetime"] == 3600
    assert report["token"]["minted_by"] == "asc_token fixture"
    (finding,) = report["findings"]
    assert finding["certainty"] == "certain"
    assert finding["evidence"] == "exp is 3600 s after iat; App Store Connect accepts at most 1200 s"
    outcomes = {check["name"]: check["outcome"] for check in report["checks"]}
    known = "passed" if with_credentials else "skipped"
    assert outcomes == {"key": known, "ids": known, "token": "failed", "clock": "skipped", "GET /v1/apps": "skipped"}
    assert apple.requests == []
    result.stdout.fnmatch_lines(["*token-lifetime-too-long*", "*15 minutes leaves room*"])


def test_a_token_of_the_environment_is_checked(
    smoke: Smoke, make_token: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASC_TOKEN", make_token(lifetime=3600))
    result, report = smoke()
    assert (result.ret, report["cause"], report["token"]["minted_by"]) == (1, "token-lifetime-too-long", "ASC_TOKEN")
    result.stdout.fnmatch_lines(["*more than the 20 min allowed, read from", "*ASC_TOKEN", "*iat *"])
    monkeypatch.setenv("ASC_TOKEN", make_token())
    result, report = smoke()
    assert (result.ret, report["cause"]) == (0, None)
    result.assert_outcomes(passed=3, skipped=2)


def date(seconds: float) -> dict[str, str]:
    return {"Date": formatdate(time.time() + seconds, usegmt=True)}


AGREEMENT = json.dumps(
    {
        "errors": [
            {
                "id": "1",
                "status": "403",
                "code": "FORBIDDEN.REQUIRED_AGREEMENTS_MISSING_OR_EXPIRED",
                "title": "A required agreement is missing or has expired.",
                "detail": "This request requires an in-effect agreement that has not been signed or has expired.",
            }
        ]
    }
).encode()
ROLE = json.dumps(
    {
        "errors": [
            {
                "id": "1",
                "status": "403",
                "code": "FORBIDDEN_ERROR",
                "title": "This request is forbidden for security reasons",
                "detail": "The API key in use does not allow this request",
            }
        ]
    }
).encode()


@pytest.mark.usefixtures("credentials")
@pytest.mark.parametrize(
    ("reply", "cause", "failed_check"),
    [
        (Reply(403, AGREEMENT), "agreement-missing", "GET /v1/apps"),
        (Reply(403, ROLE), "role-insufficient", "GET /v1/apps"),
        (Reply(429, b"{}"), "rate-limited", "GET /v1/apps"),
        (Reply(502, b"<html><center>Apple</center></html>"), "apple-outage", "GET /v1/apps"),
        (Reply(200, b"<html>Sign in to the network</html>"), "not-apple", "GET /v1/apps"),
    ],
)
def test_a_rejected_request_is_reported_with_its_cause(
    smoke: Smoke, apple: Apple, reply: Reply, cause: str, failed_check: str
) -> None:
    apple.replies = [reply]
    result, report = smoke()
    assert result.ret == 1
    assert report["cause"] == cause
    assert [check["name"] for check in report["checks"] if check["outcome"] == "failed"] == [failed_check]
    assert len(apple.requests) == 1
    result.stdout.fnmatch_lines([f"*{cause}*"])


@pytest.mark.usefixtures("credentials")
@pytest.mark.parametrize(("apple_ahead", "cause"), [(-600, "clock-ahead"), (1000, "clock-behind")])
def test_a_wrong_clock_that_explains_the_401_is_reported(
    smoke: Smoke, apple: Apple, apple_ahead: float, cause: str
) -> None:
    apple.headers = date(apple_ahead)
    apple.replies = [Reply(401, REFUSED)]
    result, report = smoke()
    assert result.ret == 1
    assert report["cause"] == cause
    assert report["findings"][0]["certainty"] == "certain"
    assert abs(report["clock"]["skew_seconds"] + apple_ahead) < 3
    result.assert_outcomes(passed=3, failed=1, skipped=1)


@pytest.mark.usefixtures("credentials")
def test_a_wrong_clock_is_a_warning_if_apple_accepts_the_token(smoke: Smoke, apple: Apple) -> None:
    apple.headers = date(-34)
    result, report = smoke()
    assert (result.ret, report["ok"], report["cause"]) == (0, True, None)
    assert [(finding["cause"], finding["level"]) for finding in report["findings"]] == [("clock-ahead", "warning")]
    result.stdout.fnmatch_lines(["*clock-ahead*"])


def test_missing_credentials_list_the_sources_that_were_searched(smoke: Smoke, apple: Apple) -> None:
    result, report = smoke()
    assert (result.ret, report["cause"]) == (1, "credentials-missing")
    assert {"ASC_KEY_ID", "APP_STORE_CONNECT_API_KEY_KEY_ID", "--asc-key-file"} <= set(report["searched"])
    result.assert_outcomes(failed=1, skipped=4)
    result.stdout.no_fnmatch_line("*APP_STORE_CONNECT_API_KEY_KEY_ID*")
    assert apple.requests == []


def test_verbose_mode_lists_the_settings_that_were_searched_for_credentials(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest("--asc-smoke", "--asc-mode=live", "-v", "--asc-report=report.html")
    result.stdout.fnmatch_lines(["  searched*ASC_KEY_ID*", "*APP_STORE_CONNECT_API_KEY_KEY_ID*"])
    page = (pytester.path / "report.html").read_text(encoding="utf-8")
    assert re.search(r"<details>\s*<summary>", page)
    assert "APP_STORE_CONNECT_API_KEY_KEY_ID" in page.partition("<details>")[2]


def test_a_failed_connection_is_reported_with_its_cause(
    pytester: pytest.Pytester, request: pytest.FixtureRequest, unused_port: int
) -> None:
    request.getfixturevalue("credentials")
    result = pytester.runpytest("--asc-smoke", f"--asc-base-url=http://127.0.0.1:{unused_port}")
    assert result.ret == 1
    result.stdout.fnmatch_lines(["*connection-failed*"])
    result.assert_outcomes(passed=3, skipped=1, failed=1)


@pytest.mark.usefixtures("credentials")
def test_a_redirect_is_not_followed(smoke: Smoke, apple: Apple, start_apple: Callable[[], Apple]) -> None:
    elsewhere = start_apple()
    apple.replies = [Reply(302, headers={"Location": f"{elsewhere.url}/login"})]
    result, report = smoke()
    assert (result.ret, report["cause"]) == (1, "not-apple")
    assert elsewhere.requests == []


@pytest.mark.usefixtures("credentials")
def test_a_request_changed_before_it_was_sent_is_reported_as_the_cause_of_the_401(
    smoke: Smoke, apple: Apple, monkeypatch: pytest.MonkeyPatch
) -> None:
    send = requests.adapters.HTTPAdapter.send

    def without_header(adapter: Any, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        del request.headers["Authorization"]
        return send(adapter, request, **kwargs)

    monkeypatch.setattr("requests.adapters.HTTPAdapter.send", without_header)
    result, report = smoke()
    assert (result.ret, report["cause"], report["request"]["status"]) == (1, "header-missing", 401)
    assert len(apple.requests) == 1


@pytest.mark.usefixtures("credentials")
def test_an_exception_in_a_fixture_is_shown_as_that_exception(smoke: Smoke, pytester: pytest.Pytester) -> None:
    pytester.makeconftest(
        """
        import pytest

        @pytest.fixture
        def asc_token():
            raise KeyError("vault")
        """
    )
    result, report = smoke()
    assert result.ret == 1
    assert report["checks"][2] == {"name": "token", "outcome": "failed", "reason": "KeyError: 'vault'"}
    result.stdout.fnmatch_lines(["E*KeyError: 'vault'"])
    result.assert_outcomes(passed=2, failed=1, skipped=2)


def test_an_emulated_smoke_check_needs_no_account(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest("--asc-smoke", "--asc-mode=emulator", "--asc-report=report.json", "-W", "error")
    assert result.ret == 0
    report = json.loads((pytester.path / "report.json").read_text(encoding="utf-8"))
    assert report["mode"] == "emulator"
    assert report["request"]["apps_visible"] == 3


def test_an_emulated_smoke_check_does_not_read_real_credentials(
    pytester: pytest.Pytester, apple: Apple, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    request.getfixturevalue("credentials")
    monkeypatch.setenv("ASC_TOKEN", "not.a.token")
    result = pytester.runpytest("--asc-smoke", "--asc-mode=emulator", f"--asc-base-url={apple.url}")
    assert result.ret == 0
    assert apple.requests == []
    result.stdout.no_fnmatch_line("*2X9R*")


def test_the_report_counts_the_apps_of_the_account(smoke: Smoke, apple: Apple, request: pytest.FixtureRequest) -> None:
    request.getfixturevalue("credentials")
    apple.replies = [Reply(200, APPS.replace(b'"total": 3', b'"total": 431'))]
    _, report = smoke()
    assert report["request"]["apps_visible"] == 431
    apple.replies = [Reply()]
    result, report = smoke()
    assert (result.ret, report["request"]["apps_visible"]) == (0, 0)
    assert [finding["cause"] for finding in report["findings"]] == ["no-apps-visible"]


@pytest.mark.usefixtures("credentials")
def test_an_internal_error_is_reported_as_a_bug_of_the_plugin(pytester: pytest.Pytester, apple: Apple) -> None:
    pytester.makeconftest(
        """
        import pytest

        @pytest.fixture(autouse=True)
        def bug(monkeypatch, asc_token):
            def read_skew(answer):
                raise ZeroDivisionError(f"with {asc_token}")

            monkeypatch.setattr("pytest_asc.smoke.checks.read_skew", read_skew)
        """
    )
    result = pytester.runpytest("--asc-smoke", f"--asc-base-url={apple.url}")
    assert result.ret == 3
    result.stdout.fnmatch_lines(["*ZeroDivisionError('with [*][*][*]')*This is a bug in pytest-asc*please report it*"])
    token = apple.requests[0].token
    assert token is not None
    assert token not in result.stdout.str()


@pytest.mark.usefixtures("credentials")
def test_a_token_that_is_not_a_string_is_an_error_of_the_fixture(smoke: Smoke, pytester: pytest.Pytester) -> None:
    pytester.makeconftest("import pytest\n\n@pytest.fixture\ndef asc_token():\n    return b'token'")
    result, report = smoke()
    assert result.ret == 1
    assert report["checks"][2]["reason"] == "TypeError: the fixture asc_token returned a bytes, expected a str"


@pytest.mark.usefixtures("credentials")
def test_a_response_without_a_date_header_skips_the_clock_check(smoke: Smoke, apple: Apple) -> None:
    apple.headers = {"Date": ""}
    result, report = smoke()
    assert result.ret == 0
    assert report["checks"][3] == {
        "name": "clock",
        "outcome": "skipped",
        "reason": "not run: the response has no Date header",
    }
    assert report["clock"]["skew_seconds"] is None


@pytest.mark.usefixtures("credentials")
def test_a_fixture_that_skips_skips_its_check(smoke: Smoke, pytester: pytest.Pytester) -> None:
    pytester.makeconftest("import pytest\n\n@pytest.fixture\ndef asc_token():\n    pytest.skip('no vault here')")
    _, report = smoke("-k", "token")
    assert report["checks"] == [{"name": "token", "outcome": "skipped", "reason": "no vault here"}]


@pytest.mark.parametrize("scope", ["function", "class", "module", "package", "session"])
@pytest.mark.parametrize("option", ["--asc-smoke", "--asc-smoke-first"])
def test_autouse_fixtures_of_every_scope_are_set_up_for_the_checks(
    pytester: pytest.Pytester, apple: Apple, credentials: None, scope: str, option: str
) -> None:
    pytester.makeconftest(
        f"""
        import pytest

        @pytest.fixture(scope={scope!r}, autouse=True)
        def other(request):
            assert request.module if {scope!r} == "module" else True
            yield
        """
    )
    pytester.makepyfile("def test_x(): pass")
    result = pytester.runpytest(option, f"--asc-base-url={apple.url}")
    assert result.ret == 0


def test_qq_shows_only_the_outcome_and_the_fix(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest("--asc-smoke", "--asc-mode=emulator", "--asc-fault=token-expired", "-qq")
    (start,) = (number for number, line in enumerate(result.outlines) if "= App Store Connect =" in line)
    assert result.outlines[start + 1 : start + 5] == [
        "No request was sent: the token has expired.",
        "  error    token-expired",
        "  fix      Generate a new token: it is valid for minutes, not for a whole job.",
        "  docs     https://pytest-asc.readthedocs.io/en/stable/causes/token-expired/",
    ]
    assert "=" in result.outlines[start + 5]


def test_qq_shows_one_line_if_all_checks_passed(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest("--asc-smoke", "--asc-mode=emulator", "-qq")
    assert result.outlines[-1] == "The emulator accepted these credentials; 3 apps are visible."


@pytest.mark.parametrize("encoding", ["ascii", "cp437", "cp1252"])
def test_a_console_without_unicode_shows_the_whole_report(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", encoding)
    monkeypatch.setenv("PYTHONUTF8", "0")
    monkeypatch.setenv("LC_ALL", "C")
    result = pytester.runpytest_subprocess("--asc-smoke", "--asc-mode=emulator", "--asc-fault=clock-ahead")
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        [
            "*The emulator rejected the token*",
            "  key *EMUL...24*",
            "*= valid, x beyond the limit, . not valid",
            "  fix *",
        ]
    )
