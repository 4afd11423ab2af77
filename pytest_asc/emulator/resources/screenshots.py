"""Screenshots and previews for the App Store: sets, limits, and states of a version that do not allow changes."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from pytest_asc.emulator.jsonapi import state_errors
from pytest_asc.emulator.jsonapi.errors import ApiError, RefusedError, at_pointer
from pytest_asc.emulator.resources.hooks import ResourceHooks
from pytest_asc.emulator.resources.state_machine import related_many, related_one, request_resources
from pytest_asc.emulator.resources.uploads import UPLOAD
from pytest_asc.emulator.resources.version_states import EDITABLE, state_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_asc.emulator.account.account import Account
    from pytest_asc.emulator.account.store import Resource
    from pytest_asc.emulator.jsonapi.request_validator import ValidatedResource


class _FileKind(NamedTuple):
    """Names that differ between screenshots and previews."""

    sets: str
    display_type: str
    """Attribute of a set that is unique within its localization."""
    files: str
    set_name: str
    """Relationship of a file to its set."""
    limit: int
    """Maximum number of files in a set: observed for screenshots, documented for previews."""
    noun: str


_KINDS = (
    _FileKind("appScreenshotSets", "screenshotDisplayType", "appScreenshots", "appScreenshotSet", 10, "screenshots"),
    _FileKind("appPreviewSets", "previewType", "appPreviews", "appPreviewSet", 3, "previews"),
)


def _validate_open(account: Account, localization: Resource | None) -> None:
    """Reject a change to the files of a version that is live or in review (observed)."""
    if localization is None or localization.type != "appStoreVersionLocalizations":
        return
    version = related_one(account, localization, "appStoreVersion")
    if version and state_of(version) not in EDITABLE:
        raise RefusedError(ApiError(state_errors.ASSET_CLOSED, source={"pointer": "appScreenshots"}))


def _localization_of(account: Account, file_set: Resource) -> Resource | None:
    return related_one(account, file_set, "appStoreVersionLocalization")


def _validate_create_set(kind: _FileKind, account: Account, entity: ValidatedResource) -> None:
    value = entity.attributes[kind.display_type]
    for name in entity.relationships:
        for localization in request_resources(account, entity, name):
            _validate_open(account, localization)
            present = related_many(account, localization, kind.sets)
            if any(one.attributes[kind.display_type] == value for one in present):
                raise RefusedError(at_pointer(state_errors.SET_EXISTS, f"/data/attributes/{kind.display_type}"))


def _before_delete_set(account: Account, file_set: Resource) -> None:
    _validate_open(account, _localization_of(account, file_set))


def _validate_create(kind: _FileKind, account: Account, entity: ValidatedResource) -> None:
    for file_set in request_resources(account, entity, kind.set_name):
        _validate_open(account, _localization_of(account, file_set))
        if len(related_many(account, file_set, kind.files)) >= kind.limit:
            raise RefusedError(ApiError(state_errors.TOO_MANY_FILES, {"noun": kind.noun, "limit": kind.limit}))
    UPLOAD.validate_create(account, entity)


def _validate_file_open(kind: _FileKind, account: Account, file: Resource) -> None:
    file_set = related_one(account, file, kind.set_name)
    _validate_open(account, _localization_of(account, file_set) if file_set else None)


def _validate_update(kind: _FileKind, account: Account, file: Resource, entity: ValidatedResource) -> None:
    _validate_file_open(kind, account, file)
    UPLOAD.validate_update(account, file, entity)


def _before_delete(kind: _FileKind, account: Account, file: Resource) -> None:
    _validate_file_open(kind, account, file)
    UPLOAD.before_delete(account, file)


HOOKS: Mapping[str, ResourceHooks] = {
    **{
        kind.sets: ResourceHooks(validate_create=partial(_validate_create_set, kind), before_delete=_before_delete_set)
        for kind in _KINDS
    },
    **{
        kind.files: UPLOAD._replace(
            validate_create=partial(_validate_create, kind),
            validate_update=partial(_validate_update, kind),
            before_delete=partial(_before_delete, kind),
        )
        for kind in _KINDS
    },
}
