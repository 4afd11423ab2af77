"""Authorization by role and key type."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from emulator.harness import KEY, KEY_ID, EmulatorClient, token

from pytest_asc.apple.roles import ROLES, UNLIMITED

if TYPE_CHECKING:
    from pytest_asc.apple.roles import Role
    from pytest_asc.emulator.app import Emulator

INDIVIDUAL = {"Authorization": f"Bearer {token(iss=None, sub='user')}"}


@pytest.mark.parametrize(
    ("role", "method", "path", "may"),
    [
        ("DEVELOPER", "GET", "/v1/apps", True),
        ("DEVELOPER", "GET", "/v1/apps/1/builds", True),
        ("DEVELOPER", "GET", "/v1/users", False),
        ("DEVELOPER", "GET", "/v1/salesReports", False),
        ("DEVELOPER", "POST", "/v1/betaBuildLocalizations", False),
        ("DEVELOPER", "POST", "/v1/betaGroups", True),
        ("DEVELOPER", "POST", "/v1/appScreenshotSets", False),
        ("DEVELOPER", "GET", "/v1/ciProducts", True),
        ("DEVELOPER", "POST", "/v1/ciBuildRuns", False),
        ("DEVELOPER", "GET", "/v1/certificates", True),
        ("DEVELOPER", "POST", "/v1/certificates", False),
        ("APP_MANAGER", "GET", "/v1/users", True),
        ("APP_MANAGER", "POST", "/v1/appScreenshotSets", True),
        ("APP_MANAGER", "GET", "/v1/financeReports", False),
        ("APP_MANAGER", "POST", "/v1/customerReviewResponses", False),
        ("APP_MANAGER", "GET", "/v1/apps/1/analyticsReportRequests", False),
        ("CUSTOMER_SUPPORT", "GET", "/v1/apps/1/customerReviews", True),
        ("CUSTOMER_SUPPORT", "POST", "/v1/customerReviewResponses", True),
        ("CUSTOMER_SUPPORT", "GET", "/v1/apps/1/builds", False),
        ("MARKETING", "POST", "/v1/winBackOffers", True),
        ("MARKETING", "PATCH", "/v1/subscriptions/1", False),
        ("SALES", "GET", "/v1/salesReports", True),
        ("SALES", "GET", "/v1/financeReports", False),
        ("SALES", "GET", "/v1/apps/1/builds", False),
        ("FINANCE", "GET", "/v1/financeReports", True),
        ("FINANCE", "POST", "/v1/analyticsReportRequests", False),
        ("CREATE_APPS", "GET", "/v1/apps", True),
        ("CREATE_APPS", "GET", "/v1/builds", False),
        ("ACCOUNT_HOLDER", "POST", "/v1/analyticsReportRequests", True),
    ],
)
def test_a_role_only_has_access_to_its_areas(
    emulator_client: EmulatorClient, role: Role, method: str, path: str, may: bool
) -> None:
    emulator_client.emulator.role = role
    answer = emulator_client.send(method, path)
    closed = answer.status == 403 and answer.json["errors"][0]["detail"].startswith("The API key in use")
    assert closed is not may
    (record,) = emulator_client.emulator.requests
    assert (record.refusal is None) is may


def test_a_missing_role_gets_apples_403_and_its_cause_is_in_the_record(emulator_client: EmulatorClient) -> None:
    emulator_client.emulator.role = "CUSTOMER_SUPPORT"
    (error,) = emulator_client.get("/v1/ciProducts").json["errors"]
    assert len(error.pop("id")) == 36
    assert error == {
        "status": "403",
        "code": "FORBIDDEN_ERROR",
        "title": "This request is forbidden for security reasons",
        "detail": "The API key in use does not allow this request",
    }
    refusal = emulator_client.emulator.requests[0].refusal
    assert refusal is not None
    assert refusal.cause == "role-insufficient"
    assert refusal.evidence == "the role CUSTOMER_SUPPORT cannot read Xcode Cloud; ADMIN, APP_MANAGER or DEVELOPER can"


def test_the_role_is_checked_after_the_token_and_before_the_query(emulator_client: EmulatorClient) -> None:
    emulator_client.emulator.role = "DEVELOPER"
    assert emulator_client.send("GET", "/v1/users", headers={}).status == 401
    assert emulator_client.get("/v1/users?nonsense=1").codes == ["FORBIDDEN_ERROR"]
    assert emulator_client.get("/v1/nothing").codes == ["PATH_ERROR"]
    assert emulator_client.get("https://[::1/v1/users").codes == ["PATH_ERROR"]


@pytest.mark.parametrize("role", sorted(UNLIMITED))
@pytest.mark.parametrize(
    ("path", "closed"),
    [
        ("/v1/apps", False),
        ("/v1/users", False),
        ("/v1/bundleIds", True),
        ("/v1/certificates", True),
        ("/v1/salesReports", True),
        ("/v1/financeReports", True),
    ],
)
def test_team_key_areas_are_closed_to_individual_keys_of_every_role(role: Role, path: str, closed: bool) -> None:
    emulator_client = EmulatorClient()
    emulator_client.emulator.role = role
    emulator_client.emulator.trust(KEY_ID, None, "individual", KEY.public_key())
    answer = emulator_client.send("GET", path, headers=INDIVIDUAL)
    refusal = emulator_client.emulator.requests[0].refusal
    assert (answer.status == 403) is closed
    assert (refusal is not None) is closed
    if refusal:
        assert "individual keys cannot access" in refusal.evidence


def test_an_individual_key_has_the_role_of_its_user(emulator_client: EmulatorClient) -> None:
    emulator_client.emulator.trust(KEY_ID, None, "individual", KEY.public_key())
    emulator_client.emulator.role = "DEVELOPER"
    assert emulator_client.send("GET", "/v1/users", headers=INDIVIDUAL).status == 403
    assert emulator_client.send("GET", "/v1/apps", headers=INDIVIDUAL).status == 200


def test_setting_an_unknown_role_is_rejected(emulator: Emulator) -> None:
    with pytest.raises(ValueError, match="there is no role 'Developer'; did you mean 'DEVELOPER'"):
        emulator.role = "Developer"  # type: ignore[assignment]
    assert emulator.role == "ADMIN"
    for role in ROLES:
        emulator.role = role
        assert emulator.role == role
