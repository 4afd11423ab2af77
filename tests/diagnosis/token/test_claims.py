"""Verification of the claims for each service: a valid token of every service, at that service and at all others."""

from __future__ import annotations

import base64
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from pytest_asc.apple.services import (
    APNS,
    APP_STORE_CONNECT,
    APP_STORE_SERVER,
    APP_STORE_SERVER_SANDBOX,
    APPLE_ADS,
    APPLE_MUSIC,
    DEVICE_CHECK,
    ENTERPRISE,
    MAPKIT_JS,
    MAPS_SERVER,
    SERVICES,
    WEATHERKIT,
    Service,
    ServiceIds,
)
from pytest_asc.credentials.finder import Credentials
from pytest_asc.credentials.tokens import mint
from pytest_asc.diagnosis.token.claims import closest_services, missing_members
from pytest_asc.diagnosis.token.verify import decode, verify_token

if TYPE_CHECKING:
    from pytest_asc.diagnosis.findings import Finding

NOW = 1_528_407_660
KEY = ec.generate_private_key(ec.SECP256R1())
ISSUER = "57246542-0a1b-4c2d-8e3f-1a2b3c4d072a"
TEAM = "ABCDE12345"
IDS: ServiceIds = {
    "team_id": TEAM,
    "service_id": "com.example.weather",
    "bundle_id": "com.example.app",
    "client_id": "com.example.web",
    "origin": "https://example.com",
}
ADS: ServiceIds = {"team_id": "SEARCHADS.9703f56c", "client_id": "SEARCHADS.27478e71"}
# The tokens of these services have the same claims.
TWINS = ((APP_STORE_SERVER, APP_STORE_SERVER_SANDBOX), (APNS, DEVICE_CHECK))


def good(service: Service, kind: Any = "team", **changes: Any) -> str:
    issuer = None if kind == "individual" else ISSUER
    credentials = Credentials("2X9R7KQF34", issuer, kind, KEY)
    ids = ADS if service is APPLE_ADS else IDS
    return mint(credentials, now=NOW, service=service.name, **{**ids, **changes})


def findings_of(text: str, service: Service, now: float = NOW, **known: Any) -> tuple[Finding, ...]:
    return verify_token(text, service=service, key=KEY.public_key(), **known).findings_at(now)


@pytest.mark.parametrize("service", SERVICES.values(), ids=list(SERVICES))
def test_a_valid_token_for_a_service_has_no_finding_at_that_service(service: Service) -> None:
    assert findings_of(good(service), service) == ()
    assert service in closest_services(decode(good(service)).header, decode(good(service)).claims)


def test_a_valid_token_of_an_individual_key_has_no_finding() -> None:
    assert findings_of(good(APP_STORE_CONNECT, "individual"), APP_STORE_CONNECT, key_type="individual") == ()


# MapKit JS and the Maps Server API need no scope, and DeviceCheck accepts an exp, so a token with the minimum for
# Apple Music is valid there too.
LEAST = ((APPLE_MUSIC, MAPKIT_JS), (APPLE_MUSIC, MAPS_SERVER), (APPLE_MUSIC, DEVICE_CHECK))
PAIRS = [
    pair
    for pair in product(SERVICES.values(), repeat=2)
    if pair[0] is not pair[1] and set(pair) not in map(set, TWINS) and pair not in LEAST
]


@pytest.mark.parametrize(("own", "asked"), PAIRS, ids=lambda service: service.name)
def test_the_only_finding_on_a_token_sent_to_another_service_names_both_services(own: Service, asked: Service) -> None:
    (finding,) = findings_of(good(own), asked)
    assert finding.cause == "token-of-other-service"
    assert own.title in finding.evidence
    assert f"sent to {asked.title}" in finding.evidence
    assert (finding.level, finding.certainty) in {("error", "certain"), ("error", "likely"), ("warning", "possible")}


@pytest.mark.parametrize("twins", TWINS, ids=["App Store Server", "no exp"])
def test_services_with_equal_claims_accept_each_others_tokens(twins: tuple[Service, Service]) -> None:
    for own, asked in product(twins, repeat=2):
        assert findings_of(good(own), asked) == ()


@pytest.mark.parametrize(("own", "asked"), LEAST, ids=lambda service: service.name)
def test_a_token_with_everything_that_another_service_requires_has_no_finding_there(
    own: Service, asked: Service
) -> None:
    assert findings_of(good(own), asked) == ()


def test_a_lifetime_that_only_the_other_service_accepts_makes_the_wrong_service_the_first_finding() -> None:
    of_service, of_life = findings_of(good(APP_STORE_SERVER, lifetime=3600), APP_STORE_CONNECT)
    assert (of_service.cause, of_service.level, of_service.certainty) == ("token-of-other-service", "error", "certain")
    assert "exp is 3600 s after iat, which is too long for App Store Connect" in of_service.evidence
    assert of_life.cause == "token-lifetime-too-long"


@pytest.mark.parametrize(
    ("own", "asked", "level", "certainty"),
    [
        # A claim contradicts the requested service.
        (APP_STORE_CONNECT, WEATHERKIT, "error", "certain"),
        (WEATHERKIT, APP_STORE_CONNECT, "error", "certain"),
        (ENTERPRISE, APP_STORE_CONNECT, "error", "certain"),
        # A claim is missing and none contradicts the service, so it may only have been forgotten.
        (APP_STORE_CONNECT, APP_STORE_SERVER, "error", "likely"),
        (APPLE_MUSIC, WEATHERKIT, "error", "likely"),
        # It has all required claims, and others.
        (APP_STORE_SERVER, APP_STORE_CONNECT, "warning", "possible"),
        (APPLE_MUSIC, APNS, "warning", "possible"),
    ],
)
def test_the_certainty_of_another_service_follows_from_the_claims(
    own: Service, asked: Service, level: str, certainty: str
) -> None:
    (finding,) = findings_of(good(own), asked)
    assert (finding.level, finding.certainty) == (level, certainty)


def test_the_evidence_lists_the_claims_that_a_token_lacks_for_weatherkit() -> None:
    (finding,) = findings_of(good(APP_STORE_CONNECT), WEATHERKIT)
    assert finding.evidence == (
        "the token has the claims of App Store Connect, but is sent to WeatherKit: iss is 5724…072a, expected the Team "
        "ID, 10 characters; sub is missing, expected the Services ID; WeatherKit does not accept aud"
    )


def test_the_token_of_an_individual_key_at_another_service_is_found() -> None:
    (finding,) = findings_of(good(APP_STORE_CONNECT, "individual"), WEATHERKIT)
    assert (finding.cause, finding.certainty) == ("token-of-other-service", "certain")


def test_all_services_whose_tokens_have_the_same_claims_are_named() -> None:
    (finding,) = findings_of(good(APNS), APP_STORE_CONNECT)
    assert "the claims of APNs or DeviceCheck" in finding.evidence


def test_wrong_times_in_a_token_of_another_service_are_not_reported() -> None:
    text = good(WEATHERKIT, claims={"exp": NOW * 1000, "iat": "yesterday"})
    assert [finding.cause for finding in findings_of(text, APP_STORE_CONNECT)] == ["token-of-other-service"]


@pytest.mark.parametrize(
    ("service", "changes", "cause", "evidence"),
    [
        (WEATHERKIT, {"claims": {"iss": ISSUER}}, "token-issuer", "iss is 5724…072a, expected the Team ID, 10 char"),
        (WEATHERKIT, {"claims": {"iss": None}}, "token-issuer", "iss is missing, expected the Team ID"),
        (WEATHERKIT, {"claims": {"jti": "1", "nbf": 1}}, "token-form", "WeatherKit does not accept jti, nbf"),
        (WEATHERKIT, {"claims": {"sub": None}}, "token-subject", "sub is missing, expected the Services ID"),
        (WEATHERKIT, {"headers": {"id": "weather"}}, "token-form", "the header's id is weat…er, expected <Team ID>."),
        (WEATHERKIT, {"claims": {"exp": None}}, "token-lifetime-too-long", "no exp"),
        (APP_STORE_SERVER, {"claims": {"bid": 5}}, "token-form", "bid is 5, expected the app's bundle ID"),
        (APP_STORE_SERVER, {"claims": {"aud": "storekit"}}, "token-audience", "aud is 'storekit'"),
        (APNS, {"claims": {"iat": None}}, "token-lifetime-too-long", "no iat, so its lifetime is unknown"),
        (APNS, {"issued_at": NOW - 3601}, "token-expired", "1 h 1 s ago; a token is valid for 1 h"),
    ],
)
def test_the_evidence_names_a_wrong_claim_and_what_was_expected(
    service: Service, changes: dict[str, Any], cause: str, evidence: str
) -> None:
    (finding,) = findings_of(good(service, **changes), service)
    assert (finding.cause, finding.level) == (cause, "error")
    assert evidence in finding.evidence


def test_a_missing_header_field_that_is_not_needed_is_a_warning() -> None:
    (finding,) = findings_of(good(WEATHERKIT, headers={"id": None}), WEATHERKIT)
    assert (finding.cause, finding.level) == ("token-form", "warning")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(good(APNS, headers={"typ": "JWT"}), id="typ"),
        pytest.param(good(APNS, headers={"kid": "short"}), id="a key ID of another length"),
    ],
)
def test_unusual_headers_that_apns_accepts_have_no_finding(text: str) -> None:
    assert findings_of(text, APNS) == ()


def test_a_signature_in_der_is_reported_except_for_apns() -> None:
    parts = good(APNS).rpartition(".")[0]
    der = KEY.sign(parts.encode(), ec.ECDSA(hashes.SHA256()))
    text = f"{parts}.{base64.urlsafe_b64encode(der).decode().rstrip('=')}"
    assert findings_of(text, APNS) == ()
    assert [finding.cause for finding in findings_of(text, DEVICE_CHECK)] == ["token-signature-der"]


@pytest.mark.parametrize(
    ("service", "limit", "at_limit"),
    [(APP_STORE_SERVER, 3600, True), (APPLE_ADS, 180 * 86_400, True), (APPLE_MUSIC, 15_777_000, False)],
)
def test_the_lifetime_limit_depends_on_the_service(service: Service, limit: int, at_limit: bool) -> None:
    (of_limit,) = findings_of(good(service, lifetime=limit), service) or (None,)
    assert (of_limit.cause if of_limit else None) == ("token-lifetime-at-limit" if at_limit else None)
    too_long = findings_of(good(service, lifetime=limit + 62), service)
    assert [finding.cause for finding in too_long] == ["token-lifetime-too-long"]
    assert too_long[0].fix.startswith("Set exp to at most ")
    assert "20 min" not in too_long[0].fix


def test_a_lifetime_counted_from_now_is_at_the_limit_only_for_a_moment() -> None:
    text = good(APPLE_MUSIC, issued_at=NOW, lifetime=15_777_000)
    (finding,) = findings_of(text, APPLE_MUSIC)
    assert (finding.cause, finding.level) == ("token-lifetime-at-limit", "warning")
    assert "15 minutes" not in finding.fix
    assert findings_of(text, APPLE_MUSIC, NOW + 60) == ()


def test_weatherkit_tokens_have_no_lifetime_limit() -> None:
    assert findings_of(good(WEATHERKIT, lifetime=56_000_000), WEATHERKIT) == ()


def test_a_valid_token_has_no_missing_claims() -> None:
    token = decode(good(WEATHERKIT))
    assert missing_members(token.header, token.claims, WEATHERKIT) == []


@given(
    st.sampled_from(list(SERVICES.values())),
    st.dictionaries(
        st.sampled_from(["iss", "sub", "aud", "bid", "scope", "origin", "iat", "exp", "id", "kid"]),
        st.none() | st.integers() | st.text(max_size=12) | st.lists(st.text(max_size=5), max_size=2),
    ),
)
def test_any_claims_and_header_fields_are_verified_without_an_exception(
    service: Service, changes: dict[str, Any]
) -> None:
    text = good(service, claims=changes, headers=changes)
    for asked in SERVICES.values():
        assert len(findings_of(text, asked)) < 9
