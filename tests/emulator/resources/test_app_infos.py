from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from emulator.resources.api_writer import ApiWriter

    from pytest_asc.emulator.app import Emulator


def infos(api_writer: ApiWriter, app: dict[str, Any]) -> list[str]:
    """Return the states of the app infos of an app."""
    return [info["attributes"]["state"] for info in api_writer.related(app, "appInfos")]


def test_a_new_app_has_the_resources_that_apple_creates(api_writer: ApiWriter, app: dict[str, Any]) -> None:
    (info,) = api_writer.related(app, "appInfos")
    assert (info["attributes"]["state"], info["attributes"]["appStoreState"]) == ("PREPARE_FOR_SUBMISSION",) * 2
    (localization,) = api_writer.related(info, "appInfoLocalizations")
    assert (localization["attributes"]["locale"], localization["attributes"]["name"]) == ("en-US", "Lists")
    assert set(api_writer.get(info, "ageRatingDeclaration").values()) == {None}
    for name in ("betaLicenseAgreement", "betaAppReviewDetail"):
        answer = api_writer.emulator_client.get(f"/v1/apps/{app['id']}/{name}")
        assert answer.json["data"]["id"] == app["id"]


def test_resources_that_a_test_adds_replace_those_that_apple_creates(
    api_writer: ApiWriter, emulator: Emulator, app: dict[str, Any]
) -> None:
    info = emulator.add("appInfos", app=app, state="READY_FOR_DISTRIBUTION")
    assert [each["id"] for each in api_writer.related(app, "appInfos")] == [info["id"]]
    assert api_writer.get(info)["appStoreState"] == "READY_FOR_SALE"
    emulator.add("betaAppReviewDetails", id=app["id"], app=app, notes="mine")
    emulator.add("betaLicenseAgreements", app=app, agreementText="mine")
    assert api_writer.get(app, "betaAppReviewDetail")["notes"] == "mine"
    assert api_writer.get(app, "betaLicenseAgreement")["agreementText"] == "mine"
    assert len(api_writer.emulator_client.get("/v1/betaLicenseAgreements").json["data"]) == 1


def test_a_new_version_creates_an_editable_app_info_that_replaces_the_live_one(
    api_writer: ApiWriter, emulator: Emulator, app: dict[str, Any]
) -> None:
    emulator.add_ready_version(app, versionString="1.0", appStoreState="READY_FOR_SALE")
    assert infos(api_writer, app) == ["READY_FOR_DISTRIBUTION"]
    (live,) = api_writer.related(app, "appInfos")
    version = api_writer.create("appStoreVersions", {"versionString": "1.1", "platform": "IOS"}, app=app)
    assert infos(api_writer, app) == ["READY_FOR_DISTRIBUTION", "PREPARE_FOR_SUBMISSION"]
    _, editable = api_writer.related(app, "appInfos")
    assert api_writer.get(editable, "ageRatingDeclaration") == api_writer.get(live, "ageRatingDeclaration")
    category = [
        api_writer.emulator_client.get(f"/v1/appInfos/{info['id']}/primaryCategory").json["data"]["id"]
        for info in (live, editable)
    ]
    assert category == ["PRODUCTIVITY", "PRODUCTIVITY"]
    for info, status in ((live, 409), (editable, 200)):
        (localization,) = api_writer.related(info, "appInfoLocalizations")
        assert api_writer.patch(localization, subtitle="new").status == status
    (texts,) = api_writer.related(version, "appStoreVersionLocalizations")
    api_writer.patch(texts, whatsNew="Faster.")
    build = api_writer.emulator_client.get(f"/v1/builds?filter[app]={app['id']}").json["data"][0]
    data = {"type": "builds", "id": build["id"]}
    api_writer.send("PATCH", f"/v1/appStoreVersions/{version['id']}/relationships/build", data)
    submission = api_writer.create("reviewSubmissions", {"platform": "IOS"}, app=app)
    api_writer.create("reviewSubmissionItems", reviewSubmission=submission, appStoreVersion=version)
    assert api_writer.patch(submission, submitted=True).status == 200
    assert infos(api_writer, app)[1] == "WAITING_FOR_REVIEW"
    emulator.advance()
    assert [info["id"] for info in api_writer.related(app, "appInfos")] == [editable["id"]]
    assert infos(api_writer, app) == ["READY_FOR_DISTRIBUTION"]


def test_deleting_the_new_version_removes_its_app_info(
    api_writer: ApiWriter, emulator: Emulator, app: dict[str, Any]
) -> None:
    emulator.add("appStoreVersions", app=app, appStoreState="READY_FOR_SALE")
    version = api_writer.create("appStoreVersions", {"versionString": "9.0", "platform": "IOS"}, app=app)
    assert len(infos(api_writer, app)) == 2
    assert api_writer.delete(version).status == 204
    assert infos(api_writer, app) == ["READY_FOR_DISTRIBUTION"]


@pytest.mark.parametrize("state", ["READY_FOR_SALE", "PENDING_DEVELOPER_RELEASE", "WAITING_FOR_REVIEW"])
def test_name_and_subtitle_can_only_be_changed_while_the_version_is_editable(
    api_writer: ApiWriter, emulator: Emulator, app: dict[str, Any], state: str
) -> None:
    emulator.add("appStoreVersions", app=app, appStoreState=state)
    (info,) = api_writer.related(app, "appInfos")
    (localization,) = api_writer.related(info, "appInfoLocalizations")
    errors = api_writer.patch(localization, name="New", subtitle="new", privacyPolicyUrl="https://example.com").json
    assert [(error["code"], error["title"], error["detail"]) for error in errors["errors"]] == [
        (
            "ENTITY_ERROR.ATTRIBUTE.INVALID.INVALID_STATE",
            "An attribute value is not acceptable for the current resource state.",
            f"The field '{name}' can not be modified in the current state",
        )
        for name in ("name", "subtitle")
    ]
    assert api_writer.patch(localization, privacyPolicyUrl="https://example.com").status == 200
    assert api_writer.post("appInfoLocalizations", {"locale": "de-DE", "name": "L"}, appInfo=info).status == 409
    assert api_writer.delete(localization).status == 409


def test_a_new_locale_of_the_app_info_is_added_to_the_version_in_preparation(
    api_writer: ApiWriter, emulator: Emulator, app: dict[str, Any]
) -> None:
    version = emulator.add("appStoreVersions", app=app)
    (info,) = api_writer.related(app, "appInfos")
    api_writer.create("appInfoLocalizations", {"locale": "ja", "name": "L"}, appInfo=info)
    (texts,) = api_writer.related(version, "appStoreVersionLocalizations")
    assert texts["attributes"]["locale"] == "ja"
    again = api_writer.post("appStoreVersionLocalizations", {"locale": "ja"}, appStoreVersion=version)
    assert again.codes == ["ENTITY_ERROR.ATTRIBUTE.INVALID.DUPLICATE"]


def test_a_new_version_copies_localizations_screenshots_and_review_details(
    api_writer: ApiWriter, emulator: Emulator, app: dict[str, Any]
) -> None:
    previous = emulator.add_ready_version(app, versionString="1.0", appStoreState="READY_FOR_SALE")
    german = {"locale": "de-DE", "description": "Listen.", "whatsNew": "Neu."}
    emulator.add("appStoreVersionLocalizations", appStoreVersion=previous, **german)
    version = api_writer.create("appStoreVersions", {"versionString": "1.1", "platform": "IOS"}, app=app)
    texts = {each["attributes"]["locale"]: each for each in api_writer.related(version, "appStoreVersionLocalizations")}
    assert set(texts) == {"en-US", "de-DE"}
    assert texts["de-DE"]["attributes"]["description"] == "Listen."
    assert texts["de-DE"]["attributes"]["whatsNew"] is None
    (screenshots,) = api_writer.related(texts["en-US"], "appScreenshotSets")
    assert len(api_writer.related(screenshots, "appScreenshots")) == 1
    assert api_writer.get(version, "appStoreReviewDetail") == api_writer.get(previous, "appStoreReviewDetail")
    second = api_writer.post(
        "appStoreReviewDetails", api_writer.get(version, "appStoreReviewDetail"), appStoreVersion=version
    )
    assert second.codes == ["STATE_ERROR.ALREADY_EXISTS"]
