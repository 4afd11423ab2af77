from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from emulator.resources.api_writer import ApiWriter

    from pytest_asc.emulator.app import Emulator

ADA = {"email": "ada@example.com", "firstName": "Ada", "lastName": "Example"}


@pytest.fixture
def build(emulator: Emulator, app: dict[str, Any]) -> dict[str, Any]:
    """Processed build."""
    return emulator.add("builds", app=app)


@pytest.fixture
def internal(emulator: Emulator, app: dict[str, Any]) -> dict[str, Any]:
    """Group of internal testers."""
    return emulator.add("betaGroups", app=app, isInternalGroup=True)


@pytest.fixture
def external(emulator: Emulator, app: dict[str, Any]) -> dict[str, Any]:
    """Group of external testers."""
    return emulator.add("betaGroups", app=app)


def test_an_internal_tester_is_invited_with_the_first_build(
    api_writer: ApiWriter, app: dict[str, Any], build: dict[str, Any], internal: dict[str, Any]
) -> None:
    tester = api_writer.create("betaTesters", ADA, betaGroups=[internal])
    assert (tester["attributes"]["state"], tester["attributes"]["inviteType"]) == ("NOT_INVITED", "EMAIL")
    assert [one["id"] for one in api_writer.related(tester, "apps")] == [app["id"]]
    refused = api_writer.post("betaTesterInvitations", app=app, betaTester=tester)
    assert refused.codes == ["STATE_ERROR.TESTER_INVITE.NO_INSTALLABLE_BUILDS"]
    api_writer.add_related(internal, "builds", build)
    assert api_writer.get(tester)["state"] == "INVITED"
    # Testers added later are invited immediately, because there is a build to install.
    late = api_writer.create("betaTesters", {"email": "late@example.com"}, betaGroups=[internal])
    assert api_writer.get(late)["state"] == "INVITED"


def test_external_testers_are_invited_after_beta_review(
    api_writer: ApiWriter, emulator: Emulator, build: dict[str, Any], external: dict[str, Any]
) -> None:
    tester = api_writer.create("betaTesters", ADA, betaGroups=[external])
    single = api_writer.create("betaTesters", {"email": "single@example.com"}, builds=[build])
    api_writer.add_related(external, "builds", build)
    api_writer.create("betaAppReviewSubmissions", build=build)
    assert api_writer.get(tester)["state"] == "NOT_INVITED"
    emulator.advance()
    assert [api_writer.get(one)["state"] for one in (tester, single)] == ["INVITED", "INVITED"]


def test_an_accepted_invitation_is_followed_by_installation(
    api_writer: ApiWriter, emulator: Emulator, app: dict[str, Any], build: dict[str, Any], internal: dict[str, Any]
) -> None:
    tester = api_writer.create("betaTesters", ADA, betaGroups=[internal])
    with pytest.raises(ValueError, match="has not been invited"):
        emulator.decide(tester, "ACCEPTED")
    api_writer.add_related(internal, "builds", build)
    api_writer.create("betaTesterInvitations", app=app, betaTester=tester)
    emulator.decide(tester, "ACCEPTED")
    assert api_writer.get(tester)["state"] == "ACCEPTED"
    again = api_writer.post("betaTesterInvitations", app=app, betaTester=tester)
    assert again.codes == ["STATE_ERROR.TESTER_INVITE.ALREADY_ACCEPTED"]
    assert emulator.advance() == [f"betaTesters {tester['id']}: INSTALLED"]
    emulator.decide(tester, "REVOKED")
    assert api_writer.get(tester)["state"] == "REVOKED"
    api_writer.create("betaTesterInvitations", app=app, betaTester=tester)
    assert api_writer.get(tester)["state"] == "INVITED"


def test_a_tester_cannot_join_a_group_twice(
    api_writer: ApiWriter, emulator: Emulator, external: dict[str, Any]
) -> None:
    tester = api_writer.create("betaTesters", ADA, betaGroups=[external])
    for answer in (
        api_writer.post("betaTesters", ADA, betaGroups=[external]),
        api_writer.add_related(external, "betaTesters", tester),
        api_writer.add_related(tester, "betaGroups", external),
    ):
        assert (answer.status, answer.codes) == (409, ["STATE_ERROR"])
    # The same email address can be a tester of another app.
    other = emulator.add("betaGroups", app=emulator.add("apps"))
    assert api_writer.create("betaTesters", ADA, betaGroups=[other])["id"] != tester["id"]


def test_enabling_the_public_link_sets_its_url(api_writer: ApiWriter, app: dict[str, Any]) -> None:
    group = api_writer.create("betaGroups", {"name": "Public", "publicLinkEnabled": True}, app=app)
    identifier = group["attributes"]["publicLinkId"]
    assert group["attributes"]["publicLink"] == f"https://testflight.apple.com/join/{identifier}"
    assert len(identifier) == 8
    api_writer.patch(group, publicLinkEnabled=False)
    assert api_writer.get(group)["publicLink"] is None


def test_an_app_can_have_a_hundred_internal_testers(
    api_writer: ApiWriter, emulator: Emulator, app: dict[str, Any], internal: dict[str, Any], external: dict[str, Any]
) -> None:
    for _ in range(99):
        emulator.add("betaTesters", betaGroups=[internal])
    api_writer.create("betaTesters", ADA, betaGroups=[internal])
    other = emulator.add("betaGroups", app=app, isInternalGroup=True)
    grace = {**ADA, "email": "grace@example.com"}
    answer = api_writer.post("betaTesters", grace, betaGroups=[other])
    assert (answer.status, answer.codes) == (409, ["STATE_ERROR"])
    tester = api_writer.create("betaTesters", grace, betaGroups=[external])
    assert api_writer.add_related(other, "betaTesters", tester).status == 409
    assert api_writer.add_related(tester, "betaGroups", other).status == 409
    (first, *_) = api_writer.related(internal, "betaTesters")
    assert api_writer.add_related(other, "betaTesters", first).status == 204


def test_a_build_for_internal_testing_can_only_be_added_to_internal_groups(
    api_writer: ApiWriter, emulator: Emulator, app: dict[str, Any], internal: dict[str, Any], external: dict[str, Any]
) -> None:
    build = emulator.add("builds", app=app, buildAudienceType="INTERNAL_ONLY")
    assert api_writer.add_related(internal, "builds", build).status == 204
    answer = api_writer.add_related(external, "builds", build)
    assert (answer.status, answer.codes) == (422, ["ENTITY_UNPROCESSABLE"])
    assert api_writer.add_related(build, "betaGroups", external).status == 422
