"""What the workflow of a type can do about a write: nothing, where it does not say."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_asc.emulator.account.account import Account
    from pytest_asc.emulator.account.store import Resource
    from pytest_asc.emulator.jsonapi.request_validator import ValidatedResource


def _pass(*_: object) -> None:
    """Do nothing."""


class ResourceHooks(NamedTuple):
    """The hooks of a type, each optional.

    The hooks ending in "ing" may refuse the request with a
    :class:`~pytest_asc.emulator.jsonapi.errors.RefusedError`; nothing has happened then. The others must not.
    """

    existing: Callable[[Account, ValidatedResource], Resource | None] = _pass
    """What is there already and is answered with, in place of one that is created."""
    creating: Callable[[Account, ValidatedResource], None] = _pass
    """A resource is about to be created."""
    created: Callable[[Account, Resource, ValidatedResource], None] = _pass
    """A resource was created, and linked; the entity has what the resource does not show, too."""
    updating: Callable[[Account, Resource, ValidatedResource], None] = _pass
    """A resource is about to be changed."""
    updated: Callable[[Account, Resource, ValidatedResource], None] = _pass
    """A resource was changed."""
    relating: Callable[[Account, Resource, str, str, list[str]], None] = _pass
    """A relationship of a resource is about to be changed: its name, the method, and the ids that were sent."""
    related: Callable[[Account, Resource, str, str, list[str]], None] = _pass
    """A relationship of a resource was changed."""
    deleting: Callable[[Account, Resource], None] = _pass
    """A resource is about to be deleted. Those that go with it are not asked."""
    identify: Callable[[Account, ValidatedResource], str | None] = _pass
    """The id of a resource that is about to be created; None for one as its type has."""
    added: Callable[[Account, Resource], None] = _pass
    """A resource was put into the account by a test. It must leave what the test has set."""
    decided: Callable[[Account, Resource, str], None] = _pass
    """A test has said how something will end; only where a person ends it, and not Apple in its time."""


NO_HOOKS = ResourceHooks()
