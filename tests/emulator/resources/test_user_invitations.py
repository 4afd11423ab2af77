from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from emulator.resources.api_writer import ApiWriter

    from pytest_asc.emulator.app import Emulator

KIM = {"email": "kim@example.com", "firstName": "Kim", "lastName": "Example", "roles": ["MARKETING"]}


def test_an_accepted_invitation_becomes_a_user(api_writer: ApiWriter, emulator: Emulator, app: dict[str, Any]) -> None:
    invitation = api_writer.create("userInvitations", {**KIM, "allAppsVisible": False}, visibleApps=[app])
    assert invitation["attributes"]["expirationDate"] == "2026-05-31T13:26:40-07:00"
    emulator.decide(invitation, "ACCEPTED")
    assert api_writer.emulator_client.get("/v1/userInvitations").ids == []
    (user,) = api_writer.emulator_client.get("/v1/users").json["data"]
    shown = {name: user["attributes"][name] for name in ("username", "firstName", "roles", "allAppsVisible")}
    assert shown == {
        "username": "kim@example.com",
        "firstName": "Kim",
        "roles": ["MARKETING"],
        "allAppsVisible": False,
    }
    assert [one["id"] for one in api_writer.related(user, "visibleApps")] == [app["id"]]


@pytest.mark.parametrize(
    ("attributes", "detail"),
    [
        ({"email": "user1@example.com"}, "A user with the email 'user1@example.com' is already on this team."),
        ({"email": "invited1@example.com"}, "The email 'invited1@example.com' has already been invited to this team."),
        ({"roles": ["ACCOUNT_HOLDER"]}, "The role 'ACCOUNT_HOLDER' cannot be given to an invited user."),
        ({"roles": []}, "A user needs at least one role."),
    ],
)
def test_an_invalid_user_invitation_is_rejected(
    api_writer: ApiWriter, emulator: Emulator, attributes: dict[str, Any], detail: str
) -> None:
    emulator.add("users")
    emulator.add("userInvitations")
    answer = api_writer.post("userInvitations", {**KIM, **attributes})
    assert (answer.status, answer.json["errors"][0]["detail"]) == (409, detail)


def test_an_invitation_expires_after_three_days(api_writer: ApiWriter, emulator: Emulator) -> None:
    first = api_writer.create("userInvitations", KIM)
    emulator.advance(days=2)
    assert api_writer.post("userInvitations", KIM).status == 409
    emulator.advance(days=1)
    with pytest.raises(ValueError, match="expired at 2026-05-31T13:26:40-07:00: invite again"):
        emulator.decide(first, "ACCEPTED")
    second = api_writer.create("userInvitations", KIM)
    assert api_writer.emulator_client.get("/v1/userInvitations").ids == [second["id"]]


def test_a_deleted_invitation_can_be_sent_again(api_writer: ApiWriter) -> None:
    invitation = api_writer.create("userInvitations", KIM)
    assert api_writer.delete(invitation).status == 204
    api_writer.create("userInvitations", KIM)
