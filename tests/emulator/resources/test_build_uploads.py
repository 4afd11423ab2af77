from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from emulator.resources.api_writer import ApiWriter

    from pytest_asc.emulator.app import Emulator

FILE = b"a build"
MD5 = "e230eabc2ad52628f76f46b18025eaf1"


def create_upload(api_writer: ApiWriter, app: dict[str, Any], number: str = "7") -> dict[str, Any]:
    version = {"cfBundleShortVersionString": "1.0", "cfBundleVersion": number, "platform": "IOS"}
    return api_writer.create("buildUploads", version, app=app)


def upload_file(api_writer: ApiWriter, upload: dict[str, Any], asset: str = "ASSET", **commit: Any) -> dict[str, Any]:
    """Upload and commit one file of a build."""
    attributes = {"assetType": asset, "fileName": "Lists.ipa", "fileSize": len(FILE), "uti": "com.apple.ipa"}
    file = api_writer.create("buildUploadFiles", attributes, buildUpload=upload)
    for operation in file["attributes"]["uploadOperations"]:
        headers = {header["name"]: header["value"] for header in operation["requestHeaders"]}
        part = FILE[operation["offset"] :][: operation["length"]]
        assert api_writer.emulator_client.send("PUT", operation["url"], headers=headers, body=part).status == 200
    assert api_writer.patch(file, uploaded=True, **commit).status == 200
    return file


def state(api_writer: ApiWriter, upload: dict[str, Any]) -> str:
    return str(api_writer.get(upload)["state"]["state"])


def test_a_committed_upload_creates_a_build(api_writer: ApiWriter, emulator: Emulator, app: dict[str, Any]) -> None:
    upload = create_upload(api_writer, app)
    assert state(api_writer, upload) == "AWAITING_UPLOAD"
    file = upload_file(api_writer, upload)
    assert state(api_writer, upload) == "PROCESSING"
    emulator.advance(60)
    assert state(api_writer, upload) == "COMPLETE"
    (build,) = api_writer.related(app, "builds")
    assert build["id"] == upload["id"]
    assert (build["attributes"]["version"], build["attributes"]["processingState"]) == ("7", "PROCESSING")
    emulator.advance()
    assert api_writer.get(build)["processingState"] == "VALID"
    assert api_writer.get(build, "preReleaseVersion") == {"version": "1.0", "platform": "IOS"}
    shown = api_writer.emulator_client.get(f"/v1/buildUploads/{upload['id']}?include=assetFile,build").json
    assert {one["id"] for one in shown["included"]} == {file["id"], build["id"]}


def test_upload_operations_have_part_number_and_expiration(
    api_writer: ApiWriter, emulator: Emulator, app: dict[str, Any]
) -> None:
    emulator.part_size = 4
    attributes = {"assetType": "ASSET", "fileName": "Lists.ipa", "fileSize": 7, "uti": "com.apple.ipa"}
    file = api_writer.create("buildUploadFiles", attributes, buildUpload=create_upload(api_writer, app))
    shown = [(one["partNumber"], one["expiration"], one["entityTag"]) for one in file["attributes"]["uploadOperations"]]
    assert shown == [(1, "2026-06-04T13:26:40-07:00", None), (2, "2026-06-04T13:26:40-07:00", None)]


def test_builds_of_the_same_version_share_a_prerelease_version(
    api_writer: ApiWriter, emulator: Emulator, app: dict[str, Any]
) -> None:
    for number in ("7", "8"):
        upload_file(api_writer, create_upload(api_writer, app, number))
        emulator.advance()
    (version,) = api_writer.related(app, "preReleaseVersions")
    assert [build["attributes"]["version"] for build in api_writer.related(version, "builds")] == ["7", "8"]


def test_a_second_upload_with_the_same_build_number_fails(
    api_writer: ApiWriter, emulator: Emulator, app: dict[str, Any]
) -> None:
    first, again = create_upload(api_writer, app), create_upload(api_writer, app)
    upload_file(api_writer, first)
    emulator.advance()
    upload_file(api_writer, again)
    emulator.advance()
    shown = api_writer.get(again)["state"]
    assert (shown["state"], [error["code"] for error in shown["errors"]]) == ("FAILED", ["90189"])
    assert len(api_writer.related(app, "builds")) == 1


@pytest.mark.parametrize(
    ("number", "previous"),
    [
        ("7", "7"),
        ("6", "7"),
        ("007", "7"),
        ("7.0", "7"),
        ("8", None),
        ("10", None),
        ("7.0.1", None),
        ("1" * 9999, None),
    ],
)
def test_a_build_number_must_be_higher_than_the_previous_one_of_its_version(
    api_writer: ApiWriter, emulator: Emulator, app: dict[str, Any], number: str, previous: str | None
) -> None:
    version = emulator.add("preReleaseVersions", app=app, version="1.0", platform="IOS")
    for used in ("3", "7"):
        emulator.add("builds", app=app, preReleaseVersion=version, version=used)
    attributes = {"cfBundleShortVersionString": "1.0", "cfBundleVersion": number, "platform": "IOS"}
    answer = api_writer.post("buildUploads", attributes, app=app)
    assert answer.status == (409 if previous else 201)
    if previous:
        (error,) = answer.json["errors"]
        assert error["code"] == "ENTITY_ERROR.ATTRIBUTE.INVALID.DUPLICATE"
        assert error["detail"] == "The bundle version must be higher than the previously uploaded version."
        assert error["source"] == {"pointer": "/data/attributes/cfBundleVersion"}
        assert error["meta"] == {"previousBundleVersion": previous}
    for other in ({"cfBundleShortVersionString": "1.1"}, {"platform": "MAC_OS"}):
        assert api_writer.post("buildUploads", {**attributes, **other}, app=app).status == 201


def test_a_failed_upload_uses_up_its_build_number(
    api_writer: ApiWriter, emulator: Emulator, app: dict[str, Any]
) -> None:
    emulator.decide("buildUploadFiles", "FAILED")
    upload_file(api_writer, create_upload(api_writer, app))
    emulator.advance()
    assert api_writer.related(app, "builds") == []
    version = {"cfBundleShortVersionString": "1.0", "cfBundleVersion": "7", "platform": "IOS"}
    assert api_writer.post("buildUploads", version, app=app).status == 409


def test_a_complete_upload_accepts_no_further_files(
    api_writer: ApiWriter, emulator: Emulator, app: dict[str, Any]
) -> None:
    upload = create_upload(api_writer, app)
    upload_file(api_writer, upload)
    emulator.advance(60)
    attributes = {"assetType": "ASSET", "fileName": "Lists.ipa", "fileSize": 1, "uti": "com.apple.ipa"}
    answer = api_writer.post("buildUploadFiles", attributes, buildUpload=upload)
    assert (answer.status, answer.codes) == (409, ["ENTITY_ERROR.RELATIONSHIP.INVALID.INVALID_STATE"])
    assert answer.json["errors"][0]["source"] == {"pointer": "/data/relationships/buildUpload"}


def test_a_processed_build_has_a_localization_for_the_locale_of_the_app(
    api_writer: ApiWriter, emulator: Emulator, app: dict[str, Any]
) -> None:
    upload_file(api_writer, create_upload(api_writer, app))
    emulator.advance()
    (build,) = api_writer.related(app, "builds")
    (localization,) = api_writer.related(build, "betaBuildLocalizations")
    assert (localization["attributes"]["locale"], localization["attributes"]["whatsNew"]) == ("en-US", None)
    assert api_writer.post("betaBuildLocalizations", {"locale": "en-US"}, build=build).status == 409
    assert api_writer.patch(localization, whatsNew="Try the lists.").status == 200


def test_a_description_file_without_an_asset_creates_no_build(
    api_writer: ApiWriter, emulator: Emulator, app: dict[str, Any]
) -> None:
    upload = create_upload(api_writer, app)
    upload_file(api_writer, upload, "ASSET_DESCRIPTION")
    emulator.advance()
    assert state(api_writer, upload) == "AWAITING_UPLOAD"
    assert api_writer.related(app, "builds") == []


@pytest.mark.parametrize(
    ("checksum", "outcome"),
    [
        ({"hash": MD5[::-1], "algorithm": "MD5"}, "FAILED"),
        ({"hash": MD5, "algorithm": "MD5"}, "COMPLETE"),
        ({"hash": MD5.upper(), "algorithm": "MD5"}, "COMPLETE"),
        ({"hash": "00", "algorithm": "SHA_256"}, "FAILED"),
        (None, "COMPLETE"),
    ],
)
def test_the_checksums_of_an_upload_are_verified(
    api_writer: ApiWriter, emulator: Emulator, app: dict[str, Any], checksum: dict[str, str] | None, outcome: str
) -> None:
    upload = create_upload(api_writer, app)
    upload_file(api_writer, upload, sourceFileChecksums={"file": checksum})
    emulator.advance()
    assert state(api_writer, upload) == outcome


def test_a_deleted_upload_creates_no_build(api_writer: ApiWriter, emulator: Emulator, app: dict[str, Any]) -> None:
    upload = create_upload(api_writer, app)
    upload_file(api_writer, upload)
    assert api_writer.delete(upload).status == 204
    emulator.advance()
    assert api_writer.related(app, "builds") == []


def test_an_upload_without_an_app_completes_without_a_build(api_writer: ApiWriter, emulator: Emulator) -> None:
    upload = emulator.add("buildUploads", cfBundleShortVersionString="1.0", cfBundleVersion="7")
    upload_file(api_writer, upload)
    emulator.advance()
    assert state(api_writer, upload) == "COMPLETE"
    assert api_writer.emulator_client.get("/v1/builds").ids == []
