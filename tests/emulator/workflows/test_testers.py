from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from emulator.workflows.desk import Desk

    from pytest_asc.emulator.api import Emulator

ADA = {"email": "ada@example.com", "firstName": "Ada", "lastName": "Example"}


@pytest.fixture
def build(emulator: Emulator, app: dict[str, Any]) -> dict[str, Any]:
    """A processed build."""
    return emulator.add("builds", app=app)


@pytest.fixture
def internal(emulator: Emulator, app: dict[str, Any]) -> dict[str, Any]:
    """A group of people of the team."""
    return emulator.add("betaGroups", app=app, isInternalGroup=True)


@pytest.fixture
def external(emulator: Emulator, app: dict[str, Any]) -> dict[str, Any]:
    """A group of people from outside."""
    return emulator.add("betaGroups", app=app)


def test_an_invitation_goes_out_with_the_first_build(
    desk: Desk, app: dict[str, Any], build: dict[str, Any], internal: dict[str, Any]
) -> None:
    tester = desk.made("betaTesters", ADA, betaGroups=[internal])
    assert (tester["attributes"]["state"], tester["attributes"]["inviteType"]) == ("NOT_INVITED", "EMAIL")
    assert [one["id"] for one in desk.related(tester, "apps")] == [app["id"]]
    refused = desk.create("betaTesterInvitations", app=app, betaTester=tester)
    assert refused.codes == ["STATE_ERROR.TESTER_INVITE.NO_INSTALLABLE_BUILDS"]
    desk.relate(internal, "builds", build)
    assert desk.get(tester)["state"] == "INVITED"
    # From now on there is something to install.
    late = desk.made("betaTesters", {"email": "late@example.com"}, betaGroups=[internal])
    assert desk.get(late)["state"] == "INVITED"


def test_people_from_outside_wait_for_the_beta_review(
    desk: Desk, emulator: Emulator, build: dict[str, Any], external: dict[str, Any]
) -> None:
    tester = desk.made("betaTesters", ADA, betaGroups=[external])
    single = desk.made("betaTesters", {"email": "single@example.com"}, builds=[build])
    desk.relate(external, "builds", build)
    desk.made("betaAppReviewSubmissions", build=build)
    assert desk.get(tester)["state"] == "NOT_INVITED"
    emulator.advance()
    assert [desk.get(one)["state"] for one in (tester, single)] == ["INVITED", "INVITED"]


def test_who_accepts_installs(
    desk: Desk, emulator: Emulator, app: dict[str, Any], build: dict[str, Any], internal: dict[str, Any]
) -> None:
    tester = desk.made("betaTesters", ADA, betaGroups=[internal])
    with pytest.raises(ValueError, match="has not been invited"):
        emulator.decide(tester, "ACCEPTED")
    desk.relate(internal, "builds", build)
    desk.made("betaTesterInvitations", app=app, betaTester=tester)
    emulator.decide(tester, "ACCEPTED")
    assert desk.get(tester)["state"] == "ACCEPTED"
    again = desk.create("betaTesterInvitations", app=app, betaTester=tester)
    assert again.codes == ["STATE_ERROR.TESTER_INVITE.ALREADY_ACCEPTED"]
    assert emulator.advance() == [f"betaTesters {tester['id']}: INSTALLED"]
    emulator.decide(tester, "REVOKED")
    assert desk.get(tester)["state"] == "REVOKED"
    desk.made("betaTesterInvitations", app=app, betaTester=tester)
    assert desk.get(tester)["state"] == "INVITED"


def test_nobody_is_in_a_group_twice(desk: Desk, emulator: Emulator, external: dict[str, Any]) -> None:
    tester = desk.made("betaTesters", ADA, betaGroups=[external])
    for answer in (
        desk.create("betaTesters", ADA, betaGroups=[external]),
        desk.relate(external, "betaTesters", tester),
        desk.relate(tester, "betaGroups", external),
    ):
        assert (answer.status, answer.codes) == (409, ["STATE_ERROR.ALREADY_EXISTS"])
    # Another app has testers of its own, of whatever address.
    other = emulator.add("betaGroups", app=emulator.add("apps"))
    assert desk.made("betaTesters", ADA, betaGroups=[other])["id"] != tester["id"]


def test_a_public_link(desk: Desk, app: dict[str, Any]) -> None:
    group = desk.made("betaGroups", {"name": "Public", "publicLinkEnabled": True}, app=app)
    identifier = group["attributes"]["publicLinkId"]
    assert group["attributes"]["publicLink"] == f"https://testflight.apple.com/join/{identifier}"
    assert len(identifier) == 8
    desk.change(group, publicLinkEnabled=False)
    assert desk.get(group)["publicLink"] is None
