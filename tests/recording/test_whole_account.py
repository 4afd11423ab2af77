"""A recording of all areas of the sample account, which has resources of every type with a list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recording.apple import prepare_command
from recording.live_emulator import new_live

from pytest_asc import Emulator
from pytest_asc.cli.main import main
from pytest_asc.emulator.account.generated import GENERATORS, LISTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path
    from typing import Any

    import pytest

FILE = "account.json"
UNLISTED = "gameCenterLeaderboardSetMemberLocalizations"
"""The type whose list requires ids of other resources."""


def resources(emulator: Emulator) -> list[Mapping[str, Any]]:
    """Return the resources of an account, without those that every account has."""
    return [one for one in emulator.dump()["data"] if one["type"] not in GENERATORS]


def links(emulator: Emulator) -> Iterator[tuple[str, str, str, str]]:
    """Yield type, id, relationship and related id for every link between two resources."""
    for one in resources(emulator):
        for name, relationship in one.get("relationships", {}).items():
            data = relationship["data"]
            if (one["type"], name) not in LISTS:
                yield from (
                    (one["type"], one["id"], name, other["id"])
                    for other in (data if isinstance(data, list) else [data])
                )


def test_everything_but_lists_that_require_ids_is_recorded(
    key_files: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    live = new_live(key_files)
    live.emulator.load_sample()
    with live.serving() as url:
        prepare_command(monkeypatch, {**key_files, "ASC_BASE_URL": url}, tmp_path)
        assert main(["record", FILE, "--quiet", "--areas", "all", "--territories", "all"]) == 0
    recorded = Emulator()
    recorded.load(FILE)
    there = {(one["type"], one["id"]) for one in resources(live.emulator) if one["type"] != UNLISTED}
    assert {(one["type"], one["id"]) for one in resources(recorded)} == there
    assert set(links(recorded)) == {one for one in links(live.emulator) if one[0] != UNLISTED}
    assert {kind for kind, _ in there} > {"nominations", "customerReviewSummarizations", "alternativeDistributionKeys"}
