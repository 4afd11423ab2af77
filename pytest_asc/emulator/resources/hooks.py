"""Hooks of a resource type: functions that are called before and after its resources change."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_asc.emulator.account.account import Account
    from pytest_asc.emulator.account.store import Resource
    from pytest_asc.emulator.jsonapi.request_validator import ValidatedResource


def do_nothing(*_: object) -> None:
    """Do nothing."""


class ResourceHooks(NamedTuple):
    """Hooks of a resource type. All are optional.

    The ``validate`` hooks and ``before_delete`` may reject the request with a
    :class:`~pytest_asc.emulator.jsonapi.errors.RefusedError`; they must not change anything before. The other hooks
    must not reject it.
    """

    find_existing: Callable[[Account, ValidatedResource], Resource | None] | None = None
    """Returns an existing resource to respond with, instead of creating one; None to create one."""
    validate_create: Callable[[Account, ValidatedResource], None] = do_nothing
    """Called before a resource is created, to validate the request."""
    choose_id: Callable[[Account, ValidatedResource], str | None] | None = None
    """Returns the id of the resource to create; None for a generated id."""
    before_create: Callable[[Account, ValidatedResource], None] | None = None
    """Called after the validation and before the resource is created; removes resources that it replaces."""
    after_create: Callable[[Account, Resource, ValidatedResource], None] = do_nothing
    """Called after a resource was created and related. The request may have members that the resource does not have."""
    validate_update: Callable[[Account, Resource, ValidatedResource], None] = do_nothing
    """Called before a resource is updated, to validate the request."""
    after_update: Callable[[Account, Resource, ValidatedResource], None] = do_nothing
    """Called after a resource was updated."""
    validate_relationship_change: Callable[[Account, Resource, str, str, list[str]], None] = do_nothing
    """Called before a relationship changes, with its name, the method, and the ids in the request."""
    after_relationship_change: Callable[[Account, Resource, str, str, list[str]], None] = do_nothing
    """Called after a relationship was changed, with the same arguments."""
    before_delete: Callable[[Account, Resource], None] = do_nothing
    """Called before a resource is deleted, but not for dependent resources that are deleted with another one."""
    after_add: Callable[[Account, Resource], None] = do_nothing
    """Called after a test has added a resource. It must not overwrite members that the test has set."""
    after_decide: Callable[[Account, Resource, str], None] = do_nothing
    """Called after a test has chosen an outcome of a person's decision, which takes effect at once."""


NO_HOOKS = ResourceHooks()
