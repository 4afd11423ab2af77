from __future__ import annotations

import json
from email.message import Message
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from pytest_asc import verify_webhook
from pytest_asc.webhooks import sign_webhook

# The example on Apple's page.
SECRET, BODY = "This is my secret", b"Hello, World!"
SIGNATURE = "hmacsha256=7f062172b01cb00b53ca068614674a3d982a34062a0f5d37687d5e3377e54657"


def test_sign_webhook_returns_the_signature_of_apples_example() -> None:
    assert sign_webhook(BODY, SECRET) == SIGNATURE
    assert verify_webhook(BODY, {"x-apple-signature": SIGNATURE}, SECRET) is True


def message() -> Message:
    headers = Message()
    headers["X-Apple-Signature"] = SIGNATURE
    return headers


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Apple-Signature": SIGNATURE, "Host": "example.com"},
        {"X-APPLE-SIGNATURE": f" {SIGNATURE} "},
        requests.structures.CaseInsensitiveDict({"x-apple-signature": SIGNATURE}),
        [(b"host", b"example.com"), (b"x-apple-signature", SIGNATURE.encode())],
        [("X-Apple-Signature", SIGNATURE), ("x-apple-signature", SIGNATURE)],
        message(),
    ],
    ids=["mapping", "capitals and blanks", "requests", "pairs of ASGI", "twice the same", "email.message"],
)
def test_verify_webhook_finds_the_signature_in_headers_of_any_case_and_type(headers: Any) -> None:
    assert verify_webhook(BODY, headers, SECRET)


@pytest.mark.parametrize("body", [BODY.decode(), bytearray(BODY), memoryview(BODY)], ids=["str", "array", "view"])
def test_verify_webhook_accepts_a_body_of_text_or_any_bytes_type(body: Any) -> None:
    assert verify_webhook(body, {"x-apple-signature": SIGNATURE}, SECRET.encode())


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        ({"Content-Type": "application/json"}, "got Content-Type; expected a header x-apple-signature"),
        ({}, "got no headers; expected a header x-apple-signature"),
        ({"x-apple-signature": ""}, "got x-apple-signature '', expected 'hmacsha256=' and 64"),
        ({"x-apple-signature": SIGNATURE[11:]}, "the prefix is missing"),
        ({"x-apple-signature": SIGNATURE.upper()}, "64 lower-case hexadecimal digits"),
        ({"x-apple-signature": SIGNATURE + "00"}, "expected 'hmacsha256=' and 64"),
        ({"x-apple-signature": "hmacsha256=é" * 9}, "expected 'hmacsha256=' and 64"),
        ([("x-apple-signature", SIGNATURE), ("x-apple-signature", "hmacsha256=")], "got 2 headers"),
    ],
)
def test_a_missing_or_malformed_signature_header_is_reported_with_what_was_expected(headers: Any, message: str) -> None:
    with pytest.raises(ValueError, match="x-apple-signature") as caught:
        verify_webhook(BODY, headers, SECRET)
    assert message in str(caught.value)


def test_the_error_for_a_changed_body_or_a_wrong_secret_does_not_contain_the_right_signature() -> None:
    for body, secret in ((BODY + b"\n", SECRET), (BODY, SECRET + " ")):
        with pytest.raises(ValueError, match="expected the secret that the webhook was created with") as caught:
            verify_webhook(body, {"x-apple-signature": SIGNATURE}, secret)
        assert f"{len(body)} bytes" in str(caught.value)
        assert sign_webhook(body, secret)[11:] not in str(caught.value)
        assert secret not in str(caught.value)


def test_verify_webhook_rejects_an_empty_secret_and_a_parsed_body() -> None:
    with pytest.raises(ValueError, match="got an empty secret"):
        verify_webhook(BODY, {"x-apple-signature": sign_webhook(BODY, "")}, "")
    parsed: Any = json.loads("{}")
    with pytest.raises(TypeError, match="got a body of type dict, expected the bytes of the request"):
        verify_webhook(parsed, {"x-apple-signature": SIGNATURE}, SECRET)


@given(st.binary(), st.text(min_size=1), st.text())
def test_verify_webhook_accepts_only_the_right_signature(body: bytes, secret: str, other: str) -> None:
    right = sign_webhook(body, secret.encode("utf-8", "surrogatepass"))
    assert verify_webhook(body, {"x-apple-signature": right}, secret.encode("utf-8", "surrogatepass"))
    with pytest.raises(ValueError, match="x-apple-signature"):
        verify_webhook(body, {"x-apple-signature": other}, secret.encode("utf-8", "surrogatepass"))
