from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import pytest_asc
from pytest_asc.apple.causes import CAUSES, CauseGroup, CauseSlug
from pytest_asc.faults.requests import REQUEST_MUTATIONS

if TYPE_CHECKING:
    from collections.abc import Iterator


def test_the_literal_of_slugs_lists_the_causes_of_the_table() -> None:
    assert get_args(CauseSlug) == tuple(CAUSES)


def test_every_group_has_causes() -> None:
    assert {cause.group for cause in CAUSES.values()} == set(get_args(CauseGroup))


def test_every_mistake_of_the_client_can_be_injected_into_a_request() -> None:
    assert {slug for slug, cause in CAUSES.items() if cause.client_mistake} == set(REQUEST_MUTATIONS)


def test_only_causes_that_depend_on_the_clock_have_a_state_of_validity() -> None:
    assert {cause.group for cause in CAUSES.values() if cause.validity} == {"clock", "token"}


def test_properties_of_causes_are_columns_of_the_table_and_not_collections_of_slugs() -> None:
    (package,) = map(Path, pytest_asc.__path__)
    modules = [path for path in package.rglob("*.py") if path != package / "apple" / "causes.py"]
    assert modules
    found = {str(path.relative_to(package)): slugs for path in modules for slugs in _collections_of_slugs(path)}
    assert found == {}


def _collections_of_slugs(path: Path) -> Iterator[list[str]]:
    """Yield each set, list and tuple literal of a module with more than two slugs in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, (ast.Set, ast.List, ast.Tuple)):
            values = (one.value for one in node.elts if isinstance(one, ast.Constant))
            slugs = [value for value in values if isinstance(value, str) and value in CAUSES]
            if len(slugs) > 2:
                yield slugs
