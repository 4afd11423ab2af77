from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from emulator.resources.api_writer import ApiWriter

    from pytest_asc.emulator.app import Emulator

FILE = {"fileName": "one.png", "fileSize": 1}


@pytest.fixture
def texts(emulator: Emulator, app: dict[str, Any]) -> dict[str, Any]:
    """Localization of a version in preparation."""
    version = emulator.add("appStoreVersions", app=app)
    return emulator.add("appStoreVersionLocalizations", appStoreVersion=version, locale="en-US")


def test_a_second_set_with_the_same_display_type_is_rejected(api_writer: ApiWriter, texts: dict[str, Any]) -> None:
    attributes = {"screenshotDisplayType": "APP_IPHONE_67"}
    api_writer.create("appScreenshotSets", attributes, appStoreVersionLocalization=texts)
    refused = api_writer.post("appScreenshotSets", attributes, appStoreVersionLocalization=texts)
    (error,) = refused.json["errors"]
    assert (refused.status, error["detail"]) == (409, "Screenshot Set Already Exists!")
    api_writer.create(
        "appScreenshotSets", {"screenshotDisplayType": "APP_IPHONE_65"}, appStoreVersionLocalization=texts
    )


@pytest.mark.parametrize(
    ("sets", "attribute", "value", "files", "limit"),
    [
        ("appScreenshotSet", "screenshotDisplayType", "APP_IPHONE_67", "appScreenshots", 10),
        ("appPreviewSet", "previewType", "IPHONE_67", "appPreviews", 3),
    ],
)
def test_the_number_of_files_in_a_set_is_limited(
    api_writer: ApiWriter, texts: dict[str, Any], sets: str, attribute: str, value: str, files: str, limit: int
) -> None:
    created = api_writer.create(f"{sets}s", {attribute: value}, appStoreVersionLocalization=texts)
    for _ in range(limit):
        api_writer.create(files, FILE, **{sets: created})
    refused = api_writer.post(files, FILE, **{sets: created})
    (error,) = refused.json["errors"]
    assert (refused.status, error["detail"]) == (409, f"Too many {files[3:].lower()} ({limit})")


@pytest.mark.parametrize("state", ["READY_FOR_SALE", "WAITING_FOR_REVIEW"])
def test_screenshots_of_a_closed_version_cannot_be_changed(
    api_writer: ApiWriter, emulator: Emulator, app: dict[str, Any], state: str
) -> None:
    version = emulator.add_ready_version(app, appStoreState=state)
    (texts,) = api_writer.related(version, "appStoreVersionLocalizations")
    (screenshots,) = api_writer.related(texts, "appScreenshotSets")
    (screenshot,) = api_writer.related(screenshots, "appScreenshots")
    refused = [
        api_writer.post(
            "appScreenshotSets", {"screenshotDisplayType": "APP_IPHONE_61"}, appStoreVersionLocalization=texts
        ),
        api_writer.post("appPreviewSets", {"previewType": "IPHONE_67"}, appStoreVersionLocalization=texts),
        api_writer.post("appScreenshots", FILE, appScreenshotSet=screenshots),
        api_writer.delete(screenshot),
        api_writer.delete(screenshots),
    ]
    for answer in refused:
        (error,) = answer.json["errors"]
        assert (answer.status, error["code"], error["title"], error["source"]) == (
            409,
            "ENTITY_ERROR.ATTRIBUTE.INVALID.INVALID_STATE",
            "An attribute value is not acceptable for the current resource state.",
            {"pointer": "appScreenshots"},
        )
