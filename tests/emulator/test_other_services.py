"""Emulation of other services: endpoints, and rejections in the format of the service."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import requests
import responses
from emulator.harness import ISSUER_ID, KEY, KEY_ID, NOW

from pytest_asc.apple.services import (
    APP_STORE_CONNECT,
    APP_STORE_SERVER,
    APP_STORE_SERVER_SANDBOX,
    ENTERPRISE,
    PROBEABLE,
    SERVICES,
    WEATHERKIT,
    Service,
    ServiceIds,
)
from pytest_asc.credentials.finder import Credentials
from pytest_asc.credentials.tokens import mint
from pytest_asc.emulator.app import Emulator, Request, Response
from pytest_asc.emulator.other_services import ENDPOINTS
from pytest_asc.transports.responses_mock import intercept

IDS: ServiceIds = {"team_id": "ABCDE12345", "service_id": "com.example.weather", "bundle_id": "com.example.app"}
CREDENTIALS = Credentials(KEY_ID, ISSUER_ID, "team", KEY, service_ids=IDS)
EACH_PROBEABLE_SERVICE = pytest.mark.parametrize("service", [SERVICES[name] for name in PROBEABLE], ids=PROBEABLE)


def emulator_of(service: Service) -> Emulator:
    emulator = Emulator(service=service, clock=lambda: NOW)
    emulator.trust(KEY_ID, CREDENTIALS.issuer(service), service.key_type or "team", KEY.public_key())
    return emulator


def bearer(service: Service, **changes: Any) -> dict[str, str]:
    return {"Authorization": f"Bearer {mint(CREDENTIALS, now=NOW, service=service.name, **changes)}"}


def get(emulator: Emulator, path: str, headers: dict[str, str]) -> Response:
    response = emulator.handle(Request("GET", emulator.base_url + path, headers))
    if response.crash:
        raise response.crash
    return response


@EACH_PROBEABLE_SERVICE
def test_a_valid_token_gets_the_probe_response(service: Service) -> None:
    response = get(emulator_of(service), service.probe, bearer(service))
    assert response.status in service.acceptance.statuses
    document = json.loads(response.body)
    member = service.acceptance.member
    assert isinstance(document, list) if member is None else member in document
    assert ("X-Rate-Limit" in response.headers) == (service.name not in ENDPOINTS)


@EACH_PROBEABLE_SERVICE
def test_an_invalid_token_gets_the_rejection_of_the_service(service: Service) -> None:
    emulator = emulator_of(service)
    bad = [{}, {"Authorization": "Bearer x"}, bearer(service, lifetime=0), bearer(service, headers={"kid": "OTHER"})]
    bodies = set()
    for headers in bad:
        response = get(emulator, service.probe, headers)
        assert service.refusal is not None
        assert (response.status, response.headers["Content-Type"]) == (401, service.refusal.media_type)
        bodies.add(re.sub(r"[A-Z2-7]{26}", "{request_id}", response.body.decode()))
    assert bodies == {service.refusal.body if service.refusal else ""}
    refusals = [record.refusal.cause for record in emulator.requests if record.refusal]
    assert refusals == ["header-missing", "token-malformed", "token-expired", "key-unknown-to-apple"]


def test_a_token_of_another_service_is_named_in_the_record() -> None:
    emulator = emulator_of(WEATHERKIT)
    assert get(emulator, WEATHERKIT.probe, bearer(APP_STORE_CONNECT)).body == b'{"reason": "MISSING_AUTH"}'
    refusal = emulator.requests[0].refusal
    assert refusal is not None
    assert refusal.cause == "token-of-other-service"


def test_the_team_id_is_that_of_the_key() -> None:
    emulator = emulator_of(WEATHERKIT)
    get(emulator, WEATHERKIT.probe, bearer(WEATHERKIT, team_id="ZZZZZ99999"))
    refusal = emulator.requests[0].refusal
    assert refusal is not None
    assert (refusal.cause, refusal.evidence) == ("token-issuer", "iss is ZZZZ…99, but the key belongs to ABCD…45")


def test_a_planned_401_equals_a_rejection() -> None:
    emulator = emulator_of(APP_STORE_CONNECT)
    emulator.fail("GET", "/v1/apps", status=401)
    planned = get(emulator, "/v1/apps", bearer(APP_STORE_CONNECT))
    assert planned.body == get(emulator, "/v1/apps", {}).body


def test_request_ids_differ() -> None:
    emulator = emulator_of(APP_STORE_SERVER)
    assert get(emulator, "/", {}).body != get(emulator, "/", {}).body


def test_weatherkit_responds_with_weather() -> None:
    path = "/api/v1/weather/en/37.334/-122.008?dataSets=currentWeather"
    response = get(emulator_of(WEATHERKIT), path, bearer(WEATHERKIT))
    assert json.loads(response.body)["currentWeather"]["metadata"]["units"] == "m"


@pytest.mark.parametrize("path", ["/api/v1/availability/here/there", "/", "/api/v2/availability/1/2"])
def test_an_endpoint_that_is_not_emulated_gets_501(path: str) -> None:
    response = get(emulator_of(WEATHERKIT), path, bearer(WEATHERKIT))
    assert (response.status, b"PYTEST_ASC.NOT_EMULATED" in response.body) == (501, True)


def test_a_failure_of_another_service_can_be_planned() -> None:
    emulator = emulator_of(WEATHERKIT)
    emulator.fail("GET", "/api/v1/availability/*", status=500, body=b"oh")
    assert get(emulator, WEATHERKIT.probe, bearer(WEATHERKIT)).status == 500
    assert get(emulator, WEATHERKIT.probe, bearer(WEATHERKIT)).status == 200


def test_the_enterprise_program_has_the_operations_of_the_api_spec() -> None:
    emulator = emulator_of(ENTERPRISE)
    emulator.add("bundleIds", identifier="com.example.inhouse")
    (resource,) = json.loads(get(emulator, "/v1/bundleIds", bearer(ENTERPRISE)).body)["data"]
    assert resource["links"]["self"].startswith(ENTERPRISE.base_url)


@pytest.mark.parametrize(
    ("service", "answered"),
    [
        (APP_STORE_CONNECT, {APP_STORE_CONNECT, ENTERPRISE}),
        (ENTERPRISE, {APP_STORE_CONNECT, ENTERPRISE}),
        (WEATHERKIT, {WEATHERKIT}),
        (APP_STORE_SERVER, {APP_STORE_SERVER, APP_STORE_SERVER_SANDBOX}),
        (APP_STORE_SERVER_SANDBOX, {APP_STORE_SERVER_SANDBOX}),
    ],
)
def test_requests_to_the_hosts_of_the_service_are_intercepted(service: Service, answered: set[Service]) -> None:
    emulator = emulator_of(service)
    with responses.RequestsMock() as outer:
        outer.get(re.compile(""), status=299)
        with intercept(emulator):
            taken = {
                one for one in SERVICES.values() if requests.get(f"{one.base_url}/x", timeout=1).status_code != 299
            }
    assert taken == answered
