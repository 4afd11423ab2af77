"""Phased releases: release of a version to a growing share of users over seven days (documented)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_asc.emulator.account.schedule import DAY
from pytest_asc.emulator.account.times import timestamp
from pytest_asc.emulator.jsonapi import state_errors
from pytest_asc.emulator.jsonapi.errors import ApiError, RefusedError, at_pointer
from pytest_asc.emulator.resources.hooks import ResourceHooks
from pytest_asc.emulator.resources.state_machine import matches, related_one, request_resources
from pytest_asc.emulator.spec.iso_8601 import parse_date_time

if TYPE_CHECKING:
    from pytest_asc.emulator.account.account import Account
    from pytest_asc.emulator.account.store import Resource
    from pytest_asc.emulator.jsonapi.request_validator import ValidatedResource

_DAYS = 7
# Changes of phasedReleaseState that a client may request, by state (inferred from the button names in App Store
# Connect).
_TRANSITIONS = {
    "INACTIVE": (),
    "ACTIVE": ("PAUSED", "COMPLETE"),
    "PAUSED": ("ACTIVE", "COMPLETE"),
    "COMPLETE": (),
}
_INITIAL_STATES = (None, "INACTIVE", "ACTIVE")  # states that a create request may have (inferred)


def start(account: Account, version: Resource) -> None:
    """Start the phased release of a version that has just been released; do nothing if it has none."""
    phased_release = related_one(account, version, "appStoreVersionPhasedRelease")
    if (
        phased_release
        and phased_release.attributes["phasedReleaseState"] in _INITIAL_STATES
        and not _has_started(phased_release)
    ):
        changes = {"phasedReleaseState": "ACTIVE", "startDate": timestamp(account.now), "currentDayNumber": 1}
        account.store.update(phased_release, changes)
        _schedule_next_day(account, phased_release)


def _has_started(phased_release: Resource) -> bool:
    return bool(phased_release.attributes["startDate"] or phased_release.attributes["currentDayNumber"])


def _released_version(account: Account, phased_release: Resource) -> Resource | None:
    """Return the version of a phased release, which has the same id; None if it is not on the App Store."""
    version = account.store.get("appStoreVersions", phased_release.id)
    return version if version and matches(version, appVersionState="READY_FOR_DISTRIBUTION") else None


def _schedule_next_day(account: Account, phased_release: Resource) -> None:
    day = phased_release.attributes["currentDayNumber"]
    description = (
        f"{phased_release.type} {phased_release.id}: day {day + 1}"
        if day < _DAYS
        else f"{phased_release.type} {phased_release.id}: COMPLETE"
    )
    account.schedule.call_later(
        DAY, description, lambda: _advance_day(account, phased_release), key=phased_release, calendar=True
    )


def _advance_day(account: Account, phased_release: Resource) -> None:
    day = phased_release.attributes["currentDayNumber"]
    if day < _DAYS:
        account.store.update(phased_release, {"currentDayNumber": day + 1})
        _schedule_next_day(account, phased_release)
    else:
        account.store.update(phased_release, {"phasedReleaseState": "COMPLETE"})


def _validate_create(account: Account, entity: ValidatedResource) -> None:
    (version,) = request_resources(account, entity, "appStoreVersion")
    existing = related_one(account, version, "appStoreVersionPhasedRelease")
    if existing or account.store.get("appStoreVersionPhasedReleases", version.id):
        raise RefusedError(ApiError(state_errors.PHASE_EXISTS))
    state = entity.attributes.get("phasedReleaseState")
    if state not in _INITIAL_STATES:
        template, pointer = state_errors.PHASE_CHANGE, "/data/attributes/phasedReleaseState"
        raise RefusedError(at_pointer(template, pointer, old="INACTIVE", new=state))


def _choose_id(_: Account, entity: ValidatedResource) -> str:
    """Use the id of the version (observed)."""
    return entity.relationships["appStoreVersion"][0].id


def _after_create(account: Account, phased_release: Resource, entity: ValidatedResource) -> None:
    sent = entity.attributes.get("phasedReleaseState")
    account.store.update(phased_release, {"phasedReleaseState": sent or "INACTIVE"})
    (version,) = request_resources(account, entity, "appStoreVersion")
    if matches(version, appVersionState="READY_FOR_DISTRIBUTION") and sent != "INACTIVE":
        start(account, version)


def _after_add(account: Account, phased_release: Resource) -> None:
    if matches(phased_release, phasedReleaseState="ACTIVE"):
        account.store.update(phased_release, {"currentDayNumber": phased_release.attributes["currentDayNumber"] or 1})
        _schedule_next_day(account, phased_release)


def _validate_update(account: Account, phased_release: Resource, entity: ValidatedResource) -> None:
    old, new = phased_release.attributes["phasedReleaseState"], entity.attributes.get("phasedReleaseState")
    # An inactive phased release can be started once its version is released (inferred).
    starts = (old, new) == ("INACTIVE", "ACTIVE") and _released_version(account, phased_release)
    if new is not None and new not in _TRANSITIONS.get(old, ()) and not starts:
        template = state_errors.PHASE_UNCHANGED if new == old else state_errors.PHASE_CHANGE
        raise RefusedError(at_pointer(template, "/data/attributes/phasedReleaseState", old=old, new=new))


def _after_update(account: Account, phased_release: Resource, entity: ValidatedResource) -> None:
    if entity.attributes.get("phasedReleaseState") is None:
        return
    version = _released_version(account, phased_release)
    if version and not _has_started(phased_release):
        start(account, version)
        return
    account.schedule.cancel(phased_release)
    started = phased_release.attributes["startDate"]
    if matches(phased_release, phasedReleaseState="ACTIVE") and started:
        _schedule_next_day(account, phased_release)
        # A pause extends the phased release by its duration, in whole days (inferred).
        today = int((account.now - parse_date_time(started)) // DAY) + 1
        account.store.update(
            phased_release, {"totalPauseDuration": max(0, today - phased_release.attributes["currentDayNumber"])}
        )


def _before_delete(_: Account, phased_release: Resource) -> None:
    if not matches(phased_release, phasedReleaseState="INACTIVE"):
        values = {
            "type": phased_release.type,
            "id": phased_release.id,
            "state": phased_release.attributes["phasedReleaseState"],
        }
        raise RefusedError(ApiError(state_errors.NOT_ALLOWED_IN_STATE, values))


HOOKS = {
    "appStoreVersionPhasedReleases": ResourceHooks(
        validate_create=_validate_create,
        after_create=_after_create,
        validate_update=_validate_update,
        after_update=_after_update,
        before_delete=_before_delete,
        after_add=_after_add,
        choose_id=_choose_id,
    )
}
