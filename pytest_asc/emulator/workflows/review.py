"""Review submissions: from an empty one to Apple's decision.

The states are documented, so is who may move them; the times are inferred.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_asc.emulator import entity_errors, state_errors
from pytest_asc.emulator.catalogue import catalogue
from pytest_asc.emulator.errors import ApiError, RefusedError, at_pointer
from pytest_asc.emulator.schedule import HOUR, MINUTE
from pytest_asc.emulator.values import timestamp
from pytest_asc.emulator.workflows.hooks import Workflow
from pytest_asc.emulator.workflows.machine import Machine, Step, has, link, one, sent, some
from pytest_asc.emulator.workflows.requirements import missing
from pytest_asc.emulator.workflows.versions import EDITABLE, VERSION, approve, state_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_asc.emulator.account import Account
    from pytest_asc.emulator.entities import Entity
    from pytest_asc.emulator.errors import ErrorForm
    from pytest_asc.emulator.store import Resource

_MOST_UNFINISHED = 5  # of an app and platform (observed)
_IN_PROGRESS = ("WAITING_FOR_REVIEW", "IN_REVIEW", "UNRESOLVED_ISSUES")
_SUBMITTABLE = ("READY_FOR_REVIEW", "UNRESOLVED_ISSUES")
_CANCELABLE = ("READY_FOR_REVIEW", *_IN_PROGRESS)
# What a version becomes when its submission is withdrawn; a rejected one stays so (observed: fastlane #20754).
_WITHDRAWN = {
    "READY_FOR_REVIEW": "PREPARE_FOR_SUBMISSION",
    "WAITING_FOR_REVIEW": "DEVELOPER_REJECTED",
    "IN_REVIEW": "DEVELOPER_REJECTED",
}


def _outcome(account: Account, submission: Resource) -> str:
    """Decide about every item: what the submission becomes."""
    decided = [_decide(account, submission, item) for item in _open_items(account, submission)]
    return "UNRESOLVED_ISSUES" if "REJECTED" in decided else "COMPLETE"


def _decide(account: Account, submission: Resource, item: Resource) -> str:
    version = one(account, item, "appStoreVersion")
    outcome = account.decisions.of(item, *([version] if version else []), submission)
    state = "APPROVED" if outcome == "APPROVED" else "REJECTED"
    account.store.update(item, {"state": state})
    _tell(account, item, outcome)
    return state


def _tell(account: Account, item: Resource, state: str) -> None:
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
    for schema in catalogue().schemas_of(reviewed.type):
        for name in ("state", "eventState"):
            if name in schema.attributes and state in (catalogue().enum(schema.attributes[name]) or ()):
                account.store.update(reviewed, {name: state})


def _entered(account: Account, submission: Resource, state: str) -> None:
    if state in {"WAITING_FOR_REVIEW", "IN_REVIEW"}:
        for item in _open_items(account, submission):
            _tell(account, item, state)
    if state == "CANCELING":
        _withdraw(account, submission)
    if state == "COMPLETE":
        _forget_old_ways(account, submission)


SUBMISSION = Machine(
    "state",
    {
        "WAITING_FOR_REVIEW": Step(12 * HOUR, "IN_REVIEW"),
        "IN_REVIEW": Step(2 * HOUR, _outcome),
        "CANCELING": Step(MINUTE, "COMPLETE"),
    },
    _entered,
)


def _withdraw(account: Account, submission: Resource) -> None:
    for item in _open_items(account, submission):
        account.store.update(item, {"state": "REMOVED"})
        _release_item(account, item)


def _release_item(account: Account, item: Resource) -> None:
    version = one(account, item, "appStoreVersion")
    if version and state_of(version) in _WITHDRAWN:
        VERSION.enter(account, version, _WITHDRAWN[state_of(version)])


def _items(account: Account, submission: Resource) -> list[Resource]:
    return some(account, submission, "items")


def _open_items(account: Account, submission: Resource) -> list[Resource]:
    return [item for item in _items(account, submission) if not has(item, state="REMOVED")]


def _reviewed(account: Account, item: Resource) -> Iterator[Resource]:
    for name in sorted(_reviewable()):
        yield from some(account, item, name)


def _reviewable() -> set[str]:
    """The relationships of an item that lead to what is reviewed."""
    return {name for schema in catalogue().schemas_of("reviewSubmissionItems") for name in schema.relationships}


def _submissions(account: Account, app: Resource, platform: object) -> list[Resource]:
    """The unfinished submissions of an app and platform."""
    found = some(account, app, "reviewSubmissions")
    return [one for one in found if has(one, platform=platform) and not has(one, state="COMPLETE")]


def _refuse(form: ErrorForm, resource: Resource, **associated: list[ApiError]) -> RefusedError:
    return RefusedError(ApiError(form, {"type": resource.type, "id": resource.id}, associated=associated))


# Submissions.


def _creating(account: Account, entity: Entity) -> None:
    (app,) = sent(account, entity, "app")
    platform = entity.attributes.get("platform")
    if len(_submissions(account, app, platform)) >= _MOST_UNFINISHED:
        values = {"app": app.id, "platform": platform, "limit": _MOST_UNFINISHED}
        raise _refuse(
            state_errors.NOT_REVIEWABLE,
            app,
            **{f"/apps/{app.id}": [ApiError(state_errors.TOO_MANY_SUBMISSIONS, values)]},
        )


def _updating(account: Account, submission: Resource, entity: Entity) -> None:
    state = submission.attributes["state"]
    submitted, canceled = entity.attributes.get("submitted"), entity.attributes.get("canceled")
    if (submitted and state not in _SUBMITTABLE) or (canceled and state not in _CANCELABLE):
        values = {"type": submission.type, "id": submission.id, "state": state}
        raise RefusedError(ApiError(state_errors.NOT_NOW, values))
    if submitted:
        _check_submittable(account, submission)


def _check_submittable(account: Account, submission: Resource) -> None:
    items = _open_items(account, submission)
    if not items:
        raise _refuse(state_errors.NO_ITEMS, submission)
    versions = _versions(account, submission)
    app = one(account, submission, "app")
    others = _submissions(account, app, submission.attributes["platform"]) if app else []
    for other in others:
        # One with a version and one without may be under review at a time (documented).
        busy = other is not submission and other.attributes["state"] in _IN_PROGRESS
        if busy and bool(_versions(account, other)) == bool(versions):
            raise RefusedError(ApiError(state_errors.OTHER_SUBMISSION, {"id": other.id}))
    for version in versions:
        _check_version(account, version)


def _versions(account: Account, submission: Resource) -> list[Resource]:
    return [version for item in _open_items(account, submission) if (version := one(account, item, "appStoreVersion"))]


def _check_version(account: Account, version: Resource) -> None:
    faults = missing(account, version)
    if faults:
        values = {"type": version.type, "id": version.id}
        raise RefusedError(ApiError(state_errors.NOT_REVIEWABLE, values, associated=faults))


def _updated(account: Account, submission: Resource, entity: Entity) -> None:
    if entity.attributes.get("canceled"):
        SUBMISSION.enter(account, submission, "CANCELING")
    elif entity.attributes.get("submitted"):
        account.store.update(submission, {"submittedDate": timestamp(account.now)})
        for item in _open_items(account, submission):
            account.store.update(item, {"state": "READY_FOR_REVIEW"})
        for version in _versions(account, submission):
            _keep_old_ways(account, version)
        SUBMISSION.enter(account, submission, "WAITING_FOR_REVIEW")


# Items.


def _adding(account: Account, entity: Entity) -> None:
    (submission,) = sent(account, entity, "reviewSubmission")
    if submission.attributes["state"] not in _SUBMITTABLE:
        values = {"type": submission.type, "id": submission.id, "state": submission.attributes["state"]}
        raise RefusedError(ApiError(state_errors.NOT_NOW, values))
    names = [name for name in entity.relationships if name != "reviewSubmission" and sent(account, entity, name)]
    if len(names) != 1:
        form, name = entity_errors.RELATIONSHIP_REQUIRED, "appStoreVersion"
        raise RefusedError(at_pointer(form, f"/data/relationships/{name}", name=name))
    (reviewed,) = sent(account, entity, names[0])
    _check_free(account, reviewed, names[0])
    if reviewed.type == "appStoreVersions":
        _check_version(account, reviewed)


def _check_free(account: Account, reviewed: Resource, name: str) -> None:
    """Refuse what is an item of an unfinished submission already."""
    for submission in account.store.all("reviewSubmissions"):
        if has(submission, state="COMPLETE"):
            continue
        for item in _open_items(account, submission):
            if one(account, item, name) is reviewed:
                values = {"type": reviewed.type, "id": reviewed.id, "submission": submission.id}
                elsewhere = [ApiError(state_errors.ITEM_ELSEWHERE, values)]
                raise _refuse(state_errors.NOT_REVIEWABLE, reviewed, **{f"/{reviewed.type}/{reviewed.id}": elsewhere})


def _added(account: Account, item: Resource, entity: Entity) -> None:
    (submission,) = sent(account, entity, "reviewSubmission")
    version = one(account, item, "appStoreVersion")
    if version:
        link(account, submission, "appStoreVersionForReview", version)
    for reviewed in _reviewed(account, item):
        if reviewed.type != "appStoreVersions":
            _tell_other(account, reviewed, "READY_FOR_REVIEW")
        elif state_of(reviewed) in EDITABLE:
            VERSION.enter(account, reviewed, "READY_FOR_REVIEW")


def _submission_of(account: Account, item: Resource) -> Resource | None:
    for submission in account.store.all("reviewSubmissions"):
        if item.id in submission.ids("items"):
            return submission
    return None


def _removing(account: Account, item: Resource) -> None:
    submission = _submission_of(account, item)
    if submission and submission.attributes["submittedDate"]:
        raise _refuse(state_errors.ITEM_SUBMITTED, item)
    _release_item(account, item)


def _resolved(account: Account, item: Resource, entity: Entity) -> None:
    if entity.attributes.get("resolved"):
        account.store.update(item, {"state": "READY_FOR_REVIEW"})
    if entity.attributes.get("removed"):
        account.store.update(item, {"state": "REMOVED"})
        _release_item(account, item)


# The way before review submissions: its resource is still shown, under the version's id (observed), and its deletion
# withdraws the version.


def _keep_old_ways(account: Account, version: Resource) -> None:
    if one(account, version, "appStoreVersionSubmission") is None:
        old = account.create("appStoreVersionSubmissions", version.id, {})
        link(account, version, "appStoreVersionSubmission", old)


def _forget_old_ways(account: Account, submission: Resource) -> None:
    for item in _items(account, submission):
        version = one(account, item, "appStoreVersion")
        old = one(account, version, "appStoreVersionSubmission") if version else None
        if old:
            account.remove(old)


def _withdrawing(account: Account, old: Resource) -> None:
    version = one(account, old, "appStoreVersion")
    for submission in list(account.store.all("reviewSubmissions")):
        if version in _versions(account, submission) and submission.attributes["state"] in _CANCELABLE:
            SUBMISSION.enter(account, submission, "CANCELING")


WORKFLOWS = {
    "reviewSubmissions": Workflow(creating=_creating, updating=_updating, updated=_updated),
    "reviewSubmissionItems": Workflow(creating=_adding, created=_added, updated=_resolved, deleting=_removing),
    "appStoreVersionSubmissions": Workflow(deleting=_withdrawing),
}
