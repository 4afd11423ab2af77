"""``asc_diagnose`` and the command ``diagnose``, and the report of a live test with failed requests."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from loopback import REFUSED, Apple, Reply, Sent

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    from forked_python import ForkedPython

    Diagnose = Callable[..., subprocess.CompletedProcess[str]]

GRAM = 16


def test_asc_diagnose_accepts_every_kind_of_evidence(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest
        import requests

        URL = "https://api.appstoreconnect.apple.com/v1/apps"

        def causes(findings):
            return [finding.cause for finding in findings]

        def test_a_good_response(asc_session, asc_diagnose):
            assert asc_diagnose(asc_session.get("/v1/apps")) == ()

        def test_a_response_of_the_emulator_gives_the_true_reason(asc_session, asc_emulator, asc_diagnose):
            asc_emulator.fault("key-unknown-to-apple")
            (finding,) = asc_diagnose(asc_session.get("/v1/apps"))
            assert (finding.cause, finding.certainty) == ("key-unknown-to-apple", "certain")

        @pytest.mark.parametrize("changes, cause", [
            ({"lifetime": 3600}, "token-lifetime-too-long"),
            ({"lifetime": 0}, "token-expired"),
            ({"claims": {"aud": "x"}}, "token-audience"),
        ])
        def test_tokens(make_asc_token, asc_diagnose, changes, cause):
            token = make_asc_token(**changes)
            for thing in (str(token), token, token.encode()):
                assert causes(asc_diagnose(token=thing)) == [cause]
            assert asc_diagnose(token=make_asc_token()) == ()

        def test_the_token_as_the_headers_argument(asc_token, asc_diagnose):
            with pytest.raises(AttributeError) as caught:
                requests.get(URL, headers=asc_token)
            assert causes(asc_diagnose(caught.value)) == ["headers-is-token"]

        def test_another_exception_is_not_taken_for_it(asc_diagnose):
            try:
                "text".items()
            except AttributeError as error:
                caught = error
            assert causes(asc_diagnose(caught)) == ["nothing-to-check"]

        def test_a_url_without_a_scheme(asc_diagnose):
            with pytest.raises(requests.exceptions.MissingSchema) as caught:
                requests.get("api.appstoreconnect.apple.com/v1/apps")
            assert causes(asc_diagnose(caught.value)) == ["insecure-url"]

        def test_a_connection_that_fails(asc_diagnose):
            with pytest.raises(requests.ConnectionError) as caught:
                requests.get("http://127.0.0.1:9")
            assert causes(asc_diagnose(caught.value)) == ["connection-failed"]

        def test_a_newline_in_the_token(asc_token, asc_diagnose):
            with pytest.raises(requests.exceptions.InvalidHeader) as caught:
                requests.get(URL, headers={"Authorization": f"Bearer {asc_token}\\n "})
            (finding,) = asc_diagnose(caught.value)
            assert finding.cause == "token-whitespace"
            assert asc_token[:16] not in str(finding)

        def test_a_mapping(asc_diagnose):
            body = {"errors": [{"status": "403", "code": "FORBIDDEN.REQUIRED_AGREEMENTS_MISSING_OR_EXPIRED",
                                "title": "A required agreement is missing or has expired", "detail": "x"}]}
            assert causes(asc_diagnose({"status": 403, "headers": {}, "body": body})) == ["agreement-missing"]

        @pytest.mark.parametrize("thing", [object(), 5, [], {}])
        def test_what_it_does_not_know(asc_diagnose, thing):
            with pytest.raises(TypeError, match="asc_diagnose"):
                asc_diagnose(thing)

        def test_nothing(asc_diagnose):
            with pytest.raises(TypeError, match="got no evidence"):
                asc_diagnose()
        """
    )
    result = pytester.runpytest("-W", "error")
    assert result.ret == 0, result.stdout.str()


@pytest.mark.usefixtures("credentials")
@pytest.mark.parametrize("options", [(), ("-n", "2")])
def test_the_report_of_a_failed_live_test_has_the_causes(
    pytester: pytest.Pytester, apple: Apple, options: tuple[str, ...]
) -> None:
    apple.answer = lambda _: Reply(401, REFUSED)
    pytester.makepyfile(
        """
        def test_refused(asc_session):
            assert asc_session.get("/v1/apps").status_code == 200

        def test_passed(asc_session):
            assert asc_session.get("/v1/apps").status_code == 401
        """
    )
    result = pytester.runpytest("--asc-mode=live", f"--asc-base-url={apple.url}", *options)
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*- asc live -*", "GET /v1/apps returned 401", "  key-unknown-to-apple (possible): *"])
    assert result.stdout.str().count("- asc live -") == 1
    assert len(apple.requests) == 2


@pytest.fixture
def diagnose(forked_python: ForkedPython, tmp_path: Path) -> Diagnose:
    """Run the command in an empty folder, with a text on standard input."""

    def diagnose(token: str, *options: str) -> subprocess.CompletedProcess[str]:
        return forked_python.run("-m", "pytest_asc", "diagnose", *options, folder=tmp_path, given=token)

    return diagnose


@pytest.mark.usefixtures("credentials")
@pytest.mark.parametrize(
    ("lifetime", "status", "words"), [(900, 0, "nothing wrong"), (3600, 1, "token-lifetime-too-long")]
)
def test_the_command_verifies_a_token(
    make_token: Callable[..., str], diagnose: Diagnose, lifetime: int, status: int, words: str
) -> None:
    token = make_token(lifetime=lifetime)
    result = diagnose(f"{token}\n")
    assert result.returncode == status, result.stderr
    assert status == 0 or words in result.stdout
    assert "iat" in result.stdout
    shown = result.stdout + result.stderr + diagnose(token, "--json").stdout
    assert not any(token[at : at + GRAM] in shown for at in range(len(token) - GRAM + 1))


def test_the_command_works_without_a_key(make_token: Callable[..., str], diagnose: Diagnose) -> None:
    assert diagnose(make_token()).returncode == 0


def test_the_command_without_a_token_is_a_usage_error(diagnose: Diagnose) -> None:
    result = diagnose("")
    assert (result.returncode, result.stdout) == (4, "")
    assert "ASC_TOKEN" in result.stderr


@pytest.mark.usefixtures("credentials")
@pytest.mark.parametrize("options", [("-vv", "--showlocals", "-rA"), ("-n", "2", "--showlocals")])
def test_the_live_section_contains_no_secret(
    pytester: pytest.Pytester, apple: Apple, key_text: str, options: tuple[str, ...]
) -> None:
    def repeat(sent: Sent) -> Reply:
        """Return a response of a gateway that quotes the header in its message."""
        error = {"status": "401", "code": "X", "title": "got", "detail": sent.headers["authorization"]}
        return Reply(401, json.dumps({"errors": [error]}).encode())

    apple.answer = repeat
    pytester.makepyfile("def test_refused(asc_session): assert asc_session.get('/v1/apps').ok")
    result = pytester.runpytest(
        "--asc-mode=live", f"--asc-base-url={apple.url}", "--junitxml=junit.xml", "-o", "junit_logging=all", *options
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*- asc live -*"])
    shown = result.stdout.str() + (pytester.path / "junit.xml").read_text(encoding="utf-8")
    (sent,) = apple.requests
    assert sent.token
    for secret in (sent.token, *(line for line in key_text.splitlines() if not line.startswith("-"))):
        assert not any(secret[at : at + GRAM] in shown for at in range(len(secret) - GRAM + 1))


@pytest.mark.parametrize(
    ("piped", "variable", "cause"),
    [
        ("{}", "", None),
        ("", "{}", None),
        ("", "{}\n", "token-whitespace"),
        ("Bearer {}", "", "bearer-doubled"),
        ("{}\r\n", "nonsense", None),
        ("nonsense", "{}", "not-a-token"),
    ],
)
def test_a_token_on_standard_input_takes_precedence_over_the_variable(
    make_token: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
    diagnose: Diagnose,
    piped: str,
    variable: str,
    cause: str | None,
) -> None:
    good = make_token()
    monkeypatch.setenv("ASC_TOKEN", variable.format(good))
    result = diagnose(piped.format(good), "--json")
    report = json.loads(result.stdout)
    assert (report["cause"], report["ok"], result.returncode) == (cause, cause is None, 0 if cause is None else 1)
    assert (report["mode"], report["request"], report["schema_version"]) == ("offline", None, 1)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("The build has failed.", "The value is not a token."),
        ("curl: (6) Could not resolve host: api.appstoreconnect.apple.com", "Likely cause: The connection failed."),
    ],
)
def test_the_headline_on_a_text_without_a_token_does_not_claim_that_a_token_would_be_rejected(
    diagnose: Diagnose, text: str, sentence: str
) -> None:
    assert diagnose(text).stdout.splitlines()[0] == sentence


def test_the_headline_on_a_bad_token_says_that_it_would_be_rejected(
    make_token: Callable[..., str], diagnose: Diagnose
) -> None:
    headline = diagnose(make_token(lifetime=1201)).stdout.splitlines()[0]
    assert headline.startswith("App Store Connect would reject this token: ")


def test_the_command_verifies_a_token_for_the_given_service(make_token: Callable[..., str], diagnose: Diagnose) -> None:
    report = json.loads(diagnose(make_token(), "--service=enterprise", "--json").stdout)
    assert (report["service"], report["ok"]) == ("enterprise", False)


def test_wrong_options_of_the_command_exit_with_4(make_token: Callable[..., str], diagnose: Diagnose) -> None:
    assert diagnose(make_token(), "--service=nonsense").returncode == 4


@pytest.mark.usefixtures("credentials")
def test_the_command_says_whether_the_signature_was_verified(
    make_token: Callable[..., str], monkeypatch: pytest.MonkeyPatch, diagnose: Diagnose
) -> None:
    assert "not checked" not in diagnose(make_token()).stdout
    forged = make_token()[:-8] + "AAAAAAAA"
    assert "token-signature-mismatch" in diagnose(forged).stdout
    monkeypatch.setenv("ASC_KEY_ID", "OTHER12345")
    assert "Its signature was not checked" in " ".join(diagnose(forged).stdout.split())
