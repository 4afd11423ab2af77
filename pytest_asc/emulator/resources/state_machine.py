"""States that follow one another in time, and ways about the account that the workflows share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_asc.emulator.spec.relationships import relation

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytest_asc.emulator.account.account import Account
    from pytest_asc.emulator.account.store import Resource
    from pytest_asc.emulator.jsonapi.request_validator import ValidatedResource


class Step(NamedTuple):
    """What follows a state by itself."""

    delay: float
    """Seconds after the state was entered."""
    state: str | Callable[[Account, Resource], str]
    """The next one, or what chooses it when the time has come."""


def _pass(*_: object) -> None:
    """Do nothing."""


class StateMachine(NamedTuple):
    """How a type's resources go from state to state."""

    attribute: str
    """What holds the state."""
    steps: Mapping[str, Step]
    """What follows each state that does not last."""
    entered: Callable[[Account, Resource, str], None] = _pass
    """What a new state brings about elsewhere."""

    def enter(self, account: Account, resource: Resource, state: str) -> None:
        """Put a resource into a state, and plan what follows; what was planned before is forgotten."""
        account.schedule.forget(resource)
        account.store.update(resource, {self.attribute: state})
        self.entered(account, resource, state)
        self.schedule_next_step(account, resource)

    def schedule_next_step(self, account: Account, resource: Resource) -> None:
        """Schedule the step that follows the current state of a resource."""
        state = resource.attributes[self.attribute]
        step = self.steps.get(state)
        if step:
            what = f"{resource.type} {resource.id}: {state} ends"
            account.schedule.at(step.delay, what, lambda: self._go_on(account, resource, step), of=resource)

    def _go_on(self, account: Account, resource: Resource, step: Step) -> str:
        state = step.state if isinstance(step.state, str) else step.state(account, resource)
        self.enter(account, resource, state)
        return f"{resource.type} {resource.id}: {state}"


def decided(account: Account, resource: Resource) -> str:
    """The state in which something ends, as a test has said or as Apple does."""
    return account.outcomes.of(resource)


def related_many(account: Account, resource: Resource, name: str) -> list[Resource]:
    """The resources that a relationship leads to."""
    over = relation(resource.type, name)
    assert over is not None, f"{resource.type}.{name} leads to no resource"  # noqa: S101  the catalogue has it
    return account.store.related(resource, over)


def related_one(account: Account, resource: Resource, name: str) -> Resource | None:
    """The resource that a to-one relationship leads to."""
    found = related_many(account, resource, name)
    return found[0] if found else None


def link(account: Account, resource: Resource, name: str, other: Resource) -> None:
    """Make a relationship lead to another resource, too; in place of the one there where it is to-one."""
    over = relation(resource.type, name)
    assert over is not None, f"{resource.type}.{name} leads to no resource"  # noqa: S101  the catalogue has it
    account.store.link(resource, over, other)


def request_resources(account: Account, entity: ValidatedResource, name: str) -> list[Resource]:
    """The resources that a relationship in a request leads to, as far as they are there already."""
    linkages = entity.relationships.get(name, ())
    return [found for kind, identifier in linkages if (found := account.store.get(kind, identifier))]


def matches(resource: Resource, **attributes: Any) -> bool:
    """Whether a resource has these values for these attributes."""
    return all(resource.attributes.get(name) == value for name, value in attributes.items())
