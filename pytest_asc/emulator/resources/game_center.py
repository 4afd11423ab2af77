"""Game Center: points of achievements, minimum versions for challenges, and resources that cannot be deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_asc.emulator.jsonapi import product_errors
from pytest_asc.emulator.jsonapi.errors import ApiError, RefusedError, at_pointer
from pytest_asc.emulator.resources.hooks import ResourceHooks
from pytest_asc.emulator.resources.state_machine import matches, related_many, related_one, request_resources
from pytest_asc.emulator.resources.version_states import state_of
from pytest_asc.emulator.spec.relationships import relation

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pytest_asc.emulator.account.account import Account
    from pytest_asc.emulator.account.store import Resource
    from pytest_asc.emulator.jsonapi.request_validator import ValidatedResource

_MAX_POINTS = 100  # of an achievement (observed)
_MAX_TOTAL = 1000  # of all achievements of an app (observed)
_OWNERS = ("gameCenterDetail", "gameCenterGroup")
_DRAFT = "PREPARE_FOR_SUBMISSION"
_MINIMUM_VERSIONS = "challengesMinimumPlatformVersions"


# Achievements.


def _validate_points(account: Account, points: int | None, owners: Iterable[Resource], itself: Resource | None) -> None:
    """Reject points out of range or above the total; that archived achievements do not count is inferred."""
    if points is None:
        return
    pointer = "/data/attributes/points"
    errors = []
    if not 0 <= points <= _MAX_POINTS:
        errors.append(at_pointer(product_errors.POINTS_RANGE, pointer, most=_MAX_POINTS))
    others = {
        other.id: int(other.attributes["points"] or 0)
        for owner in owners
        for other in related_many(account, owner, "gameCenterAchievements")
        if other is not itself and not matches(other, archived=True)
    }
    if points + sum(others.values()) > _MAX_TOTAL:
        errors.append(at_pointer(product_errors.TOTAL_POINTS, pointer, most=_MAX_TOTAL))
    if errors:
        raise RefusedError(*errors)


def _validate_create(account: Account, entity: ValidatedResource) -> None:
    owners = [owner for name in _OWNERS for owner in request_resources(account, entity, name)]
    _validate_points(account, entity.attributes.get("points"), owners, None)


def _validate_update(account: Account, achievement: Resource, entity: ValidatedResource) -> None:
    owners = filter(None, (related_one(account, achievement, name) for name in _OWNERS))
    _validate_points(account, entity.attributes.get("points"), owners, achievement)


# Deletion. The rule is observed for achievements, and inferred for the other types.


def _before_delete(account: Account, resource: Resource) -> None:
    """Reject the deletion of a resource that is released or has been submitted for review."""
    versions = related_many(account, resource, "versions")
    releases = related_many(account, resource, "releases") if relation(resource.type, "releases") else []
    submitted = any(version.attributes["state"] != _DRAFT for version in versions)
    released = any(matches(release, live=True) for release in releases)
    if submitted or released:
        raise RefusedError(ApiError(product_errors.NOT_DRAFT, {"type": resource.type, "id": resource.id}))


# Details.


def _validate_minimum_versions(account: Account, ids: Iterable[str]) -> None:
    for version in account.store.get_many("appStoreVersions", ids):
        if state_of(version) != "READY_FOR_DISTRIBUTION":
            raise RefusedError(ApiError(product_errors.MINIMUM_VERSION, {"type": version.type, "id": version.id}))


def _validate_relationship_change(account: Account, _: Resource, name: str, __: str, ids: list[str]) -> None:
    if name == _MINIMUM_VERSIONS:
        _validate_minimum_versions(account, ids)


_DELETABLE = ResourceHooks(before_delete=_before_delete)

HOOKS: Mapping[str, ResourceHooks] = {
    "gameCenterAchievements": _DELETABLE._replace(validate_create=_validate_create, validate_update=_validate_update),
    "gameCenterActivities": _DELETABLE,
    "gameCenterChallenges": _DELETABLE,
    "gameCenterDetails": ResourceHooks(validate_relationship_change=_validate_relationship_change),
    "gameCenterLeaderboards": _DELETABLE,
    "gameCenterLeaderboardSets": _DELETABLE,
}
