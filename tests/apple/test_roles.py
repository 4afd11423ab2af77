"""The table of roles covers every operation of the API spec, and names only roles and paths that exist."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from pytest_asc.apple.roles import ANY, ROLE_AREAS, ROLES, UNLIMITED, check_role, role_area_of
from pytest_asc.emulator.spec.api_spec import api_spec


def test_the_roles_are_those_of_the_api_spec() -> None:
    (users,) = api_spec().schemas_of("users")
    role = api_spec().items(users.attributes["roles"])
    assert sorted(api_spec().enum(role) or ()) == sorted(ROLES)


def test_every_operation_belongs_to_an_area() -> None:
    areas = {path: role_area_of(path) for path in api_spec().paths}
    assert [path for path, area in areas.items() if area is None] == []
    operations = Counter(area.name for path, area in areas.items() if area for _ in api_spec().methods(path))
    assert set(operations) == {area.name for area in ROLE_AREAS}
    assert operations["users"] == 15


def test_every_name_in_the_table_of_roles_matches_a_path_of_the_api() -> None:
    paths = [path.split("/") for path in api_spec().paths]
    names = {name for _, _, root, *_ in paths for name in (root,)} | {
        name for parts in paths if len(parts) > 4 for name in (parts[-1], f"{parts[2]}/{parts[-1]}")
    }
    for area in ROLE_AREAS:
        for known in area.names:
            assert any(re.fullmatch(known.replace("*", ".*"), name) for name in names), known


@pytest.mark.parametrize("area", ROLE_AREAS, ids=lambda area: area.name)
def test_every_area_has_roles_and_a_source(area: object) -> None:
    assert isinstance(area, type(ROLE_AREAS[0]))
    assert {*area.readers, *area.writers} <= set(ANY)
    assert not UNLIMITED & {*area.readers, *area.writers}
    assert re.match(r"documented|observed|inferred", area.basis)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/v1/apps", "apps"),
        ("/v1/apps/1", "apps"),
        ("/v1/apps/1/builds", "TestFlight"),
        ("/v1/apps/1/relationships/betaTesters", "TestFlight"),
        ("/v1/apps/1/customerReviews", "customer reviews"),
        ("/v1/apps/1/metrics/betaTesterUsages", "TestFlight"),
        ("/v1/apps/1/gameCenterDetail", "Game Center"),
        ("/v1/builds/1/app", "TestFlight"),
        ("/v1/builds/1/perfPowerMetrics", "performance"),
        ("/v1/betaGroups/1/relationships/builds", "TestFlight groups"),
        ("/v1/gameCenterActivities/1", "Game Center activities"),
        ("/v1/users/1/visibleApps", "users"),
        ("/v3/appPricePoints/1", "pricing and availability"),
        ("/v1/nothing", None),
        ("/v1", None),
        ("", None),
    ],
)
def test_a_path_belongs_to_its_area(path: str, name: str | None) -> None:
    area = role_area_of(path)
    assert (area.name if area else None) == name


@pytest.mark.parametrize(
    ("role", "complaint"),
    [
        ("developer", "there is no role 'developer'; did you mean 'DEVELOPER'? The roles are ACCESS_TO_REPORTS, "),
        ("App Manager", "there is no role 'App Manager'; did you mean 'APP_MANAGER'? The roles are"),
        ("pilot", "there is no role 'pilot'. The roles are ACCESS_TO_REPORTS, ACCOUNT_HOLDER, ADMIN, APP_MANAGER"),
        (None, "there is no role None. The roles are"),
    ],
)
def test_the_error_for_an_unknown_role_lists_the_roles(role: str, complaint: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011  the message is the test
        check_role(role)
    assert str(caught.value).startswith(complaint)
