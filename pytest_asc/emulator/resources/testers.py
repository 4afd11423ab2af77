"""Beta testers and their invitations.

A tester stays uninvited until there is something to install, then the invitation goes out by itself (observed by users
of rorkai/App-Store-Connect-CLI and others).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_asc.emulator.account.schedule import MINUTE
from pytest_asc.emulator.jsonapi import state_errors
from pytest_asc.emulator.jsonapi.errors import ApiError, RefusedError, at_pointer
from pytest_asc.emulator.resources.hooks import ResourceHooks
from pytest_asc.emulator.resources.state_machine import (
    StateMachine,
    Step,
    link,
    matches,
    one,
    related_many,
    request_resources,
)

if TYPE_CHECKING:
    from pytest_asc.emulator.account.account import Account
    from pytest_asc.emulator.account.store import Resource
    from pytest_asc.emulator.jsonapi.request_validator import ValidatedResource

_INSTALLABLE = "IN_BETA_TESTING"
_JOINED = ("ACCEPTED", "INSTALLED")

TESTER = StateMachine("state", {"ACCEPTED": Step(10 * MINUTE, "INSTALLED")})
"""Who has accepted, installs the app soon (the time is inferred)."""


def invite_waiting(account: Account, build: Resource) -> None:
    """Invite the testers who have waited for a build like this."""
    testers = [tester for group in groups_of(account, build) for tester in related_many(account, group, "betaTesters")]
    _invite(account, [*testers, *related_many(account, build, "individualTesters")])


def _invite(account: Account, testers: list[Resource]) -> None:
    for tester in testers:
        if matches(tester, state="NOT_INVITED") and _has_build(account, tester, None):
            TESTER.enter(account, tester, "INVITED")


def groups_of(account: Account, build: Resource) -> list[Resource]:
    """The groups that a build is for: those that it was given to, and those that have all of its app's."""
    app = one(account, build, "app")
    automatic = related_many(account, app, "betaGroups") if app else []
    return [
        *related_many(account, build, "betaGroups"),
        *(group for group in automatic if matches(group, isInternalGroup=True, hasAccessToAllBuilds=True)),
    ]


def _has_build(account: Account, tester: Resource, app: Resource | None) -> bool:
    """Whether there is a build that a tester can install; of this app, where one is given."""
    for group in related_many(account, tester, "betaGroups"):
        owner = one(account, group, "app")
        if app not in {None, owner}:
            continue
        builds = related_many(account, group, "builds")
        if owner and matches(group, isInternalGroup=True, hasAccessToAllBuilds=True):
            builds = related_many(account, owner, "builds")
        name = "internalBuildState" if matches(group, isInternalGroup=True) else "externalBuildState"
        if any(_is_open(account, build, name) for build in builds):
            return True
    builds = related_many(account, tester, "builds")
    return any(
        _is_open(account, build, "externalBuildState") and app in {None, one(account, build, "app")} for build in builds
    )


def _is_open(account: Account, build: Resource, name: str) -> bool:
    detail = one(account, build, "buildBetaDetail")
    return detail is not None and detail.attributes[name] == _INSTALLABLE


# Testers.


def _creating(account: Account, entity: ValidatedResource) -> None:
    for group in request_resources(account, entity, "betaGroups"):
        if any(
            matches(tester, email=entity.attributes["email"]) for tester in related_many(account, group, "betaTesters")
        ):
            raise RefusedError(_already(entity.attributes["email"], "/data/attributes/email"))


def _created(account: Account, tester: Resource, entity: ValidatedResource) -> None:
    account.store.update(tester, {"inviteType": "EMAIL", "state": "NOT_INVITED"})
    welcome(
        account,
        tester,
        [*request_resources(account, entity, "betaGroups"), *request_resources(account, entity, "builds")],
    )


def welcome(account: Account, tester: Resource, given: list[Resource]) -> None:
    """Give a tester what follows from new groups and builds: their apps, and an invitation if there is one to send."""
    for other in given:
        app = one(account, other, "app")
        if app:
            link(account, tester, "apps", app)
    _invite(account, [tester])


def _already(email: object, pointer: str) -> ApiError:
    return at_pointer(state_errors.ALREADY_TESTING, pointer, email=email)


def _relating(_: Account, tester: Resource, name: str, method: str, ids: list[str]) -> None:
    if (name, method) == ("betaGroups", "POST"):
        for place, identifier in enumerate(ids):
            if identifier in tester.ids("betaGroups"):
                raise RefusedError(_already(tester.attributes["email"], f"/data/{place}/id"))


def _related(account: Account, tester: Resource, name: str, method: str, ids: list[str]) -> None:
    if method == "POST" and name in {"betaGroups", "builds"}:
        welcome(account, tester, account.store.some(name, ids))


def _decided(account: Account, tester: Resource, outcome: str) -> None:
    if outcome in _JOINED and matches(tester, state="NOT_INVITED"):
        raise ValueError(f"betaTesters {tester.id} has not been invited: give a build to one of the tester's groups")
    TESTER.enter(account, tester, outcome)


# Invitations.


def _inviting(account: Account, entity: ValidatedResource) -> None:
    (app,) = request_resources(account, entity, "app")
    for tester in request_resources(account, entity, "betaTester"):
        if tester.attributes["state"] in _JOINED:
            raise RefusedError(ApiError(state_errors.INVITATION_ACCEPTED))
        if not _has_build(account, tester, app):
            raise RefusedError(ApiError(state_errors.NOTHING_TO_INSTALL))


def _invited(account: Account, _: Resource, entity: ValidatedResource) -> None:
    for tester in request_resources(account, entity, "betaTester"):
        TESTER.enter(account, tester, "INVITED")


HOOKS = {
    "betaTesters": ResourceHooks(
        creating=_creating, created=_created, relating=_relating, related=_related, added=TESTER.watch, decided=_decided
    ),
    "betaTesterInvitations": ResourceHooks(creating=_inviting, created=_invited),
}
