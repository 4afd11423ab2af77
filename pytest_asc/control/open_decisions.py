"""Decisions about resources of an account that have not been made yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_asc.emulator.account.outcomes import outcomes_of
from pytest_asc.emulator.account.store import Resource

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_asc.emulator.account.account import Account

MAX_LISTED = 500
"""Maximum number of decisions in a list."""

_NAMES = ("name", "versionString", "version", "email", "fileName", "number")
_STATES = ("state", "processingState", "betaReviewState", "executionProgress", "appVersionState")


def open_decisions(account: Account) -> list[dict[str, Any]]:
    """Return the open decisions of Apple or a person, each with the possible outcomes for :meth:`Emulator.decide`."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for resource in _undecided(account):
        if len(found) < MAX_LISTED and (resource.type, resource.id) not in found:
            found[resource.type, resource.id] = {
                "type": resource.type,
                "id": resource.id,
                "name": _first(resource, _NAMES),
                "state": _first(resource, _STATES),
                "outcomes": list(outcomes_of(resource.type)),
                "chosen": account.outcomes.chosen(resource),
            }
    return list(found.values())


def _undecided(account: Account) -> Iterator[Resource]:
    for event in sorted(account.schedule.work):
        if isinstance(event.key, Resource) and outcomes_of(event.key.type):
            yield event.key
    for tester in account.store.all_stored("betaTesters"):
        if tester.attributes["state"] == "INVITED":
            yield tester
    yield from account.store.all_stored("userInvitations")


def _first(resource: Resource, names: tuple[str, ...]) -> str | None:
    values = (resource.attributes.get(name) for name in names)
    return next((str(value) for value in values if isinstance(value, (str, int))), None)
