"""Beta groups: their builds, testers and public links."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_asc.emulator.jsonapi import state_errors
from pytest_asc.emulator.jsonapi.errors import RefusedError, at_pointer
from pytest_asc.emulator.resources.builds import check_assignable, settle
from pytest_asc.emulator.resources.hooks import ResourceHooks
from pytest_asc.emulator.resources.state_machine import matches, one, related_many, request_resources
from pytest_asc.emulator.resources.testers import welcome

if TYPE_CHECKING:
    from pytest_asc.emulator.account.account import Account
    from pytest_asc.emulator.account.store import Resource
    from pytest_asc.emulator.jsonapi.request_validator import ValidatedResource


def _creating(account: Account, entity: ValidatedResource) -> None:
    for build in request_resources(account, entity, "builds"):
        check_assignable(build, entity.attributes)


def _builds(account: Account, group: Resource) -> list[Resource]:
    app = one(account, group, "app")
    if app and matches(group, isInternalGroup=True, hasAccessToAllBuilds=True):
        return related_many(account, app, "builds")
    return related_many(account, group, "builds")


def _added(account: Account, group: Resource) -> None:
    """Let the builds that wait for a group like this be tested."""
    for build in _builds(account, group):
        detail = one(account, build, "buildBetaDetail")
        if detail and matches(detail, internalBuildState="READY_FOR_BETA_TESTING"):
            settle(account, build)


def _created(account: Account, group: Resource, entity: ValidatedResource) -> None:
    _set_link(account, group, entity)
    for build in _builds(account, group):
        settle(account, build)
    for tester in related_many(account, group, "betaTesters"):
        welcome(account, tester, [group])


def _set_link(account: Account, group: Resource, _: ValidatedResource) -> None:
    """Give a group its public link, or take it away (the address is documented, the form of the id observed)."""
    on = matches(group, publicLinkEnabled=True)
    identifier = (group.attributes["publicLinkId"] or group.id.replace("-", "")[:8].upper()) if on else None
    address = f"https://testflight.apple.com/join/{identifier}" if on else None
    account.store.update(group, {"publicLinkId": identifier, "publicLink": address})


def _relating(account: Account, group: Resource, name: str, method: str, ids: list[str]) -> None:
    if (name, method) == ("builds", "POST"):
        for build in account.store.some("builds", ids):
            check_assignable(build, group.attributes)
    if (name, method) == ("betaTesters", "POST"):
        for place, tester in enumerate(account.store.some("betaTesters", ids)):
            if tester.id in group.ids("betaTesters"):
                raise RefusedError(
                    at_pointer(state_errors.ALREADY_TESTING, f"/data/{place}/id", email=tester.attributes["email"])
                )


def _related(account: Account, group: Resource, name: str, method: str, ids: list[str]) -> None:
    if name == "builds":
        for build in account.store.some("builds", ids):
            settle(account, build)
    if (name, method) == ("betaTesters", "POST"):
        for tester in account.store.some("betaTesters", ids):
            welcome(account, tester, [group])


HOOKS = {
    "betaGroups": ResourceHooks(
        creating=_creating,
        created=_created,
        updated=_set_link,
        relating=_relating,
        related=_related,
        added=_added,
    )
}
