from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from emulator.workflows.desk import Desk

    from pytest_asc.emulator.api import Emulator

KIM = {"email": "kim@example.com", "firstName": "Kim", "lastName": "Example", "roles": ["MARKETING"]}


def test_who_accepts_becomes_a_user(desk: Desk, emulator: Emulator, app: dict[str, Any]) -> None:
    invitation = desk.made("userInvitations", {**KIM, "allAppsVisible": False}, visibleApps=[app])
    assert invitation["attributes"]["expirationDate"] == "2026-05-31T12:26:40-08:00"
    emulator.decide(invitation, "ACCEPTED")
    assert desk.bench.get("/v1/userInvitations").ids == []
    (user,) = desk.bench.get("/v1/users").json["data"]
    told = {name: user["attributes"][name] for name in ("username", "firstName", "roles", "allAppsVisible")}
    assert told == {
        "username": "kim@example.com",
        "firstName": "Kim",
        "roles": ["MARKETING"],
        "allAppsVisible": False,
    }
    assert [one["id"] for one in desk.related(user, "visibleApps")] == [app["id"]]


@pytest.mark.parametrize(
    ("attributes", "detail"),
    [
        ({"email": "user1@example.com"}, "A user with the email 'user1@example.com' is already on this team."),
        ({"email": "invited1@example.com"}, "The email 'invited1@example.com' has already been invited to this team."),
        ({"roles": ["ACCOUNT_HOLDER"]}, "The role 'ACCOUNT_HOLDER' cannot be given to an invited user."),
        ({"roles": []}, "A user needs at least one role."),
    ],
)
def test_who_cannot_be_invited(desk: Desk, emulator: Emulator, attributes: dict[str, Any], detail: str) -> None:
    emulator.add("users")
    emulator.add("userInvitations")
    answer = desk.create("userInvitations", {**KIM, **attributes})
    assert (answer.status, answer.json["errors"][0]["detail"]) == (409, detail)


def test_an_invitation_ends_after_three_days(desk: Desk, emulator: Emulator) -> None:
    first = desk.made("userInvitations", KIM)
    emulator.advance(days=2)
    assert desk.create("userInvitations", KIM).status == 409
    emulator.advance(days=1)
    with pytest.raises(ValueError, match="expired at 2026-05-31T12:26:40-08:00: invite again"):
        emulator.decide(first, "ACCEPTED")
    second = desk.made("userInvitations", KIM)
    assert desk.bench.get("/v1/userInvitations").ids == [second["id"]]


def test_an_invitation_is_taken_back(desk: Desk) -> None:
    invitation = desk.made("userInvitations", KIM)
    assert desk.delete(invitation).status == 204
    desk.made("userInvitations", KIM)
