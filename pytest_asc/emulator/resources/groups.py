"""Beta groups: builds, testers and public links."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_asc.emulator.jsonapi import state_errors
from pytest_asc.emulator.jsonapi.errors import ApiError, RefusedError
from pytest_asc.emulator.resources.builds import update_testflight_states, validate_assignable
from pytest_asc.emulator.resources.hooks import ResourceHooks
from pytest_asc.emulator.resources.state_machine import matches, related_many, related_one, request_resources
from pytest_asc.emulator.resources.testers import grant_access, validate_number_of_testers

if TYPE_CHECKING:
    from pytest_asc.emulator.account.account import Account
    from pytest_asc.emulator.account.store import Resource
    from pytest_asc.emulator.jsonapi.request_validator import ValidatedResource


def _validate_create(account: Account, entity: ValidatedResource) -> None:
    for build in request_resources(account, entity, "builds"):
        validate_assignable(build, entity.attributes)


def _builds(account: Account, group: Resource) -> list[Resource]:
    app = related_one(account, group, "app")
    if app and matches(group, isInternalGroup=True, hasAccessToAllBuilds=True):
        return related_many(account, app, "builds")
    return related_many(account, group, "builds")


def _after_add(account: Account, group: Resource) -> None:
    """Update the builds that can be tested because of the group."""
    for build in _builds(account, group):
        detail = related_one(account, build, "buildBetaDetail")
        if detail and matches(detail, internalBuildState="READY_FOR_BETA_TESTING"):
            update_testflight_states(account, build)


def _after_create(account: Account, group: Resource, entity: ValidatedResource) -> None:
    _set_public_link(account, group, entity)
    for build in _builds(account, group):
        update_testflight_states(account, build)
    for tester in related_many(account, group, "betaTesters"):
        grant_access(account, tester, [group])


def _set_public_link(account: Account, group: Resource, _: ValidatedResource) -> None:
    """Set or clear the public link of a group (the URL is documented, the format of the id observed)."""
    enabled = matches(group, publicLinkEnabled=True)
    identifier = (group.attributes["publicLinkId"] or group.id.replace("-", "")[:8].upper()) if enabled else None
    url = f"https://testflight.apple.com/join/{identifier}" if enabled else None
    account.store.update(group, {"publicLinkId": identifier, "publicLink": url})


def _validate_relationship_change(account: Account, group: Resource, name: str, method: str, ids: list[str]) -> None:
    if (name, method) == ("builds", "POST"):
        for build in account.store.get_many("builds", ids):
            validate_assignable(build, group.attributes)
    if (name, method) == ("betaTesters", "POST"):
        if not set(ids).isdisjoint(group.ids("betaTesters")):
            raise RefusedError(ApiError(state_errors.ALREADY_TESTING))
        validate_number_of_testers(account, group, ids)


def _after_relationship_change(account: Account, group: Resource, name: str, method: str, ids: list[str]) -> None:
    if name == "builds":
        for build in account.store.get_many("builds", ids):
            update_testflight_states(account, build)
    if (name, method) == ("betaTesters", "POST"):
        for tester in account.store.get_many("betaTesters", ids):
            grant_access(account, tester, [group])


HOOKS = {
    "betaGroups": ResourceHooks(
        validate_create=_validate_create,
        after_create=_after_create,
        after_update=_set_public_link,
        validate_relationship_change=_validate_relationship_change,
        after_relationship_change=_after_relationship_change,
        after_add=_after_add,
    )
}
