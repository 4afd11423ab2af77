"""Review submission items, and the resources under review."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_asc.emulator.jsonapi import entity_errors, product_errors, state_errors
from pytest_asc.emulator.jsonapi.errors import ApiError, RefusedError, at_pointer
from pytest_asc.emulator.resources import product_versions
from pytest_asc.emulator.resources.hooks import ResourceHooks
from pytest_asc.emulator.resources.product_kinds import BY_VERSION, DRAFT, is_approved, product_of
from pytest_asc.emulator.resources.products import validate_complete
from pytest_asc.emulator.resources.review_requirements import unmet_requirements
from pytest_asc.emulator.resources.state_machine import link, matches, related_many, related_one, request_resources
from pytest_asc.emulator.resources.versions import VERSION, approve
from pytest_asc.emulator.spec.api_spec import api_spec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_asc.emulator.account.account import Account
    from pytest_asc.emulator.account.store import Resource
    from pytest_asc.emulator.jsonapi.request_validator import ValidatedResource

SUBMITTABLE = ("READY_FOR_REVIEW", "UNRESOLVED_ISSUES")
"""States in which a submission can be changed and submitted."""
_CLOSED = ("APPROVED", "REMOVED")
# Attributes with the state of resources under review, apart from app versions.
_STATES = frozenset({"state", "eventState"})
# Names that some types have for a state instead (inferred from the names).
_SIMILAR_STATES = {
    "APPROVED": ("LIVE",),
    "DEVELOPER_REJECTED": ("PREPARE_FOR_SUBMISSION", "DRAFT"),
    "PREPARE_FOR_SUBMISSION": ("DRAFT",),
}
# State of a withdrawn version, by its previous state. A rejected version stays rejected (observed: fastlane #20754).
_STATE_AFTER_WITHDRAWAL = {
    "READY_FOR_REVIEW": "PREPARE_FOR_SUBMISSION",
    "WAITING_FOR_REVIEW": "DEVELOPER_REJECTED",
    "IN_REVIEW": "DEVELOPER_REJECTED",
}


def open_items(account: Account, submission: Resource) -> list[Resource]:
    """Return the items of a submission that are neither approved nor removed."""
    return [item for item in related_many(account, submission, "items") if item.attributes["state"] not in _CLOSED]


def open_versions(account: Account, submission: Resource) -> list[Resource]:
    """Return the app versions of the open items of a submission."""
    found = [related_one(account, item, "appStoreVersion") for item in open_items(account, submission)]
    return [version for version in found if version]


def update_reviewed(account: Account, item: Resource, state: str) -> None:
    """Set the state of the resource under review to that of its item."""
    for reviewed in reviewed_by(account, item):
        if reviewed.type == "appStoreVersions" and state == "APPROVED":
            approve(account, reviewed)
        else:
            _enter(account, reviewed, state)


def _enter(account: Account, reviewed: Resource, state: str) -> None:
    if reviewed.type == "appStoreVersions":
        VERSION.enter(account, reviewed, state)
    elif reviewed.type in BY_VERSION:
        product_versions.VERSION.enter(account, reviewed, state)
    else:
        _set_state(account, reviewed, state)


def _set_state(account: Account, reviewed: Resource, state: str) -> None:
    """Set the state of a resource other than a version, to the state of this name or a similar one."""
    for schema in api_spec().schemas_of(reviewed.type):
        for name in _STATES & schema.attributes.keys():
            allowed = api_spec().enum(schema.attributes[name]) or ()
            fitting = [one for one in (state, *_SIMILAR_STATES.get(state, ())) if one in allowed]
            if fitting:
                account.store.update(reviewed, {name: fitting[0]})


def reviewed_by(account: Account, item: Resource) -> Iterator[Resource]:
    """Yield the resource that an item is about."""
    for schema in api_spec().schemas_of(item.type):
        for name in schema.relationships:
            yield from related_many(account, item, name)


def withdraw(account: Account, item: Resource) -> None:
    """Withdraw the resource that an item is about from review."""
    for reviewed in reviewed_by(account, item):
        names = {"appVersionState"} if reviewed.type == "appStoreVersions" else _STATES & reviewed.attributes.keys()
        for state in [reviewed.attributes[name] for name in names]:
            if state in _STATE_AFTER_WITHDRAWAL:
                _enter(account, reviewed, _STATE_AFTER_WITHDRAWAL[state])


def validate_version(account: Account, version: Resource) -> None:
    """Reject a version that does not meet the requirements for a review.

    Raises:
        RefusedError: A requirement is not met. The associated errors name the resources concerned.
    """
    associated = unmet_requirements(account, version)
    if associated:
        values = {"type": version.type, "id": version.id}
        raise RefusedError(ApiError(state_errors.NOT_REVIEWABLE, values, associated=associated))


def _validate_create(account: Account, entity: ValidatedResource) -> None:
    (submission,) = request_resources(account, entity, "reviewSubmission")
    if submission.attributes["state"] not in SUBMITTABLE:
        values = {"type": submission.type, "id": submission.id, "state": submission.attributes["state"]}
        raise RefusedError(ApiError(state_errors.NOT_ALLOWED_IN_STATE, values))
    names = [
        name for name in entity.relationships if name != "reviewSubmission" and request_resources(account, entity, name)
    ]
    if len(names) != 1:
        template, name = entity_errors.RELATIONSHIP_REQUIRED, "appStoreVersion"
        raise RefusedError(at_pointer(template, f"/data/relationships/{name}", name=name))
    (reviewed,) = request_resources(account, entity, names[0])
    _validate_new_in_submission(account, submission, reviewed, names[0])
    _validate_not_in_review(account, reviewed, names[0])
    if reviewed.type == "appStoreVersions":
        validate_version(account, reviewed)
    elif reviewed.type in BY_VERSION:
        _validate_product_version(account, submission, reviewed)


def _validate_product_version(account: Account, submission: Resource, version: Resource) -> None:
    """Reject the version of a product that cannot be reviewed, or only together with that of its group (observed)."""
    if version.attributes["state"] not in {None, DRAFT, "REJECTED"}:
        raise RefusedError(ApiError(state_errors.NOT_REVIEWABLE, {"type": version.type, "id": version.id}))
    product = product_of(account, version)
    if product is None:
        return
    validate_complete(account, product)
    group = related_one(account, product, "group") if product.type == "subscriptions" else None
    if group and not is_approved(account, group) and group not in _groups(account, submission):
        raise RefusedError(ApiError(product_errors.GROUP_VERSION_REQUIRED))


def _groups(account: Account, submission: Resource) -> list[Resource]:
    """Return the subscription groups whose versions are open items of a submission."""
    versions = [related_one(account, item, "subscriptionGroupVersion") for item in open_items(account, submission)]
    groups = [product_of(account, version) for version in versions if version]
    return [group for group in groups if group]


def validate_groups(account: Account, submission: Resource) -> None:
    """Reject a submission that has a new subscription group but none of its subscriptions (observed).

    Raises:
        RefusedError: There is such a group.
    """
    versions = [related_one(account, item, "subscriptionVersion") for item in open_items(account, submission)]
    subscriptions = [product_of(account, version) for version in versions if version]
    accompanied = [related_one(account, one, "group") for one in subscriptions if one]
    for group in _groups(account, submission):
        if group not in accompanied and not is_approved(account, group):
            raise RefusedError(ApiError(product_errors.GROUP_ALONE))


def _validate_new_in_submission(account: Account, submission: Resource, reviewed: Resource, name: str) -> None:
    """Reject a resource that is or was an item of the submission, and a second version (observed)."""
    for item in related_many(account, submission, "items"):
        present = related_one(account, item, name)
        removed = matches(item, state="REMOVED")
        if present is reviewed and not matches(item, state="APPROVED"):
            template = state_errors.ITEM_REMOVED if removed else state_errors.ITEM_ALREADY_ADDED
        elif present and not removed and present.type == "appStoreVersions":
            template = state_errors.ONLY_ONE_VERSION
        else:
            continue
        pointer = f"/data/relationships/{name}"
        raise RefusedError(at_pointer(template, pointer, type=reviewed.type, id=reviewed.id))


def _validate_not_in_review(account: Account, reviewed: Resource, name: str) -> None:
    """Reject a resource that is an item of another unfinished submission."""
    for submission in account.store.all("reviewSubmissions"):
        if matches(submission, state="COMPLETE"):
            continue
        if any(related_one(account, item, name) is reviewed for item in open_items(account, submission)):
            values = {"type": reviewed.type, "id": reviewed.id, "submission": submission.id}
            associated = {f"/{reviewed.type}/{reviewed.id}": [ApiError(state_errors.ITEM_IN_OTHER_SUBMISSION, values)]}
            raise RefusedError(ApiError(state_errors.NOT_REVIEWABLE, values, associated=associated))


def _after_create(account: Account, item: Resource, entity: ValidatedResource) -> None:
    (submission,) = request_resources(account, entity, "reviewSubmission")
    version = related_one(account, item, "appStoreVersion")
    if version:
        link(account, submission, "appStoreVersionForReview", version)
    update_reviewed(account, item, "READY_FOR_REVIEW")


def _before_delete(account: Account, item: Resource) -> None:
    for submission in account.store.all("reviewSubmissions"):
        if item.id in submission.ids("items") and submission.attributes["submittedDate"]:
            raise RefusedError(ApiError(state_errors.ITEM_SUBMITTED, {"type": item.type, "id": item.id}))
    withdraw(account, item)


def _after_update(account: Account, item: Resource, entity: ValidatedResource) -> None:
    if entity.attributes.get("resolved"):
        account.store.update(item, {"state": "READY_FOR_REVIEW"})
    if entity.attributes.get("removed"):
        account.store.update(item, {"state": "REMOVED"})
        withdraw(account, item)


HOOKS = {
    "reviewSubmissionItems": ResourceHooks(
        validate_create=_validate_create,
        after_create=_after_create,
        after_update=_after_update,
        before_delete=_before_delete,
    )
}
