"""User invitations: validation, expiration and acceptance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_asc.emulator.jsonapi import state_errors
from pytest_asc.emulator.jsonapi.errors import RefusedError, at_pointer
from pytest_asc.emulator.resources.hooks import ResourceHooks
from pytest_asc.emulator.resources.state_machine import link, matches, related_many
from pytest_asc.emulator.spec.iso_8601 import parse_date_time

if TYPE_CHECKING:
    from pytest_asc.emulator.account.account import Account
    from pytest_asc.emulator.account.store import Resource
    from pytest_asc.emulator.jsonapi.errors import ErrorTemplate
    from pytest_asc.emulator.jsonapi.request_validator import ValidatedResource

_COPIED_ATTRIBUTES = ("firstName", "lastName", "roles", "allAppsVisible", "provisioningAllowed")
_RESERVED_ROLE = "ACCOUNT_HOLDER"  # a team has one Account Holder, who can transfer the role (documented)


def _validate_create(account: Account, entity: ValidatedResource) -> None:
    email, roles = entity.attributes["email"], entity.attributes["roles"]
    if any(matches(user, username=email) for user in account.store.all("users")):
        raise _attribute_error(state_errors.ALREADY_USER, "email", email=email)
    if any(matches(other, email=email) and not _is_expired(account, other) for other in _invitations(account)):
        raise _attribute_error(state_errors.ALREADY_INVITED, "email", email=email)
    if not roles:
        raise _attribute_error(state_errors.NO_ROLE, "roles")
    if _RESERVED_ROLE in roles:
        raise _attribute_error(state_errors.ROLE_NOT_GIVEN, "roles", role=_RESERVED_ROLE)


def _attribute_error(template: ErrorTemplate, name: str, **values: object) -> RefusedError:
    return RefusedError(at_pointer(template, f"/data/attributes/{name}", **values))


def _invitations(account: Account) -> list[Resource]:
    return list(account.store.all("userInvitations"))


def _after_create(account: Account, invitation: Resource, _: ValidatedResource) -> None:
    """Remove an expired invitation for the same email address."""
    for other in _invitations(account):
        if other is not invitation and matches(other, email=invitation.attributes["email"]):
            account.remove(other)


def _is_expired(account: Account, invitation: Resource) -> bool:
    end = invitation.attributes["expirationDate"]
    return end is not None and parse_date_time(end) <= account.now


def _after_decide(account: Account, invitation: Resource, _: str) -> None:
    """Create a user for the accepted invitation, and remove the invitation (documented)."""
    if _is_expired(account, invitation):
        raise ValueError(
            f"userInvitations {invitation.id} expired at {invitation.attributes['expirationDate']}: invite again"
        )
    attributes = {name: invitation.attributes[name] for name in _COPIED_ATTRIBUTES}
    user = account.create("users", None, {"username": invitation.attributes["email"], **attributes})
    for app in related_many(account, invitation, "visibleApps"):
        link(account, user, "visibleApps", app)
    account.remove(invitation)


HOOKS = {
    "userInvitations": ResourceHooks(
        validate_create=_validate_create, after_create=_after_create, after_decide=_after_decide
    )
}
