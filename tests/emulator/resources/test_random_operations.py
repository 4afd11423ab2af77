"""Consistency of the account under random sequences of operations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from emulator.harness import EmulatorClient
from emulator.resources.api_writer import ApiWriter
from hypothesis import given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable


class _Account:
    """App with a build, a group, a tester and a version, and the writer that changes them."""

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

    def each(self, operation: Callable[[dict[str, Any]], Any]) -> list[Any]:
        return [operation(submission) for submission in self.submissions]


OPERATIONS: dict[str, Callable[[_Account], Any]] = {
    "create submission": lambda account: account.api_writer.post(
        "reviewSubmissions", {"platform": "IOS"}, app=account.app
    ),
    "add item": lambda account: account.each(
        lambda submission: account.api_writer.post(
            "reviewSubmissionItems", reviewSubmission=submission, appStoreVersion=account.version
        )
    ),
    "submit": lambda account: account.each(lambda submission: account.api_writer.patch(submission, submitted=True)),
    "cancel": lambda account: account.each(lambda submission: account.api_writer.patch(submission, canceled=True)),
    "delete items": lambda account: account.each(
        lambda submission: [account.api_writer.delete(item) for item in account.api_writer.related(submission, "items")]
    ),
    "remove items": lambda account: account.each(
        lambda submission: [
            account.api_writer.patch(item, removed=True) for item in account.api_writer.related(submission, "items")
        ]
    ),
    "withdraw": lambda account: account.api_writer.delete(
        {"type": "appStoreVersionSubmissions", "id": account.version["id"]}
    ),
    "create phased release": lambda account: account.api_writer.post(
        "appStoreVersionPhasedReleases", appStoreVersion=account.version
    ),
    "pause phased release": lambda account: account.api_writer.patch(
        {"type": "appStoreVersionPhasedReleases", "id": account.version["id"]}, phasedReleaseState="PAUSED"
    ),
    "release manually": lambda account: account.api_writer.patch(account.version, releaseType="MANUAL"),
    "release": lambda account: account.api_writer.post(
        "appStoreVersionReleaseRequests", appStoreVersion=account.version
    ),
    "add build to group": lambda account: account.api_writer.add_related(account.group, "builds", account.build),
    "submit for beta review": lambda account: account.api_writer.post("betaAppReviewSubmissions", build=account.build),
    "invite tester": lambda account: account.api_writer.post(
        "betaTesterInvitations", app=account.app, betaTester=account.tester
    ),
    "reject": lambda account: account.emulator.decide("reviewSubmissions", "REJECTED"),
    "approve": lambda account: account.emulator.decide("reviewSubmissions", "APPROVED"),
    "advance an hour": lambda account: account.emulator.advance(hours=1),
    "advance half a day": lambda account: account.emulator.advance(hours=12),
    "advance until done": lambda account: account.emulator.advance(),
    "advance 90 days": lambda account: account.emulator.advance(days=90),
}
# appVersionState of a version, by the state of its submission.
VERSION_STATES = {
    "READY_FOR_REVIEW": {"READY_FOR_REVIEW"},
    "WAITING_FOR_REVIEW": {"WAITING_FOR_REVIEW"},
    "IN_REVIEW": {"IN_REVIEW"},
    "UNRESOLVED_ISSUES": {"REJECTED"},
}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(sorted(OPERATIONS)), max_size=25))
def test_states_of_versions_and_submissions_are_consistent_after_any_operations(names: list[str]) -> None:
    account = _Account()
    for name in names:
        OPERATIONS[name](account)
        holding = [
            submission["attributes"]["state"]
            for submission in account.submissions
            for item in account.api_writer.related(submission, "items")
            if item["attributes"]["state"] not in {"APPROVED", "REMOVED"}
        ]
        assert len(holding) <= 1
        for state in holding:
            assert account.state(account.version, "appVersionState") in VERSION_STATES[state], (name, state)
    assert all(request.status < 500 for request in account.emulator.requests)
    account.emulator.advance()
    assert account.emulator.advance() == []
