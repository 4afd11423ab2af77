from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import pytest
import requests
from emulator.harness import BASE, TOKEN
from emulator.reports.report_client import lines

from pytest_asc.apple.services import STORAGE_HOST
from pytest_asc.transports.responses_mock import intercept

if TYPE_CHECKING:
    from emulator.harness import EmulatorClient


@pytest.fixture
def app(emulator_client: EmulatorClient) -> dict[str, Any]:
    """An app with downloads and a report request."""
    segments = [emulator_client.emulator.add("analyticsReportSegments", id=name) for name in ("s1", "s2")]
    daily = emulator_client.emulator.add("analyticsReportInstances", id="i", segments=segments)
    other = emulator_client.emulator.add("analyticsReportSegments", id="s3")
    weekly = emulator_client.emulator.add("analyticsReportInstances", id="w", granularity="WEEKLY", segments=[other])
    downloads = emulator_client.emulator.add(
        "analyticsReports", name="App Downloads Standard", category="COMMERCE", instances=[daily, weekly]
    )
    request = emulator_client.emulator.add("analyticsReportRequests", accessType="ONGOING", reports=[downloads])
    app = emulator_client.emulator.add("apps", id="1", name="Lists", analyticsReportRequests=[request])
    for units, country, product_type, day in (
        (3, "US", "1F", -1),
        (2, "DE", "3F", -1),
        (8, "US", "7F", -1),
        (5, "JP", "1", -4),
    ):
        emulator_client.emulator.sell(app, units=units, country=country, product_type=product_type, day=day)
    emulator_client.emulator.sell(emulator_client.emulator.add("apps"), units=100)
    return app


def fetch(emulator_client: EmulatorClient, url: str, **headers: str) -> Any:
    return emulator_client.send("GET", url, headers=headers)


def test_a_segment_is_found_from_the_app_and_downloaded(emulator_client: EmulatorClient, app: dict[str, Any]) -> None:
    (request,) = emulator_client.get(f"/v1/apps/{app['id']}/analyticsReportRequests").ids
    (report,) = emulator_client.get(f"/v1/analyticsReportRequests/{request}/reports?filter[category]=COMMERCE").ids
    (instance,) = emulator_client.get(f"/v1/analyticsReports/{report}/instances?filter[granularity]=DAILY").ids
    found = []
    for segment in emulator_client.get(f"/v1/analyticsReportInstances/{instance}/segments").json["data"]:
        told = segment["attributes"]
        assert told["url"].startswith(f"https://{STORAGE_HOST}/")
        file = fetch(emulator_client, told["url"])
        assert file.status == 200
        assert hashlib.md5(file.body, usedforsecurity=False).hexdigest() == told["checksum"]
        assert len(file.body) == told["sizeInBytes"]
        found += lines(file.body)
    counts = {line["Download Type"]: (line["Territory"], line["Counts"]) for line in found}
    assert counts == {
        "First-time download": ("US", "3"), "Redownload": ("DE", "2"), "Auto-update": ("US", "8")
    }  # fmt: skip
    assert {line["Date"] for line in found} == {"2026-05-27"}


@pytest.mark.usefixtures("app")
def test_a_weekly_instance_has_the_sales_of_seven_days(emulator_client: EmulatorClient) -> None:
    url = emulator_client.get("/v1/analyticsReportSegments/s3").json["data"]["attributes"]["url"]
    assert sum(int(line["Counts"]) for line in lines(fetch(emulator_client, url).body)) == 18


def test_a_report_without_data_has_only_a_header_row(emulator_client: EmulatorClient) -> None:
    emulator_client.emulator.add("analyticsReportSegments", id="s")
    url = emulator_client.get("/v1/analyticsReportSegments/s").json["data"]["attributes"]["url"]
    assert lines(fetch(emulator_client, url).body) == []
    assert emulator_client.get("/v1/analyticsReportSegments/t").codes == ["NOT_FOUND"]
    assert emulator_client.get("/v1/analyticsReportInstances/t/segments").codes == ["NOT_FOUND"]


@pytest.mark.usefixtures("app")
def test_a_segment_url_expires_after_five_minutes(emulator_client: EmulatorClient) -> None:
    url = emulator_client.get("/v1/analyticsReportSegments/s1").json["data"]["attributes"]["url"]
    emulator_client.clock.now += 299
    assert fetch(emulator_client, url).status == 200
    emulator_client.clock.now += 1
    late = fetch(emulator_client, url)
    assert (late.status, b"Request has expired" in late.body) == (403, True)
    fresh = emulator_client.get("/v1/analyticsReportSegments/s1").json["data"]["attributes"]["url"]
    assert fetch(emulator_client, fresh).status == 200


@pytest.mark.usefixtures("app")
def test_a_segment_url_needs_no_token(emulator_client: EmulatorClient) -> None:
    url = emulator_client.get("/v1/analyticsReportSegments/s1").json["data"]["attributes"]["url"]
    answer = fetch(emulator_client, url, Authorization=f"Bearer {TOKEN}")
    assert (answer.status, answer.headers["Content-Type"]) == (400, "application/xml")
    assert b"Only one auth mechanism allowed" in answer.body


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        (("s1.txt", "s2.txt"), 403, b"AccessDenied"),
        (("X-Amz-Expires=300", "X-Amz-Expires=3000"), 403, b"AccessDenied"),
        (("?", "?nothing&"), 200, b""),
    ],
)
def test_a_changed_segment_url_is_rejected(
    emulator_client: EmulatorClient, change: tuple[str, str], status: int, code: bytes
) -> None:
    url = emulator_client.get("/v1/analyticsReportSegments/s1").json["data"]["attributes"]["url"]
    answer = fetch(emulator_client, url.replace(*change, 1))
    assert (answer.status, code in answer.body) == (status, True)


def test_unknown_urls_of_the_storage_are_rejected(emulator_client: EmulatorClient) -> None:
    for method, url in (
        ("GET", f"https://{STORAGE_HOST}/"),
        ("PUT", f"https://{STORAGE_HOST}/x?y"),
        ("GET", f"https://{STORAGE_HOST}"),
    ):
        assert emulator_client.send(method, url, headers={}).status == 403
    assert emulator_client.get("/object-storage/x").codes == ["PATH_ERROR"]


@pytest.mark.usefixtures("app")
def test_files_in_the_storage_can_only_be_downloaded(emulator_client: EmulatorClient) -> None:
    url = emulator_client.get("/v1/analyticsReportSegments/s1").json["data"]["attributes"]["url"]
    assert emulator_client.send("DELETE", url, headers={}).status == 405
    head = emulator_client.send("HEAD", url, headers={})
    assert (head.status, head.body) == (200, b"")


@pytest.mark.usefixtures("app")
def test_a_reset_removes_the_files_from_the_storage(emulator_client: EmulatorClient) -> None:
    url = emulator_client.get("/v1/analyticsReportSegments/s1").json["data"]["attributes"]["url"]
    emulator_client.emulator.reset()
    assert fetch(emulator_client, url).status == 404


@pytest.mark.usefixtures("app")
def test_the_storage_is_a_path_at_other_base_urls(emulator_client: EmulatorClient) -> None:
    url = emulator_client.get("http://127.0.0.1:8000/v1/analyticsReportSegments/s1").json["data"]["attributes"]["url"]
    assert url.startswith("http://127.0.0.1:8000/object-storage/")
    assert fetch(emulator_client, url).status == 200


@pytest.mark.usefixtures("app")
def test_requests_to_the_storage_are_intercepted(emulator_client: EmulatorClient) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with intercept(emulator_client.emulator):
        segment = requests.get(f"{BASE}/v1/analyticsReportSegments/s1", headers=headers, timeout=5).json()
        file = requests.get(segment["data"]["attributes"]["url"], timeout=5)
    assert file.status_code == 200
    assert len(file.content) == segment["data"]["attributes"]["sizeInBytes"]


@pytest.mark.usefixtures("app")
def test_requests_to_the_storage_are_recorded(emulator_client: EmulatorClient) -> None:
    url = emulator_client.get("/v1/analyticsReportSegments/s1").json["data"]["attributes"]["url"]
    answer = fetch(emulator_client, url)
    assert emulator_client.emulator.requests[-1].url == url
    assert "X-Rate-Limit" not in answer.headers
