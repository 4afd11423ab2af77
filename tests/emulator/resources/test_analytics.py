from __future__ import annotations

import csv
import gzip
import hashlib
from typing import TYPE_CHECKING, Any

import pytest
from emulator.resources.api_writer import detail

if TYPE_CHECKING:
    from emulator.resources.api_writer import ApiWriter

    from pytest_asc.emulator.app import Emulator

DOWNLOADS = "App Downloads Standard"


def request(api_writer: ApiWriter, app: dict[str, Any], access: str = "ONGOING") -> dict[str, Any]:
    return api_writer.create("analyticsReportRequests", {"accessType": access}, app=app)


def instances(api_writer: ApiWriter, report_request: dict[str, Any], query: str = "") -> list[dict[str, Any]]:
    """Return the instances of the report about downloads."""
    (report,) = [one for one in api_writer.related(report_request, "reports") if one["attributes"]["name"] == DOWNLOADS]
    return api_writer.related(report, f"instances{query}")


def counts(api_writer: ApiWriter, instance: dict[str, Any]) -> dict[str, int]:
    """Return the number of downloads by day."""
    found: dict[str, int] = {}
    for segment in api_writer.related(instance, "segments"):
        file = api_writer.emulator_client.send("GET", segment["attributes"]["url"], headers={}).body
        assert hashlib.md5(file, usedforsecurity=False).hexdigest() == segment["attributes"]["checksum"]
        for line in csv.DictReader(gzip.decompress(file).decode().splitlines(), delimiter="\t"):
            found[line["Date"]] = found.get(line["Date"], 0) + int(line["Counts"])
    return found


def test_reports_are_available_after_a_day(api_writer: ApiWriter, emulator: Emulator, app: dict[str, Any]) -> None:
    emulator.sell(app, units=3, day="2026-05-28")
    report_request = request(api_writer, app)
    assert report_request["attributes"] == {"accessType": "ONGOING", "stoppedDueToInactivity": False}
    emulator.advance(hours=23)
    assert api_writer.related(report_request, "reports") == []
    emulator.advance()
    assert {one["attributes"]["category"] for one in api_writer.related(report_request, "reports")} == {
        "APP_STORE_ENGAGEMENT",
        "APP_USAGE",
        "COMMERCE",
        "PERFORMANCE",
    }
    (instance,) = instances(api_writer, report_request)
    assert instance["attributes"] == {"granularity": "DAILY", "processingDate": "2026-05-29"}
    assert counts(api_writer, instance) == {"2026-05-28": 3}


def test_an_ongoing_request_gets_a_new_instance_every_day(
    api_writer: ApiWriter, emulator: Emulator, app: dict[str, Any]
) -> None:
    for day in range(28, 32):
        emulator.sell(app, units=day, day=f"2026-05-{day}")
    report_request = request(api_writer, app)
    emulator.advance(days=4)
    daily = instances(api_writer, report_request, "?filter[granularity]=DAILY")
    assert [one["attributes"]["processingDate"] for one in daily] == [
        "2026-05-29",
        "2026-05-30",
        "2026-05-31",
        "2026-06-01",
    ]
    assert [counts(api_writer, one) for one in daily] == [{f"2026-05-{day}": day} for day in range(28, 32)]
    (weekly,) = instances(api_writer, report_request, "?filter[granularity]=WEEKLY")  # the first of June was a Monday
    assert sum(counts(api_writer, weekly).values()) == 28 + 29 + 30 + 31
    assert len(instances(api_writer, report_request, "?filter[granularity]=MONTHLY")) == 1


def test_a_snapshot_contains_the_whole_history(api_writer: ApiWriter, emulator: Emulator, app: dict[str, Any]) -> None:
    emulator.sell(app, units=5, day="2024-01-31")
    emulator.sell(app, units=3, day="2026-05-28")
    report_request = request(api_writer, app, "ONE_TIME_SNAPSHOT")
    emulator.advance(days=3)
    (instance,) = instances(api_writer, report_request)
    assert counts(api_writer, instance) == {"2024-01-31": 5, "2026-05-28": 3}


@pytest.mark.parametrize(
    ("first", "second", "status"), [("ONGOING", "ONGOING", 409), ("ONGOING", "ONE_TIME_SNAPSHOT", 201)]
)
def test_a_second_report_request_with_the_same_access_type_is_rejected(
    api_writer: ApiWriter, emulator: Emulator, app: dict[str, Any], first: str, second: str, status: int
) -> None:
    request(api_writer, app, first)
    request(api_writer, emulator.add("apps"), first)
    again = api_writer.post("analyticsReportRequests", {"accessType": second}, app=app)
    assert again.status == status
    if status == 409:
        assert (again.codes, detail(again)) == (["STATE_ERROR"], "You already have such an entity")


def test_a_deleted_report_request_gets_no_reports(
    api_writer: ApiWriter, emulator: Emulator, app: dict[str, Any]
) -> None:
    report_request = request(api_writer, app)
    assert api_writer.delete(report_request).status == 204
    assert emulator.advance(days=2) == []
    request(api_writer, app)


def test_deleting_a_report_request_deletes_its_reports(
    api_writer: ApiWriter, emulator: Emulator, app: dict[str, Any]
) -> None:
    report_request = request(api_writer, app)
    emulator.advance()
    report, (instance,) = api_writer.related(report_request, "reports")[0], instances(api_writer, report_request)
    (segment,) = api_writer.related(instance, "segments")
    api_writer.delete(report_request)
    for gone in (report, instance, segment):
        assert api_writer.emulator_client.get(f"/v1/{gone['type']}/{gone['id']}").status == 404
    assert emulator.advance(days=3) == []
