"""Xcode Cloud build runs, their actions and results.

The states and resources of a run are documented. The times, the file names and the results of a failed run are
inferred.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_asc.emulator.account.schedule import MINUTE
from pytest_asc.emulator.account.times import timestamp
from pytest_asc.emulator.jsonapi import entity_errors, state_errors
from pytest_asc.emulator.jsonapi.errors import ApiError, RefusedError, at_pointer
from pytest_asc.emulator.resources.builds import start_processing
from pytest_asc.emulator.resources.hooks import ResourceHooks
from pytest_asc.emulator.resources.state_machine import (
    StateMachine,
    Step,
    link,
    matches,
    related_many,
    related_one,
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
# issueType and member of issueCounts for a failed action, by actionType.
_FAILURES = {"TEST": ("TEST_FAILURE", "testFailures"), "ANALYZE": ("ANALYZER_WARNING", "analyzerWarnings")}
_FAILURE = ("ERROR", "errors")
_FAILED_STATUSES = ("FAILED", "ERRORED")


def _after_state_change(account: Account, run: Resource, state: str) -> None:
    if state == "RUNNING":
        started = {"startedDate": timestamp(account.now)}
        account.store.update(run, started)
        for action in related_many(account, run, "actions"):
            account.store.update(action, {"executionProgress": "RUNNING", **started})
    if state == "COMPLETE":
        _finish_run(account, run)


RUN = StateMachine(
    "executionProgress",
    {"PENDING": Step(MINUTE, "RUNNING"), "RUNNING": Step(10 * MINUTE, "COMPLETE")},
    _after_state_change,
)


def _finish_run(account: Account, run: Resource) -> None:
    outcome = account.outcomes.of(run)
    actions = related_many(account, run, "actions")
    for action in actions:
        # In a failed run, only the last action fails. A canceled or skipped run has no successful action.
        succeeded = outcome == "SUCCEEDED" or (outcome in _FAILED_STATUSES and action is not actions[-1])
        _finish_action(account, run, action, "SUCCEEDED" if succeeded else outcome)
    counts = [action.attributes["issueCounts"] for action in actions]
    finished = {
        "completionStatus": outcome,
        "finishedDate": timestamp(account.now),
        "issueCounts": {name: sum(count[name] for count in counts) for name in _NO_ISSUES},
        "cancelReason": "MANUALLY_BY_USER" if outcome == "CANCELED" else None,
    }
    account.store.update(run, finished)


def _finish_action(account: Account, run: Resource, action: Resource, outcome: str) -> None:
    action_type = action.attributes["actionType"]
    failed = outcome in _FAILED_STATUSES
    issue, count = _FAILURES.get(action_type, _FAILURE)
    changes = {
        "executionProgress": "COMPLETE",
        "completionStatus": outcome,
        "finishedDate": timestamp(account.now),
        "issueCounts": {**_NO_ISSUES, count: 1} if failed else _NO_ISSUES,
    }
    account.store.update(action, changes)
    if failed:
        message = f"{action.attributes['name']} failed"
        link(account, action, "issues", account.create("ciIssues", None, {"issueType": issue, "message": message}))
    if failed or outcome == "SUCCEEDED":
        _create_results(account, action, "FAILURE" if failed else "SUCCESS")
    if outcome == "SUCCEEDED" and action_type == "ARCHIVE":
        _create_build(account, run, action)


def _create_results(account: Account, action: Resource, status: str) -> None:
    """Create the artifacts and test results of a finished action."""
    action_type = action.attributes["actionType"]
    for file_type, name in _ARTIFACTS.get(action_type, ()):
        artifact = account.create("ciArtifacts", None, {"fileType": file_type, "fileName": name, "fileSize": 1024})
        link(account, action, "artifacts", artifact)
    if action_type == "TEST":
        result = {"className": "Tests", "name": "testExample()", "status": status}
        link(account, action, "testResults", account.create("ciTestResults", None, result))


def _create_build(account: Account, run: Resource, action: Resource) -> None:
    """Create the build of an archive action that is distributed with TestFlight."""
    planned = next((plan for plan in _workflow_actions(account, run) if matches(action, name=plan.get("name"))), {})
    audience = planned.get("buildDistributionAudience")
    product = related_one(account, run, "product")
    app = related_one(account, product, "app") if product else None
    if audience is None or app is None:
        return
    attributes = {"version": str(run.attributes["number"]), "buildAudienceType": audience}
    build = account.create("builds", None, attributes)
    link(account, build, "app", app)
    prerelease_versions = related_many(account, app, "preReleaseVersions")
    if prerelease_versions:
        link(account, build, "preReleaseVersion", prerelease_versions[-1])
    link(account, run, "builds", build)
    start_processing(account, build)


def _workflow_actions(account: Account, run: Resource) -> list[dict[str, Any]]:
    """Return the actions that the workflow of a run defines."""
    workflow = related_one(account, run, "workflow")
    return list((workflow.attributes["actions"] if workflow else None) or ())


def _validate_create(account: Account, entity: ValidatedResource) -> None:
    workflows = request_resources(account, entity, "workflow")
    if not workflows and not request_resources(account, entity, "buildRun"):
        template, name = entity_errors.RELATIONSHIP_REQUIRED, "workflow"
        raise RefusedError(at_pointer(template, f"/data/relationships/{name}", name=name))
    for workflow in workflows:
        if not matches(workflow, isEnabled=True):
            raise RefusedError(ApiError(state_errors.WORKFLOW_DISABLED, {"type": workflow.type, "id": workflow.id}))


def _after_create(account: Account, run: Resource, entity: ValidatedResource) -> None:
    rebuilt = request_resources(account, entity, "buildRun")
    for earlier in rebuilt:
        for name in ("workflow", "sourceBranchOrTag", "pullRequest"):
            source = related_one(account, earlier, name)
            if source and related_one(account, run, name) is None:
                link(account, run, name, source)
    workflow = related_one(account, run, "workflow")
    product = related_one(account, workflow, "product") if workflow else None
    if product:
        link(account, run, "product", product)
    runs = related_many(account, product, "buildRuns") if product else [run]
    changes = {
        "number": 1 + max((other.attributes["number"] or 0 for other in runs if other is not run), default=0),
        "createdDate": timestamp(account.now),
        "startReason": "MANUAL_REBUILD" if rebuilt else "MANUAL",
        "isPullRequestBuild": related_one(account, run, "pullRequest") is not None,
    }
    account.store.update(run, changes)
    for planned in _workflow_actions(account, run):
        attributes = {name: planned.get(name) for name in ("name", "actionType", "isRequiredToPass")}
        link(
            account,
            run,
            "actions",
            account.create("ciBuildActions", None, {"executionProgress": "PENDING", **attributes}),
        )
    RUN.enter(account, run, "PENDING")


HOOKS = {
    "ciBuildRuns": ResourceHooks(
        validate_create=_validate_create, after_create=_after_create, after_add=RUN.schedule_next_step
    )
}
