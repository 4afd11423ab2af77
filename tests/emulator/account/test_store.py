from __future__ import annotations

import pytest

from pytest_asc.emulator.account.store import Resource, Store
from pytest_asc.emulator.spec.relationships import Relation, relation


def relation_of(resource_type: str, name: str) -> Relation:
    found = relation(resource_type, name)
    assert found is not None
    return found


@pytest.fixture
def store() -> Store:
    store = Store()
    for resource_type, ids in {
        "apps": "ab",
        "builds": "12",
        "betaGroups": "xy",
        "users": "u",
        "appStoreVersions": "vw",
    }.items():
        for identifier in ids:
            store.add(Resource(resource_type, identifier, {}))
    return store


def ids(store: Store, resource_type: str, identifier: str, name: str) -> list[str]:
    resource = store.get(resource_type, identifier)
    assert resource is not None
    return [other.id for other in store.related(resource, relation_of(resource_type, name))]


def relate(store: Store, resource_type: str, identifier: str, name: str, others: str) -> None:
    resource = store.get(resource_type, identifier)
    assert resource is not None
    store.relate(resource, relation_of(resource_type, name), others)


def test_changing_one_side_of_a_relationship_changes_the_other(store: Store) -> None:
    relate(store, "builds", "1", "app", "a")
    relate(store, "builds", "2", "app", "a")
    assert ids(store, "apps", "a", "builds") == ["1", "2"]
    relate(store, "builds", "1", "app", "b")
    assert ids(store, "apps", "a", "builds") == ["2"]
    assert ids(store, "apps", "b", "builds") == ["1"]
    relate(store, "apps", "a", "builds", "12")
    assert ids(store, "builds", "1", "app") == ["a"]
    assert ids(store, "apps", "b", "builds") == []
    relate(store, "apps", "a", "builds", "")
    assert ids(store, "builds", "1", "app") == []


def test_many_to_many_links_are_kept_on_both_sides(store: Store) -> None:
    relate(store, "betaGroups", "x", "builds", "12")
    relate(store, "builds", "1", "betaGroups", "yx")
    assert ids(store, "betaGroups", "x", "builds") == ["2", "1"]
    assert ids(store, "betaGroups", "y", "builds") == ["1"]


def test_a_one_to_one_link_replaces_the_old_one(store: Store) -> None:
    relate(store, "appStoreVersions", "v", "build", "1")
    relate(store, "appStoreVersions", "w", "build", "1")
    assert ids(store, "appStoreVersions", "v", "build") == []
    assert ids(store, "builds", "1", "appStoreVersion") == ["w"]
    relate(store, "appStoreVersions", "w", "build", "2")
    assert ids(store, "builds", "1", "appStoreVersion") == []


def test_removing_a_resource_removes_its_links(store: Store) -> None:
    relate(store, "builds", "1", "app", "a")
    relate(store, "users", "u", "visibleApps", "ab")
    app = store.get("apps", "a")
    assert app is not None
    store.remove(app, [relation_of("apps", "builds")])
    assert ids(store, "builds", "1", "app") == []
    assert ids(store, "users", "u", "visibleApps") == ["b"]
    assert store.get("apps", "a") is None
    assert len(store) == 8


def test_linking_a_missing_resource_raises(store: Store) -> None:
    with pytest.raises(ValueError, match="no resource of type 'apps' with id 'z': add it first"):
        relate(store, "builds", "1", "app", "z")
    with pytest.raises(ValueError, match="'app' of 'builds': expected one resource, got 2"):
        relate(store, "builds", "1", "app", "ab")


def test_selections_are_computed_once_between_two_writes(store: Store) -> None:
    made: list[int] = []

    def make() -> list[Resource]:
        made.append(1)
        return list(store.all("apps"))

    for _ in range(3):
        store.selection("all", make)
    assert len(made) == 1
    app = store.get("apps", "a")
    assert app is not None
    store.update(app, {"name": "x"})
    store.selection("all", make)
    assert len(made) == 2


def test_changing_a_link_discards_the_rendered_json_of_both_resources(store: Store) -> None:
    app, build = store.get("apps", "a"), store.get("builds", "1")
    assert app is not None
    assert build is not None
    app.rendered["view"] = build.rendered["view"] = b"old"
    store.link(build, relation_of("builds", "app"), app)
    assert (app.rendered, build.rendered) == ({}, {})


def test_the_number_of_cached_selections_is_limited(store: Store) -> None:
    for number in range(1000):
        store.selection(number, list)
    assert len(store._selections) <= 256


def test_links_to_a_generated_resource_looked_up_before_it_was_stored_are_kept() -> None:
    store = Store({"territories": lambda _, identifier: Resource("territories", identifier, {})})
    base = store.get("territories", "USA")
    assert base is not None
    territory = relation_of("appPriceSchedules", "baseTerritory")
    for identifier in "ab":
        store.add(Resource("appPriceSchedules", identifier, {}))
        schedule = store.get("appPriceSchedules", identifier)
        assert schedule is not None
        store.link(schedule, territory, base)
    stored = store.stored("territories", "USA")
    assert stored is not None
    assert stored.ids(territory.inverse) == ["a", "b"]
