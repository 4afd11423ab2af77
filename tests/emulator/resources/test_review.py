from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_asc.emulator.account.review_requirements import DEFAULT
from pytest_asc.emulator.spec.api_spec import api_spec
from pytest_asc.emulator.spec.type_validation import type_mismatch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from emulator.harness import Answer
    from emulator.resources.api_writer import ApiWriter

    from pytest_asc.emulator.app import Emulator

REQUIRED = "ENTITY_ERROR.ATTRIBUTE.REQUIRED"
TEXTS = {"description": "Lists.", "keywords": "lists", "supportUrl": "https://example.com/help"}


@pytest.fixture
def version(emulator: Emulator, app: dict[str, Any]) -> dict[str, Any]:
    """Version that meets the requirements of a review."""
    return emulator.add_ready_version(app)


@pytest.fixture
def submission(api_writer: ApiWriter, app: dict[str, Any], version: dict[str, Any]) -> dict[str, Any]:
    """Submission with the version, before it is submitted."""
    submission = api_writer.create("reviewSubmissions", {"platform": "IOS"}, app=app)
    api_writer.create("reviewSubmissionItems", reviewSubmission=submission, appStoreVersion=version)
    return submission


def submit(api_writer: ApiWriter, submission: Mapping[str, Any]) -> Answer:
    return api_writer.patch(submission, submitted=True)


def states(api_writer: ApiWriter, submission: Mapping[str, Any], version: Mapping[str, Any]) -> list[str]:
    """Return the states of a submission, its items and its version; the last one is appStoreState."""
    shown = api_writer.get(version)
    return [
        api_writer.get(submission)["state"],
        *(item["attributes"]["state"] for item in api_writer.related(submission, "items")),
        shown["appVersionState"],
        shown["appStoreState"],
    ]


def associated(answer: Answer) -> list[tuple[str, str, str]]:
    """Return resource type, code, and pointer or detail of the associated errors."""
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
    assert api_writer.get(submission)["submittedDate"] == "2026-05-28T13:26:40-07:00"
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
def test_the_release_type_determines_what_follows_approval(
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
def test_a_rejected_item_can_be_resolved_and_submitted_again(
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
    hours: int,
    state: str,
    becomes: str,
) -> None:
    emulator.decide("reviewSubmissions", "REJECTED")
    submit(api_writer, submission)
    emulator.advance(hours=hours)
    assert api_writer.get(submission)["state"] == state
    assert api_writer.patch(submission, canceled=True).json["data"]["attributes"]["state"] == "CANCELING"
    assert emulator.advance() == [f"reviewSubmissions {submission['id']}: COMPLETE"]
    assert states(api_writer, submission, version)[:3] == ["COMPLETE", "REMOVED", becomes]
    assert not_cancelable(api_writer, submission)


def not_cancelable(api_writer: ApiWriter, submission: Mapping[str, Any]) -> bool:
    (error,) = api_writer.patch(submission, canceled=True).json["errors"]
    return (error["code"], error["title"], error["detail"]) == (
        "STATE_ERROR.ENTITY_STATE_INVALID",
        "Resource state is invalid.",
        "Resource is not in cancellable state",
    )


def test_a_submission_that_was_never_submitted_cannot_be_canceled(
    api_writer: ApiWriter, submission: dict[str, Any], version: dict[str, Any]
) -> None:
    assert not_cancelable(api_writer, submission)
    assert states(api_writer, submission, version) == ["READY_FOR_REVIEW"] * 4
    assert api_writer.delete(submission).status == 403


def test_deleting_the_version_submission_of_a_review_withdraws_the_version(
    api_writer: ApiWriter, emulator: Emulator, submission: dict[str, Any], version: dict[str, Any]
) -> None:
    old = {"type": "appStoreVersionSubmissions", "id": version["id"]}
    assert api_writer.delete(old).status == 404
    submit(api_writer, submission)
    assert api_writer.delete(old).status == 204
    emulator.advance()
    assert api_writer.get(version)["appStoreState"] == "DEVELOPER_REJECTED"


def unmet(api_writer: ApiWriter, version: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Return the associated errors of an attempt to submit a version."""
    app = {"type": "apps", "id": version["relationships"]["app"]["data"]["id"]}
    submissions = api_writer.emulator_client.get(f"/v1/reviewSubmissions?filter[app]={app['id']}").json["data"]
    submission = (submissions or [api_writer.create("reviewSubmissions", {"platform": "IOS"}, app=app)])[0]
    return associated(api_writer.post("reviewSubmissionItems", reviewSubmission=submission, appStoreVersion=version))


def test_associated_errors_name_all_unmet_requirements_at_once(
    api_writer: ApiWriter, emulator: Emulator, app: dict[str, Any]
) -> None:
    version = emulator.add("appStoreVersions", app=app)
    emulator.add("appStoreVersionLocalizations", appStoreVersion=version, locale="en-US", **TEXTS)
    found = unmet(api_writer, version)
    questions = {name for kind, code, name in found if kind == "ageRatingDeclarations" and code == REQUIRED}
    assert len(questions) == 24
    assert {"/data/attributes/sexualContentGraphicAndNudity", "/data/attributes/socialMedia"} <= questions
    assert [error for error in found if error[0] != "ageRatingDeclarations"] == [
        ("appStoreVersions", REQUIRED, "/data/attributes/copyright"),
        ("appStoreVersions", "ENTITY_ERROR.RELATIONSHIP.REQUIRED", "/data/relationships/build"),
        ("appStoreVersions", "ENTITY_ERROR.RELATIONSHIP.INVALID", "/data/relationships/appStoreReviewDetail"),
        (
            "appScreenshots",
            "STATE_ERROR.SCREENSHOT_REQUIRED.APP_IPHONE_65",
            "A screenshot with type iphone65 is required but was not provided",
        ),
        ("apps", REQUIRED, "/data/attributes/contentRightsDeclaration"),
        ("appInfos", "ENTITY_ERROR.RELATIONSHIP.REQUIRED", "/data/relationships/primaryCategory"),
        ("appPrices", "STATE_ERROR.APP_PRICING_REQUIRED", "You must set a price."),
        ("appAvailabilities", "AVAILABILITY_REQUIRED", "Set availability."),
    ]


def test_each_text_and_the_build_of_a_version_are_required(
    api_writer: ApiWriter, emulator: Emulator, app: dict[str, Any]
) -> None:
    build = emulator.add("builds", app=app, usesNonExemptEncryption=None, processingState="PROCESSING")
    version = emulator.add_ready_version(app)
    (texts,) = api_writer.related(version, "appStoreVersionLocalizations")
    api_writer.patch(texts, keywords=None)
    data = {"type": "builds", "id": build["id"]}
    assert api_writer.send("PATCH", f"/v1/appStoreVersions/{version['id']}/relationships/build", data).status == 204
    processing = "The build is not in a valid processing state for this operation."
    assert unmet(api_writer, version) == [
        ("builds", "ENTITY_UNPROCESSABLE", processing),
        ("builds", REQUIRED, "/data/attributes/usesNonExemptEncryption"),
        ("appStoreVersionLocalizations", REQUIRED, "/data/attributes/keywords"),
    ]


def test_a_version_without_a_localization_cannot_be_submitted(
    api_writer: ApiWriter, emulator: Emulator, app: dict[str, Any]
) -> None:
    version = emulator.add_ready_version(app)
    (texts,) = api_writer.related(version, "appStoreVersionLocalizations")
    assert api_writer.delete(texts).status == 204
    assert unmet(api_writer, version) == [("appStoreVersionLocalizations", REQUIRED, "/data/attributes/description")]


@pytest.mark.parametrize("state", ["AWAITING_UPLOAD", "UPLOAD_COMPLETE", "FAILED"])
def test_a_screenshot_that_is_not_processed_prevents_the_review(
    api_writer: ApiWriter, emulator: Emulator, app: dict[str, Any], state: str
) -> None:
    version = emulator.add_ready_version(app)
    (texts,) = api_writer.related(version, "appStoreVersionLocalizations")
    (screenshots,) = api_writer.related(texts, "appScreenshotSets")
    delivery = {"state": state, "errors": [], "warnings": []}
    bad = emulator.add("appScreenshots", appScreenshotSet=screenshots, assetDeliveryState=delivery)
    assert [error[:2] for error in unmet(api_writer, version)] == [
        ("appScreenshots", "STATE_ERROR.SCREENSHOT_UPLOADS_IN_PROGRESS")
    ]
    assert api_writer.delete(bad).status == 204
    submission = api_writer.emulator_client.get(f"/v1/reviewSubmissions?filter[app]={app['id']}").json["data"][0]
    api_writer.create("reviewSubmissionItems", reviewSubmission=submission, appStoreVersion=version)


@pytest.mark.parametrize(
    ("platform", "display_type"),
    [
        ("IOS", "APP_IPHONE_65"),
        ("IOS", "APP_IPHONE_67"),
        ("MAC_OS", "APP_DESKTOP"),
        ("TV_OS", "APP_APPLE_TV"),
        ("VISION_OS", "APP_APPLE_VISION_PRO"),
    ],
)
def test_screenshots_of_the_platform_are_required(
    api_writer: ApiWriter, emulator: Emulator, platform: str, display_type: str
) -> None:
    emulator.review_requirements = {"screenshots"}
    version = emulator.add("appStoreVersions", app=emulator.add("apps"), platform=platform)
    texts = emulator.add("appStoreVersionLocalizations", appStoreVersion=version, locale="en-US")
    other = emulator.add(
        "appScreenshotSets", appStoreVersionLocalization=texts, screenshotDisplayType="APP_WATCH_ULTRA"
    )
    emulator.add("appScreenshots", appScreenshotSet=other)
    ((_, code, _detail),) = unmet(api_writer, version)
    assert code.startswith("STATE_ERROR.SCREENSHOT_REQUIRED.APP_")
    screenshots = emulator.add(
        "appScreenshotSets", appStoreVersionLocalization=texts, screenshotDisplayType=display_type
    )
    assert unmet(api_writer, version)[0][1] == code
    emulator.add("appScreenshots", appScreenshotSet=screenshots)
    submission = api_writer.emulator_client.get("/v1/reviewSubmissions?filter[app]=" + app_id(version)).json["data"][0]
    api_writer.create("reviewSubmissionItems", reviewSubmission=submission, appStoreVersion=version)


def app_id(version: Mapping[str, Any]) -> str:
    return str(version["relationships"]["app"]["data"]["id"])


@pytest.mark.parametrize(
    ("requirement", "path", "code"),
    [
        ("ipad-screenshots", "appScreenshots", "STATE_ERROR.SCREENSHOT_REQUIRED.APP_IPAD_PRO_3GEN_129"),
        ("watch-screenshots", "appScreenshots", "STATE_ERROR.SCREENSHOT_REQUIRED.APP_WATCH_SERIES_4"),
        ("privacy-answers", "appDataUsages", "STATE_ERROR.APP_DATA_USAGES_REQUIRED"),
        ("tracking-answers", "appStoreVersions", "STATE_ERROR.BINARY_INDICATES_APP_TRACKS_USERS"),
        (
            "medical-device-declaration",
            "appStoreVersions",
            "STATE_ERROR.CANNOT_SUBMIT_MISSING_REGULATED_MEDICAL_DEVICE_APP_DECLARATION",
        ),
    ],
)
def test_requirements_that_the_api_cannot_show_apply_if_a_test_adds_them(
    api_writer: ApiWriter, emulator: Emulator, app: dict[str, Any], requirement: str, path: str, code: str
) -> None:
    version = emulator.add_ready_version(app)
    emulator.review_requirements |= {requirement}
    assert [error[:2] for error in unmet(api_writer, version)] == [(path, code)]


def test_a_relaxed_requirement_is_not_checked(api_writer: ApiWriter, emulator: Emulator, app: dict[str, Any]) -> None:
    version = emulator.add("appStoreVersions", app=app, build=emulator.add("builds", usesNonExemptEncryption=None))
    emulator.add("appStoreVersionLocalizations", appStoreVersion=version, locale="en-US")
    found = unmet(api_writer, version)
    for requirement in sorted(DEFAULT - {"approved-version", "build", "screenshot-uploads", "whats-new"}):
        emulator.review_requirements = DEFAULT - {requirement}
        left = unmet(api_writer, version)
        assert set(left) < set(found), requirement
    emulator.review_requirements = set()
    submission = api_writer.emulator_client.get(f"/v1/reviewSubmissions?filter[app]={app['id']}").json["data"][0]
    api_writer.create("reviewSubmissionItems", reviewSubmission=submission, appStoreVersion=version)


def test_an_unknown_requirement_raises_value_error_with_the_nearest_name(emulator: Emulator) -> None:
    with pytest.raises(ValueError, match="there is no review requirement 'screenshot'; did you mean 'screenshots'"):
        emulator.review_requirements |= {"screenshot"}
    emulator.review_requirements = set()
    emulator.reset()
    assert emulator.review_requirements == DEFAULT


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


def test_an_update_requires_release_notes(api_writer: ApiWriter, emulator: Emulator, app: dict[str, Any]) -> None:
    first = emulator.add("appStoreVersions", app=app, versionString="1.0", appStoreState="READY_FOR_SALE")
    update = emulator.add_ready_version(app, versionString="1.1")
    (texts,) = api_writer.related(update, "appStoreVersionLocalizations")
    api_writer.patch(texts, whatsNew=None)
    assert unmet(api_writer, update) == [("appStoreVersionLocalizations", REQUIRED, "/data/attributes/whatsNew")]
    api_writer.patch(texts, whatsNew="Faster.")
    (submission,) = api_writer.emulator_client.get(f"/v1/reviewSubmissions?filter[app]={app['id']}").json["data"]
    api_writer.create("reviewSubmissionItems", reviewSubmission=submission, appStoreVersion=update)
    submit(api_writer, submission)
    emulator.advance()
    assert api_writer.get(update)["appStoreState"] == "READY_FOR_SALE"
    assert api_writer.get(first)["appStoreState"] == "REPLACED_WITH_NEW_VERSION"


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_the_first_version_of_an_app_cannot_have_release_notes(
    api_writer: ApiWriter, emulator: Emulator, app: dict[str, Any], method: str
) -> None:
    version = emulator.add("appStoreVersions", app=app)
    if method == "POST":
        answer = api_writer.post(
            "appStoreVersionLocalizations", {"locale": "de-DE", "whatsNew": "New."}, appStoreVersion=version
        )
    else:
        texts = emulator.add("appStoreVersionLocalizations", appStoreVersion=version, locale="en-US")
        answer = api_writer.patch(texts, whatsNew="New.", description="Lists.")
    (error,) = answer.json["errors"]
    assert (error["code"], error["title"], error["detail"]) == (
        "STATE_ERROR",
        "The request cannot be fulfilled because of the state of another resource.",
        "Attribute 'whatsNew' cannot be edited at this time",
    )


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
        (api_writer.patch(version, copyright="2027"), "The attribute 'copyright' can not be modified."),
        (
            api_writer.send("PATCH", f"/v1/appStoreVersions/{version['id']}/relationships/build", None),
            "The specified pre-release build could not be added.",
        ),
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


def event_submission(api_writer: ApiWriter, emulator: Emulator, app: dict[str, Any]) -> dict[str, Any]:
    """Create a submission with an event as its only item."""
    made = api_writer.create("reviewSubmissions", {"platform": "IOS"}, app=app)
    api_writer.create("reviewSubmissionItems", reviewSubmission=made, appEvent=emulator.add("appEvents"))
    return made


def test_a_second_submission_without_a_version_is_rejected_while_one_is_in_review(
    api_writer: ApiWriter, emulator: Emulator, app: dict[str, Any]
) -> None:
    emulator.add("appStoreVersions", app=app, appStoreState="READY_FOR_SALE")
    first, second = (event_submission(api_writer, emulator, app) for _ in range(2))
    assert submit(api_writer, first).status == 200
    refused = submit(api_writer, second)
    assert refused.status == 409
    detail = f"There is another reviewSubmissions with id {first['id']} still in progress."
    assert refused.json["errors"][0]["detail"] == detail
    emulator.advance()
    assert [item["attributes"]["state"] for item in api_writer.related(first, "items")] == ["APPROVED"]
    assert submit(api_writer, second).status == 200


def test_a_third_submission_in_review_is_rejected_and_nothing_changes(
    api_writer: ApiWriter, emulator: Emulator, app: dict[str, Any], submission: dict[str, Any]
) -> None:
    emulator.add("appStoreVersions", app=app, appStoreState="READY_FOR_SALE", versionString="0.9")
    (texts,) = api_writer.related(emulator_version(api_writer, submission), "appStoreVersionLocalizations")
    api_writer.patch(texts, whatsNew="News.")
    others = [event_submission(api_writer, emulator, app) for _ in range(2)]
    assert submit(api_writer, submission).status == 200
    assert submit(api_writer, others[0]).status == 200
    ((path, code, detail),) = associated(submit(api_writer, others[1]))
    assert (path, code) == (
        "reviewSubmissions",
        "STATE_ERROR.MAX_IN_REVIEW_SUBMISSIONS_PER_PLATFORM_LIMIT_REACHED",
    )
    assert "maximum limit of 2 in-flight reviewSubmissions for platform=IOS" in detail
    assert api_writer.get(others[1])["state"] == "READY_FOR_REVIEW"
    emulator.advance()
    assert submit(api_writer, others[1]).status == 200


def emulator_version(api_writer: ApiWriter, submission: Mapping[str, Any]) -> dict[str, Any]:
    """Return the version of a submission."""
    path = f"/v1/reviewSubmissions/{submission['id']}?include=appStoreVersionForReview"
    (version,) = api_writer.emulator_client.get(path).json["included"]
    return dict(version)


def test_the_submission_of_an_app_without_an_approved_version_requires_a_version(
    api_writer: ApiWriter, emulator: Emulator, app: dict[str, Any]
) -> None:
    made = event_submission(api_writer, emulator, app)
    (error,) = submit(api_writer, made).json["errors"]
    detail = (
        f"App {app['id']} must have an approved appStoreVersions for platform IOS, or an appStoreVersions must be "
        "included in this review submission."
    )
    assert (error["code"], error["detail"], error["source"]["pointer"]) == (
        "ENTITY_ERROR.RELATIONSHIP.REQUIRED",
        detail,
        "/data/relationships/appStoreVersionForReview",
    )
    emulator.review_requirements -= {"approved-version"}
    assert submit(api_writer, made).status == 200


def test_a_submission_accepts_only_one_version_and_only_once(
    api_writer: ApiWriter, emulator: Emulator, app: dict[str, Any], submission: dict[str, Any], version: dict[str, Any]
) -> None:
    (error,) = api_writer.post("reviewSubmissionItems", reviewSubmission=submission, appStoreVersion=version).json[
        "errors"
    ]
    assert error["code"] == "ENTITY_ERROR.RELATIONSHIP.INVALID.NOT_ALLOWED"
    assert error["detail"].endswith("already added to this reviewSubmission")
    other = emulator.add_ready_version(app)
    (error,) = api_writer.post("reviewSubmissionItems", reviewSubmission=submission, appStoreVersion=other).json[
        "errors"
    ]
    error.pop("id")
    assert error == {
        "status": "409",
        "code": "ENTITY_ERROR.RELATIONSHIP.INVALID.NOT_ALLOWED",
        "title": "Only one appStoreVersion can be present in reviewSubmissions.",
        "source": {"pointer": "/data/relationships/appStoreVersion"},
    }


def test_an_approved_version_can_be_withdrawn_until_it_is_released(
    api_writer: ApiWriter, emulator: Emulator, submission: dict[str, Any], version: dict[str, Any]
) -> None:
    api_writer.patch(version, releaseType="MANUAL")
    submit(api_writer, submission)
    emulator.advance()
    assert api_writer.get(version)["appVersionState"] == "PENDING_DEVELOPER_RELEASE"
    assert not_cancelable(api_writer, submission)
    shown = api_writer.emulator_client.get(f"/v1/appStoreVersions/{version['id']}/appStoreVersionSubmission").json
    assert api_writer.delete(shown["data"]).status == 204
    assert api_writer.get(version)["appVersionState"] == "DEVELOPER_REJECTED"
    emulator.advance()
    assert api_writer.get(version)["appVersionState"] == "PREPARE_FOR_SUBMISSION"
    assert api_writer.patch(version, copyright="2027").status == 200


def test_a_sixth_unfinished_submission_is_rejected(api_writer: ApiWriter, app: dict[str, Any]) -> None:
    made = [api_writer.create("reviewSubmissions", {"platform": "IOS"}, app=app) for _ in range(5)]
    (error,) = associated(api_writer.post("reviewSubmissions", {"platform": "IOS"}, app=app))
    assert error[1] == "STATE_ERROR.CONCURRENT_REVIEW_SUBMISSION_LIMIT_EXCEEDED"
    api_writer.create("reviewSubmissions", {"platform": "MAC_OS"}, app=app)
    version = api_writer.emulator_client.emulator.add_ready_version(app)
    api_writer.create("reviewSubmissionItems", reviewSubmission=made[0], appStoreVersion=version)
    assert submit(api_writer, made[0]).status == 200
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
def test_the_two_state_attributes_of_a_version_are_consistent(
    api_writer: ApiWriter, emulator: Emulator, name: str
) -> None:
    (schema,) = api_spec().schemas_of("appStoreVersions")
    for state in api_spec().enum(schema.attributes[name]) or ():
        shown = api_writer.get(emulator.add("appStoreVersions", **{name: state}))
        assert shown[name] == state
        for other in ("appStoreState", "appVersionState"):
            assert type_mismatch(schema.attributes[other], shown[other]) is None
        same_name = state in {"IN_REVIEW", "REJECTED", "PENDING_DEVELOPER_RELEASE"}
        assert not same_name or shown["appStoreState"] == shown["appVersionState"]


def test_a_submission_without_items_is_rejected(api_writer: ApiWriter, app: dict[str, Any]) -> None:
    submission = api_writer.create("reviewSubmissions", {"platform": "IOS"}, app=app)
    (error,) = submit(api_writer, submission).json["errors"]
    assert (error["code"], error["title"], error["detail"]) == (
        "STATE_ERROR.ENTITY_STATE_INVALID",
        "Resource state invalid",
        f"reviewSubmissions with id {submission['id']} does not have any items.",
    )
    answer = api_writer.post("reviewSubmissionItems", reviewSubmission=submission)
    assert answer.codes == ["ENTITY_ERROR.RELATIONSHIP.REQUIRED"]


@pytest.mark.parametrize(
    ("about", "outcome", "message"),
    [
        ("apps", "APPROVED", "'apps' have no outcome to decide"),
        ("betaTesters", "ACCEPTED", "'betaTesters' decide one by one: pass a resource instead of the type"),
        ("reviewSubmissions", "VALID", "have no outcome 'VALID', expected one of APPROVED, REJECTED"),
        ({"type": "builds", "id": "1"}, "VALID", "there is no resource of type 'builds' with id '1'"),
    ],
)
def test_an_invalid_outcome_raises_value_error(emulator: Emulator, about: Any, outcome: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        emulator.decide(about, outcome)


@pytest.mark.parametrize(
    ("relationship", "resource_type", "name", "states"),
    [
        (
            "gameCenterAchievementVersion",
            "gameCenterAchievementVersions",
            "state",
            ("PREPARE_FOR_SUBMISSION", "LIVE", "DEVELOPER_REJECTED"),
        ),
        ("appEvent", "appEvents", "eventState", ("DRAFT", "APPROVED", "DRAFT")),
        (
            "appCustomProductPageVersion",
            "appCustomProductPageVersions",
            "state",
            ("PREPARE_FOR_SUBMISSION", "APPROVED", "PREPARE_FOR_SUBMISSION"),
        ),
    ],
)
def test_items_other_than_versions_are_approved_and_withdrawn_like_versions(
    api_writer: ApiWriter,
    emulator: Emulator,
    relationship: str,
    resource_type: str,
    name: str,
    states: tuple[str, str, str],
) -> None:
    app = emulator.add("apps")
    emulator.add("appStoreVersions", app=app, appStoreState="READY_FOR_SALE")
    taken_out, approved, withdrawn = (emulator.add(resource_type) for _ in range(3))
    submission = api_writer.create("reviewSubmissions", {"platform": "IOS"}, app=app)
    item = api_writer.create("reviewSubmissionItems", reviewSubmission=submission, **{relationship: taken_out})
    assert emulator.get(resource_type, taken_out["id"])["attributes"][name] == "READY_FOR_REVIEW"
    assert api_writer.delete(item).status == 204
    for reviewed in (approved, withdrawn):
        api_writer.create("reviewSubmissionItems", reviewSubmission=submission, **{relationship: reviewed})
        assert api_writer.patch(submission, submitted=True).status == 200
        if reviewed is withdrawn:
            assert api_writer.patch(submission, canceled=True).status == 200
        emulator.advance()
        submission = api_writer.create("reviewSubmissions", {"platform": "IOS"}, app=app)
    shown = [emulator.get(resource_type, one["id"])["attributes"][name] for one in (taken_out, approved, withdrawn)]
    assert tuple(shown) == states
