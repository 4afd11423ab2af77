"""Secrets in pasted texts: no piece of one is shown in the report, in whatever form it was pasted."""

from __future__ import annotations

import base64
import json
import re
import time
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from real_cases.evidence import NOW, P8, b64
from real_cases.public import sign

from pytest_asc.apple.causes import CAUSES
from pytest_asc.apple.messages import MESSAGES
from pytest_asc.credentials.finder import find_credentials
from pytest_asc.credentials.settings import read_settings
from pytest_asc.diagnosis import pasted_secrets
from pytest_asc.diagnosis.formatting import one_line
from pytest_asc.diagnosis.pasted_secrets import register_secrets, secrets_in
from pytest_asc.secrets import HIDDEN, Redactor
from pytest_asc.smoke import report_builder, token_report
from pytest_asc.smoke.renderers import html, terminal

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NOWHERE: dict[str, str] = {}
PIECE = 8
"""Characters of a secret that are too many to be shown."""

ISSUER_ID = "69a6de92-60a3-47e3-e053-5b8c7c11a4d1"
CLAIMS = {"iss": ISSUER_ID, "iat": NOW, "exp": NOW + 900, "aud": "appstoreconnect-v1"}
TOKEN = sign({"header": {"alg": "ES256", "kid": "2X9R4HXF35", "typ": "JWT"}, "claims": CLAIMS}, NOW)
SECRETS = {
    "a key": P8,
    "a token": TOKEN,
    "an app-specific password": "qzjx-vwkp-mbty-ghrd",
    "a shared secret": "9f3c1a7be04d5826aa19c3b7f0e4d251",
    "a password": "Tr0ub4dor&3-Qz",
    "a client secret": "GOCSPX-aBcD_1234xyzQWERTY-lmno",
}
# Secrets that are recognised by their form also where the report quotes a response or an exception.
RECOGNISED = [name for name in SECRETS if name != "a password"]


def lines_of(text: str, width: int, between: str = "\n") -> str:
    return between.join(text[at : at + width] for at in range(0, len(text), width))


def json_of(**members: object) -> str:
    return json.dumps(members)


PASTED: dict[str, Callable[[str], str]] = {
    "as it is": lambda text: text,
    "in quotes": lambda text: f'"{text}"',
    "on one line": lambda text: text.replace("\n", ""),
    "with CRLF": lambda text: text.replace("\n", "\r\n"),
    "with escaped line ends": lambda text: text.replace("\n", "\\n"),
    "escaped twice": lambda text: text.replace("\n", "\\\\n"),
    "in base64": b64,
    "in base64 twice": lambda text: b64(b64(text)),
    "in base64 with lines": lambda text: base64.encodebytes(text.encode()).decode(),
    "in a terminal's lines": lambda text: lines_of(text, 80),
    "in short lines": lambda text: lines_of(text, 13),
    "in a mail": lambda text: "> " + lines_of(text, 40, "\n> "),
    "percent-encoded": lambda text: quote(text, safe=""),
    "percent-encoded twice": lambda text: quote(quote(text, safe=""), safe=""),
    "in a header": lambda text: f"Authorization: Bearer {text}",
    "in curl": lambda text: f"curl -H 'Authorization: Bearer {text}' https://api.appstoreconnect.apple.com/v1/apps",
    "in Basic": lambda text: f"Authorization: Basic {b64(f'user:{text}')}",
    "exported": lambda text: f"export ASC_TOKEN={text}",
    "as a variable's name": lambda text: f"{text}=",
    "before a colon": lambda text: f"{text}:",
    "in a list": lambda text: json.dumps([text, text[::-1]]),
    "in fastlane's file": lambda text: json_of(key_id="2X9R4HXF35", issuer_id=ISSUER_ID, key=text),
    "as a member": lambda text: json.dumps({text: 1}),
    "in a form": lambda text: f"client_id=com.example&client_secret={quote(text, safe='')}&grant_type=refresh_token",
    "in a receipt": lambda text: json_of(**{"receipt-data": "MII", "password": text, "status": 21004}),
    "in a netrc file": lambda text: f"machine api.appstoreconnect.apple.com login me password {text}",
    "in altool": lambda text: f"altool --upload-app -u me@example.com -p {text}\n*** Error: Unable to authenticate.",
    "in YAML": lambda text: "env:\n  ASC_PRIVATE_KEY: |\n    " + text.replace("\n", "\n    "),
    "as bytes": lambda text: repr(text.encode()),
    "in a message": lambda text: f"I set the password to {text} and it answers 401 Unauthorized",
    "in fastlane's message": lambda text: f"[!] invalid curve name (OpenSSL::PKey::ECError)\nkey_content: {text!r}",
    "in a URL": lambda text: f"curl https://me:{text}@api.appstoreconnect.apple.com/v1/apps",
    "in a query": lambda text: f"GET https://api.appstoreconnect.apple.com/v1/apps?token={text} answered 401",
    "in colours": lambda text: f"\x1b[31m{text}\x1b[0m",
}
QUOTED: dict[str, Callable[[str], str]] = {
    "an error": lambda text: json_of(
        errors=[{"status": "401", "code": "NOT_AUTHORIZED", "title": text, "detail": text}]
    ),
    "a code": lambda text: json_of(errors=[{"status": "403", "code": text}]),
    "a reason": lambda text: json_of(reason=text),
    "a page's title": lambda text: json_of(
        status=200, url="https://api.appstoreconnect.apple.com/v1/apps", body=f"<html><title>{text}</title>"
    ),
    "headers": lambda text: json_of(
        status=403, method=text, url="https://api.example.com/v1", headers={"Server": text, "Content-Type": text}
    ),
    "a 429": lambda text: json_of(status=429, url=ISSUER_ID, headers={"Retry-After": text, "X-Apple-Request": "1"}),
    "a 407": lambda text: json_of(status=407, url=ISSUER_ID, headers={"Proxy-Authenticate": text}),
    "a text": lambda text: json_of(status=400, url="https://api.devicecheck.apple.com/v1", body=text),
    "a header's name": lambda text: json_of(url=ISSUER_ID, headers={text: f"Bearer {TOKEN}"}),
    "a host": lambda text: json_of(url=f"{text}/v1", headers={}),
    "claims": lambda text: sign(
        {"header": {"alg": text, "kid": text}, "claims": {**CLAIMS, "aud": [text], "sub": text, "scope": [text]}}, NOW
    ),
}


@pytest.fixture
def redactor(monkeypatch: pytest.MonkeyPatch) -> Redactor:
    """A new redactor, without secrets of earlier tests."""
    redactor = Redactor()
    for module in (pasted_secrets, report_builder, token_report):
        monkeypatch.setattr(module, "redactor", redactor)
    return redactor


def pieces_of(secret: str) -> set[str]:
    words = [word for word in secret.split() if "-----" not in word and word not in {"PRIVATE", "KEY"}]
    return {word[at : at + PIECE] for word in words for at in range(max(1, len(word) - PIECE + 1))}


def report_of(text: str, home: Path) -> dict[str, str]:
    reading = find_credentials(read_settings(NOWHERE.get, NOWHERE.get, {}, folder=home, home=home))
    report = token_report.report_on_evidence(text, service=None, credentials_result=reading, now=NOW)
    return {
        "terminal": terminal.render(report, width=100),
        "json": json.dumps(report.to_json()),
        "html": html.render(report),
    }


def check_hidden(secret: str, text: str, home: Path) -> None:
    for form, shown in report_of(text, home).items():
        assert [piece for piece in pieces_of(secret) if piece in shown] == [], (form, shown)


@pytest.mark.usefixtures("redactor")
@pytest.mark.parametrize("form", PASTED)
@pytest.mark.parametrize("secret", SECRETS)
def test_no_piece_of_a_pasted_secret_is_in_the_report(secret: str, form: str, tmp_path: Path) -> None:
    check_hidden(SECRETS[secret], PASTED[form](SECRETS[secret]), tmp_path)


@pytest.mark.usefixtures("redactor")
@pytest.mark.parametrize("place", QUOTED)
@pytest.mark.parametrize("secret", RECOGNISED)
def test_no_piece_of_a_secret_is_quoted_from_a_response_or_exception(secret: str, place: str, tmp_path: Path) -> None:
    check_hidden(SECRETS[secret], QUOTED[place](SECRETS[secret]), tmp_path)


@settings(max_examples=60, deadline=None)
@given(data=st.binary(min_size=30, max_size=200), form=st.sampled_from(sorted(PASTED)))
def test_no_piece_of_a_random_secret_in_a_pasted_text_is_shown(data: bytes, form: str) -> None:
    secret = base64.b64encode(data).decode().rstrip("=")
    if not all(re.search(kind, secret) for kind in ("[A-Z]", "[a-z]", "[0-9]")) or len(set(secret)) < len(secret) // 4:
        return
    text = PASTED[form](secret)
    redactor = Redactor()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pasted_secrets, "redactor", redactor)
        register_secrets(text)
    shown = redactor.clean(repr(text))
    whole = [secret[at : at + 2 * PIECE] for at in range(len(secret) - 2 * PIECE + 1)]
    assert [piece for piece in whole if piece in shown] == []


@pytest.mark.usefixtures("redactor")
@pytest.mark.parametrize("form", PASTED)
def test_the_report_on_a_pasted_key_redacts_nothing_of_its_own_text(form: str, tmp_path: Path) -> None:
    shown = report_of(PASTED[form](P8), tmp_path)["terminal"]
    assert HIDDEN not in shown


@pytest.mark.parametrize("text", [" " * 100, "-" * 100, "." * 100, "Bearer " + "-" * 40, "password: " + "=" * 40])
def test_whitespace_and_ruled_lines_are_not_redacted(text: str, redactor: Redactor, tmp_path: Path) -> None:
    report_of(text, tmp_path)
    register_secrets(text)
    for drawn in (" " * 40, "." * 40, "-" * 40, "=" * 40):
        assert redactor.clean(drawn) == drawn


def test_the_begin_and_end_lines_of_a_pasted_key_are_not_redacted(redactor: Redactor) -> None:
    register_secrets(P8, "Authorization: Bearer -----BEGIN PRIVATE KEY-----")
    begin, *lines, end = P8.splitlines()
    assert [redactor.clean(line) for line in (begin, end)] == [begin, end]
    assert all(redactor.clean(line) == "***" for line in lines)


def test_pasted_texts_of_findings_contain_no_secrets() -> None:
    for cause in CAUSES.values():
        assert list(secrets_in(f"{cause.title}. {cause.fix} See {cause.docs}")) == []
    for message in MESSAGES:
        assert list(secrets_in(f"{message.text}: {message.fix}")) == []


@pytest.mark.parametrize(
    "text",
    [
        "GET /v1/bundleIdCapabilities/6446048195/relationships/appStoreVersionExperiments",
        "https://api.appstoreconnect.apple.com/v1/betaAppReviewSubmissions?limit=200&include=build",
        "NSURLErrorDomain -1012 kCFErrorDomainCFNetwork ITMSTransporterLoggingLevel",
        "ASC_PRIVATE_KEY_PATH=~/private_keys/AuthKey_2X9R4HXF35.p8 ASC_ISSUER_ID=69a6de92-60a3-47e3-e053-5b8c7c11a4d1",
        "password: incorrect, token: appstoreconnect-v1, secret=${{ secrets.ASC_KEY }}, api_key: undefined",
        "machine api.appstoreconnect.apple.com login me password $PASSWORD",
        "Authorization: Bearer undefined",
        "the request 4YKDRP3WJ2PB6UYQ2QGV6MGVXA.0.0 failed at 2026-11-24T18:51:05.000+0000",
        "APP_STORE_CONNECT_API_KEY_IS_KEY_CONTENT_BASE64 FASTLANE_APPLE_APPLICATION_SPECIFIC_PASSWORD",
    ],
)
def test_paths_names_ids_and_placeholders_are_not_redacted(text: str) -> None:
    assert list(secrets_in(text)) == []
    assert one_line(text) == text


UNRECOGNISED = {("a password", "as it is"), ("a password", "with CRLF"), ("a password", "in a terminal's lines")}


@pytest.fixture(scope="module")
def reports_of_failed_tests() -> dict[str, str]:
    """The output of a run for each form, in which a test for each secret fails; the first case makes the run.

    The secrets are in one run because they have nothing in common; the forms of a secret are not, because a run that
    has hidden it in one form hides it in the others.
    """
    return {}


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("form", ["as it is", "in a terminal's lines", "in a netrc file", "in curl", "with CRLF"])
def test_the_report_of_a_failed_test_shows_no_piece_of_what_was_diagnosed(
    pytester: pytest.Pytester, reports_of_failed_tests: dict[str, str], secret: str, form: str
) -> None:
    if (secret, form) in UNRECOGNISED:
        pytest.skip("nothing tells that this text is a password")
    if form not in reports_of_failed_tests:
        recognised = [name for name in SECRETS if (name, form) not in UNRECOGNISED]
        for name in recognised:
            (pytester.path / f"{name}.txt").write_bytes(PASTED[form](SECRETS[name]).encode())
        pytester.makepyfile(
            f"""
            from pathlib import Path

            import pytest

            @pytest.mark.parametrize("name", {recognised})
            def test_paste(asc_diagnose, name):
                pasted = Path(f"{{name}}.txt").read_bytes().decode()
                found = asc_diagnose(pasted)
                assert asc_diagnose(pasted) == pasted, {{"pasted": pasted}}
            """
        )
        result = pytester.runpytest("-l", "-vv", "-p", "no:cacheprovider")
        result.assert_outcomes(failed=len(recognised))
        reports_of_failed_tests[form] = result.stdout.str()
    shown = reports_of_failed_tests[form]
    assert f"test_paste[{secret}] FAILED" in shown
    assert [piece for piece in pieces_of(SECRETS[secret]) if piece in shown] == []


@pytest.mark.parametrize("name", ["session", "SESSION", "se\u017fsion", "sess\u0131on", "SESS\u0130ON"])
def test_the_name_of_a_secret_is_recognised_with_unicode_case_variants(name: str) -> None:
    assert list(secrets_in(f"{name}=abcdef-1234567")) == ["abcdef-1234567"]


@pytest.mark.usefixtures("redactor")
def test_a_megabyte_is_searched_in_linear_time() -> None:
    for text in (
        "eyJ",
        "aB3",
        "Bearer ",
        "a\n",
        "-----BEGIN ",
        "password=",
        "machine a ",
        "%",
        "a/",
        "\\n",
        "=a",
        "://a:",
    ):
        pasted = text * (1_000_000 // len(text))
        start = time.process_time()
        register_secrets(pasted)
        assert time.process_time() - start < 1, text
