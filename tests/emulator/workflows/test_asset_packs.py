from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from emulator.workflows.desk import Desk

    from pytest_asc.emulator.api import Emulator


def send(desk: Desk, version: dict[str, Any], asset: str) -> dict[str, Any]:
    attributes = {"assetType": asset, "fileName": "pack.aar", "fileSize": 4}
    file = desk.made("backgroundAssetUploadFiles", attributes, backgroundAssetVersion=version)
    (operation,) = file["attributes"]["uploadOperations"]
    headers = {header["name"]: header["value"] for header in operation["requestHeaders"]}
    assert desk.bench.send("PUT", operation["url"], headers=headers, body=b"pack").status == 200
    assert desk.change(file, uploaded=True).status == 200
    return file


def state(desk: Desk, version: dict[str, Any]) -> str:
    return str(desk.get(version)["state"])


@pytest.mark.parametrize("outcome", ["COMPLETE", "FAILED"])
def test_a_version_is_processed_when_both_files_are_there(
    desk: Desk, emulator: Emulator, app: dict[str, Any], outcome: str
) -> None:
    pack = desk.made("backgroundAssets", {"assetPackIdentifier": "levels"}, app=app)
    version = desk.made("backgroundAssetVersions", backgroundAsset=pack)
    assert version["attributes"]["version"] == "1"
    asset = send(desk, version, "ASSET")
    emulator.advance()
    assert state(desk, version) == "AWAITING_UPLOAD"
    manifest = send(desk, version, "MANIFEST")
    assert state(desk, version) == "PROCESSING"
    emulator.decide(manifest, outcome)
    assert emulator.advance()[-1] == f"backgroundAssetVersions {version['id']}: {outcome}"
    assert state(desk, version) == outcome
    assert len(desk.get(version)["stateDetails"]["errors"]) == (outcome == "FAILED")
    shown = desk.bench.get(f"/v1/backgroundAssetVersions/{version['id']}?include=assetFile,manifestFile").json
    assert {one["id"] for one in shown["included"]} == {asset["id"], manifest["id"]}
    assert desk.made("backgroundAssetVersions", backgroundAsset=pack)["attributes"]["version"] == "2"
