"""Cases about versions, their localizations and screenshots, and review submissions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from emulator.harness import Answer
    from emulator.recorded.replay import Case, Json, Replay

_CONTACT = {
    "contactFirstName": "Alex",
    "contactLastName": "Example",
    "contactPhone": "+44 844 209 0611",
    "contactEmail": "alex@example.com",
}
_LIVE = {"appStoreState": "READY_FOR_SALE"}


def _new_version(number: str) -> Case:
    def send(replay: Replay) -> Answer:
        app = replay.add("apps")
        replay.add("appStoreVersions", app=app, versionString="1.0")
        return replay.post("appStoreVersions", {"versionString": number, "platform": "IOS"}, app=app)

    return send


def _live(replay: Replay) -> Json:
    """Add a live version with texts and screenshots."""
    return replay.emulator_client.emulator.add_ready_version(None, **_LIVE)


def _texts(replay: Replay, version: Json) -> Json:
    (texts,) = replay.related(version, "appStoreVersionLocalizations")
    return texts


def _version_string(replay: Replay) -> Answer:
    return replay.patch(_live(replay), versionString="2.0")


def _build(replay: Replay) -> Answer:
    version, build = _live(replay), replay.add("builds")
    data = {"type": "builds", "id": build["id"]}
    return replay.send("PATCH", f"/v1/appStoreVersions/{version['id']}/relationships/build", data)


def _support_url(replay: Replay) -> Answer:
    return replay.patch(_texts(replay, _live(replay)), supportUrl="https://example.com/new")


def _first_release_notes(replay: Replay) -> Answer:
    version = replay.emulator_client.emulator.add_ready_version()
    return replay.patch(_texts(replay, version), whatsNew="New.")


def _subtitle(replay: Replay) -> Answer:
    version = _live(replay)
    (info,) = replay.related(version["relationships"]["app"]["data"], "appInfos")
    (localization,) = replay.related(info, "appInfoLocalizations")
    return replay.patch(localization, subtitle="new")


def _screenshot(replay: Replay) -> Answer:
    (screenshots,) = replay.related(_texts(replay, _live(replay)), "appScreenshotSets")
    return replay.post("appScreenshots", {"fileName": "a.png", "fileSize": 1}, appScreenshotSet=screenshots)


def _second_set(replay: Replay) -> Answer:
    texts = _texts(replay, replay.emulator_client.emulator.add_ready_version())
    attributes = {"screenshotDisplayType": "APP_IPHONE_67"}
    return replay.post("appScreenshotSets", attributes, appStoreVersionLocalization=texts)


def _second_locale(replay: Replay) -> Answer:
    version = replay.add("appStoreVersions")
    replay.add("appStoreVersionLocalizations", appStoreVersion=version, locale="ja")
    return replay.post("appStoreVersionLocalizations", {"locale": "ja"}, appStoreVersion=version)


def _review_detail(attributes: Mapping[str, Any], *, second: bool = False) -> Case:
    def send(replay: Replay) -> Answer:
        version = replay.add("appStoreVersions")
        if second:
            replay.add("appStoreReviewDetails", appStoreVersion=version)
        return replay.post("appStoreReviewDetails", attributes, appStoreVersion=version)

    return send


def _long_notes(replay: Replay) -> Answer:
    return replay.patch(replay.add("appStoreReviewDetails"), notes="x" * 4001)


def _beta_review_detail(**attributes: Any) -> Case:
    def send(replay: Replay) -> Answer:
        app = replay.add("apps")
        return replay.patch({"type": "betaAppReviewDetails", "id": app["id"]}, **attributes)

    return send


def _submission(replay: Replay, version: Json) -> Json:
    """Create a submission for the app of a version."""
    return replay.create("reviewSubmissions", {"platform": "IOS"}, app=version["relationships"]["app"]["data"])


def _item(replay: Replay, version: Json) -> Answer:
    return replay.post("reviewSubmissionItems", reviewSubmission=_submission(replay, version), appStoreVersion=version)


def _submitted(replay: Replay) -> Json:
    """Submit a version and return its submission."""
    version = replay.emulator_client.emulator.add_ready_version()
    submission = _submission(replay, version)
    replay.create("reviewSubmissionItems", reviewSubmission=submission, appStoreVersion=version)
    assert replay.patch(submission, submitted=True).status == 200
    return submission


def _no_items(replay: Replay) -> Answer:
    version = replay.add("appStoreVersions", app=replay.add("apps"))
    return replay.patch(_submission(replay, version), submitted=True)


def _never_approved(replay: Replay) -> Answer:
    submission = replay.create("reviewSubmissions", {"platform": "IOS"}, app=replay.add("apps"))
    replay.create("reviewSubmissionItems", reviewSubmission=submission, appEvent=replay.add("appEvents"))
    return replay.patch(submission, submitted=True)


def _not_cancelable(replay: Replay) -> Answer:
    submission = replay.create("reviewSubmissions", {"platform": "IOS"}, app=replay.add("apps"))
    return replay.patch(submission, canceled=True)


def _missing_everything(*required: str, **members: Any) -> Case:
    """Return the case of a version that does not meet a requirement for a review."""

    def send(replay: Replay) -> Answer:
        emulator = replay.emulator_client.emulator
        emulator.review_requirements |= set(required)
        version = replay.add("appStoreVersions", app=replay.add("apps"), **members)
        replay.add("appStoreVersionLocalizations", appStoreVersion=version, locale="en-US")
        build = replay.add("builds", usesNonExemptEncryption=None)
        replay.send(
            "PATCH",
            f"/v1/appStoreVersions/{version['id']}/relationships/build",
            {"type": "builds", "id": build["id"]},
        )
        return _item(replay, version)

    return send


def _upload_in_progress(replay: Replay) -> Answer:
    version = replay.emulator_client.emulator.add_ready_version()
    (screenshots,) = replay.related(_texts(replay, version), "appScreenshotSets")
    replay.create("appScreenshots", {"fileName": "a.png", "fileSize": 1}, appScreenshotSet=screenshots)
    return _item(replay, version)


def _update_without_news(replay: Replay) -> Answer:
    app = replay.add("apps")
    replay.add("appStoreVersions", app=app, **_LIVE)
    version = replay.emulator_client.emulator.add_ready_version(app)
    replay.patch(_texts(replay, version), whatsNew=None)
    return _item(replay, version)


def _in_another_submission(replay: Replay) -> Answer:
    version = replay.emulator_client.emulator.add_ready_version()
    assert _item(replay, version).status == 201
    return _item(replay, version)


def _same_submission(*, other_version: bool) -> Case:
    def send(replay: Replay) -> Answer:
        emulator = replay.emulator_client.emulator
        version = emulator.add_ready_version()
        submission = _submission(replay, version)
        replay.create("reviewSubmissionItems", reviewSubmission=submission, appStoreVersion=version)
        if other_version:
            version = emulator.add_ready_version(version["relationships"]["app"]["data"], platform="TV_OS")
        return replay.post("reviewSubmissionItems", reviewSubmission=submission, appStoreVersion=version)

    return send


def _submitted_item(replay: Replay) -> Answer:
    (item,) = replay.related(_submitted(replay), "items")
    return replay.delete(item)


def _sixth(replay: Replay) -> Answer:
    app = replay.add("apps")
    for _ in range(5):
        replay.create("reviewSubmissions", {"platform": "IOS"}, app=app)
    return replay.post("reviewSubmissions", {"platform": "IOS"}, app=app)


def _same_phase(replay: Replay) -> Answer:
    version = replay.add("appStoreVersions", appStoreState="PENDING_DEVELOPER_RELEASE")
    phased_release = replay.create("appStoreVersionPhasedReleases", appStoreVersion=version)
    return replay.patch(phased_release, phasedReleaseState="INACTIVE")


def _unknown_app(replay: Replay) -> Answer:
    app = {"type": "apps", "id": "00000000-0000-0000-0000-000000000000"}
    return replay.post("reviewSubmissions", {"platform": "IOS"}, app=app)


def _version_for_review(replay: Replay) -> Answer:
    version = replay.add("appStoreVersions", app=replay.add("apps"))
    app = version["relationships"]["app"]["data"]
    return replay.post("reviewSubmissions", {"platform": "IOS"}, app=app, appStoreVersionForReview=version)


def _subscription_item(replay: Replay) -> Answer:
    submission = replay.create("reviewSubmissions", {"platform": "IOS"}, app=replay.add("apps"))
    return replay.post("reviewSubmissionItems", reviewSubmission=submission, subscription=replay.add("subscriptions"))


def _another_in_progress(replay: Replay) -> Answer:
    version = _live(replay)
    first, second = (_submission(replay, version) for _ in range(2))
    for submission in (first, second):
        replay.create("reviewSubmissionItems", reviewSubmission=submission, appEvent=replay.add("appEvents"))
    assert replay.patch(first, submitted=True).status == 200
    return replay.patch(second, submitted=True)


def _withdrawn(replay: Replay) -> Answer:
    version = replay.emulator_client.emulator.add_ready_version()
    submission = _submission(replay, version)
    replay.create("reviewSubmissionItems", reviewSubmission=submission, appStoreVersion=version)
    assert replay.patch(submission, submitted=True).status == 200
    assert replay.patch(submission, canceled=True).status == 200
    return _item(replay, version)


CASES: Mapping[int, Case] = {
    1: _new_version("1.1"),
    2: _version_string,
    3: _build,
    4: _support_url,
    5: _first_release_notes,
    6: _subtitle,
    7: _screenshot,
    8: _second_set,
    9: _second_locale,
    10: _review_detail(_CONTACT, second=True),
    11: _review_detail({"contactEmail": "alex@example.com"}),
    12: _long_notes,
    13: _review_detail({**_CONTACT, "contactPhone": "+81 90 0000 0000"}),
    14: _beta_review_detail(**{**_CONTACT, "contactPhone": "+81 90 0000 0000"}),
    15: _beta_review_detail(**{name: value for name, value in _CONTACT.items() if name != "contactPhone"}),
    16: _no_items,
    17: _never_approved,
    18: _not_cancelable,
    19: _another_in_progress,
    20: _withdrawn,
    21: _missing_everything(),
    22: _missing_everything(),
    23: _missing_everything("ipad-screenshots"),
    24: _missing_everything("watch-screenshots"),
    25: _upload_in_progress,
    26: _missing_everything("privacy-answers"),
    27: _missing_everything(),
    28: _missing_everything(),
    29: _missing_everything(),
    30: _missing_everything(),
    31: _missing_everything(),
    32: _missing_everything(),
    33: _missing_everything("tracking-answers"),
    34: _missing_everything("medical-device-declaration"),
    35: _update_without_news,
    36: _missing_everything(),
    38: _in_another_submission,
    39: _same_submission(other_version=False),
    40: _same_submission(other_version=True),
    41: _submitted_item,
    42: _sixth,
    43: _unknown_app,
    44: _version_for_review,
    45: _subscription_item,
    136: _same_phase,
}
"""Cases by the number of the line."""

DIFFERENCES: Mapping[int, str] = {
    22: "iPhones of 5.5 inches were required at the time; the emulator asks for those of today",
}
"""Reasons why the emulator responds differently, by the number of the line."""
