"""Beta groups: their builds, testers and public links."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_asc.emulator import state_errors
from pytest_asc.emulator.errors import RefusedError, at_pointer
from pytest_asc.emulator.workflows.builds import check_assignable, settle
from pytest_asc.emulator.workflows.hooks import Workflow
from pytest_asc.emulator.workflows.machine import has, one, sent, some
from pytest_asc.emulator.workflows.testers import welcome

if TYPE_CHECKING:
    from pytest_asc.emulator.account import Account
    from pytest_asc.emulator.entities import Entity
    from pytest_asc.emulator.store import Resource


def _creating(account: Account, entity: Entity) -> None:
    for build in sent(account, entity, "builds"):
        check_assignable(build, entity.attributes)


def _builds(account: Account, group: Resource) -> list[Resource]:
    app = one(account, group, "app")
    if app and has(group, isInternalGroup=True, hasAccessToAllBuilds=True):
        return some(account, app, "builds")
    return some(account, group, "builds")


def _added(account: Account, group: Resource) -> None:
    """Let the builds that wait for a group like this be tested."""
    for build in _builds(account, group):
        detail = one(account, build, "buildBetaDetail")
        if detail and has(detail, internalBuildState="READY_FOR_BETA_TESTING"):
            settle(account, build)


def _created(account: Account, group: Resource, entity: Entity) -> None:
    _set_link(account, group, entity)
    for build in _builds(account, group):
        settle(account, build)
    for tester in some(account, group, "betaTesters"):
        welcome(account, tester, [group])


def _set_link(account: Account, group: Resource, _: Entity) -> None:
    """Give a group its public link, or take it away (the address is documented, the form of the id observed)."""
    on = has(group, publicLinkEnabled=True)
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


WORKFLOWS = {
    "betaGroups": Workflow(
        creating=_creating,
        created=_created,
        updated=_set_link,
        relating=_relating,
        related=_related,
        added=_added,
    )
}
