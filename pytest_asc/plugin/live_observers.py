"""Observers of the responses to live tests. The options ``--asc-record`` and ``--asc-compare`` add one each."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    import requests

LiveObserver: TypeAlias = "Callable[[requests.PreparedRequest, requests.Response], None]"
_OBSERVERS: pytest.StashKey[list[LiveObserver]] = pytest.StashKey()


def live_observers_of(config: pytest.Config) -> list[LiveObserver]:
    """Return the list of a run's observers. Plugins append theirs to it."""
    return config.stash.setdefault(_OBSERVERS, [])
