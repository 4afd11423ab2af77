"""Apple-hosted background assets: a version is processed once both of its files are uploaded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_asc.emulator.account.app_lookup import owner
from pytest_asc.emulator.account.times import timestamp
from pytest_asc.emulator.resources.hooks import ResourceHooks
from pytest_asc.emulator.resources.state_machine import link, related_many, related_one
from pytest_asc.emulator.resources.uploads import PROCESSING_SECONDS, UPLOAD, commit, errors_of, reserve, state_of
from pytest_asc.emulator.resources.webhook_events import record_creation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_asc.emulator.account.account import Account
    from pytest_asc.emulator.account.store import Resource
    from pytest_asc.emulator.jsonapi.request_validator import ValidatedResource

# Relationship of the version to a file, by the assetType of the file.
_FILE_RELATIONSHIPS = {"ASSET": "assetFile", "MANIFEST": "manifestFile"}


def _after_create_version(account: Account, version: Resource, _entity: ValidatedResource) -> None:
    pack = related_one(account, version, "backgroundAsset")
    number = len(related_many(account, pack, "versions")) if pack else 1
    changes = {"createdDate": timestamp(account.now), "version": str(number), **_state("AWAITING_UPLOAD")}
    account.store.update(version, changes)


def _after_create_file(account: Account, file: Resource, entity: ValidatedResource) -> None:
    reserve(account, file, entity)
    version, relationship = _version_of(account, file), _FILE_RELATIONSHIPS.get(file.attributes["assetType"])
    if version and relationship:
        link(account, version, relationship, file)


def _after_update_file(account: Account, file: Resource, entity: ValidatedResource) -> None:
    before = state_of(file)
    commit(account, file, entity)
    version = _version_of(account, file)
    if version is None or state_of(file) == before:
        return
    files = [related_one(account, version, relationship) for relationship in _FILE_RELATIONSHIPS.values()]
    if all(each and state_of(each) != "AWAITING_UPLOAD" for each in files):
        account.store.update(version, _state("PROCESSING"))
        description = f"backgroundAssetVersions {version.id}: processed"
        account.schedule.call_later(
            PROCESSING_SECONDS, description, lambda: _finish_processing(account, version, files), key=version
        )


def _finish_processing(account: Account, version: Resource, files: list[Resource | None]) -> str:
    errors = [error for file in files if file for error in errors_of(file)]
    account.store.update(version, _state("FAILED" if errors else "COMPLETE", *errors))
    if not errors and related_one(account, version, "internalBetaRelease") is None:
        # The release is created after a successful validation (documented: "Understanding webhook events").
        release = account.create("backgroundAssetVersionInternalBetaReleases", None, {"state": "READY_FOR_TESTING"})
        link(account, version, "internalBetaRelease", release)
        record_creation(account, release)
    return f"backgroundAssetVersions {version.id}: {version.attributes['state']}"


def _version_of(account: Account, file: Resource) -> Resource | None:
    return owner(account.store, "backgroundAssetVersions", "backgroundAssetUploadFiles", file)


def _state(state: str, *errors: Mapping[str, str]) -> dict[str, Any]:
    return {"state": state, "stateDetails": {"errors": list(errors), "warnings": [], "infos": []}}


HOOKS: Mapping[str, ResourceHooks] = {
    "backgroundAssetUploadFiles": UPLOAD._replace(after_create=_after_create_file, after_update=_after_update_file),
    "backgroundAssetVersions": ResourceHooks(after_create=_after_create_version),
}
