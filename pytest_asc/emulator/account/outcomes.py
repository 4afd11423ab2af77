"""How things end that Apple, or a person, decides: what a test has said of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_asc.emulator.spec.uploads import is_uploaded

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_asc.emulator.account.store import Resource

_REVIEWED = ("APPROVED", "REJECTED")
_UPLOADED = ("COMPLETE", "FAILED")
_BY_PEOPLE = frozenset({"betaTesters", "userInvitations"})

OUTCOMES: Mapping[str, tuple[str, ...]] = {
    "appStoreVersions": (*_REVIEWED, "METADATA_REJECTED"),
    "betaAppReviewSubmissions": _REVIEWED,
    "betaTesters": ("ACCEPTED", "INSTALLED", "REVOKED"),
    "builds": ("VALID", "INVALID", "FAILED"),
    "ciBuildRuns": ("SUCCEEDED", "FAILED", "ERRORED", "CANCELED", "SKIPPED"),
    "reviewSubmissionItems": _REVIEWED,
    "reviewSubmissions": _REVIEWED,
    "userInvitations": ("ACCEPTED",),
}
"""By type, the states in which something ends. Where Apple decides, the first is what it does unless a test says
otherwise."""


class Outcomes:
    """What was decided, of single resources and of types."""

    def __init__(self) -> None:
        self._taken: dict[tuple[str, str | None], str] = {}

    def take(self, kind: str, identifier: str | None, outcome: str) -> None:
        """Decide about a resource, or about a type where there is no id.

        Raises:
            ValueError: Nothing of this type ends so, or people decide for themselves alone.
        """
        outcomes = _outcomes(kind)
        if not outcomes:
            known = ", ".join(OUTCOMES)
            raise ValueError(f"there is nothing to decide about {kind!r}; there is about {known} and all uploads")
        if outcome not in outcomes:
            raise ValueError(f"{kind!r} do not end as {outcome!r}, expected one of {', '.join(outcomes)}")
        if kind in _BY_PEOPLE and identifier is None:
            raise ValueError(f"{kind!r} decide one by one: give the resource in place of the type")
        self._taken[kind, identifier] = outcome

    def of(self, *resources: Resource) -> str:
        """What was decided: about the first of these resources that was decided about, else about a type of theirs."""
        for key in (*((one.type, one.id) for one in resources), *((one.type, None) for one in resources)):
            if key in self._taken:
                return self._taken[key]
        return _outcomes(resources[0].type)[0]


def _outcomes(kind: str) -> tuple[str, ...]:
    return OUTCOMES.get(kind) or (_UPLOADED if is_uploaded(kind) else ())
