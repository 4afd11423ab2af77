from __future__ import annotations

import copy
import pickle
import threading
from dataclasses import replace
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from pytest_asc.apple.causes import CAUSES
from pytest_asc.credentials.finder import Credentials
from pytest_asc.credentials.tokens import LifetimeError, ServiceIdError, Token, TokenSource, mint
from pytest_asc.diagnosis.token.verify import decode

NOW = 1_528_407_660.75
KEY = ec.generate_private_key(ec.SECP256R1())
KEY_TEXT = KEY.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
).decode()
ISSUER = "57246542-0a1b-4c2d-8e3f-1a2b3c4d072a"


def credentials(kind: Any = "team") -> Credentials:
    return Credentials(
        key_id="2X9R7KQF34",
        issuer_id=None if kind == "individual" else ISSUER,
        kind=kind,
        private_key=KEY,
        sources={},
    )


def claims_of(token: str) -> dict[str, Any]:
    return dict(decode(token).claims)


@pytest.mark.parametrize(
    ("kind", "who", "audience"),
    [
        ("team", {"iss": ISSUER}, "appstoreconnect-v1"),
        ("individual", {"sub": "user"}, "appstoreconnect-v1"),
        ("enterprise", {"iss": ISSUER}, "apple-developer-enterprise-v1"),
    ],
)
def test_each_type_of_key_has_its_own_claims(kind: str, who: dict[str, str], audience: str) -> None:
    token = mint(credentials(kind), now=NOW)
    assert claims_of(token) == {**who, "iat": 1_528_407_600, "exp": 1_528_408_500, "aud": audience}
    assert decode(token).header == {"alg": "ES256", "kid": "2X9R7KQF34", "typ": "JWT"}


def test_pyjwt_verifies_a_generated_token() -> None:
    token = mint(credentials(), now=NOW, scope=["GET /v1/apps"])
    claims = jwt.decode(
        token, KEY.public_key(), algorithms=["ES256"], audience="appstoreconnect-v1", options={"verify_exp": False}
    )
    assert claims["scope"] == ["GET /v1/apps"]


def test_invalid_tokens_can_be_generated() -> None:
    token = mint(
        credentials(),
        now=NOW,
        lifetime=3600,
        issued_at=1_000_000_000,
        claims={"iss": None, "sub": "user", "aud": ["a", "b"]},
        headers={"alg": "none", "kid": None},
    )
    assert claims_of(token) == {"iat": 1_000_000_000, "exp": 1_000_003_600, "aud": ["a", "b"], "sub": "user"}
    assert decode(token).header == {"alg": "none", "typ": "JWT"}


def test_a_token_for_another_service_has_its_audience() -> None:
    assert claims_of(mint(credentials(), now=NOW, service="enterprise"))["aud"] == "apple-developer-enterprise-v1"
    with pytest.raises(KeyError, match="no-such-service"):
        mint(credentials(), now=NOW, service="no-such-service")


def test_a_token_for_another_service_contains_its_ids() -> None:
    token = mint(credentials(), now=NOW, service="weatherkit", team_id="ABCDE12345", service_id="com.example.weather")
    assert decode(token).header == {"alg": "ES256", "kid": "2X9R7KQF34", "id": "ABCDE12345.com.example.weather"}
    times = {"iat": 1_528_407_600, "exp": 1_528_408_500}
    assert claims_of(token) == {"iss": "ABCDE12345", "sub": "com.example.weather", **times}


def test_ids_that_are_not_given_are_taken_from_the_credentials() -> None:
    known = replace(credentials(), service_ids={"bundle_id": "com.example.app", "team_id": "ABCDE12345"})
    assert claims_of(mint(known, now=NOW, service="app-store-server"))["bid"] == "com.example.app"
    assert claims_of(mint(known, now=NOW, service="app-store-server", bundle_id="com.x"))["bid"] == "com.x"
    assert claims_of(mint(known, now=NOW, service="apns")) == {"iss": "ABCDE12345", "iat": 1_528_407_600}
    loaded = Credentials.load(key_id="2X9R7KQF34", issuer_id=ISSUER, key=KEY_TEXT, team_id="ABCDE12345")
    assert loaded.service_ids == {"team_id": "ABCDE12345"}


def test_the_error_for_a_missing_id_names_it() -> None:
    with pytest.raises(ServiceIdError, match="a token for WeatherKit needs service_id, but none is given"):
        mint(credentials(), now=NOW, service="weatherkit", team_id="ABCDE12345")
    with pytest.raises(ServiceIdError, match="a token for the Enterprise Program API needs issuer_id"):
        mint(credentials("individual"), now=NOW, service="enterprise")


def test_an_id_is_not_required_if_its_claim_is_overridden_or_removed() -> None:
    token = mint(credentials(), now=NOW, service="apns", claims={"iss": "ANYTHING"})
    assert claims_of(token)["iss"] == "ANYTHING"
    assert "iss" not in claims_of(mint(credentials(), now=NOW, service="apns", claims={"iss": None}))


def test_a_token_source_generates_tokens_for_its_service() -> None:
    known = replace(credentials(), service_ids={"bundle_id": "com.example.app"})
    source = TokenSource(known, lifetime=3000, clock=Clock(), service="app-store-server")
    assert claims_of(source.token())["bid"] == "com.example.app"
    with pytest.raises(LifetimeError, match="the App Store Server API accepts at most 3600 s"):
        TokenSource(known, lifetime=3601, service="app-store-server")


def test_the_repr_of_a_token_is_redacted_and_copies_are_tokens() -> None:
    token = mint(credentials(), now=NOW)
    assert repr(token) == "<Token ***>"
    assert str(token) == f"{token}" == token
    for twin in (copy.copy(token), copy.deepcopy(token), pickle.loads(pickle.dumps(token))):
        assert isinstance(twin, Token)
        assert (twin, repr(twin), twin.minted_by) == (token, "<Token ***>", "pytest-asc")
        assert twin.fresh() is twin


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


def test_a_token_is_cached_until_a_minute_before_it_expires() -> None:
    clock = Clock()
    source = TokenSource(credentials(), clock=clock)
    first = source.token()
    exp = claims_of(first)["exp"]
    clock.now = exp - 60 - 0.01
    assert source.token() is first
    assert first.fresh() is first
    clock.now = exp - 60
    second = source.token()
    assert claims_of(second)["exp"] == exp - 60 - 60 + 900
    assert first.fresh() is second


def test_a_new_token_is_generated_if_the_clock_was_set_back() -> None:
    clock = Clock()
    source = TokenSource(credentials(), clock=clock)
    first = source.token()
    clock.now -= 3600
    assert claims_of(source.token())["iat"] == claims_of(first)["iat"] - 3600


def test_a_renewed_token_differs_from_the_previous_one() -> None:
    source = TokenSource(credentials(), clock=Clock())
    first = source.token()
    second = first.renewed()
    assert second != first  # ES256 signatures differ each time
    assert source.token() is second


def test_threads_share_one_token() -> None:
    source = TokenSource(credentials(), clock=lambda: NOW)
    barrier = threading.Barrier(8)
    tokens: list[Token] = []

    def ask() -> None:
        barrier.wait()
        tokens.append(source.token())

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(token) for token in tokens}) == 1


@pytest.mark.parametrize("lifetime", [120, 900, 1200])
def test_lifetimes_within_the_limits_are_accepted(lifetime: int) -> None:
    assert claims_of(TokenSource(credentials(), lifetime=lifetime, clock=Clock()).token())["exp"] == (
        1_528_407_600 + lifetime
    )


@pytest.mark.parametrize(
    ("lifetime", "scope", "message"),
    [
        (119, None, "a token lifetime of 119 s is too short.*Set the lifetime to at least 120 s"),
        (0, None, "too short"),
        (1201, None, "exp is 1201 s after iat; App Store Connect accepts at most 1200 s"),
        (86_400, ["GET /v1/apps"], "does not accept a long-lived token for 'GET /v1/apps'"),
        (86_400, ["POST /v1/ciProducts"], "the scope contains 'POST /v1/ciProducts'"),
        (15_777_001, ["GET /v1/ciProducts"], "more than six months"),
    ],
)
def test_lifetimes_out_of_bounds_raise_a_lifetime_error_with_its_finding(
    lifetime: int, scope: list[str] | None, message: str
) -> None:
    with pytest.raises(LifetimeError, match=message) as error:
        TokenSource(credentials(), lifetime=lifetime, scope=scope)
    assert error.value.finding.cause in CAUSES
    assert str(error.value) == str(error.value.finding)


def test_a_long_lifetime_is_accepted_if_the_scope_allows_it() -> None:
    clock = Clock()
    source = TokenSource(credentials(), lifetime=86_400, scope=["GET /v1/ciProducts"], clock=clock)
    first = source.token()
    clock.now += 80_000
    assert source.token() is first
