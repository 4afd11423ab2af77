"""Outcomes that a test chooses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_asc.emulator.resources import hooks_of
from pytest_asc.emulator.seeding.resources import resource_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_asc.emulator.account.account import Account


def decide(account: Account, subject: Mapping[str, Any] | str, outcome: str) -> None:
    """Choose the outcome of a decision.

    Args:
        account: The account.
        subject: The resource; or a type, for all of its resources that have no outcome of their own.
        outcome: One of the values in :data:`~pytest_asc.emulator.account.outcomes.OUTCOMES` for the type.

    Raises:
        ValueError: The resource does not exist, or its type has no such outcome.
    """
    __tracebackhide__ = True
    if isinstance(subject, str):
        account.outcomes.choose(subject, None, outcome)
        return
    resource = resource_of(account, subject)
    account.outcomes.choose(resource.type, resource.id, outcome)
    hooks_of(resource.type).after_decide(account, resource, outcome)
