from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from pytest_asc.credentials.finder import Credentials
from pytest_asc.credentials.token_factory import SigningTokenFactory
from pytest_asc.credentials.tokens import ServiceIdError

if TYPE_CHECKING:
    from pytest_asc import TokenFactory

KEY = ec.generate_private_key(ec.SECP256R1())


@pytest.fixture
def make_token() -> TokenFactory:
    issuer_id = "57246542-0a1b-4c2d-8e3f-1a2b3c4d072a"
    return SigningTokenFactory(Credentials("2X9R7KQF34", issuer_id, "team", KEY), 600, "app-store-connect")


def claims_of(token: str) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


def test_the_default_lifetime_and_service_are_used_if_none_is_given(make_token: TokenFactory) -> None:
    claims = claims_of(make_token())
    assert (claims["exp"] - claims["iat"], claims["aud"]) == (600, "appstoreconnect-v1")


def test_a_lifetime_of_zero_is_not_the_default(make_token: TokenFactory) -> None:
    claims = claims_of(make_token(lifetime=0))
    assert claims["exp"] == claims["iat"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"expires_in": 0},
            (
                r"^make_asc_token\(\) got an unexpected keyword argument 'expires_in' \(expires_in=0\)\. Did you mean "
                r"'lifetime'\? Its arguments are lifetime, scope, issued_at, claims, headers, service, team_id, "
            ),
        ),
        ({"lifetme": 5}, r"'lifetme' \(lifetme=5\)\. Did you mean 'lifetime'\?"),
        ({"tema_id": "x"}, r"'tema_id' \(tema_id='x'\)\. Did you mean 'team_id'\?"),
        ({"xyzzy": [1]}, r"'xyzzy' \(xyzzy='list'\)\. Its arguments are lifetime"),
        ({"lifetime": "900"}, r"make_asc_token\(lifetime='900'\): expected a number of seconds"),
        ({"issued_at": "now"}, r"make_asc_token\(issued_at='now'\): expected a number of seconds"),
        (
            {"scope": "GET /v1/apps"},
            r"make_asc_token\(scope='GET /v1/apps'\): expected a list such as \['GET /v1/apps'\]",
        ),
    ],
)
def test_a_wrong_argument_is_a_type_error_that_names_the_right_one(
    make_token: TokenFactory, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(TypeError, match=message):
        make_token(**arguments)


def test_a_long_unknown_argument_is_shortened_in_the_error(make_token: TokenFactory) -> None:
    arguments: dict[str, Any] = {"private_key": "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg"}
    with pytest.raises(TypeError, match=r"private_key='MIGH'…"):
        make_token(**arguments)


def test_an_unknown_service_is_a_value_error_that_suggests_the_closest_name(make_token: TokenFactory) -> None:
    unknown: Any = "wetherkit"
    with pytest.raises(
        ValueError, match=r"service='wetherkit'\): there is no such service\. Did you mean 'weatherkit'\?"
    ):
        make_token(service=unknown)


def test_a_missing_id_of_the_service_is_named(make_token: TokenFactory) -> None:
    with pytest.raises(ServiceIdError, match="a token for WeatherKit needs service_id"):
        make_token(service="weatherkit", team_id="ABCDE12345")
