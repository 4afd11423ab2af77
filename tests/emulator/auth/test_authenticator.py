from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from emulator.harness import BASE, ISSUER_ID, KEY, KEY_ID, NOW, TOKEN, EmulatorClient, token

from pytest_asc.apple.causes import CAUSES
from pytest_asc.apple.services import APP_STORE_CONNECT, ENTERPRISE
from pytest_asc.diagnosis.findings import Finding
from pytest_asc.diagnosis.token import verify as token_module
from pytest_asc.emulator.auth import authenticator as authenticator_module
from pytest_asc.emulator.auth.authenticator import Authenticator, Key
from pytest_asc.emulator.auth.rate_limiter import RateLimiter

OTHER = ec.generate_private_key(ec.SECP256R1())
URL = f"{BASE}/v1/apps"


def refusal(emulator_client: EmulatorClient) -> str | None:
    record = emulator_client.emulator.requests[-1]
    return record.refusal.cause if record.refusal else None


@pytest.mark.parametrize(
    ("header", "cause"),
    [
        (None, "header-missing"),
        ("", "bearer-missing"),
        ("Bearer", "bearer-missing"),
        ("Bearer ", "bearer-missing"),
        ("Basic dXNlcjpwYXNz", "bearer-missing"),
        (TOKEN, "bearer-missing"),
        ("Bearer nonsense", "token-malformed"),
        (f"Bearer {TOKEN}\n", "token-whitespace"),
        (f"Bearer b'{TOKEN}'", "token-bytes-repr"),
        (f"Bearer {token(headers={'kid': None})}", "token-kid-missing"),
        (f"Bearer {token(headers={'kid': 'ABCDEFGHIJ'})}", "key-unknown-to-apple"),
        (f"Bearer {token(key=OTHER)}", "token-signature-mismatch"),
        (f"Bearer {token(aud='other')}", "token-audience"),
        (f"Bearer {token(iss=None)}", "token-issuer"),
        (f"Bearer {token(sub='user')}", "token-claims-mixed"),
        (f"Bearer {token(exp=int(NOW))}", "token-expired"),
        (f"Bearer {token(exp=int(NOW) + 1200)}", "token-lifetime-too-long"),
        (f"Bearer {token(iat=None, exp=int(NOW) + 1300)}", "token-lifetime-too-long"),
        (f"Bearer {token(iat=int(NOW) + 120)}", "token-issued-in-future"),
        (f"Bearer {token(scope=['GET /v1/users'])}", "token-scope-mismatch"),
        (f"Bearer {token(scope='GET /v1/apps')}", "token-scope-format"),
    ],
)
def test_every_rejected_token_gets_the_same_401_and_its_cause_is_in_the_record(
    emulator_client: EmulatorClient, header: str | None, cause: str
) -> None:
    answer = emulator_client.send("GET", "/v1/apps", headers={} if header is None else {"Authorization": header})
    other = emulator_client.send("GET", "/v1/users", headers={})
    assert (answer.status, answer.body) == (401, other.body)
    found = emulator_client.emulator.requests[0].refusal
    assert found is not None
    assert (found.cause, found.level) == (cause, "error")
    assert TOKEN[:16] not in str(found)


@pytest.mark.parametrize(
    "good",
    [
        token(),
        token(iat=None),
        token(iat=int(NOW), exp=int(NOW) + 1200),
        token(aud=["appstoreconnect-v1"]),
        token(headers={"typ": None}),
        token(scope=["GET /v1/apps"]),
        token(scope=["GET /v1/users", "GET /v1/apps?limit=5"]),
    ],
)
def test_valid_tokens_of_every_format_are_accepted(emulator_client: EmulatorClient, good: str) -> None:
    assert emulator_client.send("GET", "/v1/apps", headers={"authorization": f"bearer {good}"}).status == 200


def test_an_individual_key_is_accepted_without_an_issuer(emulator_client: EmulatorClient) -> None:
    emulator_client.emulator.trust("INDIVIDUAL", None, "individual", OTHER.public_key())
    good = token(key=OTHER, headers={"kid": "INDIVIDUAL"}, iss=None, sub="user")
    assert emulator_client.send("GET", "/v1/apps", headers={"Authorization": f"Bearer {good}"}).status == 200
    as_team = token(key=OTHER, headers={"kid": "INDIVIDUAL"})
    assert emulator_client.send("GET", "/v1/apps", headers={"Authorization": f"Bearer {as_team}"}).status == 401
    assert refusal(emulator_client) == "individual-key-as-team"


def authenticate(
    authenticator: Authenticator, text: str, now: float = NOW, method: str = "GET", url: str = URL, skew: float = 0.0
) -> Any:
    return authenticator.authenticate(f"Bearer {text}", method, url, now, skew=skew)


@pytest.fixture
def authenticator() -> Authenticator:
    authenticator = Authenticator(APP_STORE_CONNECT)
    authenticator.trust(Key(KEY_ID, ISSUER_ID, "team", KEY.public_key()))
    return authenticator


def test_the_signature_of_a_token_is_verified_once_and_its_times_at_every_request(
    authenticator: Authenticator, monkeypatch: pytest.MonkeyPatch
) -> None:
    verified: list[str] = []
    real = token_module.verify_token

    def count_verification(text: str, **arguments: Any) -> Any:
        verified.append(text)
        return real(text, **arguments)

    monkeypatch.setattr(authenticator_module, "verify_token", count_verification)
    for now in (NOW, NOW + 899, NOW + 1):
        assert isinstance(authenticate(authenticator, TOKEN, now), Key)
    expired = authenticate(authenticator, TOKEN, NOW + 900)
    assert isinstance(expired, Finding)
    assert expired.cause == "token-expired"
    assert isinstance(authenticate(authenticator, TOKEN, NOW), Key)
    bad = token(aud="x")
    assert [authenticate(authenticator, bad).cause for _ in range(3)] == ["token-audience"] * 3
    assert verified == [TOKEN, bad]


def test_a_key_is_accepted_from_the_moment_it_is_trusted(authenticator: Authenticator) -> None:
    text = token(key=OTHER, headers={"kid": "LATERLATER"})
    assert authenticate(authenticator, text).cause == "key-unknown-to-apple"
    authenticator.trust(Key("LATERLATER", ISSUER_ID, "team", OTHER.public_key()))
    assert isinstance(authenticate(authenticator, text), Key)


def test_the_size_of_the_cache_of_verified_tokens_is_limited(
    authenticator: Authenticator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(authenticator_module, "_CACHE_SIZE", 3)
    for number in range(10):
        authenticate(authenticator, f"nonsense-{number}")
    assert len(authenticator._cache) <= 3


def test_the_scope_is_checked_for_each_request(authenticator: Authenticator) -> None:
    text = token(scope=["GET /v1/apps?filter[name]=x"])
    assert isinstance(authenticate(authenticator, text, url=f"{URL}?limit=2&filter%5Bname%5D=x"), Key)
    assert authenticate(authenticator, text).cause == "token-scope-mismatch"
    assert authenticate(authenticator, text, method="POST", url=f"{URL}?filter[name]=x").cause == "token-scope-mismatch"


@pytest.mark.parametrize(
    ("skew", "cause", "words"),
    [(-600.0, "clock-ahead", "10 min behind"), (1200.0, "clock-behind", "20 min ahead of")],
)
def test_clock_skew_is_reported_as_the_cause(authenticator: Authenticator, skew: float, cause: str, words: str) -> None:
    found = authenticate(authenticator, TOKEN, NOW + skew, skew=skew)
    assert found.cause == cause
    assert words in found.evidence
    expired = authenticate(authenticator, token(exp=int(NOW) - 10), NOW + skew, skew=skew)
    assert expired.cause != cause, "a token that is bad by the caller's clock, too, is not the clocks' fault"


def test_another_service_requires_another_audience(emulator_client: EmulatorClient) -> None:
    authenticator = Authenticator(ENTERPRISE)
    authenticator.trust(Key(KEY_ID, ISSUER_ID, "enterprise", KEY.public_key()))
    assert isinstance(authenticate(authenticator, token(aud="apple-developer-enterprise-v1")), Key)
    assert authenticate(authenticator, TOKEN).cause == "token-of-other-service"


def test_the_repr_of_a_key_shows_no_id() -> None:
    assert KEY_ID not in repr(Key(KEY_ID, ISSUER_ID, "team", KEY.public_key()))


def test_requests_are_counted_over_a_sliding_hour() -> None:
    limiter = RateLimiter()
    assert [limiter.count(KEY_ID, NOW + second, 3) for second in (0, 10, 20)] == [2, 1, 0]
    assert limiter.count(KEY_ID, NOW + 30, 3) == -1
    assert limiter.count(KEY_ID, NOW + 3599.9, 3) == -1
    assert limiter.count(KEY_ID, NOW + 3600, 3) == 0
    assert limiter.count(KEY_ID, NOW + 3605, 3) == -1


def test_each_key_has_its_own_limit_and_rejected_tokens_do_not_count(emulator_client: EmulatorClient) -> None:
    emulator_client.emulator.rate_limit = 2
    emulator_client.emulator.trust("OTHEROTHER", ISSUER_ID, "team", OTHER.public_key())
    other = {"Authorization": f"Bearer {token(key=OTHER, headers={'kid': 'OTHEROTHER'})}"}
    emulator_client.send("GET", "/v1/apps", headers={})
    left = [emulator_client.get("/v1/apps").headers["X-Rate-Limit"] for _ in range(2)]
    assert left == ["user-hour-lim:2;user-hour-rem:1;", "user-hour-lim:2;user-hour-rem:0;"]
    answer = emulator_client.get("/v1/apps")
    assert (answer.status, answer.codes, refusal(emulator_client)) == (429, ["RATE_LIMIT_EXCEEDED"], "rate-limited")
    assert emulator_client.send("GET", "/v1/apps", headers=other).status == 200
    emulator_client.clock.now += 3600
    fresh = token(iat=int(NOW) + 3600, exp=int(NOW) + 4000)
    assert emulator_client.send("GET", "/v1/apps", headers={"Authorization": f"Bearer {fresh}"}).status == 200


def test_causes_of_rejections_are_in_the_table_of_causes() -> None:
    assert {"header-missing", "bearer-missing", "key-unknown-to-apple", "clock-ahead", "clock-behind"} <= set(CAUSES)
