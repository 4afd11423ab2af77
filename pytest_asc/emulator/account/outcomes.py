"""Outcomes that a test has chosen for decisions of Apple or of a person."""

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
    "inAppPurchaseVersions": _REVIEWED,
    "reviewSubmissionItems": _REVIEWED,
    "reviewSubmissions": _REVIEWED,
    "subscriptionGroupVersions": _REVIEWED,
    "subscriptionVersions": _REVIEWED,
    "userInvitations": ("ACCEPTED",),
}
"""Final states by resource type. For decisions of Apple, the first state is the default."""


class Outcomes:
    """Chosen outcomes of resources, and of all resources of a type."""

    def __init__(self) -> None:
        self._chosen: dict[tuple[str, str | None], str] = {}

    def choose(self, resource_type: str, identifier: str | None, outcome: str) -> None:
        """Choose the outcome for a resource, or for all resources of a type if the id is None.

        Raises:
            ValueError: The type has no such outcome, or it is a decision of people, which is made for one resource.
        """
        __tracebackhide__ = True
        outcomes = outcomes_of(resource_type)
        if not outcomes:
            known = ", ".join(OUTCOMES)
            raise ValueError(
                f"{resource_type!r} have no outcome to decide; those that have one are {known} and all uploads"
            )
        if outcome not in outcomes:
            raise ValueError(f"{resource_type!r} have no outcome {outcome!r}, expected one of {', '.join(outcomes)}")
        if resource_type in _BY_PEOPLE and identifier is None:
            raise ValueError(f"{resource_type!r} decide one by one: pass a resource instead of the type")
        self._chosen[resource_type, identifier] = outcome

    def chosen(self, resource: Resource) -> str | None:
        """Return the outcome that was chosen for a resource, or else for its type; None if none was."""
        return self._chosen.get((resource.type, resource.id)) or self._chosen.get((resource.type, None))

    def of(self, *resources: Resource) -> str:
        """Return the outcome of the first resource that has one, else of the first type, else the default."""
        for key in (*((one.type, one.id) for one in resources), *((one.type, None) for one in resources)):
            if key in self._chosen:
                return self._chosen[key]
        return outcomes_of(resources[0].type)[0]


def outcomes_of(resource_type: str) -> tuple[str, ...]:
    """Return the possible outcomes for a type: none if there is nothing to decide about it."""
    return OUTCOMES.get(resource_type) or (_UPLOADED if is_uploaded(resource_type) else ())
