from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from emulator.resources.api_writer import ApiWriter

    from pytest_asc.emulator.app import Emulator

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
    """Xcode Cloud product of the app."""
    return emulator.add("ciProducts", app=app)


@pytest.fixture
def workflow(emulator: Emulator, product: dict[str, Any]) -> dict[str, Any]:
    """Workflow with a test and an archive action."""
    return emulator.add("ciWorkflows", product=product, isEnabled=True, actions=ACTIONS)


def shown(resource: dict[str, Any], *names: str) -> list[Any]:
    return [resource["attributes"][name] for name in names]


def progress(api_writer: ApiWriter, run: dict[str, Any]) -> list[list[str | None]]:
    """Return the progress and the status of a run and its actions."""
    return [
        shown(one, "executionProgress", "completionStatus")
        for one in ({"attributes": api_writer.get(run)}, *api_writer.related(run, "actions"))
    ]


def test_a_successful_run_archives_a_build(
    api_writer: ApiWriter, emulator: Emulator, app: dict[str, Any], workflow: dict[str, Any]
) -> None:
    branch = emulator.add("scmGitReferences", name="main", kind="BRANCH")
    run = api_writer.create("ciBuildRuns", workflow=workflow, sourceBranchOrTag=branch)
    started = shown(run, "number", "createdDate", "startedDate", "startReason", "isPullRequestBuild")
    assert started == [1, "2026-05-28T13:26:40-07:00", None, "MANUAL", False]
    assert progress(api_writer, run) == [["PENDING", None]] * 3
    emulator.advance(minutes=1)
    assert progress(api_writer, run) == [["RUNNING", None]] * 3
    happened = emulator.advance()
    assert progress(api_writer, run) == [["COMPLETE", "SUCCEEDED"]] * 3
    (build,) = api_writer.related(run, "builds")
    assert happened == [f"ciBuildRuns {run['id']}: COMPLETE", f"builds {build['id']}: VALID"]
    assert shown(build, "version", "processingState", "buildAudienceType") == ["1", "VALID", "APP_STORE_ELIGIBLE"]
    assert [one["id"] for one in api_writer.related(app, "builds")] == [build["id"]]
    finished = api_writer.get(run)
    assert finished["startedDate"] == "2026-05-28T13:27:40-07:00"
    assert finished["finishedDate"] == "2026-05-28T13:37:40-07:00"
    assert set(finished["issueCounts"].values()) == {0}
    test, archive = api_writer.related(run, "actions")
    assert [shown(one, "status") for one in api_writer.related(test, "testResults")] == [["SUCCESS"]]
    assert [shown(one, "fileType")[0] for one in api_writer.related(archive, "artifacts")] == [
        "ARCHIVE",
        "ARCHIVE_EXPORT",
        "LOG_BUNDLE",
    ]
    assert api_writer.related(test, "issues") == []


@pytest.mark.parametrize(
    ("outcome", "first", "last"),
    [
        ("FAILED", "SUCCEEDED", "FAILED"),
        ("ERRORED", "SUCCEEDED", "ERRORED"),
        ("CANCELED", "CANCELED", "CANCELED"),
        ("SKIPPED", "SKIPPED", "SKIPPED"),
    ],
)
def test_a_run_ends_with_the_chosen_status_and_without_a_build(
    api_writer: ApiWriter, emulator: Emulator, workflow: dict[str, Any], outcome: str, first: str, last: str
) -> None:
    emulator.decide("ciBuildRuns", outcome)
    run = api_writer.create("ciBuildRuns", workflow=workflow)
    emulator.advance()
    assert [status for _, status in progress(api_writer, run)] == [outcome, first, last]
    assert api_writer.related(run, "builds") == []
    failed = outcome in {"FAILED", "ERRORED"}
    assert api_writer.get(run)["issueCounts"]["errors"] == int(failed)
    *_, archive = api_writer.related(run, "actions")
    assert [shown(one, "issueType") for one in api_writer.related(archive, "issues")] == [["ERROR"]] * failed


def test_a_failed_test_action_has_a_test_failure_issue(
    api_writer: ApiWriter, emulator: Emulator, product: dict[str, Any]
) -> None:
    workflow = emulator.add("ciWorkflows", product=product, isEnabled=True, actions=ACTIONS[:1])
    run = api_writer.create("ciBuildRuns", workflow=workflow)
    emulator.decide(run, "FAILED")
    emulator.advance()
    (action,) = api_writer.related(run, "actions")
    assert [shown(one, "status") for one in api_writer.related(action, "testResults")] == [["FAILURE"]]
    assert [shown(one, "issueType") for one in api_writer.related(action, "issues")] == [["TEST_FAILURE"]]
    assert api_writer.get(run)["issueCounts"]["testFailures"] == 1


def test_a_rebuild_copies_the_git_references_of_the_run(
    api_writer: ApiWriter, emulator: Emulator, workflow: dict[str, Any], product: dict[str, Any]
) -> None:
    first = api_writer.create("ciBuildRuns", workflow=workflow)
    second = api_writer.create("ciBuildRuns", buildRun=first)
    assert shown(second, "number", "startReason") == [2, "MANUAL_REBUILD"]
    assert [one["id"] for one in api_writer.related(product, "buildRuns")] == [first["id"], second["id"]]
    emulator.advance()
    assert [len(api_writer.related(run, "builds")) for run in (first, second)] == [1, 1]


def test_a_run_without_an_enabled_workflow_is_rejected(api_writer: ApiWriter, emulator: Emulator) -> None:
    assert api_writer.post("ciBuildRuns").codes == ["ENTITY_ERROR.RELATIONSHIP.REQUIRED"]
    disabled = emulator.add("ciWorkflows", isEnabled=False)
    assert api_writer.post("ciBuildRuns", workflow=disabled).codes == ["STATE_ERROR.ENTITY_STATE_INVALID"]


def test_the_build_of_an_archive_action_can_be_invalid(
    api_writer: ApiWriter, emulator: Emulator, workflow: dict[str, Any]
) -> None:
    emulator.decide("builds", "INVALID")
    run = api_writer.create("ciBuildRuns", workflow=workflow)
    emulator.advance()
    (build,) = api_writer.related(run, "builds")
    assert api_writer.get(build)["processingState"] == "INVALID"
    assert api_writer.get(build, "buildBetaDetail")["internalBuildState"] == "PROCESSING_EXCEPTION"
