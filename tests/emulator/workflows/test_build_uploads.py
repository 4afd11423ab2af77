from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from emulator.workflows.desk import Desk

    from pytest_asc.emulator.api import Emulator

FILE = b"a build"
MD5 = "e230eabc2ad52628f76f46b18025eaf1"


def begin(desk: Desk, app: dict[str, Any], number: str = "7") -> dict[str, Any]:
    version = {"cfBundleShortVersionString": "1.0", "cfBundleVersion": number, "platform": "IOS"}
    return desk.made("buildUploads", version, app=app)


def send(desk: Desk, upload: dict[str, Any], asset: str = "ASSET", **commit: Any) -> dict[str, Any]:
    """Upload one file of a build."""
    attributes = {"assetType": asset, "fileName": "Lists.ipa", "fileSize": len(FILE), "uti": "com.apple.ipa"}
    file = desk.made("buildUploadFiles", attributes, buildUpload=upload)
    for operation in file["attributes"]["uploadOperations"]:
        headers = {header["name"]: header["value"] for header in operation["requestHeaders"]}
        part = FILE[operation["offset"] :][: operation["length"]]
        assert desk.bench.send("PUT", operation["url"], headers=headers, body=part).status == 200
    assert desk.change(file, uploaded=True, **commit).status == 200
    return file


def state(desk: Desk, upload: dict[str, Any]) -> str:
    return str(desk.get(upload)["state"]["state"])


def test_a_build_appears(desk: Desk, emulator: Emulator, app: dict[str, Any]) -> None:
    upload = begin(desk, app)
    assert state(desk, upload) == "AWAITING_UPLOAD"
    file = send(desk, upload)
    assert state(desk, upload) == "PROCESSING"
    emulator.advance(60)
    assert state(desk, upload) == "COMPLETE"
    (build,) = desk.related(app, "builds")
    assert build["id"] == upload["id"]
    assert (build["attributes"]["version"], build["attributes"]["processingState"]) == ("7", "PROCESSING")
    emulator.advance()
    assert desk.get(build)["processingState"] == "VALID"
    assert desk.get(build, "preReleaseVersion") == {"version": "1.0", "platform": "IOS"}
    shown = desk.bench.get(f"/v1/buildUploads/{upload['id']}?include=assetFile,build").json
    assert {one["id"] for one in shown["included"]} == {file["id"], build["id"]}


def test_what_its_operations_have_beside(desk: Desk, emulator: Emulator, app: dict[str, Any]) -> None:
    emulator.part_size = 4
    attributes = {"assetType": "ASSET", "fileName": "Lists.ipa", "fileSize": 7, "uti": "com.apple.ipa"}
    file = desk.made("buildUploadFiles", attributes, buildUpload=begin(desk, app))
    told = [(one["partNumber"], one["expiration"], one["entityTag"]) for one in file["attributes"]["uploadOperations"]]
    assert told == [(1, "2026-06-04T12:26:40-08:00", None), (2, "2026-06-04T12:26:40-08:00", None)]


def test_builds_of_a_version_go_together(desk: Desk, emulator: Emulator, app: dict[str, Any]) -> None:
    for number in ("7", "8"):
        send(desk, begin(desk, app, number))
        emulator.advance()
    (version,) = desk.related(app, "preReleaseVersions")
    assert [build["attributes"]["version"] for build in desk.related(version, "builds")] == ["7", "8"]


def test_a_number_is_good_for_one_build(desk: Desk, emulator: Emulator, app: dict[str, Any]) -> None:
    send(desk, begin(desk, app))
    emulator.advance()
    again = begin(desk, app)
    send(desk, again)
    emulator.advance()
    told = desk.get(again)["state"]
    assert (told["state"], [error["code"] for error in told["errors"]]) == ("FAILED", ["90189"])
    assert len(desk.related(app, "builds")) == 1


def test_the_other_files_make_no_build(desk: Desk, emulator: Emulator, app: dict[str, Any]) -> None:
    upload = begin(desk, app)
    send(desk, upload, "ASSET_DESCRIPTION")
    emulator.advance()
    assert state(desk, upload) == "AWAITING_UPLOAD"
    assert desk.related(app, "builds") == []


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
def test_checksums_of_builds(
    desk: Desk, emulator: Emulator, app: dict[str, Any], checksum: dict[str, str] | None, outcome: str
) -> None:
    upload = begin(desk, app)
    send(desk, upload, sourceFileChecksums={"file": checksum})
    emulator.advance()
    assert state(desk, upload) == outcome


def test_what_is_deleted_becomes_no_build(desk: Desk, emulator: Emulator, app: dict[str, Any]) -> None:
    upload = begin(desk, app)
    send(desk, upload)
    assert desk.delete(upload).status == 204
    emulator.advance()
    assert desk.related(app, "builds") == []


def test_an_upload_of_no_app(desk: Desk, emulator: Emulator) -> None:
    upload = emulator.add("buildUploads", cfBundleShortVersionString="1.0", cfBundleVersion="7")
    send(desk, upload)
    emulator.advance()
    assert state(desk, upload) == "COMPLETE"
    assert desk.bench.get("/v1/builds").ids == []
