"""Beta testers and their invitations.

A tester is not invited until there is a build to install; then the invitation is sent automatically (observed by users
of rorkai/App-Store-Connect-CLI and others).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_asc.emulator.account.schedule import MINUTE
from pytest_asc.emulator.jsonapi import state_errors
from pytest_asc.emulator.jsonapi.errors import ApiError, RefusedError
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

if TYPE_CHECKING:
    from collections.abc import Collection

    from pytest_asc.emulator.account.account import Account
    from pytest_asc.emulator.account.store import Resource
    from pytest_asc.emulator.jsonapi.request_validator import ValidatedResource

_INSTALLABLE = "IN_BETA_TESTING"
_JOINED = ("ACCEPTED", "INSTALLED")

# Maximum number of testers of an app (documented: App Store Connect Help, "Invite external testers").
_MAX_INTERNAL, _MAX_EXTERNAL = 100, 10_000

TESTER = StateMachine("state", {"ACCEPTED": Step(10 * MINUTE, "INSTALLED")})
"""States of a tester: the app is installed after the invitation was accepted (the time is inferred)."""


def invite_waiting_testers(account: Account, build: Resource) -> None:
    """Invite the testers who have not been invited yet and can install a build now."""
    testers = [tester for group in groups_of(account, build) for tester in related_many(account, group, "betaTesters")]
    _invite(account, [*testers, *related_many(account, build, "individualTesters")])


def _invite(account: Account, testers: list[Resource]) -> None:
    for tester in testers:
        if matches(tester, state="NOT_INVITED") and _has_build(account, tester, None):
            TESTER.enter(account, tester, "INVITED")


def groups_of(account: Account, build: Resource) -> list[Resource]:
    """Return the groups of a build: those it was added to, and those with access to all builds of the app."""
    app = related_one(account, build, "app")
    automatic = related_many(account, app, "betaGroups") if app else []
    return [
        *related_many(account, build, "betaGroups"),
        *(group for group in automatic if matches(group, isInternalGroup=True, hasAccessToAllBuilds=True)),
    ]


def _has_build(account: Account, tester: Resource, app: Resource | None) -> bool:
    """Return whether a tester can install a build of this app, or of any app if it is None."""
    for group in related_many(account, tester, "betaGroups"):
        owner = related_one(account, group, "app")
        if app not in {None, owner}:
            continue
        builds = related_many(account, group, "builds")
        if owner and matches(group, isInternalGroup=True, hasAccessToAllBuilds=True):
            builds = related_many(account, owner, "builds")
        name = "internalBuildState" if matches(group, isInternalGroup=True) else "externalBuildState"
        if any(_is_installable(account, build, name) for build in builds):
            return True
    builds = related_many(account, tester, "builds")
    return any(
        _is_installable(account, build, "externalBuildState") and app in {None, related_one(account, build, "app")}
        for build in builds
    )


def _is_installable(account: Account, build: Resource, name: str) -> bool:
    detail = related_one(account, build, "buildBetaDetail")
    return detail is not None and detail.attributes[name] == _INSTALLABLE


# Testers.


def validate_number_of_testers(account: Account, group: Resource, added: Collection[str | None]) -> None:
    """Reject more testers than the internal groups or the external groups of an app can have.

    Args:
        account: The account.
        group: The group to which testers are added.
        added: Ids of the added testers; None for a tester that is to be created.

    Raises:
        RefusedError: There would be too many testers.
    """
    internal = matches(group, isInternalGroup=True)
    most = _MAX_INTERNAL if internal else _MAX_EXTERNAL
    app = related_one(account, group, "app")
    groups = related_many(account, app, "betaGroups") if app else [group]
    present = {one for other in groups if matches(other, isInternalGroup=True) == internal for one in _ids(other)}
    if len(present.union(added)) > most:
        values = {"kind": "internal" if internal else "external", "most": most}
        raise RefusedError(ApiError(state_errors.TOO_MANY_TESTERS, values))


def _ids(group: Resource) -> list[str]:
    return group.ids("betaTesters")


def _validate_create(account: Account, entity: ValidatedResource) -> None:
    for group in request_resources(account, entity, "betaGroups"):
        validate_number_of_testers(account, group, [None])
        if any(
            matches(tester, email=entity.attributes["email"]) for tester in related_many(account, group, "betaTesters")
        ):
            raise RefusedError(ApiError(state_errors.ALREADY_TESTING))


def _after_create(account: Account, tester: Resource, entity: ValidatedResource) -> None:
    account.store.update(tester, {"inviteType": "EMAIL", "state": "NOT_INVITED"})
    grant_access(
        account,
        tester,
        [*request_resources(account, entity, "betaGroups"), *request_resources(account, entity, "builds")],
    )


def grant_access(account: Account, tester: Resource, added: list[Resource]) -> None:
    """Relate a tester to the apps of added groups and builds, and invite the tester if there is a build to install."""
    for other in added:
        app = related_one(account, other, "app")
        if app:
            link(account, tester, "apps", app)
    _invite(account, [tester])


def _validate_relationship_change(account: Account, tester: Resource, name: str, method: str, ids: list[str]) -> None:
    if (name, method) != ("betaGroups", "POST"):
        return
    if not set(ids).isdisjoint(tester.ids("betaGroups")):
        raise RefusedError(ApiError(state_errors.ALREADY_TESTING))
    for group in account.store.get_many("betaGroups", ids):
        validate_number_of_testers(account, group, [tester.id])


def _after_relationship_change(account: Account, tester: Resource, name: str, method: str, ids: list[str]) -> None:
    if method == "POST" and name in {"betaGroups", "builds"}:
        grant_access(account, tester, account.store.get_many(name, ids))


def _after_decide(account: Account, tester: Resource, outcome: str) -> None:
    if outcome in _JOINED and matches(tester, state="NOT_INVITED"):
        raise ValueError(f"betaTesters {tester.id} has not been invited: give a build to one of the tester's groups")
    TESTER.enter(account, tester, outcome)


# Invitations.


def _validate_create_invitation(account: Account, entity: ValidatedResource) -> None:
    (app,) = request_resources(account, entity, "app")
    for tester in request_resources(account, entity, "betaTester"):
        if tester.attributes["state"] in _JOINED:
            raise RefusedError(ApiError(state_errors.INVITATION_ACCEPTED))
        if not _has_build(account, tester, app):
            raise RefusedError(ApiError(state_errors.NOTHING_TO_INSTALL))


def _after_create_invitation(account: Account, _: Resource, entity: ValidatedResource) -> None:
    for tester in request_resources(account, entity, "betaTester"):
        TESTER.enter(account, tester, "INVITED")


HOOKS = {
    "betaTesters": ResourceHooks(
        validate_create=_validate_create,
        after_create=_after_create,
        validate_relationship_change=_validate_relationship_change,
        after_relationship_change=_after_relationship_change,
        after_add=TESTER.schedule_next_step,
        after_decide=_after_decide,
    ),
    "betaTesterInvitations": ResourceHooks(
        validate_create=_validate_create_invitation, after_create=_after_create_invitation
    ),
}
