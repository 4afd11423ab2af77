"""Review submissions: validation, submission, review by Apple and cancellation.

The states, and the changes that a client may request, are documented. The times are inferred.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_asc.emulator.account.outcomes import OUTCOMES
from pytest_asc.emulator.account.schedule import HOUR, MINUTE
from pytest_asc.emulator.account.times import timestamp
from pytest_asc.emulator.jsonapi import state_errors
from pytest_asc.emulator.jsonapi.errors import ApiError, RefusedError, at_pointer
from pytest_asc.emulator.resources.hooks import ResourceHooks
from pytest_asc.emulator.resources.review_items import (
    SUBMITTABLE,
    open_items,
    open_versions,
    reviewed_by,
    update_reviewed,
    validate_groups,
    validate_version,
    withdraw,
)
from pytest_asc.emulator.resources.state_machine import (
    StateMachine,
    Step,
    link,
    matches,
    related_many,
    related_one,
    request_resources,
)
from pytest_asc.emulator.resources.version_states import APPROVED, state_of
from pytest_asc.emulator.resources.versions import VERSION

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_asc.emulator.account.account import Account
    from pytest_asc.emulator.account.store import Resource
    from pytest_asc.emulator.jsonapi.request_validator import ValidatedResource

_MAX_UNSUBMITTED = 5  # for an app and platform (observed)
_IN_PROGRESS = ("WAITING_FOR_REVIEW", "IN_REVIEW", "UNRESOLVED_ISSUES")
_WITHDRAWABLE = "PENDING_DEVELOPER_RELEASE"
_MAX_IN_REVIEW = 2  # for an app and platform (observed)


def _decide_items(account: Account, submission: Resource) -> str:
    """Approve or reject every open item, and return the next state of the submission."""
    states = [_decide_item(account, submission, item) for item in open_items(account, submission)]
    return "UNRESOLVED_ISSUES" if "REJECTED" in states else "COMPLETE"


def _decide_item(account: Account, submission: Resource, item: Resource) -> str:
    versions = [reviewed for reviewed in reviewed_by(account, item) if reviewed.type in OUTCOMES]
    outcome = account.outcomes.of(item, *versions, submission)
    state = "APPROVED" if outcome == "APPROVED" else "REJECTED"
    account.store.update(item, {"state": state})
    update_reviewed(account, item, outcome)
    return state


def _after_state_change(account: Account, submission: Resource, state: str) -> None:
    for item in open_items(account, submission):
        if state in {"WAITING_FOR_REVIEW", "IN_REVIEW"}:
            update_reviewed(account, item, state)
        elif state == "CANCELING":
            account.store.update(item, {"state": "REMOVED"})
            withdraw(account, item)
    if state == "COMPLETE":
        _remove_version_submissions(account, submission)


SUBMISSION = StateMachine(
    "state",
    {
        "WAITING_FOR_REVIEW": Step(12 * HOUR, "IN_REVIEW"),
        "IN_REVIEW": Step(2 * HOUR, _decide_items),
        "CANCELING": Step(MINUTE, "COMPLETE"),
    },
    _after_state_change,
)


def _unfinished(account: Account, app: Resource, platform: object) -> list[Resource]:
    """Return the unfinished submissions of an app and platform."""
    found = related_many(account, app, "reviewSubmissions")
    return [other for other in found if matches(other, platform=platform) and not matches(other, state="COMPLETE")]


def _validate_create(account: Account, entity: ValidatedResource) -> None:
    (app,) = request_resources(account, entity, "app")
    platform = entity.attributes.get("platform")
    unsent = [each for each in _unfinished(account, app, platform) if matches(each, state="READY_FOR_REVIEW")]
    if len(unsent) >= _MAX_UNSUBMITTED:
        values = {"app": app.id, "platform": platform, "limit": _MAX_UNSUBMITTED}
        associated = {f"/apps/{app.id}": [ApiError(state_errors.TOO_MANY_SUBMISSIONS, values)]}
        raise RefusedError(
            ApiError(state_errors.NOT_REVIEWABLE, {"type": app.type, "id": app.id}, associated=associated)
        )


def _validate_update(account: Account, submission: Resource, entity: ValidatedResource) -> None:
    state = submission.attributes["state"]
    submitted, canceled = entity.attributes.get("submitted"), entity.attributes.get("canceled")
    if canceled and state not in _IN_PROGRESS:
        raise RefusedError(ApiError(state_errors.NOT_CANCELABLE))
    if submitted and state not in SUBMITTABLE:
        values = {"type": submission.type, "id": submission.id, "state": state}
        raise RefusedError(ApiError(state_errors.NOT_ALLOWED_IN_STATE, values))
    if submitted:
        _validate_submit(account, submission)


def _validate_submit(account: Account, submission: Resource) -> None:
    if not open_items(account, submission):
        raise RefusedError(ApiError(state_errors.NO_ITEMS, {"type": submission.type, "id": submission.id}))
    versions = open_versions(account, submission)
    app = related_one(account, submission, "app")
    if app:
        _validate_none_in_review(account, app, submission, versions)
        if not versions:
            _validate_approved(account, app, submission)
    validate_groups(account, submission)
    for version in versions:
        validate_version(account, version)


def _validate_none_in_review(
    account: Account, app: Resource, submission: Resource, versions: Sequence[Resource]
) -> None:
    """Reject a submission while too many others of the platform are in review."""
    platform = submission.attributes["platform"]
    in_review = [
        other
        for other in _unfinished(account, app, platform)
        if other is not submission and other.attributes["state"] in _IN_PROGRESS
    ]
    if len(in_review) >= _MAX_IN_REVIEW:
        values = {"type": submission.type, "id": submission.id, "platform": platform, "limit": _MAX_IN_REVIEW}
        associated = {f"/v1/{submission.type}/{submission.id}": [ApiError(state_errors.TOO_MANY_IN_REVIEW, values)]}
        raise RefusedError(ApiError(state_errors.NOT_REVIEWABLE, values, associated=associated))
    for other in in_review:
        # A submission with a version and one without a version may be in review at the same time (documented).
        if bool(open_versions(account, other)) == bool(versions):
            raise RefusedError(ApiError(state_errors.OTHER_SUBMISSION_IN_PROGRESS, {"id": other.id}))


def _validate_approved(account: Account, app: Resource, submission: Resource) -> None:
    """Reject a submission without a version for an app that has no approved version (observed)."""
    platform = submission.attributes["platform"]
    versions = related_many(account, app, "appStoreVersions")
    approved = any(matches(version, platform=platform) and state_of(version) in APPROVED for version in versions)
    if not approved and "approved-version" in account.review_requirements:
        template, pointer = state_errors.APPROVED_VERSION_REQUIRED, "/data/relationships/appStoreVersionForReview"
        raise RefusedError(at_pointer(template, pointer, app=app.id, platform=platform))


def _after_update(account: Account, submission: Resource, entity: ValidatedResource) -> None:
    if entity.attributes.get("canceled"):
        SUBMISSION.enter(account, submission, "CANCELING")
    elif entity.attributes.get("submitted"):
        account.store.update(submission, {"submittedDate": timestamp(account.now)})
        for item in open_items(account, submission):
            account.store.update(item, {"state": "READY_FOR_REVIEW"})
        for version in open_versions(account, submission):
            _create_version_submission(account, version)
        SUBMISSION.enter(account, submission, "WAITING_FOR_REVIEW")


# App Store version submissions, the predecessor of review submissions. The resource exists during a review and has the
# id of the version (observed). Deleting it withdraws the version.


def _create_version_submission(account: Account, version: Resource) -> None:
    if account.store.get("appStoreVersionSubmissions", version.id) is None:
        version_submission = account.create("appStoreVersionSubmissions", version.id, {})
        link(account, version, "appStoreVersionSubmission", version_submission)


def _remove_version_submissions(account: Account, submission: Resource) -> None:
    for item in related_many(account, submission, "items"):
        version = related_one(account, item, "appStoreVersion")
        version_submission = related_one(account, version, "appStoreVersionSubmission") if version else None
        # An approved version can still be withdrawn until it is released (observed).
        if version and version_submission and not matches(version, appVersionState=_WITHDRAWABLE):
            account.remove(version_submission)


def _before_delete_version_submission(account: Account, version_submission: Resource) -> None:
    version = related_one(account, version_submission, "appStoreVersion")
    for submission in account.store.all("reviewSubmissions"):
        if version in open_versions(account, submission) and submission.attributes["state"] in _IN_PROGRESS:
            SUBMISSION.enter(account, submission, "CANCELING")
    if version and matches(version, appVersionState=_WITHDRAWABLE):
        VERSION.enter(account, version, "DEVELOPER_REJECTED")
        account.schedule.call_later(
            MINUTE,
            f"{version.type} {version.id}: PREPARE_FOR_SUBMISSION",
            lambda: VERSION.enter(account, version, "PREPARE_FOR_SUBMISSION"),
            key=version,
        )


HOOKS = {
    "reviewSubmissions": ResourceHooks(
        validate_create=_validate_create,
        validate_update=_validate_update,
        after_update=_after_update,
        after_add=SUBMISSION.schedule_next_step,
    ),
    "appStoreVersionSubmissions": ResourceHooks(before_delete=_before_delete_version_submission),
}
