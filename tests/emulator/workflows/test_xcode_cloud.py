from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from emulator.workflows.desk import Desk

    from pytest_asc.emulator.api import Emulator

ACTIONS = [
    {"name": "Test - iOS", "actionType": "TEST", "isRequiredToPass": True},
    {
        "name": "Archive - iOS",
        "actionType": "ARCHIVE",
        "isRequiredToPass": True,
        "buildDistributionAudience": "APP_STORE_ELIGIBLE",
    },
]


@pytest.fixture
def product(emulator: Emulator, app: dict[str, Any]) -> dict[str, Any]:
    """What is built."""
    return emulator.add("ciProducts", app=app)


@pytest.fixture
def workflow(emulator: Emulator, product: dict[str, Any]) -> dict[str, Any]:
    """A workflow that tests and archives."""
    return emulator.add("ciWorkflows", product=product, isEnabled=True, actions=ACTIONS)


def shown(resource: dict[str, Any], *names: str) -> list[Any]:
    return [resource["attributes"][name] for name in names]


def progress(desk: Desk, run: dict[str, Any]) -> list[list[str | None]]:
    """Of a run and its actions."""
    return [
        shown(one, "executionProgress", "completionStatus")
        for one in ({"attributes": desk.get(run)}, *desk.related(run, "actions"))
    ]


def test_a_run_that_succeeds(desk: Desk, emulator: Emulator, app: dict[str, Any], workflow: dict[str, Any]) -> None:
    branch = emulator.add("scmGitReferences", name="main", kind="BRANCH")
    run = desk.made("ciBuildRuns", workflow=workflow, sourceBranchOrTag=branch)
    begun = shown(run, "number", "createdDate", "startedDate", "startReason", "isPullRequestBuild")
    assert begun == [1, "2026-05-28T12:26:40-08:00", None, "MANUAL", False]
    assert progress(desk, run) == [["PENDING", None]] * 3
    emulator.advance(minutes=1)
    assert progress(desk, run) == [["RUNNING", None]] * 3
    happened = emulator.advance()
    assert progress(desk, run) == [["COMPLETE", "SUCCEEDED"]] * 3
    (build,) = desk.related(run, "builds")
    assert happened == [f"ciBuildRuns {run['id']}: COMPLETE", f"builds {build['id']}: VALID"]
    assert shown(build, "version", "processingState", "buildAudienceType") == ["1", "VALID", "APP_STORE_ELIGIBLE"]
    assert [one["id"] for one in desk.related(app, "builds")] == [build["id"]]
    finished = desk.get(run)
    assert finished["startedDate"] == "2026-05-28T12:27:40-08:00"
    assert finished["finishedDate"] == "2026-05-28T12:37:40-08:00"
    assert set(finished["issueCounts"].values()) == {0}
    test, archive = desk.related(run, "actions")
    assert [shown(one, "status") for one in desk.related(test, "testResults")] == [["SUCCESS"]]
    assert [shown(one, "fileType")[0] for one in desk.related(archive, "artifacts")] == [
        "ARCHIVE",
        "ARCHIVE_EXPORT",
        "LOG_BUNDLE",
    ]
    assert desk.related(test, "issues") == []


@pytest.mark.parametrize(
    ("outcome", "first", "last"),
    [
        ("FAILED", "SUCCEEDED", "FAILED"),
        ("ERRORED", "SUCCEEDED", "ERRORED"),
        ("CANCELED", "CANCELED", "CANCELED"),
        ("SKIPPED", "SKIPPED", "SKIPPED"),
    ],
)
def test_a_run_that_does_not(
    desk: Desk, emulator: Emulator, workflow: dict[str, Any], outcome: str, first: str, last: str
) -> None:
    emulator.decide("ciBuildRuns", outcome)
    run = desk.made("ciBuildRuns", workflow=workflow)
    emulator.advance()
    assert [status for _, status in progress(desk, run)] == [outcome, first, last]
    assert desk.related(run, "builds") == []
    broken = outcome in {"FAILED", "ERRORED"}
    assert desk.get(run)["issueCounts"]["errors"] == int(broken)
    *_, archive = desk.related(run, "actions")
    assert [shown(one, "issueType") for one in desk.related(archive, "issues")] == [["ERROR"]] * broken


def test_a_test_that_fails(desk: Desk, emulator: Emulator, product: dict[str, Any]) -> None:
    workflow = emulator.add("ciWorkflows", product=product, isEnabled=True, actions=ACTIONS[:1])
    run = desk.made("ciBuildRuns", workflow=workflow)
    emulator.decide(run, "FAILED")
    emulator.advance()
    (action,) = desk.related(run, "actions")
    assert [shown(one, "status") for one in desk.related(action, "testResults")] == [["FAILURE"]]
    assert [shown(one, "issueType") for one in desk.related(action, "issues")] == [["TEST_FAILURE"]]
    assert desk.get(run)["issueCounts"]["testFailures"] == 1


def test_a_run_is_repeated(desk: Desk, emulator: Emulator, workflow: dict[str, Any], product: dict[str, Any]) -> None:
    first = desk.made("ciBuildRuns", workflow=workflow)
    second = desk.made("ciBuildRuns", buildRun=first)
    assert shown(second, "number", "startReason") == [2, "MANUAL_REBUILD"]
    assert [one["id"] for one in desk.related(product, "buildRuns")] == [first["id"], second["id"]]
    emulator.advance()
    assert [len(desk.related(run, "builds")) for run in (first, second)] == [1, 1]


def test_what_cannot_be_started(desk: Desk, emulator: Emulator) -> None:
    assert desk.create("ciBuildRuns").codes == ["ENTITY_ERROR.RELATIONSHIP.REQUIRED"]
    off = emulator.add("ciWorkflows", isEnabled=False)
    assert desk.create("ciBuildRuns", workflow=off).codes == ["STATE_ERROR.ENTITY_STATE_INVALID"]


def test_the_build_may_be_bad(desk: Desk, emulator: Emulator, workflow: dict[str, Any]) -> None:
    emulator.decide("builds", "INVALID")
    run = desk.made("ciBuildRuns", workflow=workflow)
    emulator.advance()
    (build,) = desk.related(run, "builds")
    assert desk.get(build)["processingState"] == "INVALID"
    assert desk.get(build, "buildBetaDetail")["internalBuildState"] == "PROCESSING_EXCEPTION"
