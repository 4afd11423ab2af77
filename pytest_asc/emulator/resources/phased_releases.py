"""Phased releases: a version comes to more users every day for a week (documented)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_asc.emulator.account.schedule import DAY
from pytest_asc.emulator.account.times import moment, timestamp
from pytest_asc.emulator.jsonapi import state_errors
from pytest_asc.emulator.jsonapi.errors import ApiError, RefusedError, at_pointer
from pytest_asc.emulator.resources.hooks import ResourceHooks
from pytest_asc.emulator.resources.state_machine import matches, one, request_resources

if TYPE_CHECKING:
    from pytest_asc.emulator.account.account import Account
    from pytest_asc.emulator.account.store import Resource
    from pytest_asc.emulator.jsonapi.request_validator import ValidatedResource

_DAYS = 7
# Where a client may take it from each state (inferred from Apple's names of the buttons).
_MOVES = {
    "INACTIVE": (),
    "ACTIVE": ("PAUSED", "COMPLETE"),
    "PAUSED": ("ACTIVE", "COMPLETE"),
    "COMPLETE": (),
}


def begin(account: Account, version: Resource) -> None:
    """Begin the phased release of a version that has just been released, if it has one."""
    phase = one(account, version, "appStoreVersionPhasedRelease")
    if phase and matches(phase, phasedReleaseState="INACTIVE"):
        begun = {"phasedReleaseState": "ACTIVE", "startDate": timestamp(account.now), "currentDayNumber": 1}
        account.store.update(phase, begun)
        _wait_for_tomorrow(account, phase)


def _wait_for_tomorrow(account: Account, phase: Resource) -> None:
    day = phase.attributes["currentDayNumber"]
    what = f"{phase.type} {phase.id}: day {day + 1}" if day < _DAYS else f"{phase.type} {phase.id}: COMPLETE"
    account.schedule.at(DAY, what, lambda: _next_day(account, phase), of=phase, calendar=True)


def _next_day(account: Account, phase: Resource) -> None:
    day = phase.attributes["currentDayNumber"]
    if day < _DAYS:
        account.store.update(phase, {"currentDayNumber": day + 1})
        _wait_for_tomorrow(account, phase)
    else:
        account.store.update(phase, {"phasedReleaseState": "COMPLETE"})


def _creating(account: Account, entity: ValidatedResource) -> None:
    (version,) = request_resources(account, entity, "appStoreVersion")
    there = one(account, version, "appStoreVersionPhasedRelease")
    if there or account.store.get("appStoreVersionPhasedReleases", version.id):
        raise RefusedError(ApiError(state_errors.PHASE_EXISTS))


def _identify(_: Account, entity: ValidatedResource) -> str:
    """It has its version's id (observed)."""
    return entity.relationships["appStoreVersion"][0].id


def _created(account: Account, phase: Resource, entity: ValidatedResource) -> None:
    account.store.update(phase, {"phasedReleaseState": "INACTIVE"})
    (version,) = request_resources(account, entity, "appStoreVersion")
    if matches(version, appVersionState="READY_FOR_DISTRIBUTION"):
        begin(account, version)


def _added(account: Account, phase: Resource) -> None:
    if matches(phase, phasedReleaseState="ACTIVE"):
        account.store.update(phase, {"currentDayNumber": phase.attributes["currentDayNumber"] or 1})
        _wait_for_tomorrow(account, phase)


def _updating(_: Account, phase: Resource, entity: ValidatedResource) -> None:
    old, new = phase.attributes["phasedReleaseState"], entity.attributes.get("phasedReleaseState")
    if new is not None and new not in _MOVES.get(old, ()):
        form = state_errors.PHASE_UNCHANGED if new == old else state_errors.PHASE_CHANGE
        raise RefusedError(at_pointer(form, "/data/attributes/phasedReleaseState", old=old, new=new))


def _updated(account: Account, phase: Resource, entity: ValidatedResource) -> None:
    if entity.attributes.get("phasedReleaseState") is None:
        return
    account.schedule.forget(phase)
    begun = phase.attributes["startDate"]
    if matches(phase, phasedReleaseState="ACTIVE") and begun:
        _wait_for_tomorrow(account, phase)
        # It lasts as much longer as it was paused; whole days (inferred).
        today = int((account.now - moment(begun)) // DAY) + 1
        account.store.update(phase, {"totalPauseDuration": max(0, today - phase.attributes["currentDayNumber"])})


def _deleting(_: Account, phase: Resource) -> None:
    if not matches(phase, phasedReleaseState="INACTIVE"):
        values = {"type": phase.type, "id": phase.id, "state": phase.attributes["phasedReleaseState"]}
        raise RefusedError(ApiError(state_errors.NOT_NOW, values))


HOOKS = {
    "appStoreVersionPhasedReleases": ResourceHooks(
        creating=_creating,
        created=_created,
        updating=_updating,
        updated=_updated,
        deleting=_deleting,
        added=_added,
        identify=_identify,
    )
}
