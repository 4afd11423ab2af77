"""Builds that are uploaded with the API: when the file of one has come, the build appears."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_asc.emulator.account.times import timestamp
from pytest_asc.emulator.reports.app_lookup import owner
from pytest_asc.emulator.resources.builds import process
from pytest_asc.emulator.resources.hooks import ResourceHooks
from pytest_asc.emulator.resources.state_machine import link, matches, related_many
from pytest_asc.emulator.resources.uploads import PROCESSING, UPLOAD, commit, errors_of, reserve, state_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_asc.emulator.account.account import Account
    from pytest_asc.emulator.account.store import Resource
    from pytest_asc.emulator.jsonapi.request_validator import ValidatedResource

# The relationship that shows a file, by what the file is.
_SLOTS = {"ASSET": "assetFile", "ASSET_DESCRIPTION": "assetDescriptionFile", "ASSET_SPI": "assetSpiFile"}


def _begin(account: Account, upload: Resource, _entity: ValidatedResource) -> None:
    account.store.update(upload, {"createdDate": timestamp(account.now), "state": _state("AWAITING_UPLOAD")})


def _reserve(account: Account, file: Resource, entity: ValidatedResource) -> None:
    reserve(account, file, entity)
    upload = owner(account.store, "buildUploads", "buildUploadFiles", file)
    slot = _SLOTS.get(file.attributes["assetType"])
    if upload and slot:
        link(account, upload, slot, file)


def _commit(account: Account, file: Resource, entity: ValidatedResource) -> None:
    before = state_of(file)
    commit(account, file, entity)
    upload = owner(account.store, "buildUploads", "buildUploadFiles", file)
    # What the other files say of the build is not waited for (inferred).
    if upload is None or state_of(file) == before or file.attributes["assetType"] != "ASSET":
        return
    account.store.update(upload, {"uploadedDate": timestamp(account.now), "state": _state("PROCESSING")})
    what = f"buildUploads {upload.id}: processed"
    account.schedule.at(PROCESSING, what, lambda: _process(account, upload, file), of=upload)


def _process(account: Account, upload: Resource, file: Resource) -> str:
    app = owner(account.store, "apps", "buildUploads", upload)
    error = _error(account, app, upload, file)
    account.store.update(upload, {"state": _state("FAILED", error) if error else _state("COMPLETE")})
    if app and not error:  # a test can have put an upload there that is of no app
        _appear(account, app, upload)
    return f"buildUploads {upload.id}: {'FAILED' if error else 'COMPLETE'}"


def _error(account: Account, app: Resource | None, upload: Resource, file: Resource) -> Mapping[str, str] | None:
    """Why there can be no build: the file is spoilt, or its number was used before."""
    if state_of(file) == "FAILED":
        return errors_of(file)[0]
    version, number = _version(account, app, upload), upload.attributes["cfBundleVersion"]
    if version is None or not any(matches(build, version=number) for build in related_many(account, version, "builds")):
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
    build = account.create("builds", identifier, {"version": number})
    version = _version(account, app, upload)
    if version is None:
        text, platform = upload.attributes["cfBundleShortVersionString"], upload.attributes["platform"]
        version = account.create("preReleaseVersions", None, {"version": text, "platform": platform})
        link(account, version, "app", app)
    link(account, build, "app", app)
    link(account, build, "preReleaseVersion", version)
    link(account, build, "buildUpload", upload)
    process(account, build)


def _version(account: Account, app: Resource | None, upload: Resource) -> Resource | None:
    """The version that the builds of an upload belong to, if there is one."""
    text, platform = upload.attributes["cfBundleShortVersionString"], upload.attributes["platform"]
    versions = related_many(account, app, "preReleaseVersions") if app else []
    return next((version for version in versions if matches(version, version=text, platform=platform)), None)


def _state(state: str, *errors: Mapping[str, str]) -> dict[str, Any]:
    return {"errors": list(errors), "warnings": [], "infos": [], "state": state}


HOOKS: Mapping[str, ResourceHooks] = {
    "buildUploads": ResourceHooks(created=_begin),
    "buildUploadFiles": UPLOAD._replace(created=_reserve, updated=_commit),
}
