from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_asc import Emulator, Session


def test_a_new_subscription_has_no_market_settings_and_no_seats(asc_emulator: Emulator) -> None:
    attributes = asc_emulator.add("subscriptions")["attributes"]
    assert (attributes["marketSettings"], attributes["multiSeatStatus"]) == ([], "DISABLED")


def test_family_sharing_turns_seats_off(asc_session: Session, asc_emulator: Emulator) -> None:
    subscription = asc_emulator.add("subscriptions", multiSeatStatus="ENABLED", familySharable=False)
    path = f"/v1/subscriptions/{subscription['id']}"
    data = {"type": "subscriptions", "id": subscription["id"], "attributes": {"familySharable": True}}
    changed = asc_session.patch(path, json={"data": data}).json()["data"]["attributes"]
    assert (changed["familySharable"], changed["multiSeatStatus"]) == (True, "DISABLED")


def test_a_game_center_score_can_be_blocked(asc_session: Session, asc_emulator: Emulator) -> None:
    player = asc_emulator.add("gameCenterDetailPlayers", nickname="Ann", blocked=False)
    score = asc_emulator.add("gameCenterScoreModerations", player=player, blocked=False, score="9")
    leaderboard = asc_emulator.add("gameCenterLeaderboards", gameCenterScoreModerations=[score])
    path = f"/v2/gameCenterLeaderboards/{leaderboard['id']}/gameCenterScoreModerations"
    data = {"type": score["type"], "id": score["id"], "attributes": {"blocked": True}}
    assert asc_session.patch(f"/v1/gameCenterScoreModerations/{score['id']}", json={"data": data}).ok
    (shown,) = asc_session.get(f"{path}?exists[blocked]=true&include=player").json()["data"]
    assert shown["attributes"]["blocked"] is True
