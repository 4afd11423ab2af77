"""Review submissions: from an empty one to Apple's decision.

The states are documented, so is who may move them; the times are inferred.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_asc.emulator.account.schedule import HOUR, MINUTE
from pytest_asc.emulator.account.times import timestamp
from pytest_asc.emulator.jsonapi import state_errors
from pytest_asc.emulator.jsonapi.errors import ApiError, RefusedError
from pytest_asc.emulator.resources.hooks import ResourceHooks
from pytest_asc.emulator.resources.review_items import (
    SUBMITTABLE,
    check_version,
    open_items,
    open_versions,
    tell,
    withdraw,
)
from pytest_asc.emulator.resources.state_machine import (
    StateMachine,
    Step,
    link,
    matches,
    one,
    related_many,
    request_resources,
)

if TYPE_CHECKING:
    from pytest_asc.emulator.account.account import Account
    from pytest_asc.emulator.account.store import Resource
    from pytest_asc.emulator.jsonapi.request_validator import ValidatedResource

_MOST_UNFINISHED = 5  # of an app and platform (observed)
_IN_PROGRESS = ("WAITING_FOR_REVIEW", "IN_REVIEW", "UNRESOLVED_ISSUES")
_CANCELABLE = ("READY_FOR_REVIEW", *_IN_PROGRESS)


def _outcome(account: Account, submission: Resource) -> str:
    """Decide about every item: what the submission becomes."""
    decided = [_decide(account, submission, item) for item in open_items(account, submission)]
    return "UNRESOLVED_ISSUES" if "REJECTED" in decided else "COMPLETE"


def _decide(account: Account, submission: Resource, item: Resource) -> str:
    version = one(account, item, "appStoreVersion")
    outcome = account.outcomes.of(item, *([version] if version else []), submission)
    state = "APPROVED" if outcome == "APPROVED" else "REJECTED"
    account.store.update(item, {"state": state})
    tell(account, item, outcome)
    return state


def _entered(account: Account, submission: Resource, state: str) -> None:
    for item in open_items(account, submission):
        if state in {"WAITING_FOR_REVIEW", "IN_REVIEW"}:
            tell(account, item, state)
        elif state == "CANCELING":
            account.store.update(item, {"state": "REMOVED"})
            withdraw(account, item)
    if state == "COMPLETE":
        _end_older(account, submission)


SUBMISSION = StateMachine(
    "state",
    {
        "WAITING_FOR_REVIEW": Step(12 * HOUR, "IN_REVIEW"),
        "IN_REVIEW": Step(2 * HOUR, _outcome),
        "CANCELING": Step(MINUTE, "COMPLETE"),
    },
    _entered,
)


def _unfinished(account: Account, app: Resource, platform: object) -> list[Resource]:
    """The unfinished submissions of an app and platform."""
    found = related_many(account, app, "reviewSubmissions")
    return [other for other in found if matches(other, platform=platform) and not matches(other, state="COMPLETE")]


def _creating(account: Account, entity: ValidatedResource) -> None:
    (app,) = request_resources(account, entity, "app")
    platform = entity.attributes.get("platform")
    if len(_unfinished(account, app, platform)) >= _MOST_UNFINISHED:
        values = {"app": app.id, "platform": platform, "limit": _MOST_UNFINISHED}
        faults = {f"/apps/{app.id}": [ApiError(state_errors.TOO_MANY_SUBMISSIONS, values)]}
        raise RefusedError(ApiError(state_errors.NOT_REVIEWABLE, {"type": app.type, "id": app.id}, associated=faults))


def _updating(account: Account, submission: Resource, entity: ValidatedResource) -> None:
    state = submission.attributes["state"]
    submitted, canceled = entity.attributes.get("submitted"), entity.attributes.get("canceled")
    if (submitted and state not in SUBMITTABLE) or (canceled and state not in _CANCELABLE):
        values = {"type": submission.type, "id": submission.id, "state": state}
        raise RefusedError(ApiError(state_errors.NOT_NOW, values))
    if submitted:
        _check_submittable(account, submission)


def _check_submittable(account: Account, submission: Resource) -> None:
    if not open_items(account, submission):
        raise RefusedError(ApiError(state_errors.NO_ITEMS, {"type": submission.type, "id": submission.id}))
    versions = open_versions(account, submission)
    app = one(account, submission, "app")
    for other in _unfinished(account, app, submission.attributes["platform"]) if app else ():
        # One with a version and one without may be under review at a time (documented).
        busy = other is not submission and other.attributes["state"] in _IN_PROGRESS
        if busy and bool(open_versions(account, other)) == bool(versions):
            raise RefusedError(ApiError(state_errors.OTHER_SUBMISSION, {"id": other.id}))
    for version in versions:
        check_version(account, version)


def _updated(account: Account, submission: Resource, entity: ValidatedResource) -> None:
    if entity.attributes.get("canceled"):
        SUBMISSION.enter(account, submission, "CANCELING")
    elif entity.attributes.get("submitted"):
        account.store.update(submission, {"submittedDate": timestamp(account.now)})
        for item in open_items(account, submission):
            account.store.update(item, {"state": "READY_FOR_REVIEW"})
        for version in open_versions(account, submission):
            _begin_older(account, version)
        SUBMISSION.enter(account, submission, "WAITING_FOR_REVIEW")


# The way before review submissions: its resource is shown while a review lasts, under the version's id (observed), and
# its deletion withdraws the version.


def _begin_older(account: Account, version: Resource) -> None:
    if account.store.get("appStoreVersionSubmissions", version.id) is None:
        older = account.create("appStoreVersionSubmissions", version.id, {})
        link(account, version, "appStoreVersionSubmission", older)


def _end_older(account: Account, submission: Resource) -> None:
    for item in related_many(account, submission, "items"):
        version = one(account, item, "appStoreVersion")
        older = one(account, version, "appStoreVersionSubmission") if version else None
        if older:
            account.remove(older)


def _withdrawing(account: Account, older: Resource) -> None:
    version = one(account, older, "appStoreVersion")
    for submission in account.store.all("reviewSubmissions"):
        if version in open_versions(account, submission) and submission.attributes["state"] in _CANCELABLE:
            SUBMISSION.enter(account, submission, "CANCELING")


HOOKS = {
    "reviewSubmissions": ResourceHooks(
        creating=_creating, updating=_updating, updated=_updated, added=SUBMISSION.watch
    ),
    "appStoreVersionSubmissions": ResourceHooks(deleting=_withdrawing),
}
