"""Builds: processing, TestFlight's states of them, beta review, expiry.

What App Store Connect shows in ``buildBetaDetails`` follows from the build, its groups and its review; it is worked out
anew with each change of those. The names of the states are documented, when they change is inferred from what clients
wait for (fastlane, codemagic-cli-tools).
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from pytest_asc.emulator.account.schedule import HOUR, MINUTE
from pytest_asc.emulator.account.times import moment, timestamp
from pytest_asc.emulator.jsonapi import state_errors
from pytest_asc.emulator.jsonapi.errors import ApiError, RefusedError, at_pointer
from pytest_asc.emulator.resources.hooks import ResourceHooks
from pytest_asc.emulator.resources.state_machine import (
    StateMachine,
    Step,
    decided,
    link,
    matches,
    one,
    related_many,
    request_resources,
)
from pytest_asc.emulator.resources.testers import groups_of, invite_waiting

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_asc.emulator.account.account import Account
    from pytest_asc.emulator.account.store import Resource
    from pytest_asc.emulator.jsonapi.request_validator import ValidatedResource


# What holds for both kinds of testing, the first that fits: attributes of the build, and the state (inferred).
_FOR_ALL = (
    ({"expired": True}, "EXPIRED"),
    ({"processingState": "PROCESSING"}, "PROCESSING"),
    ({"processingState": "FAILED"}, "PROCESSING_EXCEPTION"),
    ({"processingState": "INVALID"}, "PROCESSING_EXCEPTION"),
    ({"usesNonExemptEncryption": None}, "MISSING_EXPORT_COMPLIANCE"),
)
# The state for external testers by that of the beta review (inferred).
_EXTERNAL = {
    "WAITING_FOR_REVIEW": "WAITING_FOR_BETA_REVIEW",
    "IN_REVIEW": "IN_BETA_REVIEW",
    "REJECTED": "BETA_REJECTED",
    "APPROVED": "BETA_APPROVED",
}
_UNDECIDED = ("WAITING_FOR_REVIEW", "IN_REVIEW")
_SUBMITTABLE = ("READY_FOR_BETA_SUBMISSION", "BETA_REJECTED")
_ANNOUNCEABLE = ("BETA_APPROVED", "READY_FOR_BETA_TESTING", "IN_BETA_TESTING")
# What a build is past that has no review of its own: a test has put it there.
_GIVEN = (*_ANNOUNCEABLE, "WAITING_FOR_BETA_REVIEW", "IN_BETA_REVIEW", "BETA_REJECTED", "NOT_APPLICABLE")


def process(account: Account, build: Resource) -> None:
    """Let Apple process a build that has just come in."""
    PROCESSING.enter(account, build, "PROCESSING")
    watch_expiry(account, build)


def settle(account: Account, build: Resource, *_: object) -> None:
    """Work out what TestFlight shows of a build."""
    detail = one(account, build, "buildBetaDetail") or _new_detail(account, build)
    both = next((state for facts, state in _FOR_ALL if matches(build, **facts)), None)
    internal, external = both or _internal(account, build), both or _external(account, build, detail)
    account.store.update(detail, {"internalBuildState": internal, "externalBuildState": external})
    invite_waiting(account, build)


def _internal(account: Account, build: Resource) -> str:
    internal = any(matches(group, isInternalGroup=True) for group in groups_of(account, build))
    return "IN_BETA_TESTING" if internal else "READY_FOR_BETA_TESTING"


def _external(account: Account, build: Resource, detail: Resource) -> str:
    if matches(build, buildAudienceType="INTERNAL_ONLY"):
        return "NOT_APPLICABLE"
    before = str(detail.attributes["externalBuildState"])
    review = one(account, build, "betaAppReviewSubmission")
    if review is None:
        return before if before in _GIVEN else "READY_FOR_BETA_SUBMISSION"
    if not matches(review, betaReviewState="APPROVED"):
        return _EXTERNAL[str(review.attributes["betaReviewState"])]
    announced = before == "IN_BETA_TESTING" or matches(detail, autoNotifyEnabled=True)
    return "IN_BETA_TESTING" if announced and _is_external(account, build) else "BETA_APPROVED"


def _is_external(account: Account, build: Resource) -> bool:
    groups = related_many(account, build, "betaGroups")
    return any(not matches(group, isInternalGroup=True) for group in groups) or bool(
        related_many(account, build, "individualTesters")
    )


def _new_detail(account: Account, build: Resource) -> Resource:
    """The detail that comes with each build, under the build's id (observed: codemagic-ci-cd/cli-tools #346)."""
    free = account.store.get("buildBetaDetails", build.id) is None
    detail = account.create("buildBetaDetails", build.id if free else None, {"autoNotifyEnabled": True})
    link(account, build, "buildBetaDetail", detail)
    return detail


PROCESSING = StateMachine(
    "processingState",
    # The time is inferred: some minutes are common.
    {"PROCESSING": Step(10 * MINUTE, decided)},
    settle,
)


def watch_expiry(account: Account, build: Resource) -> None:
    """Let a build expire on its day, whatever else happens to it."""
    day = build.attributes["expirationDate"]
    left = moment(day) - account.now if day else 0
    if left > 0 and not matches(build, expired=True):
        account.schedule.at(left, f"builds {build.id}: expired", partial(_expire, account, build), calendar=True)


def _expire(account: Account, build: Resource) -> None:
    if account.store.get("builds", build.id) is build:
        account.store.update(build, {"expired": True})
        settle(account, build)


def _added(account: Account, build: Resource) -> None:
    PROCESSING.watch(account, build)
    watch_expiry(account, build)
    if one(account, build, "buildBetaDetail") is None:
        settle(account, build)


def _updating(_: Account, build: Resource, entity: ValidatedResource) -> None:
    # It can be answered once (observed), and a build does not come back from expiry (documented).
    for name, settled in (("usesNonExemptEncryption", (True, False)), ("expired", (True,))):
        if entity.attributes.get(name) is not None and build.attributes[name] in settled:
            raise RefusedError(at_pointer(state_errors.ALREADY_ANSWERED, f"/data/attributes/{name}"))


def check_assignable(build: Resource, group: Mapping[str, Any]) -> None:
    """Refuse to give a build to a group, by its attributes, that cannot have it."""
    if group.get("isInternalGroup") and group.get("hasAccessToAllBuilds"):
        raise RefusedError(ApiError(state_errors.HAS_ALL_BUILDS))
    if matches(build, expired=True) or not matches(build, processingState="VALID"):
        raise RefusedError(ApiError(state_errors.BUILD_PROCESSING))


def _notifying(account: Account, detail: Resource, _: ValidatedResource) -> None:
    build = one(account, detail, "build")
    if build:
        settle(account, build)


def _relating(account: Account, build: Resource, name: str, method: str, ids: list[str]) -> None:
    if (name, method) == ("betaGroups", "POST"):
        for group in account.store.some("betaGroups", ids):
            check_assignable(build, group.attributes)


# Beta review.


def _reviewed(account: Account, review: Resource, _: str) -> None:
    build = one(account, review, "build")
    if build:
        settle(account, build)


BETA_REVIEW = StateMachine(
    "betaReviewState",
    # The times are inferred.
    {
        "WAITING_FOR_REVIEW": Step(8 * HOUR, "IN_REVIEW"),
        "IN_REVIEW": Step(HOUR, decided),
    },
    _reviewed,
)


def _submitting(account: Account, entity: ValidatedResource) -> None:
    (build,) = request_resources(account, entity, "build")
    if matches(build, expired=True) or not matches(build, processingState="VALID"):
        raise RefusedError(ApiError(state_errors.BUILD_PROCESSING))
    detail = one(account, build, "buildBetaDetail")
    if detail and detail.attributes["externalBuildState"] not in _SUBMITTABLE:
        raise RefusedError(ApiError(state_errors.BUILD_STATE))
    train = one(account, build, "preReleaseVersion")
    others = related_many(account, train, "builds") if train else []
    reviews = [one(account, other, "betaAppReviewSubmission") for other in others if other is not build]
    if any(review and review.attributes["betaReviewState"] in _UNDECIDED for review in reviews):
        raise RefusedError(ApiError(state_errors.OTHER_BUILD))


def _submitted(account: Account, review: Resource, _: ValidatedResource) -> None:
    # A build has one review: that of a rejected build gives way to the next (inferred).
    for other in list(account.store.all(review.type)):
        if matches(other, betaReviewState="REJECTED") and one(account, other, "build") is None:
            account.remove(other)
    account.store.update(review, {"submittedDate": timestamp(account.now)})
    BETA_REVIEW.enter(account, review, "WAITING_FOR_REVIEW")


def _announcing(account: Account, entity: ValidatedResource) -> None:
    (build,) = request_resources(account, entity, "build")
    detail = one(account, build, "buildBetaDetail")
    if detail is None or detail.attributes["externalBuildState"] not in _ANNOUNCEABLE:
        raise RefusedError(ApiError(state_errors.NOT_TESTABLE))


def _announced(account: Account, _: Resource, entity: ValidatedResource) -> None:
    (build,) = request_resources(account, entity, "build")
    detail = one(account, build, "buildBetaDetail")
    if detail and _is_external(account, build):
        account.store.update(detail, {"externalBuildState": "IN_BETA_TESTING"})
        invite_waiting(account, build)


HOOKS = {
    "builds": ResourceHooks(updating=_updating, updated=settle, relating=_relating, related=settle, added=_added),
    "buildBetaDetails": ResourceHooks(updated=_notifying),
    "betaAppReviewSubmissions": ResourceHooks(creating=_submitting, created=_submitted, added=BETA_REVIEW.watch),
    "buildBetaNotifications": ResourceHooks(creating=_announcing, created=_announced),
}
