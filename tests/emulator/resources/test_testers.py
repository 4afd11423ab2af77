from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from emulator.resources.api_writer import ApiWriter

    from pytest_asc.emulator.app import Emulator

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
    api_writer: ApiWriter, app: dict[str, Any], build: dict[str, Any], internal: dict[str, Any]
) -> None:
    tester = api_writer.made("betaTesters", ADA, betaGroups=[internal])
    assert (tester["attributes"]["state"], tester["attributes"]["inviteType"]) == ("NOT_INVITED", "EMAIL")
    assert [one["id"] for one in api_writer.related(tester, "apps")] == [app["id"]]
    refused = api_writer.create("betaTesterInvitations", app=app, betaTester=tester)
    assert refused.codes == ["STATE_ERROR.TESTER_INVITE.NO_INSTALLABLE_BUILDS"]
    api_writer.relate(internal, "builds", build)
    assert api_writer.get(tester)["state"] == "INVITED"
    # From now on there is something to install.
    late = api_writer.made("betaTesters", {"email": "late@example.com"}, betaGroups=[internal])
    assert api_writer.get(late)["state"] == "INVITED"


def test_people_from_outside_wait_for_the_beta_review(
    api_writer: ApiWriter, emulator: Emulator, build: dict[str, Any], external: dict[str, Any]
) -> None:
    tester = api_writer.made("betaTesters", ADA, betaGroups=[external])
    single = api_writer.made("betaTesters", {"email": "single@example.com"}, builds=[build])
    api_writer.relate(external, "builds", build)
    api_writer.made("betaAppReviewSubmissions", build=build)
    assert api_writer.get(tester)["state"] == "NOT_INVITED"
    emulator.advance()
    assert [api_writer.get(one)["state"] for one in (tester, single)] == ["INVITED", "INVITED"]


def test_who_accepts_installs(
    api_writer: ApiWriter, emulator: Emulator, app: dict[str, Any], build: dict[str, Any], internal: dict[str, Any]
) -> None:
    tester = api_writer.made("betaTesters", ADA, betaGroups=[internal])
    with pytest.raises(ValueError, match="has not been invited"):
        emulator.decide(tester, "ACCEPTED")
    api_writer.relate(internal, "builds", build)
    api_writer.made("betaTesterInvitations", app=app, betaTester=tester)
    emulator.decide(tester, "ACCEPTED")
    assert api_writer.get(tester)["state"] == "ACCEPTED"
    again = api_writer.create("betaTesterInvitations", app=app, betaTester=tester)
    assert again.codes == ["STATE_ERROR.TESTER_INVITE.ALREADY_ACCEPTED"]
    assert emulator.advance() == [f"betaTesters {tester['id']}: INSTALLED"]
    emulator.decide(tester, "REVOKED")
    assert api_writer.get(tester)["state"] == "REVOKED"
    api_writer.made("betaTesterInvitations", app=app, betaTester=tester)
    assert api_writer.get(tester)["state"] == "INVITED"


def test_nobody_is_in_a_group_twice(api_writer: ApiWriter, emulator: Emulator, external: dict[str, Any]) -> None:
    tester = api_writer.made("betaTesters", ADA, betaGroups=[external])
    for answer in (
        api_writer.create("betaTesters", ADA, betaGroups=[external]),
        api_writer.relate(external, "betaTesters", tester),
        api_writer.relate(tester, "betaGroups", external),
    ):
        assert (answer.status, answer.codes) == (409, ["STATE_ERROR.ALREADY_EXISTS"])
    # Another app has testers of its own, of whatever address.
    other = emulator.add("betaGroups", app=emulator.add("apps"))
    assert api_writer.made("betaTesters", ADA, betaGroups=[other])["id"] != tester["id"]


def test_a_public_link(api_writer: ApiWriter, app: dict[str, Any]) -> None:
    group = api_writer.made("betaGroups", {"name": "Public", "publicLinkEnabled": True}, app=app)
    identifier = group["attributes"]["publicLinkId"]
    assert group["attributes"]["publicLink"] == f"https://testflight.apple.com/join/{identifier}"
    assert len(identifier) == 8
    api_writer.change(group, publicLinkEnabled=False)
    assert api_writer.get(group)["publicLink"] is None
