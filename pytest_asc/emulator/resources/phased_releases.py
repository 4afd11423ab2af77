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


def start(account: Account, version: Resource) -> None:
    """Start the phased release of a version that has just been released, if it has one."""
    phased_release = related_one(account, version, "appStoreVersionPhasedRelease")
    if phased_release and matches(phased_release, phasedReleaseState="INACTIVE"):
        changes = {"phasedReleaseState": "ACTIVE", "startDate": timestamp(account.now), "currentDayNumber": 1}
        account.store.update(phased_release, changes)
        _schedule_next_day(account, phased_release)


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


def _choose_id(_: Account, entity: ValidatedResource) -> str:
    """Use the id of the version (observed)."""
    return entity.relationships["appStoreVersion"][0].id


def _after_create(account: Account, phased_release: Resource, entity: ValidatedResource) -> None:
    account.store.update(phased_release, {"phasedReleaseState": "INACTIVE"})
    (version,) = request_resources(account, entity, "appStoreVersion")
    if matches(version, appVersionState="READY_FOR_DISTRIBUTION"):
        start(account, version)


def _after_add(account: Account, phased_release: Resource) -> None:
    if matches(phased_release, phasedReleaseState="ACTIVE"):
        account.store.update(phased_release, {"currentDayNumber": phased_release.attributes["currentDayNumber"] or 1})
        _schedule_next_day(account, phased_release)


def _validate_update(_: Account, phased_release: Resource, entity: ValidatedResource) -> None:
    old, new = phased_release.attributes["phasedReleaseState"], entity.attributes.get("phasedReleaseState")
    if new is not None and new not in _TRANSITIONS.get(old, ()):
        template = state_errors.PHASE_UNCHANGED if new == old else state_errors.PHASE_CHANGE
        raise RefusedError(at_pointer(template, "/data/attributes/phasedReleaseState", old=old, new=new))


def _after_update(account: Account, phased_release: Resource, entity: ValidatedResource) -> None:
    if entity.attributes.get("phasedReleaseState") is None:
        return
    account.schedule.cancel(phased_release)
    started = phased_release.attributes["startDate"]
    if matches(phased_release, phasedReleaseState="ACTIVE") and started:
        _schedule_next_day(account, phased_release)
        # A pause extends the release by its length, in whole days (inferred).
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
        raise RefusedError(ApiError(state_errors.NOT_NOW, values))


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
