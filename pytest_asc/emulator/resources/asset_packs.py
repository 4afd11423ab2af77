"""Apple-hosted asset packs: a version is processed when both of its files have come."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_asc.emulator.account.times import timestamp
from pytest_asc.emulator.reports.app_lookup import owner
from pytest_asc.emulator.resources.hooks import ResourceHooks
from pytest_asc.emulator.resources.state_machine import link, one, related_many
from pytest_asc.emulator.resources.uploads import PROCESSING, UPLOAD, commit, errors_of, reserve, state_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_asc.emulator.account.account import Account
    from pytest_asc.emulator.account.store import Resource
    from pytest_asc.emulator.jsonapi.request_validator import ValidatedResource

# The relationship that shows a file, by what the file is.
_SLOTS = {"ASSET": "assetFile", "MANIFEST": "manifestFile"}


def _begin(account: Account, version: Resource, _entity: ValidatedResource) -> None:
    pack = one(account, version, "backgroundAsset")
    number = len(related_many(account, pack, "versions")) if pack else 1
    changes = {"createdDate": timestamp(account.now), "version": str(number), **_state("AWAITING_UPLOAD")}
    account.store.update(version, changes)


def _reserve(account: Account, file: Resource, entity: ValidatedResource) -> None:
    reserve(account, file, entity)
    version, slot = _version_of(account, file), _SLOTS.get(file.attributes["assetType"])
    if version and slot:
        link(account, version, slot, file)


def _commit(account: Account, file: Resource, entity: ValidatedResource) -> None:
    before = state_of(file)
    commit(account, file, entity)
    version = _version_of(account, file)
    if version is None or state_of(file) == before:
        return
    files = [one(account, version, slot) for slot in _SLOTS.values()]
    if all(each and state_of(each) != "AWAITING_UPLOAD" for each in files):
        account.store.update(version, _state("PROCESSING"))
        what = f"backgroundAssetVersions {version.id}: processed"
        account.schedule.at(PROCESSING, what, lambda: _process(account, version, files), of=version)


def _process(account: Account, version: Resource, files: list[Resource | None]) -> str:
    errors = [error for file in files if file for error in errors_of(file)]
    account.store.update(version, _state("FAILED" if errors else "COMPLETE", *errors))
    return f"backgroundAssetVersions {version.id}: {version.attributes['state']}"


def _version_of(account: Account, file: Resource) -> Resource | None:
    return owner(account.store, "backgroundAssetVersions", "backgroundAssetUploadFiles", file)


def _state(state: str, *errors: Mapping[str, str]) -> dict[str, Any]:
    return {"state": state, "stateDetails": {"errors": list(errors), "warnings": [], "infos": []}}


HOOKS: Mapping[str, ResourceHooks] = {
    "backgroundAssetUploadFiles": UPLOAD._replace(created=_reserve, updated=_commit),
    "backgroundAssetVersions": ResourceHooks(created=_begin),
}
