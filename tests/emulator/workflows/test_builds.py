from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from emulator.workflows.desk import Desk

    from pytest_asc.emulator.api import Emulator

REVIEW = "betaAppReviewSubmissions"


def states(desk: Desk, build: Mapping[str, Any]) -> tuple[str, str]:
    """What internal and external testers are shown."""
    detail = desk.get(build, "buildBetaDetail")
    return detail["internalBuildState"], detail["externalBuildState"]


@pytest.fixture
def build(emulator: Emulator, app: dict[str, Any]) -> dict[str, Any]:
    """A processed build."""
    train = emulator.add("preReleaseVersions", app=app, version="1.0")
    return emulator.add("builds", app=app, preReleaseVersion=train)


def add_group(emulator: Emulator, app: dict[str, Any], *, internal: bool = False, **members: Any) -> dict[str, Any]:
    return emulator.add("betaGroups", app=app, isInternalGroup=internal, **members)


@pytest.mark.parametrize(
    ("attributes", "internal", "external"),
    [
        ({}, "READY_FOR_BETA_TESTING", "READY_FOR_BETA_SUBMISSION"),
        ({"processingState": "PROCESSING"}, "PROCESSING", "PROCESSING"),
        ({"processingState": "FAILED"}, "PROCESSING_EXCEPTION", "PROCESSING_EXCEPTION"),
        ({"processingState": "INVALID"}, "PROCESSING_EXCEPTION", "PROCESSING_EXCEPTION"),
        ({"usesNonExemptEncryption": None}, "MISSING_EXPORT_COMPLIANCE", "MISSING_EXPORT_COMPLIANCE"),
        ({"expired": True, "processingState": "PROCESSING"}, "EXPIRED", "EXPIRED"),
        ({"buildAudienceType": "INTERNAL_ONLY"}, "READY_FOR_BETA_TESTING", "NOT_APPLICABLE"),
    ],
)
def test_each_build_has_a_detail_that_fits_it(
    desk: Desk, emulator: Emulator, app: dict[str, Any], attributes: dict[str, Any], internal: str, external: str
) -> None:
    build = emulator.add("builds", app=app, **attributes)
    assert states(desk, build) == (internal, external)
    assert desk.bench.get(f"/v1/buildBetaDetails/{build['id']}").status == 200


def test_a_detail_of_a_tests_own_stays(desk: Desk, emulator: Emulator) -> None:
    detail = emulator.add("buildBetaDetails", externalBuildState="IN_BETA_TESTING")
    build = emulator.add("builds", buildBetaDetail=detail)
    assert states(desk, build)[1] == "IN_BETA_TESTING"
    desk.change(detail, autoNotifyEnabled=False)
    assert states(desk, build)[1] == "IN_BETA_TESTING"


def test_export_compliance_is_answered_once(desk: Desk, emulator: Emulator, app: dict[str, Any]) -> None:
    build = emulator.add("builds", app=app, usesNonExemptEncryption=None)
    assert desk.change(build, usesNonExemptEncryption=False).status == 200
    assert states(desk, build) == ("READY_FOR_BETA_TESTING", "READY_FOR_BETA_SUBMISSION")
    refused = desk.change(build, usesNonExemptEncryption=True)
    assert refused.codes == ["ENTITY_ERROR.ATTRIBUTE.INVALID"]
    assert refused.json["errors"][0]["source"] == {"pointer": "/data/attributes/usesNonExemptEncryption"}


def test_a_build_expires_on_its_day(desk: Desk, emulator: Emulator, build: dict[str, Any]) -> None:
    assert emulator.advance() == []
    emulator.advance(days=89)
    assert desk.get(build)["expired"] is False
    assert emulator.advance(days=1) == [f"builds {build['id']}: expired"]
    assert desk.get(build)["expired"] is True
    assert states(desk, build) == ("EXPIRED", "EXPIRED")


def test_a_build_is_expired_for_good(desk: Desk, emulator: Emulator, build: dict[str, Any]) -> None:
    assert desk.change(build, expired=True).status == 200
    assert states(desk, build) == ("EXPIRED", "EXPIRED")
    assert desk.change(build, expired=False).status == 409
    emulator.advance(days=90)
    assert states(desk, build) == ("EXPIRED", "EXPIRED")


def test_a_build_with_a_date_that_has_passed_is_left(emulator: Emulator, desk: Desk) -> None:
    build = emulator.add("builds", expirationDate="2020-01-01T00:00:00.220+0000", expired=False)
    emulator.advance(days=1)
    assert desk.get(build)["expired"] is False


@pytest.mark.parametrize(
    ("outcome", "notify", "ends"),
    [
        ("APPROVED", True, "IN_BETA_TESTING"),
        ("APPROVED", False, "BETA_APPROVED"),
        ("REJECTED", True, "BETA_REJECTED"),
    ],
)
def test_beta_review(
    desk: Desk, emulator: Emulator, app: dict[str, Any], build: dict[str, Any], outcome: str, notify: bool, ends: str
) -> None:
    group = add_group(emulator, app)
    desk.change({"type": "buildBetaDetails", "id": build["id"]}, autoNotifyEnabled=notify)
    assert desk.relate(group, "builds", build).status == 204
    assert states(desk, build)[1] == "READY_FOR_BETA_SUBMISSION"
    emulator.decide(REVIEW, outcome)
    review = desk.made(REVIEW, build=build)
    assert review["attributes"] == {
        "betaReviewState": "WAITING_FOR_REVIEW",
        "submittedDate": "2026-05-28T12:26:40-08:00",
    }
    assert states(desk, build)[1] == "WAITING_FOR_BETA_REVIEW"
    emulator.advance(hours=8)
    assert states(desk, build)[1] == "IN_BETA_REVIEW"
    emulator.advance()
    assert desk.get(build, "betaAppReviewSubmission")["betaReviewState"] == outcome
    assert states(desk, build)[1] == ends


def test_a_rejected_build_is_submitted_again(desk: Desk, emulator: Emulator, build: dict[str, Any]) -> None:
    first = desk.made(REVIEW, build=build)
    emulator.decide(first, "REJECTED")
    emulator.advance()
    second = desk.made(REVIEW, build=build)
    emulator.advance()
    assert states(desk, build)[1] == "BETA_APPROVED"
    assert desk.bench.get(f"/v1/{REVIEW}/{first['id']}").status == 404
    assert desk.bench.get(f"/v1/{REVIEW}?filter[build]={build['id']}").ids == [second["id"]]


def test_what_beta_review_refuses(desk: Desk, emulator: Emulator, app: dict[str, Any], build: dict[str, Any]) -> None:
    train = {"type": "preReleaseVersions", "id": build["relationships"]["preReleaseVersion"]["data"]["id"]}
    same = emulator.add("builds", app=app, preReleaseVersion=train)
    raw = emulator.add("builds", app=app, processingState="PROCESSING")
    desk.made(REVIEW, build=build)
    for refused, code in {
        raw["id"]: "ENTITY_UNPROCESSABLE",
        build["id"]: "ENTITY_UNPROCESSABLE.INVALID_QC_STATE",
        same["id"]: "ENTITY_UNPROCESSABLE.ANOTHER_BUILD_IN_REVIEW",
    }.items():
        answer = desk.create(REVIEW, build={"type": "builds", "id": refused})
        assert (answer.status, answer.codes) == (422, [code])
    emulator.advance()
    desk.made(REVIEW, build=same)


def test_testers_are_told_of_what_they_may_test(
    desk: Desk, emulator: Emulator, app: dict[str, Any], build: dict[str, Any]
) -> None:
    desk.change({"type": "buildBetaDetails", "id": build["id"]}, autoNotifyEnabled=False)
    desk.relate(build, "betaGroups", add_group(emulator, app))
    (error,) = desk.create("buildBetaNotifications", build=build).json["errors"]
    assert (error["status"], error["detail"]) == ("422", "Build is not in externally testable state.")
    desk.made(REVIEW, build=build)
    emulator.advance()
    assert states(desk, build)[1] == "BETA_APPROVED"
    desk.made("buildBetaNotifications", build=build)
    assert states(desk, build)[1] == "IN_BETA_TESTING"


def test_internal_groups(desk: Desk, emulator: Emulator, app: dict[str, Any], build: dict[str, Any]) -> None:
    chosen = add_group(emulator, app, internal=True)
    assert desk.relate(chosen, "builds", build).status == 204
    assert states(desk, build) == ("IN_BETA_TESTING", "READY_FOR_BETA_SUBMISSION")
    everything = {"name": "All", "isInternalGroup": True, "hasAccessToAllBuilds": True}
    group = desk.made("betaGroups", everything, app=app)
    other = emulator.add("builds", app=app)
    assert states(desk, other)[0] == "IN_BETA_TESTING"
    for answer in (desk.relate(group, "builds", other), desk.relate(other, "betaGroups", group)):
        assert (answer.status, answer.json["errors"][0]["detail"]) == (422, "Cannot add internal group to a build.")


def test_an_internal_group_that_a_test_adds(
    desk: Desk, emulator: Emulator, app: dict[str, Any], build: dict[str, Any]
) -> None:
    tester = emulator.add("betaTesters", state="NOT_INVITED")
    add_group(emulator, app, internal=True, builds=[build], betaTesters=[tester])
    assert states(desk, build)[0] == "IN_BETA_TESTING"
    assert desk.get(tester)["state"] == "INVITED"


@pytest.mark.parametrize("attributes", [{"processingState": "PROCESSING"}, {"expired": True}])
def test_groups_have_no_builds_that_cannot_be_tested(
    desk: Desk, emulator: Emulator, app: dict[str, Any], attributes: dict[str, Any]
) -> None:
    build = emulator.add("builds", app=app, **attributes)
    group = add_group(emulator, app)
    for answer in (
        desk.relate(group, "builds", build),
        desk.relate(build, "betaGroups", group),
        desk.create("betaGroups", {"name": "New"}, app=app, builds=[build]),
    ):
        assert answer.codes == ["ENTITY_UNPROCESSABLE"]
