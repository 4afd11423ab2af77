"""The experiments of ``pytest --asc-smoke``, against a server on loopback that shares no code with the package."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import jwt
import pytest
from loopback import APPS, ISSUER_ID, KEY_ID, REFUSED, Apple, Reply

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from loopback import Sent, Smoke

SAME, TIMES = "same token again", "older iat, lifetime of five minutes"
FORM = "documented header and claims"
AS_INDIVIDUAL, AS_TEAM, AS_ENTERPRISE = "as an individual key", "as a team key", "as an enterprise key"


def accept_tokens(apple: Apple, is_accepted: Callable[[dict[str, Any], dict[str, Any], str], bool]) -> None:
    """Make the server accept a token if PyJWT verifies it and ``is_accepted`` returns true."""

    def answer(request: Sent) -> Reply:
        try:
            claims = jwt.decode(
                request.token or "", apple.key.public_key(), algorithms=["ES256"], options={"verify_aud": False}
            )
        except jwt.InvalidTokenError:
            return Reply(401, REFUSED)
        header = jwt.get_unverified_header(request.token or "")
        return Reply(200, APPS) if is_accepted(header, claims, request.path) else Reply(401, REFUSED)

    apple.answer = answer


def statuses(report: dict[str, Any]) -> dict[str, int | None]:
    return {probe["name"]: probe["status"] for probe in report["probes"]}


@pytest.mark.usefixtures("credentials")
def test_a_transient_refusal_is_a_warning(smoke: Smoke, apple: Apple) -> None:
    apple.replies = [Reply(401, REFUSED)]
    result, report = smoke()
    assert (result.ret, report["ok"], report["cause"]) == (0, True, None)
    assert [(finding["cause"], finding["level"]) for finding in report["findings"]] == [("transient-401", "warning")]
    assert report["probes"] == [
        {"name": SAME, "status": 200, "showed": "accepted: the failure was transient"},
    ]
    assert (report["request"]["status"], report["request"]["apps_visible"]) == (401, 3)
    first, second = apple.requests
    assert first.token == second.token
    result.stdout.fnmatch_lines(["App Store Connect accepted these credentials, with 1 warning; *"])


@pytest.mark.usefixtures("credentials")
def test_a_transient_refusal_fails_a_strict_run(smoke: Smoke, apple: Apple) -> None:
    apple.replies = [Reply(401, REFUSED)]
    result, report = smoke("--asc-strict")
    assert (result.ret, report["cause"]) == (1, "transient-401")


@pytest.mark.usefixtures("credentials")
def test_an_individual_key_used_as_a_team_key_is_found(smoke: Smoke, apple: Apple) -> None:
    accept_tokens(apple, lambda _, claims, __: "iss" not in claims and claims.get("sub") == "user")
    result, report = smoke()
    assert (result.ret, report["cause"]) == (1, "individual-key-as-team")
    assert statuses(report) == {SAME: 401, TIMES: 401, AS_INDIVIDUAL: 200}
    assert len(apple.requests) == 4
    (finding,) = report["findings"]
    assert finding["evidence"] == "with iss 5724…072a the response is 401; with sub 'user' instead, it is 200"


def test_a_team_key_without_its_issuer_id_is_found(
    smoke: Smoke, apple: Apple, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    request.getfixturevalue("credentials")
    monkeypatch.setenv("ASC_KEY_TYPE", "individual")
    accept_tokens(apple, lambda _, claims, __: claims.get("iss") == ISSUER_ID)
    result, report = smoke()
    assert (result.ret, report["cause"]) == (1, "issuer-id-missing")
    assert statuses(report) == {SAME: 401, TIMES: 401, AS_TEAM: 200}
    assert report["findings"][-1]["certainty"] == "certain"


def test_a_team_key_with_an_unknown_issuer_id_is_found(
    smoke: Smoke, apple: Apple, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    request.getfixturevalue("credentials")
    monkeypatch.delenv("ASC_ISSUER_ID")
    accept_tokens(apple, lambda _, claims, __: claims.get("iss") == ISSUER_ID)
    result, report = smoke()
    assert (result.ret, report["cause"]) == (1, "issuer-id-missing")
    (finding,) = report["findings"]
    assert finding["certainty"] == "possible"
    assert "a revoked key" in finding["evidence"]
    assert report["probes"][-1]["showed"] == "not tried (it needs an issuer ID, but none is set)"


@pytest.mark.usefixtures("credentials")
def test_an_enterprise_key_is_found_behind_a_custom_host(smoke: Smoke, apple: Apple) -> None:
    accept_tokens(
        apple,
        lambda _, claims, path: claims["aud"] == "apple-developer-enterprise-v1" and path.startswith("/v1/bundleIds"),
    )
    result, report = smoke()
    assert (result.ret, report["cause"]) == (1, "key-of-other-service")
    assert statuses(report) == {SAME: 401, TIMES: 401, AS_INDIVIDUAL: 401, AS_ENTERPRISE: 200}
    assert report["findings"][0]["fix"] == "Set ASC_KEY_TYPE=enterprise."


@pytest.mark.usefixtures("credentials")
def test_an_unknown_key_is_reported_after_all_experiments(smoke: Smoke, apple: Apple) -> None:
    accept_tokens(apple, lambda *_: False)
    result, report = smoke()
    assert (result.ret, report["cause"]) == (1, "key-unknown-to-apple")
    assert report["findings"][0]["certainty"] == "possible"
    assert statuses(report) == {SAME: 401, TIMES: 401, AS_INDIVIDUAL: 401, AS_ENTERPRISE: 401}
    assert len(apple.requests) == 5
    assert [check["name"] for check in report["checks"] if check["outcome"] == "failed"] == ["GET /v1/apps"]
    result.stdout.fnmatch_lines(["*key-unknown-to-apple*"])


@pytest.fixture
def key_file(tmp_path: Path, key_text: str, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Store the key in a file of the given name."""

    def keep(name: str) -> None:
        path = tmp_path / name
        path.write_text(key_text, encoding="utf-8")
        path.chmod(0o600)
        monkeypatch.setenv("ASC_PRIVATE_KEY_PATH", str(path))
        monkeypatch.setenv("ASC_KEY_ID", KEY_ID)
        monkeypatch.setenv("ASC_ISSUER_ID", ISSUER_ID)

    return keep


@pytest.mark.parametrize(
    ("name", "cause"),
    [
        ("AuthKey_OTHERKEY99.p8", "key-id-file-mismatch"),
        (f"SubscriptionKey_{KEY_ID}.p8", "key-of-other-service"),
    ],
)
def test_a_warning_about_the_file_name_becomes_the_cause_after_a_401(
    smoke: Smoke, apple: Apple, key_file: Callable[[str], None], name: str, cause: str
) -> None:
    key_file(name)
    result, report = smoke()
    assert result.ret == 0
    assert [(finding["cause"], finding["level"]) for finding in report["findings"]] == [(cause, "warning")]
    accept_tokens(apple, lambda *_: False)
    apple.requests.clear()
    result, report = smoke()
    assert (result.ret, report["cause"]) == (1, cause)
    # A cause that is first a warning and then confirmed is reported once.
    assert [(finding["cause"], finding["level"]) for finding in report["findings"]] == [(cause, "error")]
    assert report["findings"][0]["certainty"] == "likely"


OVERRIDE = """
    import time
    import jwt
    import pytest

    @pytest.fixture
    def asc_token():
        now = int(time.time())
        claims = {{"iss": {issuer!r}, "iat": now{shift:+}, "exp": now{shift:+} + {life}, "aud": "appstoreconnect-v1"}}
        return jwt.encode({{**claims, **{more!r}}}, {key!r}, algorithm="ES256", headers={{"kid": {key_id!r}}})
"""


@pytest.fixture
def own_token(pytester: pytest.Pytester, key_text: str) -> Callable[..., None]:
    """Write a conftest.py that signs its own tokens."""

    def write(*, shift: int = 0, life: int = 900, **more: object) -> None:
        text = OVERRIDE.format(issuer=ISSUER_ID, key=key_text, key_id=KEY_ID, shift=shift, life=life, more=more)
        pytester.makeconftest(text)

    return write


@pytest.mark.usefixtures("credentials")
def test_the_token_of_an_overridden_fixture_is_compared_with_a_documented_one(
    smoke: Smoke, apple: Apple, own_token: Callable[..., None]
) -> None:
    own_token(nonce="ab12cd34ef56")
    accept_tokens(apple, lambda _, claims, __: "nonce" not in claims)
    result, report = smoke()
    assert (result.ret, report["cause"]) == (1, "token-form")
    assert statuses(report) == {SAME: 401, TIMES: 401, FORM: 200}
    (finding,) = report["findings"]
    assert finding["evidence"] == (
        "a token that pytest-asc generated with the same key was accepted with 200; nonce is ab12…56 in the rejected "
        "token and missing in the accepted one"
    )


@pytest.mark.usefixtures("credentials")
def test_an_iat_slightly_in_the_future_is_confirmed_if_an_older_iat_is_accepted(
    smoke: Smoke, apple: Apple, own_token: Callable[..., None]
) -> None:
    own_token(shift=30)
    accept_tokens(apple, lambda _, claims, __: claims["exp"] - claims["iat"] == 300)
    result, report = smoke()
    assert (result.ret, report["cause"]) == (1, "token-issued-in-future")
    assert statuses(report) == {TIMES: 200}
    assert [finding["certainty"] for finding in report["findings"] if finding["level"] == "error"] == ["certain"]
    assert len(apple.requests) == 2


@pytest.mark.usefixtures("credentials")
def test_a_lifetime_at_the_limit_is_the_cause_if_a_shorter_one_is_accepted(
    smoke: Smoke, apple: Apple, own_token: Callable[..., None]
) -> None:
    own_token(life=1200, shift=-5)
    accept_tokens(apple, lambda _, claims, __: claims["exp"] - claims["iat"] < 1200)
    result, report = smoke()
    assert (result.ret, report["cause"]) == (1, "token-lifetime-at-limit")
    assert [(finding["level"], finding["certainty"]) for finding in report["findings"]] == [("error", "likely")]


def test_a_token_without_its_key_is_sent_twice(
    smoke: Smoke, apple: Apple, make_token: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASC_TOKEN", make_token())
    apple.answer = lambda _: Reply(401, REFUSED)
    result, report = smoke()
    assert (result.ret, report["cause"]) == (1, "key-unknown-to-apple")
    assert len(apple.requests) == 2
    assert {probe["showed"] for probe in report["probes"][1:]} == {
        "not tried (the private key of this token is not available)"
    }
    result.stdout.fnmatch_lines(["*not tried (the private key of this token is not*"])


def test_tokens_of_experiments_are_redacted(smoke: Smoke, apple: Apple, request: pytest.FixtureRequest) -> None:
    request.getfixturevalue("credentials")

    def answer(sent: Sent) -> Reply:
        words = json.dumps({"errors": [{"code": "NOT_AUTHORIZED", "title": "No", "detail": sent.token}]})
        return Reply(401, words.encode())

    apple.answer = answer
    result, report = smoke()
    shown = result.stdout.str() + json.dumps(report)
    tokens = {sent.token for sent in apple.requests if sent.token}
    assert len(tokens) == 4
    assert not [token for token in tokens if token[-40:] in shown]


@pytest.mark.usefixtures("credentials")
def test_a_response_that_names_its_cause_needs_no_experiment(smoke: Smoke, apple: Apple) -> None:
    _, report = smoke()
    assert (report["probes"], len(apple.requests)) == ([], 1)
    apple.answer = lambda _: Reply(429, b"{}")
    _, report = smoke()
    assert (report["probes"], len(apple.requests)) == ([], 2)
