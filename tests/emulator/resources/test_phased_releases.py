from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from emulator.resources.api_writer import ApiWriter

    from pytest_asc.emulator.app import Emulator


@pytest.fixture
def version(emulator: Emulator, app: dict[str, Any]) -> dict[str, Any]:
    """Version that is waiting to be released."""
    return emulator.add("appStoreVersions", app=app, appStoreState="PENDING_DEVELOPER_RELEASE")


@pytest.fixture
def phased_release(api_writer: ApiWriter, version: dict[str, Any]) -> dict[str, Any]:
    """Phased release of the version."""
    return api_writer.create("appStoreVersionPhasedReleases", appStoreVersion=version)


def release(api_writer: ApiWriter, version: dict[str, Any]) -> None:
    api_writer.create("appStoreVersionReleaseRequests", appStoreVersion=version)
    api_writer.emulator_client.emulator.advance()


def progress(api_writer: ApiWriter, version: dict[str, Any]) -> list[object]:
    attributes = api_writer.get(version, "appStoreVersionPhasedRelease")
    return [attributes[name] for name in ("phasedReleaseState", "currentDayNumber", "totalPauseDuration")]


def test_a_phased_release_takes_seven_days(
    api_writer: ApiWriter, emulator: Emulator, version: dict[str, Any], phased_release: dict[str, Any]
) -> None:
    assert phased_release["id"] == version["id"]
    assert progress(api_writer, version) == ["INACTIVE", 0, 0]
    release(api_writer, version)
    assert api_writer.get(version)["appStoreState"] == "READY_FOR_SALE"
    days = []
    for _ in range(8):
        days.append(progress(api_writer, version)[:2])
        emulator.advance(days=1)
    assert days == [*(["ACTIVE", day] for day in range(1, 8)), ["COMPLETE", 7]]
    assert api_writer.get(version, "appStoreVersionPhasedRelease")["startDate"] == "2026-05-28T13:56:40-07:00"


def test_a_paused_phased_release_resumes_and_ends_later(
    api_writer: ApiWriter, emulator: Emulator, version: dict[str, Any], phased_release: dict[str, Any]
) -> None:
    release(api_writer, version)
    emulator.advance(days=2)
    assert api_writer.patch(phased_release, phasedReleaseState="PAUSED").status == 200
    emulator.advance(days=5)
    assert progress(api_writer, version)[:2] == ["PAUSED", 3]
    assert api_writer.patch(phased_release, phasedReleaseState="ACTIVE").status == 200
    emulator.advance(hours=20)
    assert api_writer.patch(phased_release).status == 200  # a PATCH without attributes does not delay anything
    emulator.advance(days=3, hours=4)
    assert progress(api_writer, version) == ["ACTIVE", 7, 5]


def test_completing_a_phased_release_stops_its_days(
    api_writer: ApiWriter, emulator: Emulator, version: dict[str, Any], phased_release: dict[str, Any]
) -> None:
    release(api_writer, version)
    api_writer.patch(phased_release, phasedReleaseState="COMPLETE")
    assert emulator.advance(days=9) == []
    assert progress(api_writer, version)[:2] == ["COMPLETE", 1]


def test_a_second_phased_release_and_invalid_changes_of_state_are_rejected(
    api_writer: ApiWriter, version: dict[str, Any], phased_release: dict[str, Any]
) -> None:
    second = api_writer.post("appStoreVersionPhasedReleases", appStoreVersion=version)
    assert second.codes == ["STATE_ERROR.ALREADY_EXISTS"]
    for state, detail in {
        "INACTIVE": "The phased release already has this value",
        "ACTIVE": "The phased release cannot go from INACTIVE to ACTIVE",
    }.items():
        (error,) = api_writer.patch(phased_release, phasedReleaseState=state).json["errors"]
        assert (error["detail"], error["source"]["pointer"]) == (detail, "/data/attributes/phasedReleaseState")
    release(api_writer, version)
    assert api_writer.delete(phased_release).codes == ["STATE_ERROR.ENTITY_STATE_INVALID"]


def test_an_inactive_phased_release_can_be_deleted(
    api_writer: ApiWriter, version: dict[str, Any], phased_release: dict[str, Any]
) -> None:
    assert api_writer.delete(phased_release).status == 204
    release(api_writer, version)
    assert api_writer.get(version)["appStoreState"] == "READY_FOR_SALE"


def test_an_active_phased_release_added_by_a_test_continues(
    api_writer: ApiWriter, emulator: Emulator, version: dict[str, Any]
) -> None:
    phased_release = emulator.add("appStoreVersionPhasedReleases", phasedReleaseState="ACTIVE", currentDayNumber=6)
    emulator.advance(days=2)
    assert (
        api_writer.emulator_client.get(f"/v1/appStoreVersions/{version['id']}/appStoreVersionPhasedRelease").json[
            "data"
        ]
        is None
    )
    other = emulator.add("appStoreVersions", appStoreVersionPhasedRelease=phased_release)
    assert api_writer.get(other, "appStoreVersionPhasedRelease")["phasedReleaseState"] == "COMPLETE"


@pytest.mark.parametrize("state", ["INACTIVE", "ACTIVE"])
def test_a_phased_release_is_created_in_the_requested_state(
    api_writer: ApiWriter, version: dict[str, Any], state: str
) -> None:
    made = api_writer.create("appStoreVersionPhasedReleases", {"phasedReleaseState": state}, appStoreVersion=version)
    assert made["attributes"]["phasedReleaseState"] == state
    release(api_writer, version)
    assert progress(api_writer, version)[:2] == ["ACTIVE", 1]


@pytest.mark.parametrize("state", ["PAUSED", "COMPLETE"])
def test_a_phased_release_that_has_not_started_is_not_created_paused_or_complete(
    api_writer: ApiWriter, version: dict[str, Any], state: str
) -> None:
    refused = api_writer.post("appStoreVersionPhasedReleases", {"phasedReleaseState": state}, appStoreVersion=version)
    (error,) = refused.json["errors"]
    assert (refused.status, error["source"]["pointer"]) == (409, "/data/attributes/phasedReleaseState")


def test_an_inactive_phased_release_of_a_live_version_starts_when_it_is_activated(
    api_writer: ApiWriter, emulator: Emulator, app: dict[str, Any]
) -> None:
    live = emulator.add("appStoreVersions", app=app, appStoreState="READY_FOR_SALE")
    made = api_writer.create("appStoreVersionPhasedReleases", {"phasedReleaseState": "INACTIVE"}, appStoreVersion=live)
    assert progress(api_writer, live)[:2] == ["INACTIVE", 0]
    assert api_writer.patch(made, phasedReleaseState="ACTIVE").status == 200
    emulator.advance(days=1)
    assert progress(api_writer, live)[:2] == ["ACTIVE", 2]
