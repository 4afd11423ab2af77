from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from emulator.resources.api_writer import ApiWriter

    from pytest_asc.emulator.app import Emulator

REVIEW = "betaAppReviewSubmissions"


def states(api_writer: ApiWriter, build: Mapping[str, Any]) -> tuple[str, str]:
    """Return internalBuildState and externalBuildState."""
    detail = api_writer.get(build, "buildBetaDetail")
    return detail["internalBuildState"], detail["externalBuildState"]


@pytest.fixture
def build(emulator: Emulator, app: dict[str, Any]) -> dict[str, Any]:
    """Processed build."""
    prerelease_version = emulator.add("preReleaseVersions", app=app, version="1.0")
    return emulator.add("builds", app=app, preReleaseVersion=prerelease_version)


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
def test_beta_detail_states_follow_the_attributes_of_the_build(
    api_writer: ApiWriter,
    emulator: Emulator,
    app: dict[str, Any],
    attributes: dict[str, Any],
    internal: str,
    external: str,
) -> None:
    build = emulator.add("builds", app=app, **attributes)
    assert states(api_writer, build) == (internal, external)
    assert api_writer.emulator_client.get(f"/v1/buildBetaDetails/{build['id']}").status == 200


def test_a_beta_detail_added_by_a_test_keeps_its_state(api_writer: ApiWriter, emulator: Emulator) -> None:
    detail = emulator.add("buildBetaDetails", externalBuildState="IN_BETA_TESTING")
    build = emulator.add("builds", buildBetaDetail=detail)
    assert states(api_writer, build)[1] == "IN_BETA_TESTING"
    api_writer.patch(detail, autoNotifyEnabled=False)
    assert states(api_writer, build)[1] == "IN_BETA_TESTING"


def test_export_compliance_can_only_be_answered_once(
    api_writer: ApiWriter, emulator: Emulator, app: dict[str, Any]
) -> None:
    build = emulator.add("builds", app=app, usesNonExemptEncryption=None)
    assert api_writer.patch(build, usesNonExemptEncryption=False).status == 200
    assert states(api_writer, build) == ("READY_FOR_BETA_TESTING", "READY_FOR_BETA_SUBMISSION")
    refused = api_writer.patch(build, usesNonExemptEncryption=True)
    assert refused.codes == ["ENTITY_ERROR.ATTRIBUTE.INVALID"]
    assert refused.json["errors"][0]["source"] == {"pointer": "/data/attributes/usesNonExemptEncryption"}


def test_a_build_expires_on_its_expiration_date(
    api_writer: ApiWriter, emulator: Emulator, build: dict[str, Any]
) -> None:
    assert emulator.advance() == []
    emulator.advance(days=89)
    assert api_writer.get(build)["expired"] is False
    assert emulator.advance(days=1) == [f"builds {build['id']}: expired"]
    assert api_writer.get(build)["expired"] is True
    assert states(api_writer, build) == ("EXPIRED", "EXPIRED")


def test_an_expired_build_stays_expired(api_writer: ApiWriter, emulator: Emulator, build: dict[str, Any]) -> None:
    assert api_writer.patch(build, expired=True).status == 200
    assert states(api_writer, build) == ("EXPIRED", "EXPIRED")
    assert api_writer.patch(build, expired=False).status == 409
    emulator.advance(days=90)
    assert states(api_writer, build) == ("EXPIRED", "EXPIRED")


def test_a_build_with_a_past_expiration_date_keeps_its_state(emulator: Emulator, api_writer: ApiWriter) -> None:
    build = emulator.add("builds", expirationDate="2020-01-01T00:00:00.220+0000", expired=False)
    emulator.advance(days=1)
    assert api_writer.get(build)["expired"] is False


@pytest.mark.parametrize(
    ("outcome", "notify", "ends"),
    [
        ("APPROVED", True, "IN_BETA_TESTING"),
        ("APPROVED", False, "BETA_APPROVED"),
        ("REJECTED", True, "BETA_REJECTED"),
    ],
)
def test_beta_review_ends_in_the_chosen_state(
    api_writer: ApiWriter,
    emulator: Emulator,
    app: dict[str, Any],
    build: dict[str, Any],
    outcome: str,
    notify: bool,
    ends: str,
) -> None:
    group = add_group(emulator, app)
    api_writer.patch({"type": "buildBetaDetails", "id": build["id"]}, autoNotifyEnabled=notify)
    assert api_writer.add_related(group, "builds", build).status == 204
    assert states(api_writer, build)[1] == "READY_FOR_BETA_SUBMISSION"
    emulator.decide(REVIEW, outcome)
    review = api_writer.create(REVIEW, build=build)
    assert review["attributes"] == {
        "betaReviewState": "WAITING_FOR_REVIEW",
        "submittedDate": "2026-05-28T13:26:40-07:00",
    }
    assert states(api_writer, build)[1] == "WAITING_FOR_BETA_REVIEW"
    emulator.advance(hours=8)
    assert states(api_writer, build)[1] == "IN_BETA_REVIEW"
    emulator.advance()
    assert api_writer.get(build, "betaAppReviewSubmission")["betaReviewState"] == outcome
    assert states(api_writer, build)[1] == ends


def test_a_rejected_build_can_be_submitted_again(
    api_writer: ApiWriter, emulator: Emulator, build: dict[str, Any]
) -> None:
    first = api_writer.create(REVIEW, build=build)
    emulator.decide(first, "REJECTED")
    emulator.advance()
    second = api_writer.create(REVIEW, build=build)
    emulator.advance()
    assert states(api_writer, build)[1] == "BETA_APPROVED"
    assert api_writer.emulator_client.get(f"/v1/{REVIEW}/{first['id']}").status == 404
    assert api_writer.emulator_client.get(f"/v1/{REVIEW}?filter[build]={build['id']}").ids == [second["id"]]


def test_unprocessed_submitted_and_competing_builds_cannot_be_submitted_for_beta_review(
    api_writer: ApiWriter, emulator: Emulator, app: dict[str, Any], build: dict[str, Any]
) -> None:
    prerelease_version = {"type": "preReleaseVersions", "id": build["relationships"]["preReleaseVersion"]["data"]["id"]}
    same_version = emulator.add("builds", app=app, preReleaseVersion=prerelease_version)
    processing = emulator.add("builds", app=app, processingState="PROCESSING")
    api_writer.create(REVIEW, build=build)
    for refused, code in {
        processing["id"]: "ENTITY_UNPROCESSABLE",
        build["id"]: "ENTITY_UNPROCESSABLE.INVALID_QC_STATE",
        same_version["id"]: "ENTITY_UNPROCESSABLE.ANOTHER_BUILD_IN_REVIEW",
    }.items():
        answer = api_writer.post(REVIEW, build={"type": "builds", "id": refused})
        assert (answer.status, answer.codes) == (422, [code])
    emulator.advance()
    api_writer.create(REVIEW, build=same_version)


def test_a_notification_starts_the_testing_of_an_approved_build(
    api_writer: ApiWriter, emulator: Emulator, app: dict[str, Any], build: dict[str, Any]
) -> None:
    api_writer.patch({"type": "buildBetaDetails", "id": build["id"]}, autoNotifyEnabled=False)
    api_writer.add_related(build, "betaGroups", add_group(emulator, app))
    (error,) = api_writer.post("buildBetaNotifications", build=build).json["errors"]
    assert (error["status"], error["detail"]) == ("422", "Build is not in externally testable state.")
    api_writer.create(REVIEW, build=build)
    emulator.advance()
    assert states(api_writer, build)[1] == "BETA_APPROVED"
    api_writer.create("buildBetaNotifications", build=build)
    assert states(api_writer, build)[1] == "IN_BETA_TESTING"


def test_an_internal_group_tests_builds_without_review(
    api_writer: ApiWriter, emulator: Emulator, app: dict[str, Any], build: dict[str, Any]
) -> None:
    selected = add_group(emulator, app, internal=True)
    assert api_writer.add_related(selected, "builds", build).status == 204
    assert states(api_writer, build) == ("IN_BETA_TESTING", "READY_FOR_BETA_SUBMISSION")
    all_builds = {"name": "All", "isInternalGroup": True, "hasAccessToAllBuilds": True}
    group = api_writer.create("betaGroups", all_builds, app=app)
    other = emulator.add("builds", app=app)
    assert states(api_writer, other)[0] == "IN_BETA_TESTING"
    for answer in (api_writer.add_related(group, "builds", other), api_writer.add_related(other, "betaGroups", group)):
        assert (answer.status, answer.json["errors"][0]["detail"]) == (422, "Cannot add internal group to a build.")


def test_an_internal_group_added_by_a_test_starts_testing(
    api_writer: ApiWriter, emulator: Emulator, app: dict[str, Any], build: dict[str, Any]
) -> None:
    tester = emulator.add("betaTesters", state="NOT_INVITED")
    add_group(emulator, app, internal=True, builds=[build], betaTesters=[tester])
    assert states(api_writer, build)[0] == "IN_BETA_TESTING"
    assert api_writer.get(tester)["state"] == "INVITED"


@pytest.mark.parametrize("attributes", [{"processingState": "PROCESSING"}, {"expired": True}])
def test_a_build_that_cannot_be_tested_cannot_be_added_to_groups(
    api_writer: ApiWriter, emulator: Emulator, app: dict[str, Any], attributes: dict[str, Any]
) -> None:
    build = emulator.add("builds", app=app, **attributes)
    group = add_group(emulator, app)
    for answer in (
        api_writer.add_related(group, "builds", build),
        api_writer.add_related(build, "betaGroups", group),
        api_writer.post("betaGroups", {"name": "New"}, app=app, builds=[build]),
    ):
        assert answer.codes == ["ENTITY_UNPROCESSABLE"]
