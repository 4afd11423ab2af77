"""Precedence of sources, and the findings on sources that disagree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_asc.diagnosis.findings import Finding, make_finding
from pytest_asc.diagnosis.key.ids import normalize_id
from pytest_asc.secrets import mask

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_asc.credentials.settings import Settings, SettingValue
    from pytest_asc.credentials.sources import KeySource

_PLACES = ("the command line", "the ini file", "the environment")


def precedence_of(source: str, settings: Settings) -> int:
    """Return the rank of a source: 0 for the command line, 1 for the ini file, 2 for the environment."""
    if source.startswith("--"):
        return 0
    return 2 if source in settings.environ else 1


def key_conflicts(keys: Sequence[KeySource], settings: Settings) -> Iterator[Finding]:
    """Yield a finding for each source whose key differs from that of the first, regardless of its encoding.

    The sources are in order of precedence.
    """
    readable = [(given.source, given.key.public_key().public_numbers()) for given in keys if given.key]
    if not keys or not keys[0].key:
        return
    (best, key), *others = readable
    for other, other_key in others:
        if other_key != key:
            seen = f"{best} and {other} contain different keys"
            yield make_finding("credentials-conflict", f"{seen}; {_why(best, other, settings)}")


def id_conflicts(what: str, given: Sequence[SettingValue], settings: Settings) -> Iterator[Finding]:
    """Yield a finding for each source whose ID differs from that of the first. They are in order of precedence."""
    best, *others = given
    for other in others:
        ids = [normalize_id(value.value) or "" for value in (best, other)]
        if ids[0] != ids[1]:
            seen = f"the {what} is {mask(ids[0])} in {best.source} and {mask(ids[1])} in {other.source}"
            yield make_finding("credentials-conflict", f"{seen}; {_why(best.source, other.source, settings)}")


def _why(best: str, other: str, settings: Settings) -> str:
    places = [_PLACES[precedence_of(source, settings)] for source in (best, other)]
    if places[0] != places[1]:
        return f"{best} is used, because {places[0]} takes precedence over {places[1]}"
    return f"{best} is used, because it is searched first"
