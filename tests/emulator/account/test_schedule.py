from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest
from emulator.harness import NOW

from pytest_asc.emulator.account.schedule import DAY, Schedule

if TYPE_CHECKING:
    from emulator.harness import EmulatorClient


@pytest.fixture
def clock() -> list[float]:
    """The current time of a clock, as the only item."""
    return [1000.0]


@pytest.fixture
def schedule(clock: list[float]) -> Schedule:
    return Schedule(lambda: clock[0])


def plan(schedule: Schedule, seen: list[tuple[str, float]], delay: float, what: str, *, calendar: bool = False) -> None:
    schedule.call_later(delay, what, lambda: seen.append((what, schedule.now())), calendar=calendar)


def test_no_event_happens_before_it_is_due(schedule: Schedule, clock: list[float]) -> None:
    seen: list[tuple[str, float]] = []
    plan(schedule, seen, 60, "a")
    clock[0] += 3600
    assert seen == []
    clock[0] -= 3600
    assert schedule.advance(59) == []
    assert schedule.now() == 1059
    assert schedule.advance(1) == ["a"]
    assert seen == [("a", 1060)]


def test_events_happen_in_order_of_their_times_at_the_due_time(schedule: Schedule) -> None:
    seen: list[tuple[str, float]] = []
    for delay, what, calendar in ((30, "c", False), (10, "a", True), (10, "b", False), (40, "d", True)):
        plan(schedule, seen, delay, what, calendar=calendar)
    assert schedule.advance(100) == ["a", "b", "c", "d"]
    assert seen == [("a", 1010), ("b", 1010), ("c", 1030), ("d", 1040)]
    assert schedule.now() == 1100


def test_an_event_can_schedule_another(schedule: Schedule) -> None:
    seen: list[tuple[str, float]] = []
    schedule.call_later(10, "first", lambda: plan(schedule, seen, 10, "second"))
    assert schedule.advance(15) == ["first"]
    assert schedule.advance(15) == ["second"]
    assert seen == [("second", 1020)]


def test_finish_does_not_wait_for_calendar_events(schedule: Schedule) -> None:
    seen: list[tuple[str, float]] = []
    plan(schedule, seen, 90 * DAY, "expired", calendar=True)
    plan(schedule, seen, DAY, "on the way", calendar=True)
    plan(schedule, seen, 2 * DAY, "approved")
    assert schedule.finish() == ["on the way", "approved"]
    assert schedule.now() == 1000 + 2 * DAY
    assert schedule.finish() == []


def test_events_that_are_due_before_the_clocks_time_happen_at_the_next_step(
    schedule: Schedule, clock: list[float]
) -> None:
    seen: list[tuple[str, float]] = []
    plan(schedule, seen, 10, "late")
    clock[0] += 100
    assert schedule.advance(0) == ["late"]
    assert seen == [("late", 1100)]


def test_cancel_removes_the_events_of_a_key(schedule: Schedule) -> None:
    seen: list[int] = []
    gone, kept = object(), object()
    for delay, key in ((1, gone), (2, kept), (3, gone)):
        schedule.call_later(delay, f"{delay}", partial(seen.append, delay), key=key)
    schedule.cancel(gone)
    assert schedule.advance(10) == ["2"]
    assert seen == [2]


def test_advance_by_zero_runs_no_later_event(emulator_client: EmulatorClient) -> None:
    emulator_client.emulator.add("builds", processingState="PROCESSING")
    assert emulator_client.emulator.advance(0) == emulator_client.emulator.advance(days=0) == []
    assert len(emulator_client.emulator.advance()) == 1


def test_advancing_the_time_changes_dates_in_the_account_but_not_the_clock(emulator_client: EmulatorClient) -> None:
    before = emulator_client.get("/v1/apps")
    emulator_client.emulator.advance(days=1, hours=1, minutes=1)
    emulator_client.emulator.advance(1)
    group = emulator_client.emulator.add("betaGroups", name="Testers")
    after = emulator_client.get("/v1/apps")
    assert NOW == 1_780_000_000
    assert group["attributes"]["createdDate"] == "2026-05-29T14:27:41-07:00"
    assert (after.status, after.headers["Date"]) == (200, before.headers["Date"])


@pytest.mark.parametrize("seconds", [-1, float("nan")])
def test_a_negative_advance_is_rejected(emulator_client: EmulatorClient, seconds: float) -> None:
    with pytest.raises(ValueError, match="time does not go back"):
        emulator_client.emulator.advance(seconds)


def test_reset_cancels_scheduled_events(emulator_client: EmulatorClient) -> None:
    emulator_client.emulator.advance(days=1)
    emulator_client.emulator.reset()
    assert emulator_client.emulator.advance() == []
    assert (
        emulator_client.emulator.add("betaGroups", name="Testers")["attributes"]["createdDate"]
        == "2026-05-28T13:26:40-07:00"
    )
