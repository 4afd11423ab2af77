"""App Store versions: states, editability in each state, localizations and release.

Two attributes hold the state: ``appStoreState`` is the older one, ``appVersionState`` names some states differently.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_asc.emulator.account.schedule import MINUTE
from pytest_asc.emulator.jsonapi import state_errors
from pytest_asc.emulator.jsonapi.errors import ApiError, RefusedError, at_pointer
from pytest_asc.emulator.resources import phased_releases
from pytest_asc.emulator.resources.hooks import ResourceHooks
from pytest_asc.emulator.resources.state_machine import (
    StateMachine,
    Step,
    matches,
    related_many,
    related_one,
    request_resources,
)
from pytest_asc.emulator.spec.iso_8601 import parse_date_time

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_asc.emulator.account.account import Account
    from pytest_asc.emulator.account.store import Resource
    from pytest_asc.emulator.jsonapi.request_validator import ValidatedResource

_APP_STORE_STATES = {
    "PROCESSING_FOR_DISTRIBUTION": "PROCESSING_FOR_APP_STORE",
    "READY_FOR_DISTRIBUTION": "READY_FOR_SALE",
}
# The last five are inferred: appVersionState has no values for agreements and availability.
_APP_VERSION_STATES = {
    "PROCESSING_FOR_APP_STORE": "PROCESSING_FOR_DISTRIBUTION",
    "READY_FOR_SALE": "READY_FOR_DISTRIBUTION",
    "DEVELOPER_REMOVED_FROM_SALE": "READY_FOR_DISTRIBUTION",
    "NOT_APPLICABLE": "PREPARE_FOR_SUBMISSION",
    "PENDING_CONTRACT": "ACCEPTED",
    "PREORDER_READY_FOR_SALE": "READY_FOR_DISTRIBUTION",
    "REMOVED_FROM_SALE": "READY_FOR_DISTRIBUTION",
}
# The states in which fastlane looks for an editable version, without WAITING_FOR_REVIEW: a submitted version cannot be
# edited (observed: nickustinov/itsyconnect-macos #27).
EDITABLE = frozenset(
    {
        "PREPARE_FOR_SUBMISSION",
        "READY_FOR_REVIEW",
        "DEVELOPER_REJECTED",
        "REJECTED",
        "METADATA_REJECTED",
        "INVALID_BINARY",
    }
)
# The states of a version after which the app can have a new one (observed for the others: fastlane #17534).
_FINISHED = frozenset({"READY_FOR_DISTRIBUTION", "REPLACED_WITH_NEW_VERSION"})
# Attributes that can be changed in every state: documented for promotionalText, inferred for the others.
_ALWAYS_EDITABLE = {
    "appStoreVersions": frozenset({"releaseType", "earliestReleaseDate", "downloadable"}),
    "appStoreVersionLocalizations": frozenset({"promotionalText"}),
}
_STATE_AFTER_APPROVAL = {
    "AFTER_APPROVAL": "PROCESSING_FOR_DISTRIBUTION",
    "MANUAL": "PENDING_DEVELOPER_RELEASE",
    "SCHEDULED": "PENDING_DEVELOPER_RELEASE",  # inferred
}


def state_of(version: Resource) -> str:
    """The appVersionState of a version."""
    return str(version.attributes["appVersionState"])


def approve(account: Account, version: Resource) -> None:
    """Release an approved version, or let it wait, according to its releaseType."""
    VERSION.enter(account, version, _STATE_AFTER_APPROVAL[version.attributes["releaseType"] or "AFTER_APPROVAL"])
    day = version.attributes["earliestReleaseDate"]
    if matches(version, releaseType="SCHEDULED") and day:
        left = max(0.0, parse_date_time(day) - account.now)
        description = f"appStoreVersions {version.id}: its day of release"
        account.schedule.call_later(left, description, lambda: _release(account, version), key=version, calendar=True)


def _release(account: Account, version: Resource) -> None:
    VERSION.enter(account, version, "PROCESSING_FOR_DISTRIBUTION")


def _after_state_change(account: Account, version: Resource, state: str) -> None:
    account.store.update(version, {"appStoreState": _APP_STORE_STATES.get(state, state)})
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
    """The other versions of the same app and platform."""
    app = related_one(account, version, "app")
    versions = related_many(account, app, "appStoreVersions") if app else []
    platform = version.attributes["platform"]
    return [other for other in versions if other is not version and matches(other, platform=platform)]


def _after_add(account: Account, version: Resource) -> None:
    """Make the two state attributes agree where a test has set one of them."""
    old, new = str(version.attributes["appStoreState"]), state_of(version)
    if new == "PREPARE_FOR_SUBMISSION":
        account.store.update(version, {"appVersionState": _APP_VERSION_STATES.get(old, old)})
    elif old == "PREPARE_FOR_SUBMISSION":
        account.store.update(version, {"appStoreState": _APP_STORE_STATES.get(new, new)})
    VERSION.schedule_next_step(account, version)


def _validate_create(account: Account, entity: ValidatedResource) -> None:
    (app,) = request_resources(account, entity, "app")
    for other in related_many(account, app, "appStoreVersions"):
        if matches(other, platform=entity.attributes["platform"]) and state_of(other) not in _FINISHED:
            raise RefusedError(at_pointer(state_errors.VERSION_PENDING, "/data/relationships/app"))


def _after_create(account: Account, version: Resource, entity: ValidatedResource) -> None:
    """Copy the copyright from the previous version, as App Store Connect does (inferred for the API)."""
    if "copyright" not in entity.attributes:
        previous = max(
            other_versions(account, version),
            key=lambda each: parse_date_time(each.attributes["createdDate"]),
            default=None,
        )
        account.store.update(version, {"copyright": previous.attributes["copyright"] if previous else None})


def _validate_attributes(resource_type: str, version: Resource | None, names: Iterable[str]) -> None:
    if version is None or state_of(version) in EDITABLE:
        return
    refused = [name for name in names if name not in _ALWAYS_EDITABLE[resource_type]]
    if refused:
        template = state_errors.NOT_EDITABLE
        raise RefusedError(*(at_pointer(template, f"/data/attributes/{name}", name=name) for name in refused))


def _validate_editable(version: Resource | None, what: str) -> None:
    if version is not None and state_of(version) not in EDITABLE:
        raise RefusedError(ApiError(state_errors.NOT_CHANGEABLE, {"what": what}))


def _validate_update(_: Account, version: Resource, entity: ValidatedResource) -> None:
    _validate_attributes(version.type, version, entity.attributes)
    if entity.relationships:
        _validate_editable(version, "build")


def _after_update(account: Account, version: Resource, _: ValidatedResource) -> None:
    """Apply a new releaseType or earliestReleaseDate to a version that waits for its release."""
    if matches(version, appVersionState="PENDING_DEVELOPER_RELEASE"):
        approve(account, version)


def _validate_relationship_change(_: Account, version: Resource, name: str, *__: object) -> None:
    _validate_editable(version, name)


def _before_delete(_: Account, version: Resource) -> None:
    _validate_editable(version, "version")


def _validate_create_localization(account: Account, entity: ValidatedResource) -> None:
    for version in request_resources(account, entity, "appStoreVersion"):
        _validate_editable(version, "version")


def _validate_update_localization(account: Account, localization: Resource, entity: ValidatedResource) -> None:
    _validate_attributes(localization.type, related_one(account, localization, "appStoreVersion"), entity.attributes)


def _before_delete_localization(account: Account, localization: Resource) -> None:
    _validate_editable(related_one(account, localization, "appStoreVersion"), "version")


def _validate_create_release_request(account: Account, entity: ValidatedResource) -> None:
    (version,) = request_resources(account, entity, "appStoreVersion")
    if state_of(version) != "PENDING_DEVELOPER_RELEASE":
        values = {"type": version.type, "id": version.id, "state": state_of(version)}
        raise RefusedError(ApiError(state_errors.NOT_NOW, values))


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
