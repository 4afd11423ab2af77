"""Cases of errors in general, of reads, and of users and provisioning; answers that are not compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from emulator.harness import Answer
    from emulator.recorded.replay import Case, Replay


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
    63: _collection("/v1/sandboxTesters"),
    64: _agreement,
    65: _agreement,
    66: _of_app("/v1/apps/{app}/appStoreVersions?sort=-createdDate"),
    67: _of_app("/v1/reviewSubmissions?filter[app]={app}&sort=state"),
    68: _of_app("/v1/apps/{app}/builds?sort=version"),
    69: _of_app("/v1/apps/{app}/appPricePoints?sort=customerPrice"),
    72: _collection("/v1/reviewSubmissions?filter[app]=1&fields[reviewSubmissions]=state,platform,submitted"),
    73: _collection("/v1/users?filter[emaill]=x"),
    74: _collection("/v1/users?cursor=xx"),
    75: _workflow,
    77: _certificates,
}
"""By the number of the line."""

DIFFERENCES: Mapping[int, str] = {
    65: "another recording, of a newer page, has /business as the link",
}
"""Reasons for which the emulator answers otherwise, by the number of the line."""

NOT_COMPARED: Mapping[int, str] = {}
"""Reasons for which a line is not compared, by its number: the answers of private hosts, for example."""
