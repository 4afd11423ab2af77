"""Which relationships are two sides of one.

Apple's document names every relationship by itself: ``builds`` of an app and ``app`` of a build. Where exactly one
relationship leads from a type to another and exactly one back, they are the two sides of one. The rest is in a table.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from pytest_asc.emulator.spec.api_spec import api_spec

if TYPE_CHECKING:
    from pytest_asc.emulator.spec.api_spec import Relationship

# Where several lead from one type to the other (inferred from the names).
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
    """One side of a relationship as the store keeps it."""

    type: str
    name: str
    """The name it is kept under: the first where two names show the same (``inAppPurchases``, ``inAppPurchasesV2``)."""
    target: str
    many: bool
    inverse: str
    """The name of the other side; one that Apple does not show is named after this side and starts with ``~``."""
    inverse_many: bool

    @property
    def reverse(self) -> Relation:
        """The same relationship from its other side."""
        return Relation(self.target, self.inverse, self.type, self.inverse_many, self.name, self.many)


@cache
def relation(kind: str, name: str) -> Relation | None:
    """The relation that a type's relationship shows; None where it leads to no resource or does not exist."""
    relationship = _relationships(kind).get(name)
    if relationship is None or relationship.target is None:
        return None
    first = _first_name(kind, name)
    target = relationship.target
    inverse = _INVERSES.get((kind, first)) or _only_way_back(kind, target)
    if inverse is None:
        return Relation(kind, first, target, relationship.many, f"~{kind}.{first}", inverse_many=True)
    return Relation(kind, first, target, relationship.many, inverse, _relationships(target)[inverse].many)


@cache
def create_inverse(kind: str, target: str) -> Relation | None:
    """The relation by which resources of another type show those of this one that name them in a create request.

    It is asked for where the type does not show the relationship itself: ``app`` of ``subscriptionGroups``, which are
    among the ``subscriptionGroups`` of the app. Where there are several, it is the only to-many one (inferred).
    """
    names = _names(target, kind)
    many = [name for name in names if _relationships(target)[name].many]
    found = names if len(names) == 1 else many
    return relation(target, found[0]) if len(found) == 1 else None


def inverse_name(kind: str, name: str, target: str) -> str | None:
    """The name under which a target keeps the resources that a create request leads to it; None where it does not."""
    over, back = relation(kind, name), create_inverse(kind, target)
    return over.inverse if over else back.name if back else None


def dependants(kind: str) -> tuple[tuple[str, str], ...]:
    """The types that cannot be without a resource of this type, each with the name under which it keeps them.

    Those are the types that cannot be created without one (inferred).
    """
    return _dependants().get(kind, ())


@cache
def _dependants() -> dict[str, tuple[tuple[str, str], ...]]:
    found: dict[str, tuple[tuple[str, str], ...]] = {}
    for body in api_spec().bodies.values():
        for name, target in body.get("relationships", {}).items():
            if f"relationships.{name}" not in body["required"] or isinstance(target, list):
                continue
            slot = inverse_name(body["type"], name, target)
            if slot:
                found[target] = (*found.get(target, ()), (body["type"], slot))
    return found


def _only_way_back(kind: str, target: str) -> str | None:
    there, back = _names(kind, target), _names(target, kind)
    return back[0] if kind != target and len(there) == len(back) == 1 else None


def _names(kind: str, target: str) -> list[str]:
    found = _relationships(kind).values()
    return [
        relationship.name
        for relationship in found
        if relationship.target == target and _first_name(kind, relationship.name) == relationship.name
    ]


def _first_name(kind: str, name: str) -> str:
    base = name.removesuffix("V2")
    relationships = _relationships(kind)
    same = base in relationships and relationships[base].target == relationships[name].target
    return base if same else name


@cache
def _relationships(kind: str) -> dict[str, Relationship]:
    """The relationships of a type, of all its schemas."""
    return {name: value for schema in api_spec().schemas_of(kind) for name, value in schema.relationships.items()}
