"""Invitations of users."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_asc.emulator.account.times import moment
from pytest_asc.emulator.jsonapi import state_errors
from pytest_asc.emulator.jsonapi.errors import RefusedError, at_pointer
from pytest_asc.emulator.resources.hooks import ResourceHooks
from pytest_asc.emulator.resources.state_machine import link, matches, related_many

if TYPE_CHECKING:
    from pytest_asc.emulator.account.account import Account
    from pytest_asc.emulator.account.store import Resource
    from pytest_asc.emulator.jsonapi.errors import ErrorTemplate
    from pytest_asc.emulator.jsonapi.request_validator import ValidatedResource

_TAKEN_OVER = ("firstName", "lastName", "roles", "allAppsVisible", "provisioningAllowed")
_NOT_GIVEN = "ACCOUNT_HOLDER"  # a team has one, who hands it on in person (documented)


def _inviting(account: Account, entity: ValidatedResource) -> None:
    email, roles = entity.attributes["email"], entity.attributes["roles"]
    if any(matches(user, username=email) for user in account.store.all("users")):
        raise _refusal(state_errors.ALREADY_USER, "email", email=email)
    if any(matches(other, email=email) and not _expired(account, other) for other in _invitations(account)):
        raise _refusal(state_errors.ALREADY_INVITED, "email", email=email)
    if not roles:
        raise _refusal(state_errors.NO_ROLE, "roles")
    if _NOT_GIVEN in roles:
        raise _refusal(state_errors.ROLE_NOT_GIVEN, "roles", role=_NOT_GIVEN)


def _refusal(form: ErrorTemplate, name: str, **values: object) -> RefusedError:
    return RefusedError(at_pointer(form, f"/data/attributes/{name}", **values))


def _invitations(account: Account) -> list[Resource]:
    return list(account.store.all("userInvitations"))


def _invited(account: Account, invitation: Resource, _: ValidatedResource) -> None:
    """The new invitation takes the place of one that has expired."""
    for other in _invitations(account):
        if other is not invitation and matches(other, email=invitation.attributes["email"]):
            account.remove(other)


def _expired(account: Account, invitation: Resource) -> bool:
    end = invitation.attributes["expirationDate"]
    return end is not None and moment(end) <= account.now


def _decided(account: Account, invitation: Resource, _: str) -> None:
    """Who accepts becomes a user, and the invitation is gone (documented)."""
    if _expired(account, invitation):
        raise ValueError(
            f"userInvitations {invitation.id} expired at {invitation.attributes['expirationDate']}: invite again"
        )
    attributes = {name: invitation.attributes[name] for name in _TAKEN_OVER}
    user = account.create("users", None, {"username": invitation.attributes["email"], **attributes})
    for app in related_many(account, invitation, "visibleApps"):
        link(account, user, "visibleApps", app)
    account.remove(invitation)


HOOKS = {"userInvitations": ResourceHooks(creating=_inviting, created=_invited, decided=_decided)}
