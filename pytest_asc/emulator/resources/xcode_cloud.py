"""Build runs of Xcode Cloud.

The states and what belongs to a run are documented; the times, the names of files and what a failed run shows are
inferred.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_asc.emulator.account.schedule import MINUTE
from pytest_asc.emulator.account.times import timestamp
from pytest_asc.emulator.jsonapi import entity_errors, state_errors
from pytest_asc.emulator.jsonapi.errors import ApiError, RefusedError, at_pointer
from pytest_asc.emulator.resources.builds import process
from pytest_asc.emulator.resources.hooks import ResourceHooks
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
    from collections.abc import Mapping

    from pytest_asc.emulator.account.account import Account
    from pytest_asc.emulator.account.store import Resource
    from pytest_asc.emulator.jsonapi.request_validator import ValidatedResource

_ARTIFACTS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "ANALYZE": (("LOG_BUNDLE", "Logs.zip"), ("RESULT_BUNDLE", "Analyze.xcresult.zip")),
    "ARCHIVE": (("ARCHIVE", "App.xcarchive.zip"), ("ARCHIVE_EXPORT", "App app-store.zip"), ("LOG_BUNDLE", "Logs.zip")),
    "BUILD": (("LOG_BUNDLE", "Logs.zip"), ("XCODEBUILD_PRODUCTS", "Products.zip")),
    "TEST": (
        ("LOG_BUNDLE", "Logs.zip"),
        ("RESULT_BUNDLE", "Test.xcresult.zip"),
        ("TEST_PRODUCTS", "TestProducts.zip"),
    ),
}
_NO_ISSUES = {"analyzerWarnings": 0, "errors": 0, "testFailures": 0, "warnings": 0}
# What the action that fails shows: the kind of its issue, and which count it adds to.
_FAILURES = {"TEST": ("TEST_FAILURE", "testFailures"), "ANALYZE": ("ANALYZER_WARNING", "analyzerWarnings")}
_FAILURE = ("ERROR", "errors")
_BROKEN = ("FAILED", "ERRORED")


def _entered(account: Account, run: Resource, state: str) -> None:
    if state == "RUNNING":
        begun = {"startedDate": timestamp(account.now)}
        account.store.update(run, begun)
        for action in related_many(account, run, "actions"):
            account.store.update(action, {"executionProgress": "RUNNING", **begun})
    if state == "COMPLETE":
        _finish(account, run)


RUN = StateMachine(
    "executionProgress",
    {"PENDING": Step(MINUTE, "RUNNING"), "RUNNING": Step(10 * MINUTE, "COMPLETE")},
    _entered,
)


def _finish(account: Account, run: Resource) -> None:
    outcome = account.outcomes.of(run)
    actions = related_many(account, run, "actions")
    for action in actions:
        # A run fails with its last action; canceled or skipped is all of it.
        succeeded = outcome == "SUCCEEDED" or (outcome in _BROKEN and action is not actions[-1])
        _end(account, run, action, "SUCCEEDED" if succeeded else outcome)
    counts = [action.attributes["issueCounts"] for action in actions]
    finished = {
        "completionStatus": outcome,
        "finishedDate": timestamp(account.now),
        "issueCounts": {name: sum(count[name] for count in counts) for name in _NO_ISSUES},
        "cancelReason": "MANUALLY_BY_USER" if outcome == "CANCELED" else None,
    }
    account.store.update(run, finished)


def _end(account: Account, run: Resource, action: Resource, outcome: str) -> None:
    kind = action.attributes["actionType"]
    broken = outcome in _BROKEN
    issue, count = _FAILURES.get(kind, _FAILURE)
    ended = {
        "executionProgress": "COMPLETE",
        "completionStatus": outcome,
        "finishedDate": timestamp(account.now),
        "issueCounts": {**_NO_ISSUES, count: 1} if broken else _NO_ISSUES,
    }
    account.store.update(action, ended)
    if broken:
        message = f"{action.attributes['name']} failed"
        link(account, action, "issues", account.create("ciIssues", None, {"issueType": issue, "message": message}))
    if broken or outcome == "SUCCEEDED":
        _leave(account, action, "FAILURE" if broken else "SUCCESS")
    if outcome == "SUCCEEDED" and kind == "ARCHIVE":
        _hand_over(account, run, action)


def _leave(account: Account, action: Resource, status: str) -> None:
    """What an action leaves behind: files, and what its tests said."""
    kind = action.attributes["actionType"]
    for file_type, name in _ARTIFACTS.get(kind, ()):
        artifact = account.create("ciArtifacts", None, {"fileType": file_type, "fileName": name, "fileSize": 1024})
        link(account, action, "artifacts", artifact)
    if kind == "TEST":
        told = {"className": "Tests", "name": "testExample()", "status": status}
        link(account, action, "testResults", account.create("ciTestResults", None, told))


def _hand_over(account: Account, run: Resource, action: Resource) -> None:
    """Give TestFlight the build that was archived for it."""
    planned = next((plan for plan in _plan(account, run) if matches(action, name=plan.get("name"))), {})
    audience = planned.get("buildDistributionAudience")
    product = one(account, run, "product")
    app = one(account, product, "app") if product else None
    if audience is None or app is None:
        return
    attributes = {"version": str(run.attributes["number"]), "buildAudienceType": audience}
    build = account.create("builds", None, attributes)
    link(account, build, "app", app)
    trains = related_many(account, app, "preReleaseVersions")
    if trains:
        link(account, build, "preReleaseVersion", trains[-1])
    link(account, run, "builds", build)
    process(account, build)


def _plan(account: Account, run: Resource) -> list[dict[str, Any]]:
    """The actions of a run's workflow."""
    workflow = one(account, run, "workflow")
    return list((workflow.attributes["actions"] if workflow else None) or ())


def _starting(account: Account, entity: ValidatedResource) -> None:
    workflows = request_resources(account, entity, "workflow")
    if not workflows and not request_resources(account, entity, "buildRun"):
        form, name = entity_errors.RELATIONSHIP_REQUIRED, "workflow"
        raise RefusedError(at_pointer(form, f"/data/relationships/{name}", name=name))
    for workflow in workflows:
        if not matches(workflow, isEnabled=True):
            raise RefusedError(ApiError(state_errors.WORKFLOW_DISABLED, {"type": workflow.type, "id": workflow.id}))


def _started(account: Account, run: Resource, entity: ValidatedResource) -> None:
    rebuilt = request_resources(account, entity, "buildRun")
    for earlier in rebuilt:
        for name in ("workflow", "sourceBranchOrTag", "pullRequest"):
            source = one(account, earlier, name)
            if source and one(account, run, name) is None:
                link(account, run, name, source)
    workflow = one(account, run, "workflow")
    product = one(account, workflow, "product") if workflow else None
    if product:
        link(account, run, "product", product)
    runs = related_many(account, product, "buildRuns") if product else [run]
    begun = {
        "number": 1 + max((other.attributes["number"] or 0 for other in runs if other is not run), default=0),
        "createdDate": timestamp(account.now),
        "startReason": "MANUAL_REBUILD" if rebuilt else "MANUAL",
        "isPullRequestBuild": one(account, run, "pullRequest") is not None,
    }
    account.store.update(run, begun)
    for planned in _plan(account, run):
        told = {name: planned.get(name) for name in ("name", "actionType", "isRequiredToPass")}
        link(account, run, "actions", account.create("ciBuildActions", None, {"executionProgress": "PENDING", **told}))
    RUN.enter(account, run, "PENDING")


HOOKS = {"ciBuildRuns": ResourceHooks(creating=_starting, created=_started, added=RUN.watch)}
