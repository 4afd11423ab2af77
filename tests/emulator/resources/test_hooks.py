"""Every hook in the table runs for the API and for the methods of the emulator."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest
from emulator.populated_account import make_request, operations, populate_account

from pytest_asc.emulator.account.outcomes import OUTCOMES
from pytest_asc.emulator.operations import writes
from pytest_asc.emulator.resources import HOOKS, ResourceHooks
from pytest_asc.emulator.resources.uploads import UPLOAD

if TYPE_CHECKING:
    from emulator.harness import EmulatorClient

    from pytest_asc.emulator.app import Emulator
    from pytest_asc.emulator.spec.api_spec import Operation

RELATIONSHIP_HOOKS = ["validate_relationship_change", "after_relationship_change"]
HOOKS_OF_WRITES = {
    "createInstance": ["find_existing", "validate_create", "before_create", "choose_id", "after_create"],
    "updateInstance": ["validate_update", "after_update"],
    "deleteInstance": ["before_delete"],
    "createToManyRelationship": RELATIONSHIP_HOOKS,
    "replaceToManyRelationship": RELATIONSHIP_HOOKS,
    "deleteToManyRelationship": RELATIONSHIP_HOOKS,
    "updateToOneRelationship": RELATIONSHIP_HOOKS,
}
WRITES = [operation for operation in operations() if operation.action in writes.EMULATED and operation.root in HOOKS]


@pytest.fixture(scope="module")
def populated_account() -> EmulatorClient:
    return populate_account()


def record_hooks(monkeypatch: pytest.MonkeyPatch, resource_type: str) -> list[str]:
    """Replace the hooks of a type by hooks that append their names to a list."""
    called: list[str] = []

    def record(name: str, *_: object) -> None:
        called.append(name)

    hooks = ResourceHooks(*(partial(record, name) for name in ResourceHooks._fields))
    monkeypatch.setitem(HOOKS, resource_type, hooks)
    return called


@pytest.mark.parametrize("operation", WRITES, ids=lambda operation: f"{operation.method} {operation.path}")
def test_api_writes_run_the_hooks_of_the_resource_type(
    populated_account: EmulatorClient, monkeypatch: pytest.MonkeyPatch, operation: Operation
) -> None:
    request = make_request(populated_account, operation)
    called = record_hooks(monkeypatch, operation.root)
    assert populated_account.emulator.handle(request).status == operation.status
    assert called == HOOKS_OF_WRITES[operation.action]


@pytest.mark.parametrize("resource_type", HOOKS)
def test_add_and_load_run_the_hook_after_an_addition(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, resource_type: str
) -> None:
    called = record_hooks(monkeypatch, resource_type)
    emulator.add(resource_type)
    assert called == ["after_add"]
    emulator.load({"data": [{"type": resource_type}]})
    assert called == ["after_add", "after_add"]


@pytest.mark.parametrize("resource_type", sorted(OUTCOMES.keys() & HOOKS.keys()))
def test_decide_runs_the_hook_after_a_decision(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, resource_type: str
) -> None:
    resource = emulator.add(resource_type)
    called = record_hooks(monkeypatch, resource_type)
    emulator.decide(resource, OUTCOMES[resource_type][0])
    assert called == ["after_decide"]


def test_every_hook_in_the_table_is_called_by_the_api_or_the_emulator() -> None:
    defined = {
        (resource_type, name)
        for resource_type, hooks in HOOKS.items()
        for name, hook in hooks._asdict().items()
        # The shared hooks of uploads include one for DELETE, an operation that some of these types do not have.
        if hook not in {ResourceHooks._field_defaults[name], getattr(UPLOAD, name)}
    }
    run_by_the_api = {(operation.root, name) for operation in WRITES for name in HOOKS_OF_WRITES[operation.action]}
    run_by_the_api |= {(name, "choose_id") for name in ("appPrices", "inAppPurchasePrices")}  # part of a schedule
    run_by_the_emulator = {(resource_type, "after_add") for resource_type in HOOKS} | {
        (resource_type, "after_decide") for resource_type in OUTCOMES
    }
    assert defined - run_by_the_api - run_by_the_emulator == set()
