"""Whatever is done in whatever order, the account stays of one piece."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from emulator.harness import EmulatorClient
from emulator.resources.api_writer import ApiWriter
from hypothesis import given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable


class _World:
    """An app with a version, and some who work at it."""

    def __init__(self) -> None:
        self.api_writer = ApiWriter(EmulatorClient())
        self.emulator = self.api_writer.emulator_client.emulator
        self.app = self.emulator.add("apps")
        self.build = self.emulator.add("builds", app=self.app)
        self.group = self.emulator.add("betaGroups", app=self.app)
        self.tester = self.emulator.add("betaTesters", betaGroups=[self.group], state="NOT_INVITED")
        self.version = self.emulator.add("appStoreVersions", app=self.app, build=self.build, copyright="2026")
        self.texts = self.emulator.add(
            "appStoreVersionLocalizations",
            appStoreVersion=self.version,
            description="Lists.",
            keywords="lists",
            supportUrl="https://example.com",
        )

    @property
    def submissions(self) -> list[dict[str, Any]]:
        return self.api_writer.related(self.app, "reviewSubmissions")

    def state(self, resource: dict[str, Any], name: str) -> Any:
        return self.api_writer.get(resource)[name]

    def each(self, move: Callable[[dict[str, Any]], Any]) -> list[Any]:
        return [move(submission) for submission in self.submissions]


MOVES: dict[str, Callable[[_World], Any]] = {
    "a submission": lambda w: w.api_writer.create("reviewSubmissions", {"platform": "IOS"}, app=w.app),
    "an item": lambda w: w.each(
        lambda one: w.api_writer.create("reviewSubmissionItems", reviewSubmission=one, appStoreVersion=w.version)
    ),
    "submit": lambda w: w.each(lambda one: w.api_writer.change(one, submitted=True)),
    "cancel": lambda w: w.each(lambda one: w.api_writer.change(one, canceled=True)),
    "take out": lambda w: w.each(
        lambda one: [w.api_writer.delete(item) for item in w.api_writer.related(one, "items")]
    ),
    "remove": lambda w: w.each(
        lambda one: [w.api_writer.change(item, removed=True) for item in w.api_writer.related(one, "items")]
    ),
    "withdraw": lambda w: w.api_writer.delete({"type": "appStoreVersionSubmissions", "id": w.version["id"]}),
    "phase": lambda w: w.api_writer.create("appStoreVersionPhasedReleases", appStoreVersion=w.version),
    "pause": lambda w: w.api_writer.change(
        {"type": "appStoreVersionPhasedReleases", "id": w.version["id"]}, phasedReleaseState="PAUSED"
    ),
    "by hand": lambda w: w.api_writer.change(w.version, releaseType="MANUAL"),
    "release": lambda w: w.api_writer.create("appStoreVersionReleaseRequests", appStoreVersion=w.version),
    "give": lambda w: w.api_writer.relate(w.group, "builds", w.build),
    "beta review": lambda w: w.api_writer.create("betaAppReviewSubmissions", build=w.build),
    "invite": lambda w: w.api_writer.create("betaTesterInvitations", app=w.app, betaTester=w.tester),
    "reject": lambda w: w.emulator.decide("reviewSubmissions", "REJECTED"),
    "approve": lambda w: w.emulator.decide("reviewSubmissions", "APPROVED"),
    "an hour": lambda w: w.emulator.advance(hours=1),
    "half a day": lambda w: w.emulator.advance(hours=12),
    "finish": lambda w: w.emulator.advance(),
    "a quarter": lambda w: w.emulator.advance(days=90),
}
# What a version is while a submission with it is in a state.
TOGETHER = {
    "READY_FOR_REVIEW": {"READY_FOR_REVIEW"},
    "WAITING_FOR_REVIEW": {"WAITING_FOR_REVIEW"},
    "IN_REVIEW": {"IN_REVIEW"},
    "UNRESOLVED_ISSUES": {"REJECTED"},
}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(sorted(MOVES)), max_size=25))
def test_the_account_stays_of_one_piece(moves: list[str]) -> None:
    world = _World()
    for move in moves:
        MOVES[move](world)
        holding = [
            submission["attributes"]["state"]
            for submission in world.submissions
            for item in world.api_writer.related(submission, "items")
            if item["attributes"]["state"] not in {"APPROVED", "REMOVED"}
        ]
        assert len(holding) <= 1
        for state in holding:
            assert world.state(world.version, "appVersionState") in TOGETHER[state], (move, state)
    assert all(request.status < 500 for request in world.emulator.requests)
    world.emulator.advance()
    assert world.emulator.advance() == []
