"""App Store versions: states, editability in each state, localizations and release.

Two attributes have the state: ``appStoreState`` is the older one, ``appVersionState`` has other names for some states.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_asc.emulator.account.schedule import MINUTE
from pytest_asc.emulator.jsonapi import state_errors
from pytest_asc.emulator.jsonapi.errors import ApiError, RefusedError, at_pointer
from pytest_asc.emulator.resources import app_infos, asset_library, phased_releases
from pytest_asc.emulator.resources.hooks import ResourceHooks
from pytest_asc.emulator.resources.state_machine import (
    StateMachine,
    Step,
    link,
    matches,
    related_many,
    related_one,
    request_resources,
)
from pytest_asc.emulator.resources.version_states import (
    APP_STORE_STATES,
    APP_VERSION_STATES,
    EDITABLE,
    FINISHED,
    state_of,
)
from pytest_asc.emulator.spec.iso_8601 import parse_date_time

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pytest_asc.emulator.account.account import Account
    from pytest_asc.emulator.account.store import Resource
    from pytest_asc.emulator.jsonapi.request_validator import ValidatedResource

# Attributes that can be changed in all states: documented for promotionalText, inferred for the others.
_ALWAYS_EDITABLE = {
    "appStoreVersions": frozenset({"releaseType", "earliestReleaseDate", "downloadable"}),
    "appStoreVersionLocalizations": frozenset({"promotionalText"}),
}
# Relationships of a localization to its sets of files, and of a set to its files.
_ASSETS = {"appScreenshotSets": "appScreenshots", "appPreviewSets": "appPreviews"}
_STATE_AFTER_APPROVAL = {
    "AFTER_APPROVAL": "PROCESSING_FOR_DISTRIBUTION",
    "MANUAL": "PENDING_DEVELOPER_RELEASE",
    "SCHEDULED": "PENDING_DEVELOPER_RELEASE",  # inferred
}


def approve(account: Account, version: Resource) -> None:
    """Release an approved version now or later, as its releaseType says."""
    VERSION.enter(account, version, _STATE_AFTER_APPROVAL[version.attributes["releaseType"] or "AFTER_APPROVAL"])
    day = version.attributes["earliestReleaseDate"]
    if matches(version, releaseType="SCHEDULED") and day:
        left = max(0.0, parse_date_time(day) - account.now)
        description = f"appStoreVersions {version.id}: its day of release"
        account.schedule.call_later(left, description, lambda: _release(account, version), key=version, calendar=True)


def _release(account: Account, version: Resource) -> None:
    version_submission = related_one(account, version, "appStoreVersionSubmission")
    if version_submission:
        account.remove(version_submission)
    VERSION.enter(account, version, "PROCESSING_FOR_DISTRIBUTION")


def _after_state_change(account: Account, version: Resource, state: str) -> None:
    account.store.update(version, {"appStoreState": APP_STORE_STATES.get(state, state)})
    app_infos.follow_version(account, version, state)
    asset_library.follow_version(account, version)
    if state == "READY_FOR_DISTRIBUTION":
        for other in other_versions(account, version):
            if state_of(other) == state:
                VERSION.enter(account, other, "REPLACED_WITH_NEW_VERSION")
        account.store.update(version, {"downloadable": True})
        phased_releases.start(account, version)


VERSION = StateMachine(
    "appVersionState",
    {"PROCESSING_FOR_DISTRIBUTION": Step(30 * MINUTE, "READY_FOR_DISTRIBUTION")},  # the time is inferred
    _after_state_change,
)


def other_versions(account: Account, version: Resource) -> list[Resource]:
    """Return the other versions of the same app and platform."""
    app = related_one(account, version, "app")
    versions = related_many(account, app, "appStoreVersions") if app else []
    platform = version.attributes["platform"]
    return [other for other in versions if other is not version and matches(other, platform=platform)]


def _after_add(account: Account, version: Resource) -> None:
    """Make the two state attributes consistent if a test has set only one of them."""
    old, new = str(version.attributes["appStoreState"]), state_of(version)
    if new == "PREPARE_FOR_SUBMISSION":
        account.store.update(version, {"appVersionState": APP_VERSION_STATES.get(old, old)})
    elif old == "PREPARE_FOR_SUBMISSION":
        account.store.update(version, {"appStoreState": APP_STORE_STATES.get(new, new)})
    app_infos.follow_version(account, version, state_of(version), automatic_only=True)
    VERSION.schedule_next_step(account, version)


def _validate_create(account: Account, entity: ValidatedResource) -> None:
    (app,) = request_resources(account, entity, "app")
    for other in related_many(account, app, "appStoreVersions"):
        if matches(other, platform=entity.attributes["platform"]) and state_of(other) not in FINISHED:
            raise RefusedError(at_pointer(state_errors.VERSION_PENDING, "/data/relationships/app"))


def _after_create(account: Account, version: Resource, entity: ValidatedResource) -> None:
    """Copy from the previous version what App Store Connect copies: copyright, localizations and review details.

    Observed for localizations and review details, inferred for the rest.
    """
    previous = max(
        other_versions(account, version),
        key=lambda each: parse_date_time(each.attributes["createdDate"]),
        default=None,
    )
    if "copyright" not in entity.attributes:
        account.store.update(version, {"copyright": previous.attributes["copyright"] if previous else None})
    if previous:
        for localization in related_many(account, previous, "appStoreVersionLocalizations"):
            _copy_localization(account, localization, version)
        detail = related_one(account, previous, "appStoreReviewDetail")
        if detail:
            link(account, version, "appStoreReviewDetail", account.create(detail.type, None, detail.attributes))
    app_infos.follow_version(account, version, state_of(version))


def _copy_localization(account: Account, localization: Resource, version: Resource) -> None:
    """Copy a localization without its release notes, and its screenshots and previews."""
    copy = account.create(localization.type, None, {**localization.attributes, "whatsNew": None})
    link(account, copy, "appStoreVersion", version)
    for sets, files in _ASSETS.items():
        for one in related_many(account, localization, sets):
            copied_set = account.create(one.type, None, one.attributes)
            link(account, copied_set, "appStoreVersionLocalization", copy)
            for file in related_many(account, one, files):
                link(account, copied_set, files, account.create(file.type, None, file.attributes))


def _closed_attributes(resource: Resource, version: Resource | None, names: Iterable[str]) -> list[str]:
    """Return the attributes among these names that cannot be changed in the state of the version."""
    if version is None or state_of(version) in EDITABLE:
        return []
    return [name for name in names if name not in _ALWAYS_EDITABLE[resource.type]]


def _validate_editable(version: Resource | None, what: str) -> None:
    if version is not None and state_of(version) not in EDITABLE:
        raise RefusedError(ApiError(state_errors.NOT_CHANGEABLE, {"what": what}))


def _validate_update(account: Account, version: Resource, entity: ValidatedResource) -> None:
    names = _closed_attributes(version, version, entity.attributes)
    errors = [at_pointer(state_errors.ATTRIBUTE_CLOSED, f"/data/attributes/{name}", name=name) for name in names]
    if errors:
        raise RefusedError(*errors)
    for name in entity.relationships:
        _validate_relationship_change(account, version, name)


def _after_update(account: Account, version: Resource, _: ValidatedResource) -> None:
    """Apply a new releaseType or earliestReleaseDate to a version that is waiting to be released."""
    if matches(version, appVersionState="PENDING_DEVELOPER_RELEASE"):
        approve(account, version)


def _validate_relationship_change(_: Account, version: Resource, name: str, *__: object) -> None:
    if state_of(version) not in EDITABLE:
        template = state_errors.BUILD_CLOSED if name == "build" else state_errors.RELATIONSHIP_CLOSED
        raise RefusedError(at_pointer(template, f"/data/relationships/{name}", name=name))


def _before_delete(account: Account, version: Resource) -> None:
    _validate_editable(version, "version")
    app_infos.remove_app_info_of(account, version)


def _validate_create_localization(account: Account, entity: ValidatedResource) -> None:
    for version in request_resources(account, entity, "appStoreVersion"):
        _validate_editable(version, "version")
        _validate_texts(account, version, entity, ())


def _validate_update_localization(account: Account, localization: Resource, entity: ValidatedResource) -> None:
    version = related_one(account, localization, "appStoreVersion")
    if version:
        closed = _closed_attributes(localization, version, entity.attributes)
        _validate_texts(account, version, entity, closed)


def _validate_texts(account: Account, version: Resource, entity: ValidatedResource, closed: Sequence[str]) -> None:
    """Reject texts that cannot be set: closed attributes, and release notes of an app's first version (observed)."""
    names = list(closed)
    if entity.attributes.get("whatsNew") and "whatsNew" not in names and not other_versions(account, version):
        names.append("whatsNew")
    template = state_errors.NOT_EDITABLE
    errors = [at_pointer(template, f"/data/attributes/{name}", name=name) for name in names]
    if errors:
        raise RefusedError(*errors)


def _before_delete_localization(account: Account, localization: Resource) -> None:
    _validate_editable(related_one(account, localization, "appStoreVersion"), "version")


def _validate_create_release_request(account: Account, entity: ValidatedResource) -> None:
    (version,) = request_resources(account, entity, "appStoreVersion")
    if state_of(version) != "PENDING_DEVELOPER_RELEASE":
        values = {"type": version.type, "id": version.id, "state": state_of(version)}
        raise RefusedError(ApiError(state_errors.NOT_ALLOWED_IN_STATE, values))


def _after_create_release_request(account: Account, _: Resource, entity: ValidatedResource) -> None:
    for version in request_resources(account, entity, "appStoreVersion"):
        _release(account, version)


HOOKS = {
    "appStoreVersions": ResourceHooks(
        validate_create=_validate_create,
        after_create=_after_create,
        validate_update=_validate_update,
        after_update=_after_update,
        validate_relationship_change=_validate_relationship_change,
        before_delete=_before_delete,
        after_add=_after_add,
    ),
    "appStoreVersionLocalizations": ResourceHooks(
        validate_create=_validate_create_localization,
        validate_update=_validate_update_localization,
        before_delete=_before_delete_localization,
    ),
    "appStoreVersionReleaseRequests": ResourceHooks(
        validate_create=_validate_create_release_request, after_create=_after_create_release_request
    ),
}
