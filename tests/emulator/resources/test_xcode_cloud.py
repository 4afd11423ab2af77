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
    """What is built."""
    return emulator.add("ciProducts", app=app)


@pytest.fixture
def workflow(emulator: Emulator, product: dict[str, Any]) -> dict[str, Any]:
    """A workflow that tests and archives."""
    return emulator.add("ciWorkflows", product=product, isEnabled=True, actions=ACTIONS)


def shown(resource: dict[str, Any], *names: str) -> list[Any]:
    return [resource["attributes"][name] for name in names]


def progress(api_writer: ApiWriter, run: dict[str, Any]) -> list[list[str | None]]:
    """Of a run and its actions."""
    return [
        shown(one, "executionProgress", "completionStatus")
        for one in ({"attributes": api_writer.get(run)}, *api_writer.related(run, "actions"))
    ]


def test_a_run_that_succeeds(
    api_writer: ApiWriter, emulator: Emulator, app: dict[str, Any], workflow: dict[str, Any]
) -> None:
    branch = emulator.add("scmGitReferences", name="main", kind="BRANCH")
    run = api_writer.made("ciBuildRuns", workflow=workflow, sourceBranchOrTag=branch)
    begun = shown(run, "number", "createdDate", "startedDate", "startReason", "isPullRequestBuild")
    assert begun == [1, "2026-05-28T12:26:40-08:00", None, "MANUAL", False]
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
    assert finished["startedDate"] == "2026-05-28T12:27:40-08:00"
    assert finished["finishedDate"] == "2026-05-28T12:37:40-08:00"
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
def test_a_run_that_does_not(
    api_writer: ApiWriter, emulator: Emulator, workflow: dict[str, Any], outcome: str, first: str, last: str
) -> None:
    emulator.decide("ciBuildRuns", outcome)
    run = api_writer.made("ciBuildRuns", workflow=workflow)
    emulator.advance()
    assert [status for _, status in progress(api_writer, run)] == [outcome, first, last]
    assert api_writer.related(run, "builds") == []
    broken = outcome in {"FAILED", "ERRORED"}
    assert api_writer.get(run)["issueCounts"]["errors"] == int(broken)
    *_, archive = api_writer.related(run, "actions")
    assert [shown(one, "issueType") for one in api_writer.related(archive, "issues")] == [["ERROR"]] * broken


def test_a_test_that_fails(api_writer: ApiWriter, emulator: Emulator, product: dict[str, Any]) -> None:
    workflow = emulator.add("ciWorkflows", product=product, isEnabled=True, actions=ACTIONS[:1])
    run = api_writer.made("ciBuildRuns", workflow=workflow)
    emulator.decide(run, "FAILED")
    emulator.advance()
    (action,) = api_writer.related(run, "actions")
    assert [shown(one, "status") for one in api_writer.related(action, "testResults")] == [["FAILURE"]]
    assert [shown(one, "issueType") for one in api_writer.related(action, "issues")] == [["TEST_FAILURE"]]
    assert api_writer.get(run)["issueCounts"]["testFailures"] == 1


def test_a_run_is_repeated(
    api_writer: ApiWriter, emulator: Emulator, workflow: dict[str, Any], product: dict[str, Any]
) -> None:
    first = api_writer.made("ciBuildRuns", workflow=workflow)
    second = api_writer.made("ciBuildRuns", buildRun=first)
    assert shown(second, "number", "startReason") == [2, "MANUAL_REBUILD"]
    assert [one["id"] for one in api_writer.related(product, "buildRuns")] == [first["id"], second["id"]]
    emulator.advance()
    assert [len(api_writer.related(run, "builds")) for run in (first, second)] == [1, 1]


def test_what_cannot_be_started(api_writer: ApiWriter, emulator: Emulator) -> None:
    assert api_writer.create("ciBuildRuns").codes == ["ENTITY_ERROR.RELATIONSHIP.REQUIRED"]
    off = emulator.add("ciWorkflows", isEnabled=False)
    assert api_writer.create("ciBuildRuns", workflow=off).codes == ["STATE_ERROR.ENTITY_STATE_INVALID"]


def test_the_build_may_be_bad(api_writer: ApiWriter, emulator: Emulator, workflow: dict[str, Any]) -> None:
    emulator.decide("builds", "INVALID")
    run = api_writer.made("ciBuildRuns", workflow=workflow)
    emulator.advance()
    (build,) = api_writer.related(run, "builds")
    assert api_writer.get(build)["processingState"] == "INVALID"
    assert api_writer.get(build, "buildBetaDetail")["internalBuildState"] == "PROCESSING_EXCEPTION"
