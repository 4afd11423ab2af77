"""Items of review submissions, and what is reviewed with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_asc.emulator.jsonapi import entity_errors, state_errors
from pytest_asc.emulator.jsonapi.errors import ApiError, RefusedError, at_pointer
from pytest_asc.emulator.resources.hooks import ResourceHooks
from pytest_asc.emulator.resources.review_requirements import missing
from pytest_asc.emulator.resources.state_machine import link, matches, one, related_many, request_resources
from pytest_asc.emulator.resources.versions import VERSION, approve, state_of
from pytest_asc.emulator.spec.api_spec import api_spec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_asc.emulator.account.account import Account
    from pytest_asc.emulator.account.store import Resource
    from pytest_asc.emulator.jsonapi.request_validator import ValidatedResource

SUBMITTABLE = ("READY_FOR_REVIEW", "UNRESOLVED_ISSUES")
"""The states of a submission in which it can be changed, and submitted."""
_CLOSED = ("APPROVED", "REMOVED")
# What a version becomes when it is withdrawn; a rejected one stays so (observed: fastlane #20754).
_WITHDRAWN = {
    "READY_FOR_REVIEW": "PREPARE_FOR_SUBMISSION",
    "WAITING_FOR_REVIEW": "DEVELOPER_REJECTED",
    "IN_REVIEW": "DEVELOPER_REJECTED",
}


def open_items(account: Account, submission: Resource) -> list[Resource]:
    """The items that there is something to decide about."""
    return [item for item in related_many(account, submission, "items") if item.attributes["state"] not in _CLOSED]


def open_versions(account: Account, submission: Resource) -> list[Resource]:
    """The versions among them."""
    found = [one(account, item, "appStoreVersion") for item in open_items(account, submission)]
    return [version for version in found if version]


def tell(account: Account, item: Resource, state: str) -> None:
    """Let what is reviewed follow its item."""
    for reviewed in _reviewed(account, item):
        if reviewed.type != "appStoreVersions":
            _tell_other(account, reviewed, state)
        elif state == "APPROVED":
            approve(account, reviewed)
        else:
            VERSION.enter(account, reviewed, state)


def _tell_other(account: Account, reviewed: Resource, state: str) -> None:
    """What is reviewed beside versions has one attribute for it, whose values have the same names."""
    for schema in api_spec().schemas_of(reviewed.type):
        for name in ("state", "eventState"):
            if name in schema.attributes and state in (api_spec().enum(schema.attributes[name]) or ()):
                account.store.update(reviewed, {name: state})


def _reviewed(account: Account, item: Resource) -> Iterator[Resource]:
    for schema in api_spec().schemas_of(item.type):
        for name in schema.relationships:
            yield from related_many(account, item, name)


def withdraw(account: Account, item: Resource) -> None:
    """Take back what is reviewed with an item."""
    version = one(account, item, "appStoreVersion")
    if version and state_of(version) in _WITHDRAWN:
        VERSION.enter(account, version, _WITHDRAWN[state_of(version)])


def check_version(account: Account, version: Resource) -> None:
    """Refuse to review a version that is not ready for it."""
    faults = missing(account, version)
    if faults:
        values = {"type": version.type, "id": version.id}
        raise RefusedError(ApiError(state_errors.NOT_REVIEWABLE, values, associated=faults))


def _adding(account: Account, entity: ValidatedResource) -> None:
    (submission,) = request_resources(account, entity, "reviewSubmission")
    if submission.attributes["state"] not in SUBMITTABLE:
        values = {"type": submission.type, "id": submission.id, "state": submission.attributes["state"]}
        raise RefusedError(ApiError(state_errors.NOT_NOW, values))
    names = [
        name for name in entity.relationships if name != "reviewSubmission" and request_resources(account, entity, name)
    ]
    if len(names) != 1:
        form, name = entity_errors.RELATIONSHIP_REQUIRED, "appStoreVersion"
        raise RefusedError(at_pointer(form, f"/data/relationships/{name}", name=name))
    (reviewed,) = request_resources(account, entity, names[0])
    _check_free(account, reviewed, names[0])
    if reviewed.type == "appStoreVersions":
        check_version(account, reviewed)


def _check_free(account: Account, reviewed: Resource, name: str) -> None:
    """Refuse what is an item of an unfinished submission already."""
    for submission in account.store.all("reviewSubmissions"):
        if matches(submission, state="COMPLETE"):
            continue
        if any(one(account, item, name) is reviewed for item in open_items(account, submission)):
            values = {"type": reviewed.type, "id": reviewed.id, "submission": submission.id}
            faults = {f"/{reviewed.type}/{reviewed.id}": [ApiError(state_errors.ITEM_ELSEWHERE, values)]}
            raise RefusedError(ApiError(state_errors.NOT_REVIEWABLE, values, associated=faults))


def _added(account: Account, item: Resource, entity: ValidatedResource) -> None:
    (submission,) = request_resources(account, entity, "reviewSubmission")
    version = one(account, item, "appStoreVersion")
    if version:
        link(account, submission, "appStoreVersionForReview", version)
    tell(account, item, "READY_FOR_REVIEW")


def _removing(account: Account, item: Resource) -> None:
    for submission in account.store.all("reviewSubmissions"):
        if item.id in submission.ids("items") and submission.attributes["submittedDate"]:
            raise RefusedError(ApiError(state_errors.ITEM_SUBMITTED, {"type": item.type, "id": item.id}))
    withdraw(account, item)


def _updated(account: Account, item: Resource, entity: ValidatedResource) -> None:
    if entity.attributes.get("resolved"):
        account.store.update(item, {"state": "READY_FOR_REVIEW"})
    if entity.attributes.get("removed"):
        account.store.update(item, {"state": "REMOVED"})
        withdraw(account, item)


HOOKS = {"reviewSubmissionItems": ResourceHooks(creating=_adding, created=_added, updated=_updated, deleting=_removing)}
