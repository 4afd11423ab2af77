"""Versions in the App Store: their states, what may be changed in which, and their release.

A version has its state twice: ``appStoreState`` is the older attribute, ``appVersionState`` has some other names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_asc.emulator.account.schedule import MINUTE
from pytest_asc.emulator.account.times import moment
from pytest_asc.emulator.jsonapi import state_errors
from pytest_asc.emulator.jsonapi.errors import ApiError, RefusedError, at_pointer
from pytest_asc.emulator.resources import phased_releases
from pytest_asc.emulator.resources.hooks import ResourceHooks
from pytest_asc.emulator.resources.state_machine import (
    StateMachine,
    Step,
    matches,
    one,
    related_many,
    request_resources,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_asc.emulator.account.account import Account
    from pytest_asc.emulator.account.store import Resource
    from pytest_asc.emulator.jsonapi.request_validator import ValidatedResource

_OLD_NAMES = {
    "PROCESSING_FOR_DISTRIBUTION": "PROCESSING_FOR_APP_STORE",
    "READY_FOR_DISTRIBUTION": "READY_FOR_SALE",
}
# The last five are inferred: the newer attribute knows nothing of contracts and sales.
_NEW_NAMES = {
    "PROCESSING_FOR_APP_STORE": "PROCESSING_FOR_DISTRIBUTION",
    "READY_FOR_SALE": "READY_FOR_DISTRIBUTION",
    "DEVELOPER_REMOVED_FROM_SALE": "READY_FOR_DISTRIBUTION",
    "NOT_APPLICABLE": "PREPARE_FOR_SUBMISSION",
    "PENDING_CONTRACT": "ACCEPTED",
    "PREORDER_READY_FOR_SALE": "READY_FOR_DISTRIBUTION",
    "REMOVED_FROM_SALE": "READY_FOR_DISTRIBUTION",
}
# Those that fastlane looks for a version to edit in, but for WAITING_FOR_REVIEW: what is submitted is closed (observed:
# nickustinov/itsyconnect-macos #27).
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
# In these, the app is through with a version and can have a new one (observed for the others: fastlane #17534).
_DONE = frozenset({"READY_FOR_DISTRIBUTION", "REPLACED_WITH_NEW_VERSION"})
# What can be changed whatever the state is: documented for promotional texts, inferred for the others.
_ALWAYS = {
    "appStoreVersions": frozenset({"releaseType", "earliestReleaseDate", "downloadable"}),
    "appStoreVersionLocalizations": frozenset({"promotionalText"}),
}
_AFTER_APPROVAL = {
    "AFTER_APPROVAL": "PROCESSING_FOR_DISTRIBUTION",
    "MANUAL": "PENDING_DEVELOPER_RELEASE",
    "SCHEDULED": "PENDING_DEVELOPER_RELEASE",  # inferred
}


def state_of(version: Resource) -> str:
    """The state of a version, by its newer name."""
    return str(version.attributes["appVersionState"])


def approve(account: Account, version: Resource) -> None:
    """Let a version wait for its release, or release it, as it says."""
    VERSION.enter(account, version, _AFTER_APPROVAL[version.attributes["releaseType"] or "AFTER_APPROVAL"])
    day = version.attributes["earliestReleaseDate"]
    if matches(version, releaseType="SCHEDULED") and day:
        left = max(0.0, moment(day) - account.now)
        what = f"appStoreVersions {version.id}: its day of release"
        account.schedule.at(left, what, lambda: _release(account, version), of=version, calendar=True)


def _release(account: Account, version: Resource) -> None:
    VERSION.enter(account, version, "PROCESSING_FOR_DISTRIBUTION")


def _entered(account: Account, version: Resource, state: str) -> None:
    account.store.update(version, {"appStoreState": _OLD_NAMES.get(state, state)})
    if state == "READY_FOR_DISTRIBUTION":
        for other in siblings(account, version):
            if state_of(other) == state:
                VERSION.enter(account, other, "REPLACED_WITH_NEW_VERSION")
        account.store.update(version, {"downloadable": True})
        phased_releases.begin(account, version)


VERSION = StateMachine(
    "appVersionState",
    {"PROCESSING_FOR_DISTRIBUTION": Step(30 * MINUTE, "READY_FOR_DISTRIBUTION")},  # the time is inferred
    _entered,
)


def siblings(account: Account, version: Resource) -> list[Resource]:
    """The other versions of the same app and platform."""
    app = one(account, version, "app")
    versions = related_many(account, app, "appStoreVersions") if app else []
    platform = version.attributes["platform"]
    return [other for other in versions if other is not version and matches(other, platform=platform)]


def _added(account: Account, version: Resource) -> None:
    """Make the two attributes agree where a test has set one of them."""
    old, new = str(version.attributes["appStoreState"]), state_of(version)
    if new == "PREPARE_FOR_SUBMISSION":
        account.store.update(version, {"appVersionState": _NEW_NAMES.get(old, old)})
    elif old == "PREPARE_FOR_SUBMISSION":
        account.store.update(version, {"appStoreState": _OLD_NAMES.get(new, new)})
    VERSION.watch(account, version)


def _creating(account: Account, entity: ValidatedResource) -> None:
    (app,) = request_resources(account, entity, "app")
    for other in related_many(account, app, "appStoreVersions"):
        if matches(other, platform=entity.attributes["platform"]) and state_of(other) not in _DONE:
            raise RefusedError(at_pointer(state_errors.VERSION_PENDING, "/data/relationships/app"))


def _created(account: Account, version: Resource, entity: ValidatedResource) -> None:
    """Take the copyright over from the version before, as Apple's site does (inferred for requests)."""
    if "copyright" not in entity.attributes:
        before = max(siblings(account, version), key=lambda each: moment(each.attributes["createdDate"]), default=None)
        account.store.update(version, {"copyright": before.attributes["copyright"] if before else None})


def _check_attributes(kind: str, version: Resource | None, names: Iterable[str]) -> None:
    if version is None or state_of(version) in EDITABLE:
        return
    closed = [name for name in names if name not in _ALWAYS[kind]]
    if closed:
        form = state_errors.NOT_EDITABLE
        raise RefusedError(*(at_pointer(form, f"/data/attributes/{name}", name=name) for name in closed))


def _check_open(version: Resource | None, what: str) -> None:
    if version is not None and state_of(version) not in EDITABLE:
        raise RefusedError(ApiError(state_errors.NOT_CHANGEABLE, {"what": what}))


def _updating(_: Account, version: Resource, entity: ValidatedResource) -> None:
    _check_attributes(version.type, version, entity.attributes)
    if entity.relationships:
        _check_open(version, "build")


def _updated(account: Account, version: Resource, _: ValidatedResource) -> None:
    """Let a new day or way of release count for a version that waits for it."""
    if matches(version, appVersionState="PENDING_DEVELOPER_RELEASE"):
        approve(account, version)


def _relating(_: Account, version: Resource, name: str, *__: object) -> None:
    _check_open(version, name)


def _deleting(_: Account, version: Resource) -> None:
    _check_open(version, "version")


def _localizing(account: Account, entity: ValidatedResource) -> None:
    for version in request_resources(account, entity, "appStoreVersion"):
        _check_open(version, "version")


def _translating(account: Account, localization: Resource, entity: ValidatedResource) -> None:
    _check_attributes(localization.type, one(account, localization, "appStoreVersion"), entity.attributes)


def _dropping(account: Account, localization: Resource) -> None:
    _check_open(one(account, localization, "appStoreVersion"), "version")


def _requesting(account: Account, entity: ValidatedResource) -> None:
    (version,) = request_resources(account, entity, "appStoreVersion")
    if state_of(version) != "PENDING_DEVELOPER_RELEASE":
        values = {"type": version.type, "id": version.id, "state": state_of(version)}
        raise RefusedError(ApiError(state_errors.NOT_NOW, values))


def _requested(account: Account, _: Resource, entity: ValidatedResource) -> None:
    for version in request_resources(account, entity, "appStoreVersion"):
        _release(account, version)


HOOKS = {
    "appStoreVersions": ResourceHooks(
        creating=_creating,
        created=_created,
        updating=_updating,
        updated=_updated,
        relating=_relating,
        deleting=_deleting,
        added=_added,
    ),
    "appStoreVersionLocalizations": ResourceHooks(creating=_localizing, updating=_translating, deleting=_dropping),
    "appStoreVersionReleaseRequests": ResourceHooks(creating=_requesting, created=_requested),
}
