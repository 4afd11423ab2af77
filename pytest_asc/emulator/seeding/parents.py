"""Names with which ``add`` can set the resources that a new resource belongs to.

Many of Apple's relationships only exist on one side: an app has ``customerReviews``, but a review has no ``app``. A
test can nevertheless set them from the other side: ``add("customerReviews", app=app)``.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from pytest_asc.emulator.account.account import members_of
from pytest_asc.emulator.spec.api_spec import api_spec, depends_on_spec
from pytest_asc.emulator.spec.relationships import create_inverse, relation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_asc.emulator.spec.relationships import Relation


@depends_on_spec
@cache
def parents_of(resource_type: str) -> Mapping[str, tuple[Relation, ...]]:
    """Return the relations from other types to a type, by the names with which a test can set them on a new resource.

    The names are those of create requests, and the singular of the other type's name. If several types lead to the same
    name, the name has several relations, and the type of the given resource decides.

    Args:
        resource_type: Type of the new resource.

    Raises:
        ValueError: The type does not exist.
    """
    own = members_of(resource_type).relationships
    found: dict[str, list[Relation]] = {}

    def add_relation(name: str, relation_from_parent: Relation | None) -> None:
        if relation_from_parent and (name not in own or own[name] is None):
            relations = found.setdefault(name, [])
            if relation_from_parent not in relations:
                relations.append(relation_from_parent)

    for body in api_spec().bodies.values():
        if body.get("type") == resource_type:
            for name, targets in body.get("relationships", {}).items():
                for target in targets if isinstance(targets, list) else [targets]:
                    add_relation(name, create_inverse(resource_type, target))
    for parent in api_spec().types:
        shown = [name for name in members_of(parent).relationships if _leads_to(parent, name, resource_type)]
        inverse = create_inverse(resource_type, parent) or (relation(parent, shown[0]) if shown else None)
        for name in (_singular(parent), _singular(parent).removesuffix("V2")):
            add_relation(name, inverse)
    return {name: tuple(relations) for name, relations in found.items()}


def _leads_to(parent: str, name: str, resource_type: str) -> bool:
    found = relation(parent, name)
    return found is not None and found.target == resource_type


def _singular(resource_type: str) -> str:
    """Return the name of a to-one relationship to a type in Apple's style, such as ``app`` or ``appCategory``."""
    for ending, replacement in (("ies", "y"), ("sses", "ss"), ("s", "")):
        if resource_type.endswith(ending):
            return resource_type.removesuffix(ending) + replacement
    return resource_type
