"""Builds that are uploaded with the API: when the file of one has come, the build appears."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_asc.emulator.relations import relation
from pytest_asc.emulator.reports.links import owner, related
from pytest_asc.emulator.values import timestamp
from pytest_asc.emulator.workflows.hooks import Workflow
from pytest_asc.emulator.workflows.uploads import PROCESSING, UPLOAD, commit, reserve, state_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_asc.emulator.account import Account
    from pytest_asc.emulator.entities import Entity
    from pytest_asc.emulator.store import Resource

# The relationship that shows a file, by what the file is.
_SLOTS = {"ASSET": "assetFile", "ASSET_DESCRIPTION": "assetDescriptionFile", "ASSET_SPI": "assetSpiFile"}


def _begin(account: Account, upload: Resource, _entity: Entity) -> None:
    account.store.update(upload, {"createdDate": timestamp(account.now), "state": _state("AWAITING_UPLOAD")})


def _reserve(account: Account, file: Resource, entity: Entity) -> None:
    reserve(account, file, entity)
    upload = owner(account.store, "buildUploads", "buildUploadFiles", file)
    if upload:
        _relate(account, upload, _SLOTS[file.attributes["assetType"]], file)


def _commit(account: Account, file: Resource, entity: Entity) -> None:
    before = state_of(file)
    commit(account, file, entity)
    upload = owner(account.store, "buildUploads", "buildUploadFiles", file)
    # What the other files say of the build is not waited for (inferred).
    if upload is None or state_of(file) == before or file.attributes["assetType"] != "ASSET":
        return
    account.store.update(upload, {"uploadedDate": timestamp(account.now), "state": _state("PROCESSING")})
    account.schedule.at(PROCESSING, f"buildUploads {upload.id}: processed", lambda: _process(account, upload, file))


def _process(account: Account, upload: Resource, file: Resource) -> None:
    app = owner(account.store, "apps", "buildUploads", upload)
    if app is None or account.store.get(upload.type, upload.id) is not upload:  # deleted in the meantime
        return
    error = _error(account, app, upload, file)
    account.store.update(upload, {"state": _state("FAILED", error) if error else _state("COMPLETE")})
    if not error:
        _appear(account, app, upload)


def _error(account: Account, app: Resource, upload: Resource, file: Resource) -> Mapping[str, str] | None:
    """Why there can be no build: the file is spoilt, or its number was used before."""
    if state_of(file) == "FAILED":
        return file.attributes["assetDeliveryState"]["errors"][0]  # type: ignore[no-any-return]
    version, number = _version(account, app, upload), upload.attributes["cfBundleVersion"]
    over = relation("preReleaseVersions", "builds")
    builds = account.store.related(version, over) if version and over else []
    if all(build.attributes["version"] != number for build in builds):
        return None
    text = upload.attributes["cfBundleShortVersionString"]
    return {  # code and words as Apple's tools were seen to print them
        "code": "90189",
        "description": f"Redundant Binary Upload. You've already uploaded a build with build number '{number}' for "
        f"version number '{text}'. Make sure you increment the build string before you upload your app to App Store "
        "Connect.",
    }


def _appear(account: Account, app: Resource, upload: Resource) -> None:
    """Add the build, with the id of its upload (observed)."""
    identifier = None if account.store.get("builds", upload.id) else upload.id
    number = upload.attributes["cfBundleVersion"]
    build = account.create("builds", identifier, {"version": number, "processingState": "PROCESSING"})
    version = _version(account, app, upload)
    if version is None:
        text, platform = upload.attributes["cfBundleShortVersionString"], upload.attributes["platform"]
        version = account.create("preReleaseVersions", None, {"version": text, "platform": platform})
        _relate(account, version, "app", app)
    _relate(account, build, "app", app)
    _relate(account, build, "preReleaseVersion", version)
    _relate(account, build, "buildUpload", upload)
    account.schedule.at(PROCESSING, f"builds {build.id}: VALID", lambda: _finish(account, build))


def _finish(account: Account, build: Resource) -> None:
    if account.store.get(build.type, build.id) is build:
        account.store.update(build, {"processingState": "VALID"})


def _version(account: Account, app: Resource, upload: Resource) -> Resource | None:
    """The version that the builds of an upload belong to, if there is one."""
    wanted = {"version": upload.attributes["cfBundleShortVersionString"], "platform": upload.attributes["platform"]}
    for version in account.store.all("preReleaseVersions"):
        if related(account.store, version, "app") is app and wanted.items() <= version.attributes.items():
            return version
    return None


def _state(state: str, *errors: Mapping[str, str]) -> dict[str, Any]:
    return {"errors": list(errors), "warnings": [], "infos": [], "state": state}


def _relate(account: Account, resource: Resource, name: str, other: Resource) -> None:
    over = relation(resource.type, name)
    if over:
        account.store.relate(resource, over, [other.id])


WORKFLOWS: Mapping[str, Workflow] = {
    "buildUploads": Workflow(created=_begin),
    "buildUploadFiles": UPLOAD._replace(created=_reserve, updated=_commit),
}
