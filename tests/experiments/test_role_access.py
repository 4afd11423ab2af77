from __future__ import annotations

import json

import pytest

from pytest_asc.apple.services import APP_STORE_CONNECT, ENTERPRISE
from pytest_asc.diagnosis.http.http_response import HttpResponse
from pytest_asc.experiments.role_access import PROBED_AREAS, ProbedArea, probed_areas_of, read_access, skipped_access

NOW = 1_528_407_600
BY_NAME = {area.name: area for area in PROBED_AREAS}
USERS, SALES = BY_NAME["users"], BY_NAME["sales reports"]
ROLE_WORDS = "The API key in use does not allow this request"


def make_response(status: int, body: bytes) -> HttpResponse:
    return HttpResponse("GET", APP_STORE_CONNECT.base_url + USERS.path, status, {}, body, NOW, NOW)


def errors(status: int, code: str, detail: str = "") -> bytes:
    return json.dumps({"errors": [{"status": str(status), "code": code, "detail": detail}]}).encode()


@pytest.mark.parametrize(
    ("area", "status", "body", "opens"),
    [
        (USERS, 200, b'{"data": []}', True),
        (SALES, 200, b"\x1f\x8b\x08", True),
        (USERS, 200, b"<html>Sign in</html>", None),
        # Only an error about the key denies access.
        (USERS, 403, errors(403, "FORBIDDEN_ERROR", ROLE_WORDS), False),
        (SALES, 403, errors(403, "FORBIDDEN_ERROR", ROLE_WORDS), False),
        (USERS, 403, errors(403, "FORBIDDEN_ERROR", "something new"), None),
        (USERS, 403, errors(403, "FORBIDDEN.REQUIRED_AGREEMENTS_MISSING_OR_EXPIRED"), None),
        (USERS, 403, b"<html>", None),
        # What is wrong with the vendor number is reported only to roles with access to reports.
        (SALES, 400, errors(400, "PARAMETER_ERROR.INVALID", "Invalid vendor number specified"), True),
        (SALES, 404, errors(404, "NOT_FOUND", "There were no sales for the date specified."), True),
        (SALES, 410, errors(410, "GONE"), True),
        (SALES, 400, b"Bad request", None),
        (USERS, 400, errors(400, "PARAMETER_ERROR.ILLEGAL"), None),
        (USERS, 404, errors(404, "PATH_ERROR"), None),
        # Other responses say nothing about the role.
        (USERS, 401, errors(401, "NOT_AUTHORIZED"), None),
        (SALES, 406, b"Not acceptable", None),
        (USERS, 429, errors(429, "RATE_LIMIT_EXCEEDED"), None),
        (USERS, 501, errors(501, "NOT_EMULATED"), None),
        (USERS, 503, b"", None),
    ],
)
def test_a_response_shows_whether_a_role_has_access(
    area: ProbedArea, status: int, body: bytes, opens: bool | None
) -> None:
    seen = read_access(area, make_response(status, body), APP_STORE_CONNECT)
    assert (seen.area, seen.method, seen.path, seen.status) == (area.name, "GET", area.path, status)
    assert seen.opens is opens


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (200, b'{"data": []}', None),
        (403, errors(403, "FORBIDDEN_ERROR", ROLE_WORDS), ROLE_WORDS),
        (503, b"Could not\nprocess", "Could not process"),
        (503, b"", None),
    ],
)
def test_the_evidence_quotes_apples_message(status: int, body: bytes, words: str | None) -> None:
    assert read_access(USERS, make_response(status, body), APP_STORE_CONNECT).words == words


def test_an_area_without_a_request_gives_the_reason() -> None:
    assert skipped_access(USERS, "not tried (x)") == ("users", "GET", USERS.path, None, None, "not tried (x)")


def test_a_run_requests_eight_areas_of_app_store_connect_and_two_of_enterprise() -> None:
    assert len(probed_areas_of(APP_STORE_CONNECT)) == 8
    assert [area.name for area in probed_areas_of(ENTERPRISE)] == ["users", "bundle IDs"]


def test_every_request_for_role_access_is_a_get_with_a_small_limit() -> None:
    assert all(area.path.startswith("/v1/") for area in PROBED_AREAS)
    assert all("limit=1" in area.path or "vendorNumber]=0" in area.path for area in PROBED_AREAS)
