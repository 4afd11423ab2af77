from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from emulator.resources.api_writer import ApiWriter

    from pytest_asc.emulator.app import Emulator

RANGE = "ENTITY_ERROR.INVALID_POINTS_RANGE"
TOTAL = "ENTITY_ERROR.INVALID_TOTAL_APP_POINTS"
LIVE = {"appStoreState": "READY_FOR_SALE"}


def achievement(points: int) -> dict[str, Any]:
    return {
        "referenceName": "Won",
        "vendorIdentifier": "won",
        "points": points,
        "showBeforeEarned": True,
        "repeatable": False,
    }


@pytest.mark.parametrize(
    ("present", "points", "codes"),
    [
        (0, 100, []),
        (0, 0, []),
        (0, 101, [RANGE]),
        (0, -1, [RANGE]),
        (9, 100, []),
        (10, 0, []),
        (10, 1, [TOTAL]),
        (10, 101, [RANGE, TOTAL]),
    ],
)
def test_points_are_limited_for_an_achievement_and_for_an_app(
    api_writer: ApiWriter, emulator: Emulator, present: int, points: int, codes: list[str]
) -> None:
    detail = emulator.add("gameCenterDetails")
    for _ in range(present):
        emulator.add("gameCenterAchievements", gameCenterDetail=detail, points=100)
    answer = api_writer.post("gameCenterAchievements", achievement(points), gameCenterDetail=detail)
    assert answer.status == (409 if codes else 201)
    if codes:
        assert answer.codes == codes
        assert {error["source"]["pointer"] for error in answer.json["errors"]} == {"/data/attributes/points"}


def test_an_update_of_points_does_not_count_the_previous_points(api_writer: ApiWriter, emulator: Emulator) -> None:
    detail = emulator.add("gameCenterDetails")
    for _ in range(9):
        emulator.add("gameCenterAchievements", gameCenterDetail=detail, points=100)
    last = emulator.add("gameCenterAchievements", gameCenterDetail=detail, points=100)
    assert api_writer.patch(last, points=100).status == 200
    emulator.add("gameCenterAchievements", gameCenterDetail=detail, points=50, archived=True)
    assert api_writer.patch(last, points=90).status == 200
    assert api_writer.patch(last, points=101).codes == [RANGE, TOTAL]
    assert api_writer.patch(last, referenceName="Lost").status == 200


@pytest.mark.parametrize(("state", "status"), [("PREPARE_FOR_SUBMISSION", 204), ("LIVE", 409), ("IN_REVIEW", 409)])
def test_an_achievement_can_be_deleted_while_its_versions_are_drafts(
    api_writer: ApiWriter, emulator: Emulator, state: str, status: int
) -> None:
    won = emulator.add("gameCenterAchievements")
    emulator.add("gameCenterAchievementVersions", achievement=won, state=state)
    answer = api_writer.delete(won)
    assert answer.status == status
    if status != 204:
        assert answer.codes == ["STATE_ERROR.CANNOT_DELETE_HAS_NON_DRAFT_VERSION"]


@pytest.mark.parametrize(("live", "status"), [(True, 409), (False, 204)])
def test_a_released_leaderboard_cannot_be_deleted(
    api_writer: ApiWriter, emulator: Emulator, live: bool, status: int
) -> None:
    board = emulator.add("gameCenterLeaderboards")
    emulator.add("gameCenterLeaderboardReleases", gameCenterLeaderboard=board, live=live)
    assert api_writer.delete(board).status == status


@pytest.mark.parametrize(("members", "status"), [(LIVE, 204), ({}, 409)])
def test_a_minimum_version_for_challenges_must_be_live(
    api_writer: ApiWriter, emulator: Emulator, members: dict[str, str], status: int
) -> None:
    version = emulator.add("appStoreVersions", **members)
    path = f"/v1/gameCenterDetails/{emulator.add('gameCenterDetails')['id']}/relationships"
    data = [{"type": version["type"], "id": version["id"]}]
    answer = api_writer.send("PATCH", f"{path}/challengesMinimumPlatformVersions", data)
    assert answer.status == status
    if status != 204:
        assert answer.codes == ["ENTITY_ERROR.RELATIONSHIP.INVALID.MIN_CHALLENGES_VERSION_MUST_BE_LIVE"]
