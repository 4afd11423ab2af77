from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from emulator.resources.api_writer import ApiWriter

    from pytest_asc.emulator.app import Emulator


@pytest.fixture
def version(emulator: Emulator, app: dict[str, Any]) -> dict[str, Any]:
    """A version that waits for its release."""
    return emulator.add("appStoreVersions", app=app, appStoreState="PENDING_DEVELOPER_RELEASE")


@pytest.fixture
def phase(api_writer: ApiWriter, version: dict[str, Any]) -> dict[str, Any]:
    """The phased release of the version."""
    return api_writer.made("appStoreVersionPhasedReleases", appStoreVersion=version)


def release(api_writer: ApiWriter, version: dict[str, Any]) -> None:
    api_writer.made("appStoreVersionReleaseRequests", appStoreVersion=version)
    api_writer.emulator_client.emulator.advance()


def shown(api_writer: ApiWriter, version: dict[str, Any]) -> list[object]:
    attributes = api_writer.get(version, "appStoreVersionPhasedRelease")
    return [attributes[name] for name in ("phasedReleaseState", "currentDayNumber", "totalPauseDuration")]


def test_it_takes_a_week(
    api_writer: ApiWriter, emulator: Emulator, version: dict[str, Any], phase: dict[str, Any]
) -> None:
    assert phase["id"] == version["id"]
    assert shown(api_writer, version) == ["INACTIVE", 0, 0]
    release(api_writer, version)
    assert api_writer.get(version)["appStoreState"] == "READY_FOR_SALE"
    days = []
    for _ in range(8):
        days.append(shown(api_writer, version)[:2])
        emulator.advance(days=1)
    assert days == [*(["ACTIVE", day] for day in range(1, 8)), ["COMPLETE", 7]]
    assert api_writer.get(version, "appStoreVersionPhasedRelease")["startDate"] == "2026-05-28T12:56:40-08:00"


def test_it_is_paused_and_goes_on(
    api_writer: ApiWriter, emulator: Emulator, version: dict[str, Any], phase: dict[str, Any]
) -> None:
    release(api_writer, version)
    emulator.advance(days=2)
    assert api_writer.change(phase, phasedReleaseState="PAUSED").status == 200
    emulator.advance(days=5)
    assert shown(api_writer, version)[:2] == ["PAUSED", 3]
    assert api_writer.change(phase, phasedReleaseState="ACTIVE").status == 200
    emulator.advance(hours=20)
    assert api_writer.change(phase).status == 200  # nothing is said, nothing is put off
    emulator.advance(days=3, hours=4)
    assert shown(api_writer, version) == ["ACTIVE", 7, 5]


def test_it_is_for_all_at_once(
    api_writer: ApiWriter, emulator: Emulator, version: dict[str, Any], phase: dict[str, Any]
) -> None:
    release(api_writer, version)
    api_writer.change(phase, phasedReleaseState="COMPLETE")
    assert emulator.advance(days=9) == []
    assert shown(api_writer, version)[:2] == ["COMPLETE", 1]


def test_what_cannot_be(api_writer: ApiWriter, version: dict[str, Any], phase: dict[str, Any]) -> None:
    second = api_writer.create("appStoreVersionPhasedReleases", appStoreVersion=version)
    assert second.codes == ["STATE_ERROR.ALREADY_EXISTS"]
    for state, detail in {
        "INACTIVE": "The phased release already has this value",
        "ACTIVE": "The phased release cannot go from INACTIVE to ACTIVE",
    }.items():
        (error,) = api_writer.change(phase, phasedReleaseState=state).json["errors"]
        assert (error["detail"], error["source"]["pointer"]) == (detail, "/data/attributes/phasedReleaseState")
    release(api_writer, version)
    assert api_writer.delete(phase).codes == ["STATE_ERROR.ENTITY_STATE_INVALID"]


def test_one_that_has_not_begun_is_given_up(
    api_writer: ApiWriter, version: dict[str, Any], phase: dict[str, Any]
) -> None:
    assert api_writer.delete(phase).status == 204
    release(api_writer, version)
    assert api_writer.get(version)["appStoreState"] == "READY_FOR_SALE"


def test_one_that_a_test_puts_into_the_middle_goes_on(
    api_writer: ApiWriter, emulator: Emulator, version: dict[str, Any]
) -> None:
    phase = emulator.add("appStoreVersionPhasedReleases", phasedReleaseState="ACTIVE", currentDayNumber=6)
    emulator.advance(days=2)
    assert (
        api_writer.emulator_client.get(f"/v1/appStoreVersions/{version['id']}/appStoreVersionPhasedRelease").json[
            "data"
        ]
        is None
    )
    shown = emulator.add("appStoreVersions", appStoreVersionPhasedRelease=phase)
    assert api_writer.get(shown, "appStoreVersionPhasedRelease")["phasedReleaseState"] == "COMPLETE"
