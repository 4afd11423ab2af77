"""Hooks of a resource type: functions that run before and after its resources change."""

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
    """The hooks of a resource type, each optional.

    The ``validate`` hooks and ``before_delete`` may refuse the request with a
    :class:`~pytest_asc.emulator.jsonapi.errors.RefusedError`, and change nothing. The others must not refuse it.
    """

    find_existing: Callable[[Account, ValidatedResource], Resource | None] | None = None
    """Return the resource to respond with in place of a new one; None to create one."""
    validate_create: Callable[[Account, ValidatedResource], None] = do_nothing
    """Runs before a resource is created."""
    choose_id: Callable[[Account, ValidatedResource], str | None] | None = None
    """Return the id of the resource to create; None for a new one."""
    before_create: Callable[[Account, ValidatedResource], None] | None = None
    """Runs once nothing refuses the request; removes what the new resource replaces."""
    after_create: Callable[[Account, Resource, ValidatedResource], None] = do_nothing
    """Runs after a resource was created and related. The request has members that the resource does not show."""
    validate_update: Callable[[Account, Resource, ValidatedResource], None] = do_nothing
    """Runs before a resource is updated."""
    after_update: Callable[[Account, Resource, ValidatedResource], None] = do_nothing
    """Runs after a resource was updated."""
    validate_relationship_change: Callable[[Account, Resource, str, str, list[str]], None] = do_nothing
    """Runs before a relationship changes: takes its name, the method, and the ids of the request."""
    after_relationship_change: Callable[[Account, Resource, str, str, list[str]], None] = do_nothing
    """Runs after a relationship changed."""
    before_delete: Callable[[Account, Resource], None] = do_nothing
    """Runs before a resource is deleted; not for resources that are deleted along with another."""
    after_add: Callable[[Account, Resource], None] = do_nothing
    """Runs after a test added a resource. It must keep the members that the test has set."""
    after_decide: Callable[[Account, Resource, str], None] = do_nothing
    """Runs after a test chose an outcome; only for types that a person decides about, at once."""


NO_HOOKS = ResourceHooks()
