"""Cases of Game Center."""

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


CASES: Mapping[int, Case] = {
    116: _localization(name="a" * 51),
    118: _localization(locale="it-IT"),
}
"""By the number of the line."""
