"""Replay of recorded requests to the real API, if the recordings are available."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from emulator.harness import EmulatorClient
from emulator.recorded import errors, game_center, products, provisioning, submission, testflight
from emulator.recorded.replay import Replay, differences, find_recordings, recorded_lines

if TYPE_CHECKING:
    from collections.abc import Mapping

    from emulator.recorded.replay import Case, Line

pytestmark = pytest.mark.skipif(find_recordings() is None, reason="the recorded answers are not here")

_TABLES = (errors.CASES, submission.CASES, products.CASES, provisioning.CASES, testflight.CASES, game_center.CASES)
CASES: Mapping[int, Case] = {number: case for table in _TABLES for number, case in table.items()}
DIFFERENCES = {
    **errors.DIFFERENCES,
    **submission.DIFFERENCES,
    **products.DIFFERENCES,
    **testflight.DIFFERENCES,
}


def _answer_differences(line: Line) -> list[str]:
    return differences(line, CASES[line.number](Replay(EmulatorClient())))


@pytest.mark.parametrize("line", recorded_lines(), ids=lambda line: f"{line.number}: {line.request}")
def test_the_response_to_a_recorded_request_is_the_recorded_one(line: Line) -> None:
    reason = errors.NOT_COMPARED.get(line.number)
    if reason:
        pytest.skip(reason)
    assert line.number in CASES, "there is no case for it yet"
    found = _answer_differences(line)
    if line.number in DIFFERENCES:
        assert found, "it is the same now: take it out of the table of differences"
        pytest.xfail(f"{DIFFERENCES[line.number]}: {found}")
    assert found == []


def test_every_recorded_case_has_its_own_line() -> None:
    assert len(CASES) == sum(map(len, _TABLES))
