"""Builds: processing, TestFlight states, beta app review and expiration.

The states in ``buildBetaDetails`` are derived from the build, its groups and its review, and are updated whenever one
of these changes. The names of the states are documented. When a state is entered is inferred from the states that
clients wait for (fastlane, codemagic-cli-tools).
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from pytest_asc.emulator.account.schedule import HOUR, MINUTE
from pytest_asc.emulator.account.times import timestamp
from pytest_asc.emulator.jsonapi import state_errors
from pytest_asc.emulator.jsonapi.errors import ApiError, RefusedError, at_pointer
from pytest_asc.emulator.resources.hooks import ResourceHooks
from pytest_asc.emulator.resources.state_machine import (
    StateMachine,
    Step,
    link,
    matches,
    outcome_of,
    related_many,
    related_one,
    request_resources,
)
from pytest_asc.emulator.resources.testers import groups_of, invite_waiting_testers
from pytest_asc.emulator.spec.iso_8601 import parse_date_time

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_asc.emulator.account.account import Account
    from pytest_asc.emulator.account.store import Resource
    from pytest_asc.emulator.jsonapi.request_validator import ValidatedResource


# States that internal and external testing share, by attributes of the build; the first match applies (inferred).
_COMMON_STATES = (
    ({"expired": True}, "EXPIRED"),
    ({"processingState": "PROCESSING"}, "PROCESSING"),
    ({"processingState": "FAILED"}, "PROCESSING_EXCEPTION"),
    ({"processingState": "INVALID"}, "PROCESSING_EXCEPTION"),
    ({"usesNonExemptEncryption": None}, "MISSING_EXPORT_COMPLIANCE"),
)
# externalBuildState by betaReviewState (inferred).
_EXTERNAL_STATES = {
    "WAITING_FOR_REVIEW": "WAITING_FOR_BETA_REVIEW",
    "IN_REVIEW": "IN_BETA_REVIEW",
    "REJECTED": "BETA_REJECTED",
    "APPROVED": "BETA_APPROVED",
}
_UNDECIDED = ("WAITING_FOR_REVIEW", "IN_REVIEW")
_SUBMITTABLE = ("READY_FOR_BETA_SUBMISSION", "BETA_REJECTED")
_NOTIFIABLE = ("BETA_APPROVED", "READY_FOR_BETA_TESTING", "IN_BETA_TESTING")
# States that are kept for a build without a review, because a test has added the build in this state.
_KEPT_WITHOUT_REVIEW = (*_NOTIFIABLE, "WAITING_FOR_BETA_REVIEW", "IN_BETA_REVIEW", "BETA_REJECTED", "NOT_APPLICABLE")


def start_processing(account: Account, build: Resource) -> None:
    """Start the processing of a newly uploaded build, and schedule its expiration."""
    PROCESSING.enter(account, build, "PROCESSING")
    schedule_expiration(account, build)


def update_testflight_states(account: Account, build: Resource, *_: object) -> None:
    """Update the TestFlight states of a build, which are derived from the build, its groups and its review."""
    detail = related_one(account, build, "buildBetaDetail") or _new_detail(account, build)
    both = next((state for attributes, state in _COMMON_STATES if matches(build, **attributes)), None)
    internal, external = both or _internal_state(account, build), both or _external_state(account, build, detail)
    account.store.update(detail, {"internalBuildState": internal, "externalBuildState": external})
    invite_waiting_testers(account, build)


def _internal_state(account: Account, build: Resource) -> str:
    internal = any(matches(group, isInternalGroup=True) for group in groups_of(account, build))
    return "IN_BETA_TESTING" if internal else "READY_FOR_BETA_TESTING"


def _external_state(account: Account, build: Resource, detail: Resource) -> str:
    if matches(build, buildAudienceType="INTERNAL_ONLY"):
        return "NOT_APPLICABLE"
    previous = str(detail.attributes["externalBuildState"])
    review = related_one(account, build, "betaAppReviewSubmission")
    if review is None:
        return previous if previous in _KEPT_WITHOUT_REVIEW else "READY_FOR_BETA_SUBMISSION"
    if not matches(review, betaReviewState="APPROVED"):
        return _EXTERNAL_STATES[str(review.attributes["betaReviewState"])]
    notified = previous == "IN_BETA_TESTING" or matches(detail, autoNotifyEnabled=True)
    return "IN_BETA_TESTING" if notified and _is_external(account, build) else "BETA_APPROVED"


def _is_external(account: Account, build: Resource) -> bool:
    groups = related_many(account, build, "betaGroups")
    return any(not matches(group, isInternalGroup=True) for group in groups) or bool(
        related_many(account, build, "individualTesters")
    )


def _new_detail(account: Account, build: Resource) -> Resource:
    """Create the beta detail of a build. It has the id of the build (observed: codemagic-ci-cd/cli-tools #346)."""
    free = account.store.get("buildBetaDetails", build.id) is None
    members = {"autoNotifyEnabled": True, "externalBuildState": None}
    detail = account.create("buildBetaDetails", build.id if free else None, members)
    link(account, build, "buildBetaDetail", detail)
    return detail


def _after_processing_state_change(account: Account, build: Resource, state: str) -> None:
    update_testflight_states(account, build)
    app = related_one(account, build, "app")
    locale = app.attributes["primaryLocale"] if app else None
    present = related_many(account, build, "betaBuildLocalizations")
    # A processed build has a localization for the language of its app (observed).
    if state == "VALID" and locale and not any(matches(one, locale=locale) for one in present):
        link(account, account.create("betaBuildLocalizations", None, {"locale": locale}), "build", build)


PROCESSING = StateMachine(
    "processingState",
    # The time is inferred; some minutes are usual.
    {"PROCESSING": Step(10 * MINUTE, outcome_of)},
    _after_processing_state_change,
)


def schedule_expiration(account: Account, build: Resource) -> None:
    """Schedule the expiration of a build on its expirationDate."""
    day = build.attributes["expirationDate"]
    left = parse_date_time(day) - account.now if day else 0
    if left > 0 and not matches(build, expired=True):
        account.schedule.call_later(
            left, f"builds {build.id}: expired", partial(_expire, account, build), calendar=True
        )


def _expire(account: Account, build: Resource) -> None:
    if account.store.get("builds", build.id) is build:
        account.store.update(build, {"expired": True})
        update_testflight_states(account, build)


def _after_add(account: Account, build: Resource) -> None:
    PROCESSING.schedule_next_step(account, build)
    schedule_expiration(account, build)
    if related_one(account, build, "buildBetaDetail") is None:
        update_testflight_states(account, build)


def _validate_update(_: Account, build: Resource, entity: ValidatedResource) -> None:
    # Export compliance can be answered only once (observed). An expired build stays expired (documented).
    for name, settled in (("usesNonExemptEncryption", (True, False)), ("expired", (True,))):
        if entity.attributes.get(name) is not None and build.attributes[name] in settled:
            raise RefusedError(at_pointer(state_errors.ALREADY_ANSWERED, f"/data/attributes/{name}"))


def validate_assignable(build: Resource, group: Mapping[str, Any]) -> None:
    """Reject a build that cannot be added to a group with these attributes.

    Raises:
        RefusedError: The group has access to all builds, the build is expired or not processed, or the build is for
            internal testing only and the group is external (documented).
    """
    if group.get("isInternalGroup") and group.get("hasAccessToAllBuilds"):
        raise RefusedError(ApiError(state_errors.HAS_ALL_BUILDS))
    if matches(build, expired=True) or not matches(build, processingState="VALID"):
        raise RefusedError(ApiError(state_errors.BUILD_PROCESSING))
    if matches(build, buildAudienceType="INTERNAL_ONLY") and not group.get("isInternalGroup"):
        raise RefusedError(ApiError(state_errors.INTERNAL_ONLY))


def _after_update_detail(account: Account, detail: Resource, _: ValidatedResource) -> None:
    build = related_one(account, detail, "build")
    if build:
        update_testflight_states(account, build)


def _validate_relationship_change(account: Account, build: Resource, name: str, method: str, ids: list[str]) -> None:
    if (name, method) == ("betaGroups", "POST"):
        for group in account.store.get_many("betaGroups", ids):
            validate_assignable(build, group.attributes)


# Beta app review submissions.


def _after_review_state_change(account: Account, review: Resource, _: str) -> None:
    build = related_one(account, review, "build")
    if build:
        update_testflight_states(account, build)


BETA_REVIEW = StateMachine(
    "betaReviewState",
    # The times are inferred.
    {
        "WAITING_FOR_REVIEW": Step(8 * HOUR, "IN_REVIEW"),
        "IN_REVIEW": Step(HOUR, outcome_of),
    },
    _after_review_state_change,
)


def _validate_create_review(account: Account, entity: ValidatedResource) -> None:
    (build,) = request_resources(account, entity, "build")
    if matches(build, expired=True) or not matches(build, processingState="VALID"):
        raise RefusedError(ApiError(state_errors.BUILD_PROCESSING))
    detail = related_one(account, build, "buildBetaDetail")
    if detail and detail.attributes["externalBuildState"] not in _SUBMITTABLE:
        raise RefusedError(ApiError(state_errors.BUILD_STATE))
    prerelease_version = related_one(account, build, "preReleaseVersion")
    others = related_many(account, prerelease_version, "builds") if prerelease_version else []
    reviews = [related_one(account, other, "betaAppReviewSubmission") for other in others if other is not build]
    if any(review and review.attributes["betaReviewState"] in _UNDECIDED for review in reviews):
        raise RefusedError(ApiError(state_errors.OTHER_BUILD))


def _after_create_review(account: Account, review: Resource, _: ValidatedResource) -> None:
    # A build has one review submission: a new one replaces that of a rejected build (inferred).
    for other in list(account.store.all(review.type)):
        if matches(other, betaReviewState="REJECTED") and related_one(account, other, "build") is None:
            account.remove(other)
    account.store.update(review, {"submittedDate": timestamp(account.now)})
    BETA_REVIEW.enter(account, review, "WAITING_FOR_REVIEW")


def _validate_create_notification(account: Account, entity: ValidatedResource) -> None:
    (build,) = request_resources(account, entity, "build")
    detail = related_one(account, build, "buildBetaDetail")
    if detail is None or detail.attributes["externalBuildState"] not in _NOTIFIABLE:
        raise RefusedError(ApiError(state_errors.NOT_TESTABLE))


def _after_create_notification(account: Account, _: Resource, entity: ValidatedResource) -> None:
    (build,) = request_resources(account, entity, "build")
    detail = related_one(account, build, "buildBetaDetail")
    if detail and _is_external(account, build):
        account.store.update(detail, {"externalBuildState": "IN_BETA_TESTING"})
        invite_waiting_testers(account, build)


HOOKS = {
    "builds": ResourceHooks(
        validate_update=_validate_update,
        after_update=update_testflight_states,
        validate_relationship_change=_validate_relationship_change,
        after_relationship_change=update_testflight_states,
        after_add=_after_add,
    ),
    "buildBetaDetails": ResourceHooks(after_update=_after_update_detail),
    "betaAppReviewSubmissions": ResourceHooks(
        validate_create=_validate_create_review,
        after_create=_after_create_review,
        after_add=BETA_REVIEW.schedule_next_step,
    ),
    "buildBetaNotifications": ResourceHooks(
        validate_create=_validate_create_notification, after_create=_after_create_notification
    ),
}
