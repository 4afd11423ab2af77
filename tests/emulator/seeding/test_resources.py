"""Resources that a test adds, reads, changes and deletes."""

from __future__ import annotations

import copy
import json
import os
import pickle
import stat
from typing import TYPE_CHECKING, Any

import pytest

from pytest_asc.emulator.account.account import members_of
from pytest_asc.emulator.seeding.parents import parents_of
from pytest_asc.emulator.spec.api_spec import api_spec

if TYPE_CHECKING:
    from pathlib import Path

    from emulator.harness import EmulatorClient

    from pytest_asc import Emulator


def test_the_mapping_of_a_resource_shows_changes_of_a_client(
    emulator_client: EmulatorClient, emulator: Emulator
) -> None:
    app = emulator.add("apps", name="Lists")
    attributes = {"primaryLocale": "de-DE"}
    body = json.dumps({"data": {"type": "apps", "id": app["id"], "attributes": attributes}}).encode()
    headers = {"Authorization": f"Bearer {emulator.token()}", "Content-Type": "application/json"}
    assert emulator_client.send("PATCH", f"/v1/apps/{app['id']}", headers=headers, body=body).status == 200
    assert app["attributes"]["primaryLocale"] == "de-DE"
    assert json.loads(json.dumps(app))["attributes"]["primaryLocale"] == "de-DE"
    assert app == emulator.get("apps", app["id"])
    assert "de-DE" in repr(app)
    assert dict(app.items()) == copy.deepcopy(app) == pickle.loads(pickle.dumps(app)) == app.copy()
    assert type(pickle.loads(pickle.dumps(app))) is dict


def test_the_mapping_of_a_deleted_resource_keeps_its_last_state(emulator: Emulator) -> None:
    app = emulator.add("apps", name="Lists")
    emulator.delete(app)
    assert app["attributes"]["name"] == "Lists"
    with pytest.raises(LookupError, match=f"no resource of type 'apps' with id '{app['id']}'; there are none"):
        emulator.get("apps", app["id"])


def test_the_error_of_get_lists_existing_ids_and_the_nearest_type(emulator: Emulator) -> None:
    emulator.add("apps", id="1")
    with pytest.raises(LookupError, match="with id '2'; the first are '1'"):
        emulator.get("apps", "2")
    with pytest.raises(LookupError, match="did you mean 'apps'"):
        emulator.get("app", "1")


def test_find_compares_attributes_and_related_resources(emulator: Emulator) -> None:
    one, other = emulator.add("apps", name="Lists"), emulator.add("apps", name="Notes")
    build = emulator.add("builds", version="7", app=one)
    emulator.add("builds", version="7", app=other)
    assert emulator.find("builds", version="7", app=one) == [build]
    assert emulator.find("builds", version="8") == []
    assert len(emulator.find("builds")) == 2
    assert emulator.find("builds", app=one["id"]) == [build]
    with pytest.raises(ValueError, match="no attribute or relationship 'versoin'; did you mean 'version'"):
        emulator.find("builds", versoin="7")


def test_update_makes_changes_that_the_api_does_not_allow(emulator: Emulator) -> None:
    version = emulator.add("appStoreVersions", versionString="1.0")
    app = emulator.add("apps")
    assert emulator.update(version, appStoreState="IN_REVIEW", app=app)["attributes"]["appStoreState"] == "IN_REVIEW"
    assert version["relationships"]["app"]["data"]["id"] == app["id"]
    with pytest.raises(ValueError, match="'appStoreState' of 'appStoreVersions'"):
        emulator.update(version, appStoreState="NOWHERE")
    with pytest.raises(ValueError, match="add it first"):
        emulator.update({"type": "apps", "id": "none"}, name="x")


def test_add_accepts_a_parent_even_if_only_the_inverse_relationship_exists(emulator: Emulator) -> None:
    app = emulator.add("apps")
    review = emulator.add("customerReviews", app=app, rating=4)
    assert app["relationships"]["customerReviews"]["data"] == [{"type": "customerReviews", "id": review["id"]}]


def _children_with_hidden_parents() -> list[tuple[str, str, str]]:
    return [
        (child, name, relation.type)
        for child in api_spec().types
        for name, relations in parents_of(child).items()
        for relation in relations[:1]
        if relation.many
    ]


@pytest.mark.parametrize(("child", "name", "parent"), _children_with_hidden_parents())
def test_every_added_resource_is_among_the_related_resources_of_its_parent(
    emulator: Emulator, child: str, name: str, parent: str
) -> None:
    owner = emulator.add(parent)
    members: dict[str, Any] = {name: owner}
    added = emulator.add(child, **members)
    related = [value["data"] for value in owner["relationships"].values()]
    linkages = [one for data in related for one in (data if isinstance(data, list) else [data])]
    assert {"type": child, "id": added["id"]} in linkages


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"ap": "1"}, "no attribute or relationship 'ap'; did you mean 'app'"),
        ({"app": {"type": "builds", "id": "1"}}, "expected a resource of type 'apps', got 'builds'"),
        ({"app": "404"}, "there is no resource of type 'apps' with id '404': add it first"),
    ],
)
def test_a_wrong_parent_is_rejected_and_nothing_is_added(
    emulator: Emulator, members: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        emulator.add("customerReviews", **members)
    assert emulator.find("customerReviews") == []


def test_a_parent_of_the_wrong_type_and_a_missing_one_have_different_errors(emulator: Emulator) -> None:
    build = emulator.add("builds")
    with pytest.raises(ValueError, match="expected a resource of type 'apps', got one of type 'builds'"):
        emulator.add("betaGroups", app=build)
    assert emulator.find("betaGroups") == []


def test_load_reports_every_invalid_entry_and_adds_nothing(emulator: Emulator) -> None:
    app = {"type": "apps", "id": "1"}
    with pytest.raises(ValueError, match=r"data\[1\]") as raised:
        emulator.load({"data": [app, {"type": "apps", "attributes": {"nme": "x"}}, {"type": "ap"}, 3]})
    assert [line.partition(":")[0] for line in str(raised.value).splitlines()] == [
        "data[1]",
        "data[2]",
        "data[3] is not a resource",
    ]
    lost = {"data": {"type": "apps", "id": "2"}}
    with pytest.raises(ValueError, match=r"data\[1\]: there is no resource of type 'apps' with id '2'"):
        emulator.load({"data": [app, {"type": "builds", "relationships": {"app": lost}}]})
    with pytest.raises(ValueError, match=r"data\[1\]: there is already a resource of type 'apps' with id '1'"):
        emulator.load({"data": [app, app]})
    assert emulator.dump() == {"data": []}


def test_a_file_can_be_loaded_after_the_sample_account(emulator: Emulator, tmp_path: Path) -> None:
    file = tmp_path / "more.json"
    file.write_text(json.dumps({"data": [{"type": "apps", "id": "77", "attributes": {"name": "More"}}]}))
    emulator.load_sample()
    before = len(emulator.find("apps"))
    emulator.load(file)
    assert len(emulator.find("apps")) == before + 1


def test_a_saved_account_is_equal_after_loading(emulator: Emulator, tmp_path: Path) -> None:
    emulator.load_sample()
    app = emulator.add("apps", name="Lists")
    emulator.sell(app, units=3, day="2026-05-01", country="DE", price="1.99")
    build = emulator.add("builds", app=app)
    emulator.measure(build, "betaBuildUsages", day="2026-05-02", crashCount=2)
    file = tmp_path / "account.json"
    emulator.save(file)
    if os.name == "posix":  # Windows has no such file modes
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["account.json"]
    saved = emulator.dump()
    emulator.reset()
    emulator.load(file)
    assert sort_linkages(emulator.dump()) == sort_linkages(saved)


def sort_linkages(document: dict[str, Any]) -> dict[str, Any]:
    """Sort resources and linkages, whose order is not kept in a document."""
    for resource in document["data"]:
        for value in resource["relationships"].values():
            if isinstance(value["data"], list):
                value["data"] = sorted(value["data"], key=lambda linkage: str(linkage["id"]))
    document["data"] = sorted(document["data"], key=lambda resource: (resource["type"], resource["id"]))
    return document


def test_typical_data_is_added_with_one_call(emulator_client: EmulatorClient, emulator: Emulator) -> None:
    app = emulator.add_released_app(bundleId="com.example.lists")
    (version,) = emulator.find("appStoreVersions", app=app)
    assert version["attributes"]["appStoreState"] == "READY_FOR_SALE"
    build = emulator.add_testflight_build(app, testers=3, version="7")
    (group,) = emulator.find("betaGroups", app=app)
    assert len(group["relationships"]["betaTesters"]["data"]) == 3
    detail = emulator_client.get(
        f"/v1/builds/{build['id']}/buildBetaDetail", Authorization=f"Bearer {emulator.token()}"
    ).json["data"]["attributes"]
    assert detail["externalBuildState"] == "IN_BETA_TESTING"


def test_names_of_parents_are_not_names_of_relationships_of_the_type() -> None:
    for resource_type in api_spec().types:
        assert not parents_of(resource_type).keys() & {
            name for name, relation in members_of(resource_type).relationships.items() if relation
        }
