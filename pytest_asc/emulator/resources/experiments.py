"""Product page experiments: only one can be a draft at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_asc.emulator.jsonapi import product_errors
from pytest_asc.emulator.jsonapi.errors import ApiError, RefusedError
from pytest_asc.emulator.resources.hooks import ResourceHooks
from pytest_asc.emulator.resources.state_machine import matches, related_many, request_resources

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_asc.emulator.account.account import Account
    from pytest_asc.emulator.account.store import Resource
    from pytest_asc.emulator.jsonapi.request_validator import ValidatedResource

_DRAFT = "PREPARE_FOR_SUBMISSION"
# Relationships of a create request, each with its inverse. The rule is documented for v2, and inferred for v1.
_OWNERS = {"app": "appStoreVersionExperimentsV2", "appStoreVersion": "appStoreVersionExperiments"}


def _validate_create(account: Account, entity: ValidatedResource) -> None:
    for name, inverse in _OWNERS.items():
        for owner in request_resources(account, entity, name):
            if any(matches(other, state=_DRAFT) for other in related_many(account, owner, inverse)):
                raise RefusedError(ApiError(product_errors.ANOTHER_DRAFT))


def _set_draft(account: Account, experiment: Resource, *_: object) -> None:
    if experiment.attributes["state"] is None:
        account.store.update(experiment, {"state": _DRAFT})


HOOKS: Mapping[str, ResourceHooks] = {
    "appStoreVersionExperiments": ResourceHooks(
        validate_create=_validate_create, after_create=_set_draft, after_add=_set_draft
    )
}
