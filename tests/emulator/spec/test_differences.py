from __future__ import annotations

import copy
from typing import Any

import pytest
from emulator.harness import openapi
from emulator.miniature import MINIATURE, Json, parameter
from emulator.newer_document import newer_document

from pytest_asc.emulator.spec.compiler import compile_document, compile_leniently, merge
from pytest_asc.emulator.spec.differences import compare


def differences(addendum: Json) -> dict[str, Any]:
    """Return the differences between the small document with and without an addendum, by kind."""
    found = compare(compile_document(MINIATURE), compile_leniently(merge(MINIATURE, addendum)).spec)
    return {what: each for what, each in found.items() if each}


def in_shelves(**operation: Any) -> Json:
    return {"paths": {"/v2/shelves": {"get": operation}}}


def in_shelf(**attributes: Any) -> Json:
    return {
        "components": {"schemas": {"Shelf": {"properties": {"attributes": {"properties": attributes}}}}},
    }


def test_a_document_has_no_differences_from_itself() -> None:
    assert differences({}) == {}
    assert not any(compare(compile_document(MINIATURE), compile_document(copy.deepcopy(MINIATURE))).values())


@pytest.mark.parametrize(
    ("addendum", "changes"),
    [
        (in_shelves(deprecated=True), ["is deprecated"]),
        (in_shelves(parameters=[parameter("filter[size]", {"type": "string"})]), ["adds filter[size]"]),
        (in_shelves(**{"x-removed": {"parameters": ["sort"]}}), ["removes sort"]),
        (in_shelves(parameters=[parameter("limit", {"maximum": 50})]), ["limit was 200, is 50"]),
        (in_shelves(parameters=[parameter("sort", {"items": {"enum": ["kind"]}})]), ["sort adds kind"]),
        (in_shelves(parameters=[{"name": "filter[kind]", "required": False}]), ["filter[kind] is no longer required"]),
        (in_shelves(parameters=[{"name": "limit", "in": "query", "deprecated": True}]), ["limit is deprecated"]),
        (in_shelves(responses={"204": {}}), ["status: was 200, is 200, 204"]),
        (in_shelves(responses={"200": None, "400": {}}), ["is not understood"]),
    ],
)  # fmt: skip
def test_changes_of_an_operation_are_described(addendum: Json, changes: list[str]) -> None:
    assert differences(addendum)["operations"] == ([], [], {"GET /v2/shelves": changes})


@pytest.mark.parametrize(
    ("addendum", "new", "gone", "changed"),
    [
        (in_shelf(color={"type": "string"}), ["shelves.color"], [], {}),
        (in_shelf(name=None), [], ["shelves.name"], {}),
        (in_shelf(name={"deprecated": True}), [], [], {"shelves.name": ["is deprecated"]}),
        (in_shelf(name={"type": "integer"}), [], [], {"shelves.name": ["was string, is integer"]}),
        (in_shelf(name={"enum": ["A"]}), [], [], {"shelves.name": ["was string, is one of A"]}),
        (
            {"components": {"schemas": {"Kind": {"enum": ["ELM"], "x-removed": {"enum": ["ASH"]}}}}},
            [],
            [],
            {"shelves.kind": ["adds ELM", "removes ASH"]},
        ),
        (
            {"components": {"schemas": {"Size": {"properties": {"depth": {"type": "number"}}}}}},
            ["Size.depth"],
            [],
            {},
        ),
    ],
)
def test_changes_of_attributes_are_described_without_those_of_fieldsets(
    addendum: Json, new: list[str], gone: list[str], changed: dict[str, list[str]]
) -> None:
    found = differences(addendum)
    assert found["attributes"] == (new, gone, changed)
    assert all(
        "fields" not in change for changes in found.get("operations", ([], [], {}))[2].values() for change in changes
    )


def test_added_and_removed_operations_and_resources_are_listed() -> None:
    found = differences(
        {"paths": {"/v1/bookReports": None, "/v1/pens": {"get": MINIATURE["paths"]["/v1/bookReports"]["get"]}}}
    )
    assert found == {"operations": (["GET /v1/pens"], ["GET /v1/bookReports"], {})}


def test_the_differences_of_a_made_up_newer_document_are_those_that_were_made() -> None:
    found = compare(compile_document(openapi()), compile_document(newer_document()))
    assert found["operations"].new == [
        "POST /v1/appWidgets",
        "GET /v1/appWidgets/{id}",
        "PATCH /v1/appWidgets/{id}",
        "DELETE /v1/appWidgets/{id}",
        "GET /v1/apps/{id}/appWidgets",
    ]
    assert found["operations"].gone == ["GET /v1/apps/{id}/alternativeDistributionKey"]
    assert found["operations"].changed == {
        "GET /v1/bundleIds": ["is deprecated"],
        "GET /v1/devices": ["adds filter[model]", "limit was 200, is 1000"],
    }
    assert found["resources"] == (["appWidgets"], [], {})
    assert found["attributes"] == (
        ["apps.accentColor"],
        ["devices.model"],
        {"devices.deviceClass": ["adds IPHONE_DUO", "removes IPOD"], "devices.addedDate": ["is deprecated"]},
    )
    assert found["relationships"] == (["apps.appWidgets"], [], {})
    assert found["requests"] == (
        ["AppUpdateRequest.attributes.accentColor", "DeviceCreateRequest.attributes.owner"],
        [],
        {},
    )
