"""Verification of tokens: an invalid token for each cause, and valid tokens that must have no finding."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from pytest_asc.apple.services import APP_STORE_CONNECT, ENTERPRISE, SIGN_IN
from pytest_asc.credentials.tokens import sign
from pytest_asc.diagnosis.token.verify import TokenError, TokenVerification, check_scope, decode, utc, verify_token

NOW = 1_528_407_660
KEY = ec.generate_private_key(ec.SECP256R1())
OTHER_KEY = ec.generate_private_key(ec.SECP256R1())
ISSUER = "57246542-0a1b-4c2d-8e3f-1a2b3c4d072a"
HEADER = {"alg": "ES256", "kid": "2X9R7KQF34", "typ": "JWT"}
CLAIMS: dict[str, Any] = {"iss": ISSUER, "iat": NOW - 60, "exp": NOW + 840, "aud": "appstoreconnect-v1"}
INDIVIDUAL: dict[str, Any] = {"sub": "user", "iat": NOW - 60, "exp": NOW + 840, "aud": "appstoreconnect-v1"}


def token(claims: dict[str, Any] | None = None, header: dict[str, Any] | None = None, **changes: Any) -> str:
    return sign(header or HEADER, {**(claims or CLAIMS), **changes}, KEY)


def without(name: str) -> dict[str, Any]:
    return {claim: value for claim, value in CLAIMS.items() if claim != name}


def findings_of(text: str, now: float = NOW, *, utc_offset: int = 0, **known: Any) -> list[tuple[str, str]]:
    known = {"service": APP_STORE_CONNECT, "key": KEY.public_key(), **known}
    return [(found.cause, found.level) for found in verify_token(text, **known).findings_at(now, utc_offset=utc_offset)]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(token(), id="team key"),
        pytest.param(token(INDIVIDUAL), id="individual key"),
        pytest.param(token(header={"alg": "ES256", "kid": "2X9R7KQF34"}), id="no typ"),
        pytest.param(token(header={**HEADER, "kid": "short"}), id="a key ID of another length"),
        pytest.param(token(without("iat")), id="no iat"),
        pytest.param(token(aud=["appstoreconnect-v1"]), id="audience in a list"),
        pytest.param(token(iss="57246542-96fe-ffff-0000-0824d011072a"), id="a UUID of no known version"),
        pytest.param(token(iss=ISSUER.upper()), id="a UUID in capitals"),
        pytest.param(token(iat=NOW, exp=NOW + 1199), id="nearly the limit"),
        pytest.param(token(scope=["GET /v1/apps"]), id="a scope"),
        pytest.param(token(exp=NOW + 86_400, scope=["GET /v1/ciProducts", "GET /v1/ciIssues/1"]), id="long-lived"),
        pytest.param(token(nonce="x", nbf=NOW - 60), id="claims that no one asked for"),
    ],
)
def test_valid_tokens_have_no_finding(text: str) -> None:
    assert findings_of(text) == []


DER = KEY.sign(b"x", ec.ECDSA(hashes.SHA256()))


def damage(text: str, part: int, value: bytes) -> str:
    parts = text.split(".")
    parts[part] = base64.urlsafe_b64encode(value).decode().rstrip("=")
    return ".".join(parts)


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("", "token-malformed"),
        ("   ", "token-malformed"),
        ("abc", "token-malformed"),
        ("-----BEGIN PRIVATE KEY-----\nMIGH\n-----END PRIVATE KEY-----\n", "not-a-token"),
        ("a.b.c.d", "token-malformed"),
        ("…." + token(), "token-malformed"),
        (damage(token(), 0, b"not json"), "token-malformed"),
        (damage(token(), 1, b"[1, 2]"), "token-malformed"),
        (damage(token(), 1, b"[" * 100_000), "token-malformed"),
        (damage(token(), 1, b"\xff\xfe"), "token-malformed"),
        (token().replace(".", ".A", 1)[:-1] + "A", "token-malformed"),
        (str(token().encode()), "token-bytes-repr"),
        (token() + "\n", "token-whitespace"),
        (" " + token(), "token-whitespace"),
        (token()[:40] + "\n" + token()[40:], "token-whitespace"),
        (token() + "==", "token-base64-alphabet"),
        (token().split(".")[0] + "+/" + token()[40:], "token-base64-alphabet"),
        (token(header={**HEADER, "alg": "HS256"}), "token-algorithm"),
        (token(header={**HEADER, "alg": "none"}), "token-algorithm"),
        (token(header={"kid": "2X9R7KQF34"}), "token-algorithm"),
        (token(header={"alg": "ES256"}), "token-kid-missing"),
        (token(header={"alg": "ES256", "kid": ""}), "token-kid-missing"),
        (token(header={"alg": "ES256", "kid": 10}), "token-kid-missing"),
        # The IDs in a token are not repaired.
        (token(header={**HEADER, "kid": "2X9R7KQF34\n"}), "key-id-whitespace"),
        (token(header={**HEADER, "kid": '"2X9R7KQF34"'}), "key-id-quoted"),
        (token(header={**HEADER, "kid": "AuthKey_2X9R7KQF34.p8"}), "key-id-is-file-name"),
        (token(header={**HEADER, "kid": "${ASC_KEY_ID}"}), "id-placeholder"),
        (token(header={**HEADER, "kid": ISSUER}, iss="2X9R7KQF34"), "ids-swapped"),
        (token(iss=f"{ISSUER}\n"), "issuer-id-whitespace"),
        (token(iss=f"'{ISSUER}'"), "issuer-id-quoted"),
        (token(without("aud")), "token-audience"),
        (token(aud="appstoreconnect"), "token-audience"),
        (token(aud=["appstoreconnect-v1", "other"]), "token-audience"),
        (token(without("iss")), "token-issuer"),
        (token(iss="ABCDE12345"), "token-issuer"),
        (token(iss=5), "token-issuer"),
        (token(without("iss"), sub="me"), "token-subject"),
        (token(without("iss"), subject="user"), "token-subject"),
        (token(sub="user"), "token-claims-mixed"),
        (token(without("exp")), "token-lifetime-too-long"),
        (token(exp=NOW - 60 + 1201), "token-lifetime-too-long"),
        (token(exp=NOW + 3600), "token-lifetime-too-long"),
        (token(without("iat"), exp=NOW + 1202), "token-lifetime-too-long"),
        (token(exp=NOW + 3600, scope=[]), "token-lifetime-too-long"),
        (token(exp=NOW + 3600, scope=["GET /v1/apps"]), "token-long-lived-not-allowed"),
        (token(exp=NOW + 3600, scope=["GET /v1/ciProducts", "GET /v1/apps"]), "token-long-lived-not-allowed"),
        (token(exp=NOW + 3600, scope=["POST /v1/ciBuildRuns"]), "token-long-lived-not-allowed"),
        (token(exp=NOW + 16_000_000, scope=["GET /v1/ciProducts"]), "token-long-lived-not-allowed"),
        (token(exp=NOW), "token-expired"),
        (token(iat=NOW - 1000, exp=NOW - 100), "token-expired"),
        (token(exp=1200), "token-exp-is-duration"),
        (token(exp=0), "token-exp-is-duration"),
        (token(exp=-5), "token-exp-is-duration"),
        (token(iat=NOW * 1000, exp=(NOW + 900) * 1000), "token-time-milliseconds"),
        (token(iat=-(10**30)), "token-time-milliseconds"),
        (token(exp=NOW + 840.5), "token-time-not-integer"),
        (token(exp=str(NOW + 840)), "token-time-not-integer"),
        (token(iat=True), "token-time-not-integer"),
        (token(iat=NOW + 61, exp=NOW + 900), "token-issued-in-future"),
        (token(scope="GET /v1/apps"), "token-scope-format"),
        (token(scope=["/v1/apps"]), "token-scope-format"),
        (token(scope=["GET /v1/apps", None]), "token-scope-format"),
        (token(scope={"GET": "/v1/apps"}), "token-scope-format"),
        (damage(token(), 2, DER), "token-signature-der"),
        (damage(token(), 2, b"short"), "token-signature-mismatch"),
        (damage(token(), 2, bytes(64)), "token-signature-mismatch"),
        (damage(token(), 1, json.dumps({**CLAIMS, "exp": NOW + 900}).encode()), "token-signature-mismatch"),
        (sign(HEADER, CLAIMS, OTHER_KEY), "token-signature-mismatch"),
    ],
)
def test_one_cause_gives_one_error(text: str, cause: str) -> None:
    assert findings_of(text) == [(cause, "error")]


@pytest.mark.parametrize(
    ("text", "known", "cause"),
    [
        (token(), {"key_type": "individual"}, "individual-key-as-team"),
        (token(INDIVIDUAL), {"key_type": "team"}, "token-issuer"),
        (token(), {"issuer_id": "00000000-0000-0000-0000-000000000000"}, "token-issuer"),
        (token(), {"service": ENTERPRISE}, "token-of-other-service"),
    ],
)
def test_key_type_and_issuer_id_of_the_key_are_compared_with_the_token(
    text: str, known: dict[str, Any], cause: str
) -> None:
    assert findings_of(text, **known) == [(cause, "error")]


def test_a_service_without_a_limit_accepts_any_lifetime() -> None:
    service = replace(APP_STORE_CONNECT, max_lifetime=None)
    assert findings_of(token(exp=NOW + 10**8), service=service) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (token(iat=NOW, exp=NOW + 1200), ("token-lifetime-at-limit", "warning")),
        (token(iat=NOW + 30, exp=NOW + 900), ("token-issued-in-future", "warning")),
    ],
)
def test_a_mistake_that_the_service_tolerates_is_a_warning(text: str, found: tuple[str, str]) -> None:
    assert findings_of(text) == [found]


@pytest.mark.parametrize("offset", [7200, -18_000, 20_700])
def test_naive_local_times_are_distinguished_from_a_wrong_clock(offset: int) -> None:
    local = token(iat=NOW + offset, exp=NOW + offset + 900)
    assert findings_of(local, utc_offset=offset) == [("token-time-zone-bug", "error")]
    elsewhere = findings_of(local, utc_offset=0)
    assert elsewhere == [("token-issued-in-future" if offset > 0 else "token-expired", "error")]


def test_a_lifetime_at_the_limit_is_too_long_if_the_clock_is_ahead() -> None:
    text = token(iat=NOW + 34, exp=NOW + 34 + 1200)
    assert findings_of(text, NOW + 34) == [("token-lifetime-at-limit", "warning")]
    assert findings_of(text, NOW) == [("token-lifetime-at-limit", "warning"), ("token-lifetime-too-long", "error")]


def test_a_clock_rounded_up_by_a_second_has_no_finding() -> None:
    assert ("token-lifetime-too-long", "error") not in findings_of(token(iat=NOW + 1, exp=NOW + 1201), NOW + 0.4)


@pytest.mark.parametrize(
    "text",
    [
        token(),
        token(without("iat")),
        token(iat=NOW, exp=NOW + 1200),
        token(exp=NOW + 86_400, scope=["GET /v1/ciProducts"]),
    ],
)
def test_valid_from_and_valid_until_match_the_findings(text: str) -> None:
    verification = verify_token(text, service=APP_STORE_CONNECT)

    def good(now: float) -> bool:
        return not any(found.level == "error" for found in verification.findings_at(now))

    for bound in (verification.valid_from, verification.valid_until):
        assert [good(bound + step) for step in (-1, 0, 1)] == [
            verification.valid_from <= bound + step < verification.valid_until for step in (-1, 0, 1)
        ]


def evidence(text: str, now: float = NOW) -> str:
    (finding,) = verify_token(text, service=APP_STORE_CONNECT, key=KEY.public_key()).findings_at(now)
    return finding.evidence


def test_the_evidence_of_a_finding_gives_figures() -> None:
    assert evidence(token(exp=NOW + 3540)) == "exp is 3600 s after iat; App Store Connect accepts at most 1200 s"
    assert (
        evidence(token(), NOW + 1025) == "exp was 2018-06-07 21:55:00 UTC, 3 min 5 s ago; the token is 18 min 5 s old"
    )
    assert evidence(token(iss="ABCDE12345")) == "iss is ABCD…45, which is not a UUID"
    assert evidence(token() + "\n") == f"it ends with '\\n' (length {len(token()) + 1})"
    assert evidence(token(aud="x" * 100)).startswith("aud is 'xxx")
    assert len(evidence(token(aud="x" * 100))) < 120


def test_decode_gives_the_cause_of_a_malformed_token() -> None:
    with pytest.raises(TokenError, match=r"token-malformed: it has 2 parts, expected 3 separated by dots \(length 3\)"):
        decode("a.b")


@pytest.mark.parametrize(
    ("scope", "method", "url", "covered"),
    [
        (None, "POST", "/v1/apps", True),
        (["GET /v1/apps"], "GET", "/v1/apps", True),
        (["GET /v1/apps"], "GET", "https://api.appstoreconnect.apple.com/v1/apps?limit=5&cursor=x&sort=name", True),
        (["GET /v1/apps"], "POST", "/v1/apps", False),
        (["GET /v1/apps"], "GET", "/v1/apps/1", False),
        (["GET /v1/apps"], "GET", "/v1/apps?filter[name]=x", False),
        (["GET /v1/apps?filter[name]=x&include=builds"], "GET", "/v1/apps?include=builds&filter%5Bname%5D=x", True),
        (["GET /v1/apps?filter[name]=x"], "GET", "/v1/apps", False),
        (["GET /v1/users", "GET /v1/apps"], "GET", "/v1/apps", True),
        ([], "GET", "/v1/apps", False),
    ],
)
def test_a_scope_is_compared_with_the_request(scope: list[str] | None, method: str, url: str, covered: bool) -> None:
    claims = CLAIMS if scope is None else {**CLAIMS, "scope": scope}
    finding = check_scope(decode(token(claims)), method, url)
    assert (finding is None) is covered
    if finding:
        assert finding.cause == "token-scope-mismatch"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(
    st.sampled_from(["iss", "sub", "iat", "exp", "aud", "scope", "alg", "kid", "typ"]),
    json_values,
    st.floats(min_value=0, max_value=4e9),
)
def test_any_claim_is_verified_without_an_exception(name: str, value: Any, now: float) -> None:
    changed = {**HEADER, name: value}
    for text in (token(**{name: value}), token(header=changed)):
        verification = verify_token(text, service=APP_STORE_CONNECT, key=KEY.public_key())
        verification.findings_at(now)
        assert isinstance(verification, TokenVerification)


@given(st.integers(0, 300), st.text(max_size=3), st.integers(0, 3))
def test_a_mutated_token_is_verified_without_an_exception_or_a_leak(at: int, inserted: str, removed: int) -> None:
    text = token()
    mutant = text[:at] + inserted + text[at + removed :]
    for found in verify_token(mutant, service=APP_STORE_CONNECT, key=KEY.public_key()).findings_at(NOW):
        assert not any(mutant[at : at + 16] in str(found) for at in range(len(mutant) - 15))


def test_a_time_beyond_the_calendar_is_shown_in_seconds() -> None:
    assert utc(1e30) == "1e+30 s since 1970"


def signed(signature: bytes) -> str:
    return f"{token().rpartition('.')[0]}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"


@pytest.mark.parametrize(
    ("signature", "cause", "words"),
    [
        (bytes(64), "token-signature-mismatch", "the signature's r is zero"),
        (b"\1" * 32 + bytes(32), "token-signature-mismatch", "the signature's s is zero"),
        (b"\xff" * 64, "token-signature-mismatch", "not less than the order of the curve"),
        (b"\1" * 32, "token-signature-hmac", "an HS256 signature has this length"),
        (b"\1" * 48, "token-signature-hmac", "an HS384 signature has this length"),
        (b"\1" * 40, "token-signature-mismatch", "the signature is 40 bytes, expected 64"),
    ],
)
def test_an_impossible_signature_is_reported_without_the_key(signature: bytes, cause: str, words: str) -> None:
    (finding,) = verify_token(signed(signature), service=APP_STORE_CONNECT).findings_at(NOW)
    assert finding.cause == cause
    assert words in finding.evidence


def test_a_duplicate_member_of_the_header_is_reported() -> None:
    header = (
        base64.urlsafe_b64encode(b'{"alg":"ES256","typ":"JWT","alg":"ES256","kid":"2X9R4HXF35"}').decode().rstrip("=")
    )
    text = ".".join([header, *token().split(".")[1:]])
    (finding,) = verify_token(text, service=APP_STORE_CONNECT).findings_at(NOW)
    assert (finding.cause, finding.evidence) == ("token-form", "alg in the header occurs more than once")


def test_a_kid_of_a_million_characters_is_reported_with_its_length() -> None:
    (finding,) = verify_token(token(header={**HEADER, "kid": "A" * 1_000_000}), service=APP_STORE_CONNECT).findings_at(
        NOW
    )
    assert (finding.cause, finding.evidence) == (
        "token-form",
        "kid has 1000000 characters, expected a key ID of 10",
    )


@pytest.mark.parametrize(
    ("factor", "words", "fix"),
    [
        (10**3, "read as milliseconds, it is 2018-06-07 21:55:00 UTC", "Divide the times by 1000:"),
        (10**6, "read as microseconds, it is 2018-06-07 21:55:00 UTC", "Divide the times by 1,000,000:"),
        (10**9, "read as nanoseconds, it is 2018-06-07 21:55:00 UTC", "Divide the times by 1,000,000,000:"),
        (10**13, "it is after the year 5000", "Set iat and exp to seconds"),
    ],
)
def test_the_evidence_on_times_in_a_smaller_unit_gives_the_unit_and_the_date(factor: int, words: str, fix: str) -> None:
    times = {name: value * factor for name, value in CLAIMS.items() if name in ("iat", "exp")}
    (finding,) = verify_token(token(**times), service=APP_STORE_CONNECT).findings_at(NOW)
    assert finding.cause == "token-time-milliseconds"
    assert words in finding.evidence
    assert finding.fix.startswith(fix)


def test_values_that_identify_nobody_are_shown_in_full() -> None:
    (of_algorithm,) = verify_token(token(header={**HEADER, "alg": "es256"}), service=APP_STORE_CONNECT).findings_at(NOW)
    assert of_algorithm.evidence == "alg is 'es256', expected 'ES256'"
    (of_time,) = verify_token(token(iat="2018-06-07T21:40:00Z"), service=APP_STORE_CONNECT).findings_at(NOW)
    assert "iat is '2018-06-07T21:40:00Z'" in of_time.evidence


def test_the_fix_for_an_expired_client_secret_does_not_mention_minutes() -> None:
    claims = {"iss": "M436QS2634", "sub": "com.example.web", "aud": "https://appleid.apple.com"}
    old = token({**claims, "iat": NOW - 180 * 86_400, "exp": NOW - 600})
    (finding,) = verify_token(old, service=SIGN_IN).findings_at(NOW)
    assert finding.cause == "token-expired"
    assert finding.fix.startswith("Generate a new client secret")
    assert "minutes" not in finding.fix
