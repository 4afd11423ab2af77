"""Pairs of inverse relationships.

Apple's document describes each relationship separately: ``builds`` of an app and ``app`` of a build. If exactly one
relationship leads from one type to another and exactly one leads back, they are inverses. A table has the other pairs.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from pytest_asc.emulator.spec.api_spec import api_spec, depends_on_spec

if TYPE_CHECKING:
    from pytest_asc.emulator.spec.api_spec import Relationship

# Pairs of inverses between types with several relationships from one to the other (inferred from the names).
_PAIRS = (
    ("appCategories", "subcategories", "appCategories", "parent"),
    ("appStoreVersionExperiments", "appStoreVersion", "appStoreVersions", "appStoreVersionExperiments"),
    ("backgroundAssetVersions", "backgroundAsset", "backgroundAssets", "versions"),
    (
        "gameCenterAchievementImages",
        "gameCenterAchievementLocalization",
        "gameCenterAchievementLocalizations",
        "gameCenterAchievementImage",
    ),
    ("gameCenterAchievementImages", "localization", "gameCenterAchievementLocalizations", "image"),
    (
        "gameCenterLeaderboardImages",
        "gameCenterLeaderboardLocalization",
        "gameCenterLeaderboardLocalizations",
        "gameCenterLeaderboardImage",
    ),
    ("gameCenterLeaderboardImages", "localization", "gameCenterLeaderboardLocalizations", "image"),
    (
        "gameCenterLeaderboardSetImages",
        "gameCenterLeaderboardSetLocalization",
        "gameCenterLeaderboardSetLocalizations",
        "gameCenterLeaderboardSetImage",
    ),
    ("gameCenterLeaderboardSetImages", "localization", "gameCenterLeaderboardSetLocalizations", "image"),
    ("gameCenterLeaderboards", "gameCenterDetail", "gameCenterDetails", "gameCenterLeaderboards"),
    ("gameCenterMatchmakingRuleSets", "matchmakingQueues", "gameCenterMatchmakingQueues", "ruleSet"),
    ("scmGitReferences", "repository", "scmRepositories", "gitReferences"),
)
_INVERSES = {pair[:2]: pair[3] for pair in _PAIRS} | {pair[2:]: pair[1] for pair in _PAIRS}


class Relation(NamedTuple):
    """A relationship, as the store keeps it, seen from one side."""

    type: str
    name: str
    """Name in the store: the first of two names for the same resources (``inAppPurchases``, ``inAppPurchasesV2``)."""
    target: str
    """Type of the related resources."""
    many: bool
    inverse: str
    """Name of the inverse. If Apple has no inverse, it is made of this side's type and name, and starts with ``~``."""
    inverse_many: bool

    @property
    def reverse(self) -> Relation:
        """The same relationship, seen from the other side."""
        return Relation(self.target, self.inverse, self.type, self.inverse_many, self.name, self.many)


@depends_on_spec
@cache
def relation(resource_type: str, name: str) -> Relation | None:
    """Return the stored relation for a relationship; None if it does not exist or has no target type.

    Args:
        resource_type: Type of the resource that has the relationship.
        name: The relationship's name in Apple's document.
    """
    relationship = _relationships(resource_type).get(name)
    if relationship is None or relationship.target is None:
        return None
    first = _first_name(resource_type, name)
    target = relationship.target
    inverse = _INVERSES.get((resource_type, first)) or _only_inverse(resource_type, target)
    if inverse is None or inverse not in _relationships(target):  # a document of the user's may lack the inverse
        hidden = f"~{resource_type}.{first}"
        return Relation(resource_type, first, target, relationship.many, hidden, inverse_many=True)
    return Relation(resource_type, first, target, relationship.many, inverse, _relationships(target)[inverse].many)


@depends_on_spec
@cache
def create_inverse(resource_type: str, target: str) -> Relation | None:
    """Return the relation for a relationship that a create request has and the created type has not.

    An example is ``app`` in requests that create ``subscriptionGroups``: these resources have no relationship ``app``,
    but the app has ``subscriptionGroups``. If the target has several relationships to the created type, it is the only
    to-many relationship among them (inferred).

    Args:
        resource_type: Type of the created resource.
        target: Type of the resource that the request names.

    Returns:
        The relation from the target to the created resource; None if there is none, or if it is ambiguous.
    """
    names = _relationships_between(target, resource_type)
    many = [name for name in names if _relationships(target)[name].many]
    found = names if len(names) == 1 else many
    return relation(target, found[0]) if len(found) == 1 else None


def inverse_name(resource_type: str, name: str, target: str) -> str | None:
    """Return the target's relationship that has the resources created with a relationship to it; None if it has none.

    Args:
        resource_type: Type of the created resource.
        name: Name of the relationship in the request.
        target: Type of the resource that the request names.
    """
    own, inverse = relation(resource_type, name), create_inverse(resource_type, target)
    return own.inverse if own else inverse.name if inverse else None


def is_ordered(one: Relation) -> bool:
    """Return whether the order of the related resources is significant: clients can replace them in another order.

    That is so for the screenshots of a set. For all others, Apple guarantees no order (inferred).
    """
    schemas = api_spec().schemas_of(one.type)
    paths = [f"{schema.path}/relationships/{one.name}" for schema in schemas]
    return one.many and any(api_spec().operation("PATCH", path) for path in paths)


def dependants(resource_type: str) -> tuple[tuple[str, str], ...]:
    """Return the types that depend on a resource of this type, each with this type's relationship to them.

    A type depends on another if its create request requires a resource of the other type (inferred).
    """
    return _dependants().get(resource_type, ())


@depends_on_spec
@cache
def _dependants() -> dict[str, tuple[tuple[str, str], ...]]:
    found: dict[str, tuple[tuple[str, str], ...]] = {}
    for body in api_spec().bodies.values():
        for name, target in body.get("relationships", {}).items():
            if f"relationships.{name}" not in body["required"] or isinstance(target, list):
                continue
            inverse = inverse_name(body["type"], name, target)
            if inverse:
                found[target] = (*found.get(target, ()), (body["type"], inverse))
    return found


def _only_inverse(resource_type: str, target: str) -> str | None:
    forward, back = _relationships_between(resource_type, target), _relationships_between(target, resource_type)
    return back[0] if resource_type != target and len(forward) == len(back) == 1 else None


def _relationships_between(resource_type: str, target: str) -> list[str]:
    """Return the names of the relationships from one type to another."""
    return [
        relationship.name
        for relationship in _relationships(resource_type).values()
        if relationship.target == target and _first_name(resource_type, relationship.name) == relationship.name
    ]


def _first_name(resource_type: str, name: str) -> str:
    base = name.removesuffix("V2")
    relationships = _relationships(resource_type)
    same = base in relationships and relationships[base].target == relationships[name].target
    return base if same else name


@depends_on_spec
@cache
def _relationships(resource_type: str) -> dict[str, Relationship]:
    """Return the relationships in all schemas of a type."""
    schemas = api_spec().schemas_of(resource_type)
    return {name: value for schema in schemas for name, value in schema.relationships.items()}
