"""No findings on what works: keys in any format, unusual tokens, and advice that does not fit the cause."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from real_cases.evidence import (
    APPS,
    FORBIDDEN,
    HOUR,
    ISSUER,
    KEY,
    KEY_ID,
    MINUTE,
    NOT_AUTHORIZED,
    NOW,
    P8,
    Held,
    b64,
    error,
    make_response,
    of_team,
    refused,
    token,
)

from pytest_asc import Credentials
from pytest_asc.apple.services import SERVICES, ServiceIds
from pytest_asc.credentials.finder import find_credentials
from pytest_asc.credentials.settings import read_settings
from pytest_asc.credentials.tokens import mint
from pytest_asc.diagnosis.diagnose import DiagnosisContext, diagnose

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pytest_asc.apple.services import KeyType
    from pytest_asc.diagnosis.findings import Finding

NOWHERE: dict[str, str] = {}
IDS = {"ASC_KEY_ID": KEY_ID, "ASC_ISSUER_ID": ISSUER}
FILE = f"AuthKey_{KEY_ID}.p8"
FASTLANE = json.dumps({"key_id": KEY_ID, "issuer_id": ISSUER, "key": P8})


def as_apple_writes_it() -> str:
    """Return the key with its curve named twice, in 150 bytes, as in the keys that Apple issues (observed)."""
    curve = bytes.fromhex("06082a8648ce3d030107")
    public = KEY.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    parts = (
        bytes.fromhex("308193020100301306072a8648ce3d0201") + curve,
        bytes.fromhex("0479307702010104 20") + KEY.private_numbers().private_value.to_bytes(32, "big"),
        bytes.fromhex("a00a") + curve,
        bytes.fromhex("a144034200") + public,
    )
    digits = b64(b"".join(parts))
    lines = [digits[at : at + 64] for at in range(0, len(digits), 64)]
    return "\n".join(["-----BEGIN PRIVATE KEY-----", *lines, "-----END PRIVATE KEY-----"])


SHAPES: dict[str, tuple[Mapping[str, str], Mapping[str, str]]] = {
    "text": ({**IDS, "ASC_PRIVATE_KEY": P8}, {}),
    "text without the last newline": ({**IDS, "ASC_PRIVATE_KEY": P8.rstrip()}, {}),
    "text as Apple writes it": ({**IDS, "ASC_PRIVATE_KEY": as_apple_writes_it()}, {}),
    "base64 in its variable": ({**IDS, "ASC_PRIVATE_KEY_B64": b64(P8)}, {}),
    "base64 in lines": ({**IDS, "ASC_PRIVATE_KEY_B64": base64.encodebytes(P8.encode()).decode()}, {}),
    "a file": ({**IDS, "ASC_PRIVATE_KEY_PATH": FILE}, {FILE: P8}),
    "a file of another name": ({**IDS, "ASC_PRIVATE_KEY_PATH": "run/secrets/asc"}, {"run/secrets/asc": P8}),
    "a key folder": (IDS, {f".appstoreconnect/private_keys/{FILE}": P8}),
    "a key folder and no key ID": ({"ASC_ISSUER_ID": ISSUER}, {f"private_keys/{FILE}": P8}),
    "fastlane's JSON": ({"APP_STORE_CONNECT_API_KEY_PATH": "key.json"}, {"key.json": FASTLANE}),
    "fastlane's JSON in base64": (
        {"APP_STORE_CONNECT_API_KEY_PATH": "key.json"},
        {"key.json": json.dumps({**json.loads(FASTLANE), "key": b64(P8), "is_key_content_base64": True})},
    ),
    "an individual key": ({"ASC_KEY_ID": KEY_ID, "ASC_PRIVATE_KEY": P8}, {}),
    "an individual key, said to be one": (
        {"ASC_KEY_ID": KEY_ID, "ASC_PRIVATE_KEY": P8, "ASC_KEY_TYPE": "individual"},
        {},
    ),
    "an enterprise key": ({**IDS, "ASC_PRIVATE_KEY": P8, "ASC_KEY_TYPE": "enterprise"}, {}),
}


@pytest.mark.parametrize(("environ", "files"), SHAPES.values(), ids=list(SHAPES))
def test_a_valid_key_has_no_finding_in_any_format_and_type(
    environ: Mapping[str, str], files: Mapping[str, str], tmp_path: Path
) -> None:
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(0o600)
    reading = find_credentials(read_settings(NOWHERE.get, NOWHERE.get, environ, folder=tmp_path, home=tmp_path))
    assert reading.findings == ()
    credentials = reading.require()
    good = mint(credentials, now=NOW)
    around = DiagnosisContext(credentials)
    assert diagnose(good, now=NOW, context=around) == ()
    listed = make_response(200, {"data": [{"type": "apps", "id": "1"}], "links": {}}, bearer=good)
    host = SERVICES["enterprise"].host if credentials.kind == "enterprise" else SERVICES["app-store-connect"].host
    listed["request"]["url"] = f"https://{host}/v1/bundleIds"
    assert diagnose(listed, now=NOW, context=around) == ()


ALL_IDS: ServiceIds = {
    "team_id": "M436QS2634",
    "service_id": "com.example.weather",
    "bundle_id": "com.example.app",
    "client_id": "com.example.web",
    "origin": "https://example.com",
}
ADS: ServiceIds = {"team_id": "SEARCHADS.9703f56c", "client_id": "SEARCHADS.27478e71"}


@pytest.mark.parametrize("name", SERVICES)
def test_a_valid_token_has_no_finding_at_any_service(name: str) -> None:
    kind: KeyType = "enterprise" if name == "enterprise" else "team"
    credentials = Credentials(KEY_ID, ISSUER, kind, KEY, service_ids=ADS if name == "apple-ads" else ALL_IDS)
    good = mint(credentials, now=NOW, service=name)
    assert diagnose(good, now=NOW, service=name, context=DiagnosisContext(credentials)) == ()


def in_der(text: str) -> str:
    signed = text.rpartition(".")[0]
    der = KEY.sign(signed.encode(), ec.ECDSA(hashes.SHA256()))
    return f"{signed}.{base64.urlsafe_b64encode(der).decode().rstrip('=')}"


ODD = {
    "no typ": Held(token({"typ": None})),
    "another typ": Held(token({"typ": "jwt"})),
    "a typ for APNs, whose page shows none": Held(of_team(), service="apns"),
    "an issuer that is no UUID of version 4": Held(token(iss="57246542-0a1b-4c2d-8e3f-1a2b3c4d072a")),
    "an issuer of no version at all": Held(token(iss="69a6de70-43dc-47e3-0000-5b8c7c11a4d1")),
    "an issuer in capitals": Held(token(iss=ISSUER.upper())),
    "a key ID in lower case": Held(token({"kid": KEY_ID.lower()})),
    "a shorter key ID": Held(token({"kid": "99DJ8MMM9"})),
    "a longer key ID": Held(token({"kid": "2X9R7KQF34AB"})),
    "a key ID of digits": Held(token({"kid": "1234567890"})),
    "no iat": Held(token(iat=None)),
    "an audience in a list": Held(token(aud=["appstoreconnect-v1"])),
    "a signature in DER at APNs": Held(in_der(of_team()), service="apns"),
    "claims that nobody asks for": Held(token(nbf=NOW - 60, jti="1", nonce="2")),
    "an iat a minute back": Held(token(iat=NOW - MINUTE, exp=NOW + 19 * MINUTE - 1)),
    "19 minutes in a zone that is 20 minutes off": Held(token(exp=NOW + 19 * MINUTE), utc_offset=20 * MINUTE),
    "a good token far from UTC": Held(token(), utc_offset=-11 * HOUR),
    "an answer that took a minute": Held(make_response(200, {"data": [{}]}, bearer=token()), ahead=MINUTE),
}


@pytest.mark.parametrize("held", ODD.values(), ids=list(ODD))
def test_unusual_tokens_that_work_have_no_finding(held: Held) -> None:
    around = DiagnosisContext(utc_offset=held.utc_offset)
    assert diagnose(held.thing, now=NOW + held.ahead, service=held.service, context=around) == ()


def advice(findings: tuple[Finding, ...]) -> str:
    return " ".join(finding.fix for finding in findings).lower()


def test_a_missing_agreement_is_not_reported_as_an_insufficient_role() -> None:
    agreement = error(403, "FORBIDDEN.REQUIRED_AGREEMENTS_MISSING_OR_EXPIRED", "A required agreement is missing")
    findings = diagnose(make_response(403, agreement, bearer=token()), now=NOW)
    assert [finding.cause for finding in findings] == ["agreement-missing"]
    assert "role" not in advice(findings)
    assert "a new key does not help" in advice(findings)


def test_an_insufficient_role_is_not_reported_as_a_bad_key() -> None:
    body = error(403, "FORBIDDEN_ERROR", FORBIDDEN, "The API key in use does not allow this request")
    (finding,) = diagnose(make_response(403, body, bearer=token()), now=NOW)
    assert (finding.cause, "key is valid" in finding.title) == ("role-insufficient", True)


@pytest.mark.parametrize("ahead", [1, 34, 3600, -3600])
def test_a_wrong_clock_gets_no_advice_about_the_key(ahead: int) -> None:
    """The token is valid by the clock of the machine that made it, and invalid by Apple's."""
    findings = diagnose(refused(token(iat=NOW + ahead, exp=NOW + ahead + 1199)), now=NOW + ahead)
    assert [finding.cause for finding in findings] == ["clock-ahead" if ahead > 0 else "clock-behind"]
    assert "key" not in advice(findings)


def test_a_valid_signature_does_not_rule_out_that_apple_does_not_know_the_key() -> None:
    """``jwt.io`` verifies a signature too, but against any key that it is given."""
    credentials = Credentials(KEY_ID, ISSUER, "team", KEY)
    (finding,) = diagnose(refused(token()), now=NOW, context=DiagnosisContext(credentials))
    assert (finding.cause, finding.certainty) == ("key-unknown-to-apple", "possible")
    assert "signature" not in finding.evidence


def test_a_bare_401_proves_no_cause() -> None:
    for thing in (NOT_AUTHORIZED, {"status": 401, "headers": {}, "body": NOT_AUTHORIZED, "url": APPS}):
        (finding,) = diagnose(thing, now=NOW)
        assert (finding.cause, finding.certainty) == ("key-unknown-to-apple", "possible")
