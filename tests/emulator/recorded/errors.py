"""Cases about general errors, reads, users and provisioning, and lines that are not compared."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

from emulator.harness import Answer
from emulator.recorded.replay import recorded_lines
from emulator.reports.report_client import VENDOR
from emulator.resources.api_writer import HEADERS, linkage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from emulator.recorded.replay import Case, Replay


_DAY = "2026-05-26"


def _unknown_app(replay: Replay) -> Answer:
    return replay.fetch("/v1/apps/999999999999")


def _collection(path: str) -> Case:
    return lambda replay: replay.fetch(path)


def _of_app(path: str) -> Case:
    return lambda replay: replay.fetch(path.format(app=replay.add("apps")["id"]))


def _of_purchase(replay: Replay) -> Answer:
    return replay.fetch(f"/v2/inAppPurchases/{replay.add('inAppPurchases')['id']}/inAppPurchaseAvailability")


def _agreement(replay: Replay) -> Answer:
    replay.emulator_client.emulator.fault("agreement-missing")
    return replay.fetch("/v1/agreements")


def _sent(method: str, path: str) -> Case:
    return lambda replay: replay.emulator_client.send(method, path)


def _workflow(replay: Replay) -> Answer:
    answer = replay.fetch(f"/v1/ciWorkflows/{replay.add('ciWorkflows')['id']}")
    assert not {"product", "xcodeVersion", "macOsVersion"} & answer.json["data"]["relationships"].keys()
    return answer


def _certificates(replay: Replay) -> Answer:
    replay.add("certificates")
    return replay.fetch("/v1/certificates")


def _same_version(replay: Replay) -> Answer:
    app = replay.add("apps")
    replay.add("appStoreVersions", app=app, versionString="1.0", platform="IOS")
    return replay.post("appStoreVersions", {"platform": "IOS", "versionString": "1.0"}, app=app)


def _include_of(replay: Replay) -> Answer:
    version = replay.emulator_client.emulator.add_ready_version()
    submission = replay.create("reviewSubmissions", {"platform": "IOS"}, app=version["relationships"]["app"]["data"])
    replay.create("reviewSubmissionItems", reviewSubmission=submission, appStoreVersion=version)
    path = f"/v1/reviewSubmissions/{submission['id']}?include=submittedByActor,appStoreVersionForReview"
    answer = replay.fetch(path)
    assert answer.status == 200
    return answer


def _profiles(replay: Replay) -> Answer:
    device = replay.add("devices")
    replay.add("profiles", devices=[device])
    answer = replay.fetch("/v1/profiles?fields[profiles]=name&include=devices")
    assert [one["id"] for one in answer.json["included"]] == [device["id"]]
    assert "relationships" not in answer.json["data"][0]
    return answer


def _unexpected_error(replay: Replay) -> Answer:
    replay.emulator_client.emulator.fail("POST", "/v1/appStoreVersions", status=500)
    return replay.post("appStoreVersions", {"platform": "IOS", "versionString": "1.0"}, app=replay.add("apps"))


def _without_token(replay: Replay) -> Answer:
    return replay.emulator_client.send("GET", "/v1/apps", headers={})


def _rate_limit(replay: Replay) -> Answer:
    headers = replay.fetch("/v1/apps").headers
    return Answer(200, {}, json.dumps({"X-Rate-Limit": headers["X-Rate-Limit"]}).encode())


def _role(replay: Replay) -> Answer:
    replay.emulator_client.emulator.fault("role-insufficient")
    return replay.post("customerReviewResponses", {"responseBody": "Thanks"}, review=replay.add("customerReviews"))


def _inline_id(replay: Replay) -> Answer:
    price = {"type": "appPrices", "id": "EN"}
    document = {
        "data": {
            "type": "appPriceSchedules",
            "relationships": {
                "app": {"data": linkage(replay.add("apps"))},
                "baseTerritory": {"data": {"type": "territories", "id": "USA"}},
                "manualPrices": {"data": [price]},
            },
        },
        "included": [price],
    }
    return replay.emulator_client.send(
        "POST", "/v1/appPriceSchedules", headers=HEADERS, body=json.dumps(document).encode()
    )


def _report_request(replay: Replay) -> Answer:
    app = replay.add("apps")
    replay.create("analyticsReportRequests", {"accessType": "ONGOING"}, app=app)
    return replay.post("analyticsReportRequests", {"accessType": "ONGOING"}, app=app)


def _number_as_id(replay: Replay) -> Answer:
    relationships = {
        "subscription": {"data": linkage(replay.add("subscriptions"))},
        "subscriptionPricePoint": {"data": {"type": "subscriptionPricePoints", "id": 1}},
    }
    data = {"type": "subscriptionPrices", "attributes": {}, "relationships": relationships}
    return replay.send("POST", "/v1/subscriptionPrices", data)


def _sales(report_type: str) -> Case:
    filters = {
        "frequency": "DAILY",
        "reportDate": _DAY,
        "reportSubType": "SUMMARY",
        "reportType": report_type,
        "vendorNumber": VENDOR,
    }
    query = "&".join(f"filter[{name}]={value}" for name, value in filters.items())
    return lambda replay: replay.emulator_client.get(f"/v1/salesReports?{query}", Accept="application/a-gzip")


def _sales_header(replay: Replay) -> Answer:
    replay.emulator_client.emulator.sell(replay.add("apps"), day=_DAY)
    content = gzip.decompress(_sales("SALES")(replay).body).decode()
    return Answer(200, {}, json.dumps({"header": content.splitlines()[0]}).encode())


def _recorded(resource_type: str) -> Any:
    """Return the attributes of the recorded resource of a type."""
    resources = (line.response["data"] for line in recorded_lines() if line.request == "GET resource")
    return next(one["attributes"] for one in resources if one["type"] == resource_type)


def _capture(resource_type: str, query: str = "", **related: Any) -> Case:
    """Return the case of a recorded resource, which is added with the recorded attributes.

    Args:
        resource_type: Type of the resource.
        query: Query of the request.
        related: Types of related resources to add; a list adds several.
    """

    def send(replay: Replay) -> Answer:
        others = {
            name: [replay.add(one) for one in kind] if isinstance(kind, list) else replay.add(kind)
            for name, kind in related.items()
        }
        resource = replay.add(resource_type, **_recorded(resource_type), **others)
        return replay.fetch(f"/v1/{resource_type}/{resource['id']}{query}")

    return send


def _phased_release(replay: Replay) -> Answer:
    phased_release = replay.add("appStoreVersionPhasedReleases", **_recorded("appStoreVersionPhasedReleases"))
    version = replay.add("appStoreVersions", appStoreVersionPhasedRelease=phased_release)
    return replay.fetch(f"/v1/appStoreVersions/{version['id']}/appStoreVersionPhasedRelease")


def _capability(replay: Replay) -> Answer:
    capability = replay.add("bundleIdCapabilities", **_recorded("bundleIdCapabilities"))
    bundle_id = replay.add("bundleIds", bundleIdCapabilities=[capability])
    answer = replay.fetch(f"/v1/bundleIds/{bundle_id['id']}/bundleIdCapabilities")
    return Answer(answer.status, {}, json.dumps({"data": answer.json["data"][0]}).encode())


CASES: Mapping[int, Case] = {
    0: _same_version,
    46: _sent("POST", "/v1/appStoreVersionSubmissions"),
    47: _sent("DELETE", "/v1/reviewSubmissions/1"),
    48: _collection("/v1/appInfos"),
    49: _collection("/v1/analyticsReportRequests"),
    50: _collection("/v1/appScreenshotSets"),
    51: _collection("/v1/appStoreVersions"),
    52: _collection("/v1/gameCenterDetails/1/relationships/challengesMinimumPlatformVersions"),
    53: _sent("PATCH", "/v2/appAvailabilities/1"),
    54: _sent("PATCH", "/v1/profiles/1"),
    55: _of_app("/v1/apps/{app}/appAvailabilityV2"),
    56: _of_purchase,
    57: _of_app("/v1/apps/{app}/appPriceSchedule"),
    58: _of_app("/v1/appPriceSchedules/{app}/manualPrices"),
    59: _of_app("/v1/appPriceSchedules/{app}/baseTerritory"),
    60: _of_app("/v1/apps/{app}/gameCenterDetail"),
    62: _unknown_app,
    61: _collection("/v1/bundleIds/NLRN94JD591"),
    63: _collection("/v1/sandboxTesters"),
    64: _agreement,
    65: _agreement,
    66: _of_app("/v1/apps/{app}/appStoreVersions?sort=-createdDate"),
    67: _of_app("/v1/reviewSubmissions?filter[app]={app}&sort=state"),
    68: _of_app("/v1/apps/{app}/builds?sort=version"),
    69: _of_app("/v1/apps/{app}/appPricePoints?sort=customerPrice"),
    70: lambda replay: replay.fetch(f"/v1/bundleIds/{replay.add('bundleIds')['id']}/bundleIdCapabilities?limit=5"),
    71: _collection("/v1/builds?sort=uploadedDate3"),
    72: _collection("/v1/reviewSubmissions?filter[app]=1&fields[reviewSubmissions]=state,platform,submitted"),
    73: _collection("/v1/users?filter[emaill]=x"),
    74: _collection("/v1/users?cursor=xx"),
    75: _workflow,
    76: _include_of,
    77: _certificates,
    78: _profiles,
    79: lambda replay: replay.fetch(
        f"/v1/passTypeIds/{replay.add('passTypeIds')['id']}/certificates?include=passTypeId"
    ),
    80: _capture("apps"),
    81: _capture("appStoreVersions"),
    82: _phased_release,
    83: _capture("builds"),
    84: _capture("bundleIds"),
    85: _capability,
    86: _capture("certificates"),
    87: _capture("devices"),
    88: _capture(
        "profiles",
        "?include=bundleId,certificates,devices",
        bundleId="bundleIds",
        certificates=["certificates"],
        devices=["devices", "devices"],
    ),
    89: _capture("preReleaseVersions", "?include=builds", builds=["builds"]),
    99: _inline_id,
    114: _number_as_id,
    153: _role,
    154: _unexpected_error,
    155: _without_token,
    156: _rate_limit,
    158: _sales_header,
    159: _report_request,
    160: _sales("SALES"),
    161: _sales("SUBSCRIPTION"),
}
"""Cases by the number of the line."""

DIFFERENCES: Mapping[int, str] = {
    80: "of an older version of the API, with relationships that are gone",
    161: "the version that Apple named as the latest has changed since",
    65: "another recording, of a newer page, has /business as the link",
}
"""Reasons why the emulator responds differently, by the number of the line."""

NOT_COMPARED: Mapping[int, str] = {
    37: "of 2020: the resource takes no such requests any more, see line 46",
    139: "of a private host",
    140: "of a private host",
    145: "of a private host",
    157: "a delivery of a webhook, not an answer",
}
"""Reasons why a line is not compared, such as a response of a private host, by the number of the line."""
