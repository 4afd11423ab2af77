"""Cases about TestFlight and existing builds."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from emulator.harness import Answer
    from emulator.recorded.replay import Case, Json, Replay


def _build(replay: Replay, *, app: Json | None = None) -> Json:
    app = app or replay.add("apps")
    return replay.add("builds", app=app, usesNonExemptEncryption=False)


def _tester_in_group(replay: Replay) -> Answer:
    group = replay.add("betaGroups", app=replay.add("apps"))
    tester = replay.create("betaTesters", {"email": "alex@example.com"}, betaGroups=[group])
    return replay.add_related(group, "betaTesters", tester)


def _other_build_in_review(replay: Replay) -> Answer:
    version = replay.add("preReleaseVersions", app=replay.add("apps"))
    first, second = (
        replay.add("builds", preReleaseVersion=version, usesNonExemptEncryption=False, version=number)
        for number in ("1", "2")
    )
    replay.create("betaAppReviewSubmissions", build=first)
    return replay.post("betaAppReviewSubmissions", build=second)


def _second_review(replay: Replay) -> Answer:
    build = _build(replay)
    replay.create("betaAppReviewSubmissions", build=build)
    return replay.post("betaAppReviewSubmissions", build=build)


def _invitation(state: str) -> Case:
    def send(replay: Replay) -> Answer:
        app = replay.add("apps")
        group = replay.add("betaGroups", app=app)
        tester = replay.add("betaTesters", betaGroups=[group], state=state)
        return replay.post("betaTesterInvitations", app=app, betaTester=tester)

    return send


def _notification(replay: Replay) -> Answer:
    return replay.post("buildBetaNotifications", build=_build(replay))


def _group_with_all_builds(replay: Replay) -> Answer:
    app = replay.add("apps")
    group = replay.add("betaGroups", app=app, isInternalGroup=True, hasAccessToAllBuilds=True)
    return replay.add_related(group, "builds", _build(replay, app=app))


def _second_answer(replay: Replay) -> Answer:
    return replay.patch(_build(replay), usesNonExemptEncryption=True)


def _second_beta_locale(replay: Replay) -> Answer:
    app = replay.add("apps")
    replay.create("betaAppLocalizations", {"locale": "fr-FR"}, app=app)
    return replay.post("betaAppLocalizations", {"locale": "fr-fr"}, app=app)


def _unknown_beta_locale(replay: Replay) -> Answer:
    return replay.post("betaBuildLocalizations", {"locale": "nb"}, build=_build(replay))


def _what_to_test(text: str) -> Case:
    def send(replay: Replay) -> Answer:
        localization = replay.create("betaBuildLocalizations", {"locale": "en-US"}, build=_build(replay))
        return replay.patch(localization, whatsNew=text)

    return send


def _planned(code: str) -> Case:
    """Return the case of an error whose reason is not in the account, so that it has to be planned."""

    def send(replay: Replay) -> Answer:
        code_of_review = f"ENTITY_UNPROCESSABLE.{code}"
        replay.emulator_client.emulator.fail("POST", "/v1/betaAppReviewSubmissions", status=422, code=code_of_review)
        return replay.post("betaAppReviewSubmissions", build=_build(replay))

    return send


_UPLOAD = {"cfBundleShortVersionString": "1.0", "cfBundleVersion": "1", "platform": "IOS"}


def _used_build_number(replay: Replay) -> Answer:
    app = replay.add("apps")
    version = replay.add("preReleaseVersions", app=app, version="1.0", platform="IOS")
    replay.add("builds", app=app, preReleaseVersion=version, version="1")
    return replay.post("buildUploads", _UPLOAD, app=app)


def _complete_upload(replay: Replay) -> Answer:
    state = {"state": "COMPLETE", "errors": [], "warnings": [], "infos": []}
    upload = replay.add("buildUploads", state=state)
    file = {"assetType": "ASSET", "fileName": "Lists.ipa", "fileSize": 1, "uti": "com.apple.ipa"}
    return replay.post("buildUploadFiles", file, buildUpload=upload)


CASES: Mapping[int, Case] = {
    121: _second_beta_locale,
    122: _unknown_beta_locale,
    123: _what_to_test("New 😀"),
    124: _what_to_test("a" * 4160),
    125: _tester_in_group,
    126: _planned("BETA_CONTRACT_MISSING"),
    127: _planned("SUBMISSION_LIMIT_REACHED"),
    128: _planned("BUILD_SDK_NOT_ALLOWED_FOR_EXTERNAL_TESTING"),
    129: _other_build_in_review,
    130: _second_review,
    131: _invitation("ACCEPTED"),
    132: _invitation("NOT_INVITED"),
    133: _notification,
    134: _group_with_all_builds,
    135: _second_answer,
    137: _used_build_number,
    138: _complete_upload,
}
"""Cases by the number of the line."""

DIFFERENCES: Mapping[int, str] = {
    133: "contradicts itself: the status is 422, that in the error 409",
}
"""Reasons why the emulator responds differently, by the number of the line."""
