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


CASES: Mapping[int, Case] = {
    48: _collection("/v1/appInfos"),
    49: _collection("/v1/analyticsReportRequests"),
    50: _collection("/v1/appScreenshotSets"),
    51: _collection("/v1/appStoreVersions"),
    62: _unknown_app,
}
"""By the number of the line."""

DIFFERENCES: Mapping[int, str] = {}
"""Reasons for which the emulator answers otherwise, by the number of the line."""

NOT_COMPARED: Mapping[int, str] = {}
"""Reasons for which a line is not compared, by its number: the answers of private hosts, for example."""
