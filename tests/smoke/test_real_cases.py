"""Cases from public reports that need a smoke run with responses of a server and follow-up requests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import jwt
import pytest
from loopback import APPS, ISSUER_ID, KEY_ID, REFUSED, Apple, Reply, Sent

if TYPE_CHECKING:
    from collections.abc import Callable

    from loopback import Smoke


def accept_individual_keys(request: Sent) -> Reply:
    claims = jwt.decode(request.token or "", options={"verify_signature": False})
    return Reply(200, APPS) if claims.get("sub") == "user" else Reply(401, REFUSED)


def accept_enterprise_tokens(request: Sent) -> Reply:
    claims = jwt.decode(request.token or "", options={"verify_signature": False})
    good = claims["aud"] == "apple-developer-enterprise-v1" and request.path.startswith("/v1/bundleIds")
    return Reply(200, APPS) if good else Reply(401, REFUSED)


class Run(NamedTuple):
    """A smoke run on good credentials with some values changed."""

    source: str
    had: str
    environ: dict[str, str]
    answer: Callable[[Sent], Reply] | None
    causes: list[str]
    level: str = "error"
    conftest: str = ""


OWN_TOKEN = """
    import time
    import jwt
    import pytest

    @pytest.fixture
    def asc_token(asc_credentials):
        now = int(time.time())
        claims = {"iss": asc_credentials.issuer_id, "iat": now - 60, "exp": now + 1200, "aud": "appstoreconnect-v1"}
        headers = {"kid": asc_credentials.key_id}
        return jwt.encode(claims, asc_credentials.private_key, algorithm="ES256", headers=headers)
"""
RUNS = [
    Run(
        "fastlane/fastlane#21959",
        "an individual key, used with the issuer ID as a team key",
        {},
        accept_individual_keys,
        ["individual-key-as-team"],
    ),
    Run(
        "rorkai/App-Store-Connect-CLI#1633",
        "an individual key without an issuer ID: all is well",
        {"ASC_ISSUER_ID": ""},
        accept_individual_keys,
        ["issuer-id-missing"],
        level="note",
    ),
    Run(
        "fastlane/fastlane#18033",
        "the key of an Enterprise account at App Store Connect",
        {},
        accept_enterprise_tokens,
        ["key-of-other-service"],
    ),
    Run(
        "egodigital/node-appstore-connect#3",
        "the key ID of another key in .env",
        {"ASC_KEY_ID": "9QWERTY123"},
        lambda _: Reply(401, REFUSED),
        ["key-unknown-to-apple"],
    ),
    Run(
        "fastlane/fastlane#29985",
        "a newline behind the key ID: repaired, and reported",
        {"ASC_KEY_ID": f"{KEY_ID}\n"},
        None,
        ["key-id-whitespace"],
        level="warning",
    ),
    Run(
        "fastlane/fastlane#29468",
        "a tool's own tokens: iat a minute back, exp 20 minutes ahead",
        {},
        None,
        ["token-lifetime-too-long"],
        conftest=OWN_TOKEN,
    ),
]


@pytest.mark.usefixtures("credentials")
@pytest.mark.parametrize("run", RUNS, ids=[f"{run.source} {run.had}" for run in RUNS])
def test_a_reported_case_is_diagnosed(
    run: Run, smoke: Smoke, apple: Apple, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in run.environ.items():
        monkeypatch.setenv(name, value)
    apple.answer = run.answer or apple.verify_and_answer
    if run.conftest:
        pytester.makeconftest(run.conftest)
    result, report = smoke()
    assert [(finding["cause"], finding["level"]) for finding in report["findings"]] == [
        (cause, run.level) for cause in run.causes
    ]
    assert report["ok"] == (run.level != "error") == (result.ret == 0)


@pytest.mark.usefixtures("credentials")
def test_a_transient_refusal_of_a_good_token_is_a_warning(smoke: Smoke, apple: Apple) -> None:
    """microsoft/asconnect#8: valid tokens are sometimes rejected, and accepted when they are sent again."""
    apple.replies = [Reply(401, REFUSED)]
    _, report = smoke()
    assert [(finding["cause"], finding["level"]) for finding in report["findings"]] == [("transient-401", "warning")]
    assert report["ok"]
    assert len({request.token for request in apple.requests}) == 1


@pytest.mark.usefixtures("credentials")
def test_a_file_of_another_key_becomes_the_cause_when_apple_refuses(
    smoke: Smoke, apple: Apple, pytester: pytest.Pytester, key_text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """apple/app-store-server-library-java#131: the right file, and the key ID of another key."""
    path = pytester.path / f"AuthKey_{KEY_ID}.p8"
    path.write_text(key_text, encoding="utf-8")
    path.chmod(0o600)
    monkeypatch.delenv("ASC_PRIVATE_KEY")
    monkeypatch.setenv("ASC_PRIVATE_KEY_PATH", str(path))
    monkeypatch.setenv("ASC_KEY_ID", "9QWERTY123")
    apple.answer = lambda _: Reply(401, REFUSED)
    _, report = smoke()
    assert report["cause"] == "key-id-file-mismatch"


def test_a_netrc_file_replaces_the_header(pytester: pytest.Pytester, apple: Apple, make_token: Any) -> None:
    """psf/requests#3929: a netrc file that a package had written took a month to find."""
    netrc = pytester.path / "netrc"
    netrc.write_text("default login me password mine\n", encoding="utf-8")
    pytester.makepyfile(
        f"""
        import requests

        def test_it(monkeypatch, asc_diagnose):
            monkeypatch.setenv("NETRC", {str(netrc)!r})
            headers = {{"Authorization": "Bearer {make_token(iss=ISSUER_ID)}"}}
            response = requests.get("{apple.url}/v1/apps", headers=headers, timeout=10)
            assert response.status_code == 401
            assert [finding.cause for finding in asc_diagnose(response)] == ["header-overridden-by-netrc"]
        """
    )
    pytester.runpytest("-W", "error").assert_outcomes(passed=1)
