from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from emulator.resources.api_writer import ApiWriter

    from pytest_asc.emulator.app import Emulator


def upload_file(api_writer: ApiWriter, version: dict[str, Any], asset: str) -> dict[str, Any]:
    attributes = {"assetType": asset, "fileName": "pack.aar", "fileSize": 4}
    file = api_writer.create("backgroundAssetUploadFiles", attributes, backgroundAssetVersion=version)
    (operation,) = file["attributes"]["uploadOperations"]
    headers = {header["name"]: header["value"] for header in operation["requestHeaders"]}
    assert api_writer.emulator_client.send("PUT", operation["url"], headers=headers, body=b"pack").status == 200
    assert api_writer.patch(file, uploaded=True).status == 200
    return file


def state(api_writer: ApiWriter, version: dict[str, Any]) -> str:
    return str(api_writer.get(version)["state"])


@pytest.mark.parametrize("outcome", ["COMPLETE", "FAILED"])
def test_a_version_is_processed_when_both_files_are_uploaded(
    api_writer: ApiWriter, emulator: Emulator, app: dict[str, Any], outcome: str
) -> None:
    pack = api_writer.create("backgroundAssets", {"assetPackIdentifier": "levels"}, app=app)
    version = api_writer.create("backgroundAssetVersions", backgroundAsset=pack)
    assert version["attributes"]["version"] == "1"
    asset = upload_file(api_writer, version, "ASSET")
    emulator.advance()
    assert state(api_writer, version) == "AWAITING_UPLOAD"
    manifest = upload_file(api_writer, version, "MANIFEST")
    assert state(api_writer, version) == "PROCESSING"
    emulator.decide(manifest, outcome)
    assert emulator.advance()[-1] == f"backgroundAssetVersions {version['id']}: {outcome}"
    assert state(api_writer, version) == outcome
    assert len(api_writer.get(version)["stateDetails"]["errors"]) == (outcome == "FAILED")
    shown = api_writer.emulator_client.get(
        f"/v1/backgroundAssetVersions/{version['id']}?include=assetFile,manifestFile"
    ).json
    assert {one["id"] for one in shown["included"]} == {asset["id"], manifest["id"]}
    assert api_writer.create("backgroundAssetVersions", backgroundAsset=pack)["attributes"]["version"] == "2"
