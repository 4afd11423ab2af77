"""Build uploads: the build is created once its file is uploaded and processed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pytest_asc.emulator.account.app_lookup import owner
from pytest_asc.emulator.account.times import timestamp
from pytest_asc.emulator.jsonapi import state_errors
from pytest_asc.emulator.jsonapi.errors import RefusedError, at_pointer
from pytest_asc.emulator.resources.builds import start_processing
from pytest_asc.emulator.resources.hooks import ResourceHooks
from pytest_asc.emulator.resources.state_machine import link, matches, related_many, request_resources
from pytest_asc.emulator.resources.uploads import PROCESSING_SECONDS, UPLOAD, commit, errors_of, reserve, state_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_asc.emulator.account.account import Account
    from pytest_asc.emulator.account.store import Resource
    from pytest_asc.emulator.jsonapi.request_validator import ValidatedResource

_DIGITS = re.compile(r"^0*(\d*)", re.ASCII)
_TRAIN_ATTRIBUTES = ("cfBundleShortVersionString", "platform")
"""Attributes of the train: build numbers must increase among builds with the same values of these."""
# Relationship of the upload to a file, by the assetType of the file.
_FILE_RELATIONSHIPS = {"ASSET": "assetFile", "ASSET_DESCRIPTION": "assetDescriptionFile", "ASSET_SPI": "assetSpiFile"}


def _validate_create_upload(account: Account, entity: ValidatedResource) -> None:
    """Reject a build number that is not higher than those of builds and complete uploads of the train (observed)."""
    wanted = {name: entity.attributes[name] for name in _TRAIN_ATTRIBUTES}
    (app,) = request_resources(account, entity, "app")
    used = [
        str(upload.attributes["cfBundleVersion"])
        for upload in related_many(account, app, "buildUploads")
        if matches(upload, **wanted) and _is_complete(upload)
    ]
    version = _prerelease_version(account, app, wanted)
    used += [str(build.attributes["version"]) for build in related_many(account, version, "builds")] if version else []
    highest = max(used, key=_sort_key, default=None)
    if highest is not None and _sort_key(entity.attributes["cfBundleVersion"]) <= _sort_key(highest):
        template = state_errors.BUILD_NUMBER_USED._replace(meta={"previousBundleVersion": highest})
        raise RefusedError(at_pointer(template, "/data/attributes/cfBundleVersion"))


def _sort_key(number: str) -> list[tuple[int, str]]:
    """Return a sort key for build numbers: the leading number of each part, without zero parts at the end."""
    parts = ["".join(_DIGITS.findall(part)[:1]) for part in number.split(".")]
    while parts and not parts[-1]:
        parts.pop()
    return [(len(digits), digits) for digits in parts]


def _is_complete(upload: Resource) -> bool:
    return (upload.attributes["state"] or {}).get("state") in {"PROCESSING", "COMPLETE", "FAILED"}


def _after_create_upload(account: Account, upload: Resource, _entity: ValidatedResource) -> None:
    account.store.update(upload, {"createdDate": timestamp(account.now), "state": _state("AWAITING_UPLOAD")})


def _validate_create_file(account: Account, entity: ValidatedResource) -> None:
    """Reject a file for an upload that is complete (observed)."""
    for upload in request_resources(account, entity, "buildUpload"):
        if _is_complete(upload):
            raise RefusedError(at_pointer(state_errors.UPLOAD_COMPLETE, "/data/relationships/buildUpload"))
    UPLOAD.validate_create(account, entity)


def _after_create_file(account: Account, file: Resource, entity: ValidatedResource) -> None:
    reserve(account, file, entity)
    upload = owner(account.store, "buildUploads", "buildUploadFiles", file)
    relationship = _FILE_RELATIONSHIPS.get(file.attributes["assetType"])
    if upload and relationship:
        link(account, upload, relationship, file)


def _after_update_file(account: Account, file: Resource, entity: ValidatedResource) -> None:
    before = state_of(file)
    commit(account, file, entity)
    upload = owner(account.store, "buildUploads", "buildUploadFiles", file)
    # Processing starts without waiting for the other files (inferred).
    if upload is None or state_of(file) == before or file.attributes["assetType"] != "ASSET":
        return
    account.store.update(upload, {"uploadedDate": timestamp(account.now), "state": _state("PROCESSING")})
    description = f"buildUploads {upload.id}: processed"
    account.schedule.call_later(
        PROCESSING_SECONDS, description, lambda: _finish_processing(account, upload, file), key=upload
    )


def _finish_processing(account: Account, upload: Resource, file: Resource) -> str:
    app = owner(account.store, "apps", "buildUploads", upload)
    error = _error(account, app, upload, file)
    account.store.update(upload, {"state": _state("FAILED", error) if error else _state("COMPLETE")})
    if app and not error:  # an upload that a test has added may have no app
        _create_build(account, app, upload)
    return f"buildUploads {upload.id}: {'FAILED' if error else 'COMPLETE'}"


def _error(account: Account, app: Resource | None, upload: Resource, file: Resource) -> Mapping[str, str] | None:
    """Return the error of a failed file or of a build number that is in use; None if there is no error."""
    if state_of(file) == "FAILED":
        return errors_of(file)[0]
    version = _prerelease_version(account, app, upload.attributes) if app else None
    number = upload.attributes["cfBundleVersion"]
    if version is None or not any(matches(build, version=number) for build in related_many(account, version, "builds")):
        return None
    text = upload.attributes["cfBundleShortVersionString"]
    return {  # code and text are those that Apple's tools print (observed)
        "code": "90189",
        "description": f"Redundant Binary Upload. You've already uploaded a build with build number '{number}' for "
        f"version number '{text}'. Make sure you increment the build string before you upload your app to App Store "
        "Connect.",
    }


def _create_build(account: Account, app: Resource, upload: Resource) -> None:
    """Add the build, with the id of its upload (observed)."""
    identifier = None if account.store.get("builds", upload.id) else upload.id
    number = upload.attributes["cfBundleVersion"]
    build = account.create("builds", identifier, {"version": number})
    version = _prerelease_version(account, app, upload.attributes)
    if version is None:
        text, platform = upload.attributes["cfBundleShortVersionString"], upload.attributes["platform"]
        version = account.create("preReleaseVersions", None, {"version": text, "platform": platform})
        link(account, version, "app", app)
    link(account, build, "app", app)
    link(account, build, "preReleaseVersion", version)
    link(account, build, "buildUpload", upload)
    start_processing(account, build)


def _prerelease_version(account: Account, app: Resource, upload: Mapping[str, Any]) -> Resource | None:
    """Return the existing prerelease version for the build of an upload with these attributes, if there is one."""
    text, platform = upload["cfBundleShortVersionString"], upload["platform"]
    versions = related_many(account, app, "preReleaseVersions")
    return next((version for version in versions if matches(version, version=text, platform=platform)), None)


def _state(state: str, *errors: Mapping[str, str]) -> dict[str, Any]:
    return {"errors": list(errors), "warnings": [], "infos": [], "state": state}


HOOKS: Mapping[str, ResourceHooks] = {
    "buildUploads": ResourceHooks(validate_create=_validate_create_upload, after_create=_after_create_upload),
    "buildUploadFiles": UPLOAD._replace(
        validate_create=_validate_create_file, after_create=_after_create_file, after_update=_after_update_file
    ),
}
