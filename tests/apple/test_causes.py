from __future__ import annotations

from typing import get_args

from pytest_asc.apple.causes import CAUSES, CauseSlug


def test_the_literal_of_slugs_lists_the_causes_of_the_table() -> None:
    assert get_args(CauseSlug) == tuple(CAUSES)
