from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_asc.emulator.spec.api_spec import api_spec
from pytest_asc.emulator.spec.type_validation import type_mismatch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from emulator.harness import Answer
    from emulator.resources.api_writer import ApiWriter

    from pytest_asc.emulator.app import Emulator

TEXTS = {"description": "Lists.", "keywords": "lists", "supportUrl": "https://example.com/help"}


@pytest.fixture
def version(emulator: Emulator, app: dict[str, Any]) -> dict[str, Any]:
    """Version that meets the requirements of a review."""
    build = emulator.add("builds", app=app)
    version = emulator.add("appStoreVersions", app=app, build=build, copyright="2026 Example")
    emulator.add("appStoreVersionLocalizations", appStoreVersion=version, locale="en-US", **TEXTS)
    return version


@pytest.fixture
def submission(api_writer: ApiWriter, app: dict[str, Any], version: dict[str, Any]) -> dict[str, Any]:
    """Submission with the version, not submitted."""
    submission = api_writer.create("reviewSubmissions", {"platform": "IOS"}, app=app)
    api_writer.create("reviewSubmissionItems", reviewSubmission=submission, appStoreVersion=version)
    return submission


def submit(api_writer: ApiWriter, submission: Mapping[str, Any]) -> Answer:
    return api_writer.patch(submission, submitted=True)


def states(api_writer: ApiWriter, submission: Mapping[str, Any], version: Mapping[str, Any]) -> list[str]:
    """Return the states of a submission, its items and its version, appStoreState last."""
    shown = api_writer.get(version)
    return [
        api_writer.get(submission)["state"],
        *(item["attributes"]["state"] for item in api_writer.related(submission, "items")),
        shown["appVersionState"],
        shown["appStoreState"],
    ]


def associated(answer: Answer) -> list[tuple[str, str, str]]:
    """Return the associated errors: resource type, code, and the pointer or the detail."""
    assert answer.status == 409, answer.body
    (error,) = answer.json["errors"]
    assert error["code"] == "STATE_ERROR.ENTITY_STATE_INVALID"
    return [
        (path.split("/")[-2], each["code"], each.get("source", {}).get("pointer", each["detail"]))
        for path, errors in error["meta"]["associatedErrors"].items()
        for each in errors
    ]


def test_a_submitted_version_is_reviewed_approved_and_released(
    api_writer: ApiWriter, emulator: Emulator, submission: dict[str, Any], version: dict[str, Any]
) -> None:
    ready = "READY_FOR_REVIEW"
    assert states(api_writer, submission, version) == [ready] * 4
    assert api_writer.get(submission)["submittedDate"] is None
    answer = submit(api_writer, submission)
    assert (answer.status, answer.json["data"]["attributes"]["state"]) == (200, "WAITING_FOR_REVIEW")
    assert api_writer.get(submission)["submittedDate"] == "2026-05-28T12:26:40-08:00"
    assert states(api_writer, submission, version)[2:] == ["WAITING_FOR_REVIEW"] * 2
    assert emulator.advance(hours=12) == [f"reviewSubmissions {submission['id']}: IN_REVIEW"]
    assert states(api_writer, submission, version) == ["IN_REVIEW", ready, "IN_REVIEW", "IN_REVIEW"]
    emulator.advance(hours=2)
    approved = ["COMPLETE", "APPROVED", "PROCESSING_FOR_DISTRIBUTION", "PROCESSING_FOR_APP_STORE"]
    assert states(api_writer, submission, version) == approved
    emulator.advance()
    assert states(api_writer, submission, version)[2:] == ["READY_FOR_DISTRIBUTION", "READY_FOR_SALE"]


@pytest.mark.parametrize(
    ("release", "waits"),
    [
        ({"releaseType": "AFTER_APPROVAL"}, "READY_FOR_DISTRIBUTION"),
        ({"releaseType": "MANUAL"}, "PENDING_DEVELOPER_RELEASE"),
        (
            {"releaseType": "SCHEDULED", "earliestReleaseDate": "2026-06-10T09:00:00Z"},
            "PENDING_DEVELOPER_RELEASE",
        ),
    ],
)
def test_the_release_type_decides_what_follows_approval(
    api_writer: ApiWriter,
    emulator: Emulator,
    submission: dict[str, Any],
    version: dict[str, Any],
    release: dict[str, str],
    waits: str,
) -> None:
    assert api_writer.patch(version, **release).status == 200
    submit(api_writer, submission)
    emulator.advance()
    assert api_writer.get(version)["appVersionState"] == waits
    emulator.advance(days=14)
    scheduled = release["releaseType"] == "SCHEDULED"
    assert api_writer.get(version)["appVersionState"] == ("READY_FOR_DISTRIBUTION" if scheduled else waits)


def test_a_release_request_releases_an_approved_version_once(
    api_writer: ApiWriter, emulator: Emulator, submission: dict[str, Any], version: dict[str, Any]
) -> None:
    api_writer.patch(version, releaseType="MANUAL")
    request = ("appStoreVersionReleaseRequests",)
    assert api_writer.post(*request, appStoreVersion=version).codes == ["STATE_ERROR.ENTITY_STATE_INVALID"]
    submit(api_writer, submission)
    emulator.advance()
    api_writer.create(*request, appStoreVersion=version)
    emulator.advance()
    assert api_writer.get(version)["appStoreState"] == "READY_FOR_SALE"
    assert api_writer.post(*request, appStoreVersion=version).status == 409


@pytest.mark.parametrize("about", ["version", "item", "submission", "reviewSubmissions"])
def test_a_rejected_item_is_resolved_and_submitted_again(
    api_writer: ApiWriter, emulator: Emulator, submission: dict[str, Any], version: dict[str, Any], about: str
) -> None:
    (item,) = api_writer.related(submission, "items")
    resources = {"version": version, "item": item, "submission": submission}
    emulator.decide(resources.get(about, about), "REJECTED")
    submit(api_writer, submission)
    emulator.advance()
    assert states(api_writer, submission, version) == ["UNRESOLVED_ISSUES", "REJECTED", "REJECTED", "REJECTED"]
    emulator.decide(resources.get(about, about), "APPROVED")
    assert api_writer.patch(item, resolved=True).status == 200
    assert submit(api_writer, submission).status == 200
    emulator.advance()
    assert states(api_writer, submission, version)[:3] == ["COMPLETE", "APPROVED", "READY_FOR_DISTRIBUTION"]


def test_an_outcome_can_reject_the_metadata_only(
    api_writer: ApiWriter, emulator: Emulator, submission: dict[str, Any], version: dict[str, Any]
) -> None:
    emulator.decide(version, "METADATA_REJECTED")
    submit(api_writer, submission)
    emulator.advance()
    assert states(api_writer, submission, version)[1:3] == ["REJECTED", "METADATA_REJECTED"]


@pytest.mark.parametrize(
    ("hours", "state", "becomes"),
    [
        (None, "READY_FOR_REVIEW", "PREPARE_FOR_SUBMISSION"),
        (0, "WAITING_FOR_REVIEW", "DEVELOPER_REJECTED"),
        (13, "IN_REVIEW", "DEVELOPER_REJECTED"),
        (48, "UNRESOLVED_ISSUES", "REJECTED"),
    ],
)
def test_canceling_a_submission_removes_its_items_and_withdraws_the_version(
    api_writer: ApiWriter,
    emulator: Emulator,
    submission: dict[str, Any],
    version: dict[str, Any],
    hours: int | None,
    state: str,
    becomes: str,
) -> None:
    emulator.decide("reviewSubmissions", "REJECTED")
    if hours is not None:
        submit(api_writer, submission)
        emulator.advance(hours=hours)
    assert api_writer.get(submission)["state"] == state
    assert api_writer.patch(submission, canceled=True).json["data"]["attributes"]["state"] == "CANCELING"
    assert emulator.advance() == [f"reviewSubmissions {submission['id']}: COMPLETE"]
    assert states(api_writer, submission, version)[:3] == ["COMPLETE", "REMOVED", becomes]
    assert api_writer.patch(submission, canceled=True).codes == ["STATE_ERROR.ENTITY_STATE_INVALID"]


def test_a_version_submission_exists_during_a_review_and_its_deletion_withdraws_the_version(
    api_writer: ApiWriter, emulator: Emulator, submission: dict[str, Any], version: dict[str, Any]
) -> None:
    old = {"type": "appStoreVersionSubmissions", "id": version["id"]}
    assert api_writer.delete(old).status == 404
    submit(api_writer, submission)
    assert api_writer.delete(old).status == 204
    emulator.advance()
    assert api_writer.get(version)["appStoreState"] == "DEVELOPER_REJECTED"


def test_associated_errors_name_each_unmet_requirement(
    api_writer: ApiWriter, emulator: Emulator, app: dict[str, Any]
) -> None:
    required = "ENTITY_ERROR.ATTRIBUTE.REQUIRED"
    version = emulator.add("appStoreVersions", app=app)
    submission = api_writer.create("reviewSubmissions", {"platform": "IOS"}, app=app)

    def errors() -> list[tuple[str, str, str]]:
        return associated(
            api_writer.post("reviewSubmissionItems", reviewSubmission=submission, appStoreVersion=version)
        )

    assert errors() == [
        ("appStoreVersions", required, "/data/attributes/copyright"),
        ("appStoreVersions", "ENTITY_ERROR.RELATIONSHIP.REQUIRED", "/data/relationships/build"),
        ("appStoreVersionLocalizations", required, "/data/attributes/description"),
    ]
    api_writer.patch(version, copyright="2026 Example")
    build = emulator.add("builds", app=app, usesNonExemptEncryption=None, processingState="PROCESSING")
    data = {"type": "builds", "id": build["id"]}
    assert api_writer.send("PATCH", f"/v1/appStoreVersions/{version['id']}/relationships/build", data).status == 204
    api_writer.create(
        "appStoreVersionLocalizations", {"locale": "en-US", **TEXTS, "keywords": None}, appStoreVersion=version
    )
    processing = "The build is not in a valid processing state for this operation."
    assert errors() == [
        ("builds", "ENTITY_UNPROCESSABLE", processing),
        ("builds", required, "/data/attributes/usesNonExemptEncryption"),
        ("appStoreVersionLocalizations", required, "/data/attributes/keywords"),
    ]


@pytest.mark.parametrize(
    ("platform", "given", "expected"),
    [("IOS", {}, "2025 Example"), ("IOS", {"copyright": None}, None), ("MAC_OS", {}, None)],
)
def test_a_new_version_copies_the_copyright_of_the_previous_version(
    api_writer: ApiWriter,
    emulator: Emulator,
    app: dict[str, Any],
    platform: str,
    given: dict[str, Any],
    expected: str | None,
) -> None:
    released: dict[str, Any] = {"app": app, "appStoreState": "READY_FOR_SALE"}
    emulator.add("appStoreVersions", versionString="0.2", copyright="2025 Example", **released)
    older: dict[str, Any] = {"createdDate": "2020-01-01T00:00:00Z", "copyright": "2020 Example"}
    emulator.add("appStoreVersions", versionString="0.1", **older, **released)
    update = api_writer.create("appStoreVersions", {"versionString": "1.1", "platform": platform, **given}, app=app)
    assert update["attributes"]["copyright"] == expected


def test_an_update_requires_whats_new(api_writer: ApiWriter, emulator: Emulator, app: dict[str, Any]) -> None:
    first = emulator.add("appStoreVersions", app=app, versionString="1.0", appStoreState="READY_FOR_SALE")
    update = api_writer.create(
        "appStoreVersions", {"versionString": "1.1", "platform": "IOS", "copyright": "2026"}, app=app
    )
    build = emulator.add("builds", app=app)
    api_writer.send(
        "PATCH", f"/v1/appStoreVersions/{update['id']}/relationships/build", {"type": "builds", "id": build["id"]}
    )
    texts = api_writer.create("appStoreVersionLocalizations", {"locale": "en-US", **TEXTS}, appStoreVersion=update)
    submission = api_writer.create("reviewSubmissions", {"platform": "IOS"}, app=app)
    item = {"reviewSubmission": submission, "appStoreVersion": update}
    assert associated(api_writer.post("reviewSubmissionItems", **item)) == [
        ("appStoreVersionLocalizations", "ENTITY_ERROR.ATTRIBUTE.REQUIRED", "/data/attributes/whatsNew")
    ]
    api_writer.patch(texts, whatsNew="Faster.")
    api_writer.create("reviewSubmissionItems", **item)
    submit(api_writer, submission)
    emulator.advance()
    assert api_writer.get(update)["appStoreState"] == "READY_FOR_SALE"
    assert api_writer.get(first)["appStoreState"] == "REPLACED_WITH_NEW_VERSION"


def test_a_version_cannot_be_in_two_submissions(
    api_writer: ApiWriter, app: dict[str, Any], submission: dict[str, Any], version: dict[str, Any]
) -> None:
    other = api_writer.create("reviewSubmissions", {"platform": "IOS"}, app=app)
    answer = api_writer.post("reviewSubmissionItems", reviewSubmission=other, appStoreVersion=version)
    detail = f"appStoreVersions with id {version['id']} was already added to another reviewSubmission with id "
    assert associated(answer) == [
        ("appStoreVersions", "STATE_ERROR.ITEM_PART_OF_ANOTHER_SUBMISSION", detail + submission["id"])
    ]
    (item,) = api_writer.related(submission, "items")
    assert api_writer.delete(item).status == 204
    assert api_writer.get(version)["appStoreState"] == "PREPARE_FOR_SUBMISSION"
    api_writer.create("reviewSubmissionItems", reviewSubmission=other, appStoreVersion=version)


def test_a_submitted_version_cannot_be_changed(
    api_writer: ApiWriter, submission: dict[str, Any], version: dict[str, Any], app: dict[str, Any]
) -> None:
    submit(api_writer, submission)
    (item,) = api_writer.related(submission, "items")
    refused = [
        (submit(api_writer, submission), "This cannot be done while it is WAITING_FOR_REVIEW."),
        (api_writer.delete(item), "Item was already submitted"),
        (api_writer.patch(version, copyright="2027"), "Attribute 'copyright' cannot be edited at this time"),
        (api_writer.delete(version), "The version cannot be changed at this time"),
        (
            api_writer.post("appStoreVersionLocalizations", {"locale": "de-DE"}, appStoreVersion=version),
            "The version cannot be changed at this time",
        ),
        (
            api_writer.post("appStoreVersions", {"versionString": "2.0", "platform": "IOS"}, app=app),
            "You cannot create a new version of the App in the current state.",
        ),
    ]
    for answer, detail in refused:
        assert (answer.status, answer.json["errors"][0]["detail"]) == (409, detail)
    (texts,) = api_writer.related(version, "appStoreVersionLocalizations")
    refusal = api_writer.patch(texts, keywords="new", whatsNew="new", promotionalText="new").json
    assert [error["source"]["pointer"] for error in refusal["errors"]] == [
        "/data/attributes/keywords",
        "/data/attributes/whatsNew",
    ]
    assert api_writer.patch(texts, promotionalText="Today only.").status == 200
    assert api_writer.patch(version, releaseType="MANUAL").status == 200
    # Versions of another platform are independent.
    api_writer.create("appStoreVersions", {"versionString": "2.0", "platform": "TV_OS"}, app=app)


def test_a_second_submission_without_a_version_waits_for_the_first(
    api_writer: ApiWriter, emulator: Emulator, app: dict[str, Any], submission: dict[str, Any]
) -> None:
    events = [emulator.add("appEvents", referenceName=name) for name in ("one", "two")]
    others = []
    for event in events:
        other = api_writer.create("reviewSubmissions", {"platform": "IOS"}, app=app)
        api_writer.create("reviewSubmissionItems", reviewSubmission=other, appEvent=event)
        others.append(other)
    assert submit(api_writer, submission).status == 200
    assert submit(api_writer, others[0]).status == 200
    refused = submit(api_writer, others[1])
    assert refused.status == 409
    detail = f"There is another reviewSubmissions with id {others[0]['id']} still in progress."
    assert refused.json["errors"][0]["detail"] == detail
    emulator.advance()
    assert [api_writer.get(event)["eventState"] for event in events] == ["APPROVED", "READY_FOR_REVIEW"]
    assert submit(api_writer, others[1]).status == 200


def test_a_sixth_unfinished_submission_is_refused(api_writer: ApiWriter, app: dict[str, Any]) -> None:
    made = [api_writer.create("reviewSubmissions", {"platform": "IOS"}, app=app) for _ in range(5)]
    (error,) = associated(api_writer.post("reviewSubmissions", {"platform": "IOS"}, app=app))
    assert error[1] == "STATE_ERROR.CONCURRENT_REVIEW_SUBMISSION_LIMIT_EXCEEDED"
    api_writer.create("reviewSubmissions", {"platform": "MAC_OS"}, app=app)
    api_writer.patch(made[0], canceled=True)
    api_writer.emulator_client.emulator.advance()
    api_writer.create("reviewSubmissions", {"platform": "IOS"}, app=app)


def test_an_approved_item_is_not_reviewed_again(
    api_writer: ApiWriter, emulator: Emulator, submission: dict[str, Any], version: dict[str, Any]
) -> None:
    event = emulator.add("appEvents")
    rejected = api_writer.create("reviewSubmissionItems", reviewSubmission=submission, appEvent=event)
    emulator.decide(rejected, "REJECTED")
    submit(api_writer, submission)
    emulator.advance()
    assert states(api_writer, submission, version)[:3] == ["UNRESOLVED_ISSUES", "APPROVED", "REJECTED"]
    assert api_writer.get(event)["eventState"] == "REJECTED"
    assert api_writer.get(version)["appVersionState"] == "READY_FOR_DISTRIBUTION"
    emulator.decide(rejected, "APPROVED")
    assert submit(api_writer, submission).status == 200
    assert api_writer.get(version)["appVersionState"] == "READY_FOR_DISTRIBUTION"
    emulator.advance()
    assert states(api_writer, submission, version)[:3] == ["COMPLETE", "APPROVED", "APPROVED"]


def test_removing_an_item_withdraws_its_version(
    api_writer: ApiWriter, emulator: Emulator, submission: dict[str, Any], version: dict[str, Any]
) -> None:
    submit(api_writer, submission)
    (item,) = api_writer.related(submission, "items")
    assert api_writer.patch(item, removed=True).status == 200
    assert states(api_writer, submission, version)[1:3] == ["REMOVED", "DEVELOPER_REJECTED"]
    emulator.advance()
    assert states(api_writer, submission, version)[:3] == ["COMPLETE", "REMOVED", "DEVELOPER_REJECTED"]


def test_a_pending_version_follows_a_changed_release_type(
    api_writer: ApiWriter, emulator: Emulator, submission: dict[str, Any], version: dict[str, Any]
) -> None:
    api_writer.patch(version, releaseType="MANUAL")
    submit(api_writer, submission)
    emulator.advance()
    api_writer.patch(version, releaseType="SCHEDULED", earliestReleaseDate="2026-07-01T00:00:00Z")
    emulator.advance()
    assert api_writer.get(version)["appVersionState"] == "PENDING_DEVELOPER_RELEASE"
    api_writer.patch(version, releaseType="AFTER_APPROVAL")
    emulator.advance()
    assert api_writer.get(version)["appVersionState"] == "READY_FOR_DISTRIBUTION"


@pytest.mark.parametrize(
    ("resource_type", "attributes", "name", "ends"),
    [
        ("builds", {"processingState": "PROCESSING"}, "processingState", "VALID"),
        ("betaAppReviewSubmissions", {"betaReviewState": "IN_REVIEW"}, "betaReviewState", "APPROVED"),
        ("reviewSubmissions", {"state": "WAITING_FOR_REVIEW"}, "state", "COMPLETE"),
        (
            "appStoreVersions",
            {"appStoreState": "PROCESSING_FOR_APP_STORE"},
            "appVersionState",
            "READY_FOR_DISTRIBUTION",
        ),
        ("appStoreVersions", {"appVersionState": "READY_FOR_DISTRIBUTION"}, "appStoreState", "READY_FOR_SALE"),
        ("appStoreVersions", {"appStoreState": "IN_REVIEW"}, "appVersionState", "IN_REVIEW"),
        ("ciBuildRuns", {"executionProgress": "RUNNING"}, "completionStatus", "SUCCEEDED"),
        ("betaTesters", {"state": "ACCEPTED"}, "state", "INSTALLED"),
    ],
)
def test_resources_added_in_a_transient_state_continue(
    api_writer: ApiWriter, emulator: Emulator, resource_type: str, attributes: dict[str, str], name: str, ends: str
) -> None:
    resource = emulator.add(resource_type, **attributes)
    emulator.advance()
    assert api_writer.get(resource)[name] == ends


@pytest.mark.parametrize("name", ["appStoreState", "appVersionState"])
def test_the_two_state_attributes_of_a_version_agree(api_writer: ApiWriter, emulator: Emulator, name: str) -> None:
    (schema,) = api_spec().schemas_of("appStoreVersions")
    for state in api_spec().enum(schema.attributes[name]) or ():
        shown = api_writer.get(emulator.add("appStoreVersions", **{name: state}))
        assert shown[name] == state
        for other in ("appStoreState", "appVersionState"):
            assert type_mismatch(schema.attributes[other], shown[other]) is None
        same_name = state in {"IN_REVIEW", "REJECTED", "PENDING_DEVELOPER_RELEASE"}
        assert not same_name or shown["appStoreState"] == shown["appVersionState"]


def test_a_submission_without_items_is_refused(api_writer: ApiWriter, app: dict[str, Any]) -> None:
    submission = api_writer.create("reviewSubmissions", {"platform": "IOS"}, app=app)
    assert submit(api_writer, submission).codes == ["STATE_ERROR.ENTITY_STATE_INVALID"]
    answer = api_writer.post("reviewSubmissionItems", reviewSubmission=submission)
    assert answer.codes == ["ENTITY_ERROR.RELATIONSHIP.REQUIRED"]


@pytest.mark.parametrize(
    ("about", "outcome", "message"),
    [
        ("apps", "APPROVED", "nothing to decide about 'apps'"),
        ("betaTesters", "ACCEPTED", "'betaTesters' decide one by one: give the resource in place of the type"),
        ("reviewSubmissions", "VALID", "do not end as 'VALID', expected one of APPROVED, REJECTED"),
        ({"type": "builds", "id": "1"}, "VALID", "there is no resource of type 'builds' with id '1'"),
    ],
)
def test_an_invalid_outcome_raises_value_error(emulator: Emulator, about: Any, outcome: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        emulator.decide(about, outcome)
