"""Precedence of sources, and findings on sources that contradict each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_asc.diagnosis.findings import Finding, make_finding
from pytest_asc.diagnosis.key.ids import normalize_id
from pytest_asc.secrets import mask

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_asc.credentials.settings import Settings, SettingValue
    from pytest_asc.credentials.sources import KeySource

_SOURCE_KINDS = ("the command line", "the ini file", "the environment")


def precedence_of(source: str, settings: Settings) -> int:
    """Return the precedence of a source: 0 for the command line, 1 for the ini file, 2 for the environment."""
    if source.startswith("--"):
        return 0
    return 2 if source in settings.environ else 1


def key_conflicts(keys: Sequence[KeySource], settings: Settings) -> Iterator[Finding]:
    """Yield a finding for each source whose key differs from the first one. The encoding does not matter.

    Args:
        keys: The sources, in order of precedence.
        settings: The settings that contain them.
    """
    readable = [(given.source, given.key.public_key().public_numbers()) for given in keys if given.key]
    if not keys or not keys[0].key:
        return
    (first, first_key), *others = readable
    for other, other_key in others:
        if other_key != first_key:
            evidence = f"{first} and {other} contain different keys"
            yield make_finding("credentials-conflict", f"{evidence}; {_explain_choice(first, other, settings)}")


def id_conflicts(what: str, given: Sequence[SettingValue], settings: Settings) -> Iterator[Finding]:
    """Yield a finding for each source whose ID differs from the first one.

    Args:
        what: The name of the ID in findings.
        given: The IDs and their sources, in order of precedence.
        settings: The settings that contain them.
    """
    first, *others = given
    for other in others:
        ids = [normalize_id(value.value) or "" for value in (first, other)]
        if ids[0] != ids[1]:
            evidence = f"the {what} is {mask(ids[0])} in {first.source} and {mask(ids[1])} in {other.source}"
            yield make_finding(
                "credentials-conflict", f"{evidence}; {_explain_choice(first.source, other.source, settings)}"
            )


def _explain_choice(first: str, other: str, settings: Settings) -> str:
    kinds = [_SOURCE_KINDS[precedence_of(source, settings)] for source in (first, other)]
    if kinds[0] != kinds[1]:
        return f"{first} is used, because {kinds[0]} takes precedence over {kinds[1]}"
    return f"{first} is used, because it is searched first"
