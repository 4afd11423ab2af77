"""Loading of documents into accounts that already have resources."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pytest_asc import Emulator


def test_the_sample_account_can_be_loaded_into_an_account_with_typical_data(asc_emulator: Emulator) -> None:
    ready = asc_emulator.add_ready_version()
    asc_emulator.add_released_app()
    asc_emulator.load_sample()
    assert asc_emulator.get("appStoreVersions", ready["id"])
    assert len(asc_emulator.find("apps")) == 5


def test_loading_an_invalid_document_removes_no_categories(asc_emulator: Emulator) -> None:
    asc_emulator.add("appCategories", id="GAMES")
    bad = {"data": [{"type": "appCategories", "id": "GAMES"}, {"type": "apps", "attributes": {"nam": "x"}}]}
    with pytest.raises(ValueError, match="did you mean 'name'"):
        asc_emulator.load(bad)
    assert asc_emulator.get("appCategories", "GAMES")
