"""Diagnosis of pasted texts: tokens, responses and messages in them, and other text in place of a token."""

from __future__ import annotations

import base64
import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from real_cases.evidence import BODY, ISSUER, KEY_ID, NOW, P8, token
from real_cases.public import sign

from pytest_asc.diagnosis.diagnose import diagnose
from pytest_asc.diagnosis.pasted import read_pasted

TOKEN = token()
EXPIRED = token(iat=NOW - 9000, exp=NOW - 8000)
AUDIENCE = token(aud="x")


def causes(text: object) -> list[str]:
    return [finding.cause for finding in diagnose(text, now=NOW)]


@pytest.mark.parametrize(
    "form",
    [
        "{}",
        "Authorization: Bearer {}",
        "authorization: bearer {}\r\n",
        "-H 'Authorization: Bearer {}'",
        'curl -H "Authorization: Bearer {}" https://api.appstoreconnect.apple.com/v1/apps',
        'headers = {{"Authorization": "Bearer {}"}}',
        'headers["Authorization"] = "Bearer {}"',
        "export ASC_TOKEN={}",
        'export ASC_TOKEN="{}"',
        "$env:ASC_TOKEN = '{}'",
        "ASC_TOKEN: {}",
        "token: {}\n",
        "The token is {}.",
        '{{"token": "{}"}}',
        "> GET /v1/apps HTTP/2\n> Host: api.appstoreconnect.apple.com\n> authorization: Bearer {}\n> accept: */*\n",
    ],
)
def test_a_token_is_found_in_the_text_around_it(form: str) -> None:
    assert causes(form.format(TOKEN)) == []
    assert causes(form.format(AUDIENCE)) == ["token-audience"]


@pytest.mark.parametrize(
    ("form", "cause"), [('"{}"', "token-quoted"), ("'{}'\n", "token-quoted"), ("\u201c{}\u201d", "token-quoted")]
)
def test_a_quoted_token_is_diagnosed_and_the_quotes_are_reported(form: str, cause: str) -> None:
    (finding,) = diagnose(form.format(TOKEN), now=NOW)
    assert (finding.cause, finding.level) == (cause, "warning")
    assert causes(form.format(AUDIENCE)) == ["token-audience", cause]
    (sent,) = diagnose(token=form.format(TOKEN), now=NOW)
    assert (sent.cause, sent.level) == (cause, "error")


def test_a_base64_encoded_token_is_diagnosed_and_the_encoding_is_reported() -> None:
    encoded = base64.b64encode(AUDIENCE.encode()).decode()
    assert causes(encoded) == ["token-audience", "token-malformed"]
    (sent,) = diagnose(token=encoded, now=NOW)
    assert "a token encoded in base64" in sent.evidence


@pytest.mark.parametrize(
    "text",
    [
        "Bearer undefined",
        "Authorization: Bearer None",
        "Authorization: Bearer ${TOKEN}",
        "Authorization: Bearer $TOKEN",
        "None",
        "null",
        "undefined",
        "${ASC_TOKEN}",
        "{{ token }}",
        "<token>",
        "YOUR_TOKEN",
        "export ASC_TOKEN=",
        "export ASC_TOKEN=$(cat token)",
        "ASC_TOKEN=''",
        "curl -H 'Authorization: Bearer null' https://api.appstoreconnect.apple.com/v1/apps",
    ],
)
def test_a_placeholder_in_place_of_a_token_is_reported_as_token_placeholder(text: str) -> None:
    assert causes(text) == ["token-placeholder"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (P8, "a private key"),
        (P8.replace("\n", "\\n"), "a private key"),
        (base64.b64encode(P8.encode()).decode(), "a private key encoded in base64"),
        (BODY, "a private key encoded in base64"),
        (json.dumps({"key_id": KEY_ID, "issuer_id": ISSUER, "key": P8}), "a private key"),
        (json.dumps({"type": "service_account", "project_id": "x"}), "Google service account"),
        (json.dumps({"data": []}), "JSON with the members data"),
        ('{"kty": "EC", "crv": "P-256"}', "JWK"),
        (ISSUER, "a UUID, like an issuer ID"),
        (KEY_ID, "like a key ID or a Team ID"),
        ("~/keys/AuthKey_ABC.p8", "the path of a file"),
        ("https://api.appstoreconnect.apple.com/v1/apps", "a URL"),
        ("a@example.com", "an email address"),
        ("0a" * 32, "a device token"),
        ("<!DOCTYPE html><html><head><title>Sign in</title></head></html>", "an HTML or XML page"),
        ("it does not work", "it is text (4 words)"),
    ],
)
def test_the_finding_on_a_text_that_is_not_a_token_says_what_it_is(text: str, words: str) -> None:
    (finding,) = diagnose(text, now=NOW)
    assert finding.cause == "not-a-token"
    assert words in finding.evidence


@pytest.mark.parametrize("text", ["abcd-efgh-ijkl-mnop", "---\n- !ruby/object:HTTP::Cookie\n  name: DES5c148586dfd4\n"])
def test_a_session_of_an_apple_id_is_reported_as_apple_id_session(text: str) -> None:
    assert causes(text) == ["apple-id-session"]
    assert [finding.cause for finding in diagnose(token=text, now=NOW)] == ["apple-id-session"]


def test_a_pasted_response_is_diagnosed_together_with_its_request() -> None:
    response = json.dumps({"errors": [{"status": "401", "code": "NOT_AUTHORIZED", "title": "x", "detail": "y"}]})
    text = f"> GET /v1/apps HTTP/1.1\n> Authorization: Bearer {EXPIRED}\n>\n< HTTP/1.1 401 Unauthorized\n\n{response}\n"
    assert causes(text)[0] == "token-expired"


def test_an_error_that_is_nested_in_a_mapping_is_found() -> None:
    result = {"sent": [], "failed": [{"device": "1", "status": "403", "response": {"reason": "InvalidProviderToken"}}]}
    (finding,) = diagnose(result, now=NOW)
    assert finding.cause == "key-unknown-to-apple"
    assert "InvalidProviderToken" in finding.evidence


def test_the_message_of_an_exception_gives_its_cause() -> None:
    error = RuntimeError("A required agreement is missing or has expired. - This request requires an in-effect one")
    assert causes(error) == ["agreement-missing"]
    assert causes(RuntimeError("Request failed with status code 401")) == ["key-unknown-to-apple"]


@given(st.text())
def test_any_text_is_diagnosed_without_an_exception(text: str) -> None:
    read_pasted(text)
    diagnose(text, now=NOW)


@pytest.mark.parametrize("prefix", ["", "x ", "Authorization: ", "curl ", '"', "ASC_TOKEN="])
@pytest.mark.parametrize("secret", [P8, BODY, TOKEN, base64.b64encode(P8.encode()).decode(), f"{TOKEN[:-4]}\n x"])
def test_no_part_of_a_pasted_secret_is_in_findings_or_reprs(prefix: str, secret: str) -> None:
    shown = "".join(f"{finding!r}{finding}" for finding in diagnose(prefix + secret, now=NOW))
    shown += repr(read_pasted(prefix + secret))
    assert not [
        at
        for at in range(0, len(secret) - 16, 8)
        if secret[at : at + 16] in shown and "-----" not in secret[at : at + 16]
    ]


@pytest.mark.parametrize(
    "unit",
    [
        "eyJ",
        "eyJ.",
        "<title",
        "{",
        '{"errors":[',
        "[",
        "authorization: ",
        "bearer ",
        "a",
        "a ",
        "=",
        "http://",
        '"',
        "\x1b[",
    ],
)
def test_a_megabyte_of_repeated_text_is_diagnosed_in_seconds(unit: str) -> None:
    text = unit * (1_000_000 // len(unit))
    started = time.perf_counter()
    diagnose(text, now=NOW)
    diagnose(RuntimeError(text), now=NOW)
    assert time.perf_counter() - started < 5, "a second on a machine with nothing else to do"


@pytest.mark.parametrize(
    "text",
    [
        "botocore.exceptions.ClientError: An error occurred (ExpiredToken): The provided token has expired.",
        "google.auth.exceptions.RefreshError: ('invalid_grant: Bad Request')",
        "docker: Error response from daemon: unauthorized: authentication required",
        "requests.exceptions.HTTPError: 401 Client Error: Unauthorized for url: https://gitlab.com/api/v4/user",
        "npm ERR! 401 Unauthorized - GET https://registry.example.com/pkg",
        "remote: HTTP Basic: Access denied\nfatal: Authentication failed for 'https://gitlab.com/a/b.git/'",
    ],
)
def test_an_error_message_of_another_vendor_is_reported_as_not_apple(text: str) -> None:
    (finding,) = diagnose(text, now=NOW)
    assert finding.cause == "not-apple"
    assert "issuer ID" not in finding.fix


@pytest.mark.parametrize(
    "text", ['{"ok": false, "error": "invalid_auth"}', '{"error": "not found"}', '{"reason": "bad"}']
)
def test_json_of_another_service_is_not_taken_for_a_response_of_apple(text: str) -> None:
    (finding,) = diagnose(text, now=NOW)
    assert finding.cause == "not-a-token"
    assert ".apple.com" not in finding.evidence


def test_a_message_of_apple_is_recognised_in_the_log_of_another_tool() -> None:
    text = "docker: exit 1\nAuthentication credentials are missing or invalid. - Provide a signed bearer token"
    assert diagnose(text, now=NOW)[0].cause == "key-unknown-to-apple"


def test_the_finding_on_an_invalid_iss_names_the_first_wrong_character() -> None:
    claims = {"iss": "69a6de92–60a3-47e3-e053-5b8c7c11a4d1", "iat": NOW, "exp": NOW + 600, "aud": "appstoreconnect-v1"}  # noqa: RUF001
    token = sign({"header": {"alg": "ES256", "kid": "K7QWR2M9XZ"}, "claims": claims}, NOW)
    assert "character 9 is en dash" in diagnose(token, now=NOW)[0].evidence
