"""State machines of resources, and functions for relationships that hooks share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_asc.emulator.resources.hooks import do_nothing
from pytest_asc.emulator.spec.relationships import relation

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytest_asc.emulator.account.account import Account
    from pytest_asc.emulator.account.store import Resource
    from pytest_asc.emulator.jsonapi.request_validator import ValidatedResource


class Step(NamedTuple):
    """A transition to another state after some time."""

    delay: float
    """Seconds after the state was entered."""
    state: str | Callable[[Account, Resource], str]
    """The next state, or a function that is called at that time and returns it."""


class StateMachine(NamedTuple):
    """States of a resource type, with the transitions that happen automatically after some time."""

    attribute: str
    """Attribute with the state."""
    steps: Mapping[str, Step]
    """Automatic transitions, by the state that they leave."""
    after_enter: Callable[[Account, Resource, str], None] = do_nothing
    """Called after a resource has entered a state, to update related resources."""

    def enter(self, account: Account, resource: Resource, state: str) -> None:
        """Set the state of a resource, cancel its scheduled events, and schedule the next transition."""
        account.schedule.cancel(resource)
        account.store.update(resource, {self.attribute: state})
        self.after_enter(account, resource, state)
        self.schedule_next_step(account, resource)

    def schedule_next_step(self, account: Account, resource: Resource) -> None:
        """Schedule the transition from the current state of a resource, if there is one."""
        state = resource.attributes[self.attribute]
        step = self.steps.get(state)
        if step:
            description = f"{resource.type} {resource.id}: {state} ends"
            account.schedule.call_later(
                step.delay, description, lambda: self._take_step(account, resource, step), key=resource
            )

    def _take_step(self, account: Account, resource: Resource, step: Step) -> str:
        state = step.state if isinstance(step.state, str) else step.state(account, resource)
        self.enter(account, resource, state)
        return f"{resource.type} {resource.id}: {state}"


def outcome_of(account: Account, resource: Resource) -> str:
    """Return the final state of a resource: the outcome that a test has chosen, or the default."""
    return account.outcomes.of(resource)


def related_many(account: Account, resource: Resource, name: str) -> list[Resource]:
    """Return the related resources of a relationship."""
    relationship = relation(resource.type, name)
    assert relationship is not None, f"{resource.type}.{name} leads to no resource"  # noqa: S101  the API spec has it
    return list(account.store.related(resource, relationship))


def related_one(account: Account, resource: Resource, name: str) -> Resource | None:
    """Return the related resource of a to-one relationship; None if there is none."""
    found = related_many(account, resource, name)
    return found[0] if found else None


def link(account: Account, resource: Resource, name: str, other: Resource) -> None:
    """Add a related resource; in a to-one relationship, replace the current one."""
    relationship = relation(resource.type, name)
    assert relationship is not None, f"{resource.type}.{name} leads to no resource"  # noqa: S101  the API spec has it
    account.store.link(resource, relationship, other)


def request_resources(account: Account, entity: ValidatedResource, name: str) -> list[Resource]:
    """Return the resources that a relationship in a request refers to, without those that the request creates."""
    linkages = entity.relationships.get(name, ())
    return [found for resource_type, identifier in linkages if (found := account.store.get(resource_type, identifier))]


def matches(resource: Resource, **attributes: Any) -> bool:
    """Return whether the attributes of a resource have these values."""
    return attributes.items() <= resource.attributes.items()
