"""Cases about Game Center."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from emulator.harness import Answer
    from emulator.recorded.replay import Case, Json, Replay

_TEXTS: Json = {"locale": "en-US", "beforeEarnedDescription": "Win a game", "afterEarnedDescription": "You won"}


def _localization(**changed: str) -> Case:
    def send(replay: Replay) -> Answer:
        texts = {"name": "Won", **_TEXTS, **changed}
        return replay.post(
            "gameCenterAchievementLocalizations", texts, gameCenterAchievement=replay.add("gameCenterAchievements")
        )

    return send


def _points(replay: Replay) -> Answer:
    detail = replay.add("gameCenterDetails")
    for _ in range(10):
        replay.add("gameCenterAchievements", gameCenterDetail=detail, points=100)
    attributes = {"referenceName": "Won", "vendorIdentifier": "won", "points": 101}
    return replay.post(
        "gameCenterAchievements",
        {**attributes, "showBeforeEarned": True, "repeatable": False},
        gameCenterDetail=detail,
    )


def _delete_released(replay: Replay) -> Answer:
    achievement = replay.add("gameCenterAchievements")
    replay.add("gameCenterAchievementReleases", gameCenterAchievement=achievement, live=True)
    return replay.delete(achievement)


def _minimum_version(replay: Replay) -> Answer:
    version = replay.add("appStoreVersions")
    path = f"/v1/gameCenterDetails/{replay.add('gameCenterDetails')['id']}/relationships"
    data = [{"type": version["type"], "id": version["id"]}]
    return replay.send("PATCH", f"{path}/challengesMinimumPlatformVersions", data)


CASES: Mapping[int, Case] = {
    116: _localization(name="a" * 51),
    117: _points,
    118: _localization(locale="it-IT"),
    119: _delete_released,
    120: _minimum_version,
}
"""Cases by the number of the line."""
