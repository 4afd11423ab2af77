from __future__ import annotations

import copy
from typing import Any

import pytest

from pytest_asc.emulator.spec.compiler import UnknownPatternError, merge

Json = dict[str, Any]

DOCUMENT: Json = {
    "paths": {
        "/v1/apps": {
            "get": {
                "parameters": [
                    {"name": "sort", "in": "query", "schema": {"enum": ["name", "-name"]}},
                    {"name": "include", "in": "query", "schema": {"enum": ["builds"]}},
                ],
                "deprecated": False,
            },
            "post": {},
        }
    },
    "components": {"schemas": {"State": {"enum": ["A", "B"], "description": "old"}}},
}


def merged_state(addendum: Json) -> Any:
    merged = merge(DOCUMENT, {"components": {"schemas": {"State": addendum}}})
    return merged["components"]["schemas"]["State"]


def test_members_are_added_replaced_and_removed() -> None:
    assert merged_state({"type": "string"}) == {"enum": ["A", "B"], "description": "old", "type": "string"}
    assert merged_state({"description": "new"}) == {"enum": ["A", "B"], "description": "new"}
    assert merged_state({"description": None}) == {"enum": ["A", "B"]}


def test_values_are_added_to_an_enum_once_and_removed_by_name() -> None:
    assert merged_state({"enum": ["C", "A"]})["enum"] == ["A", "B", "C"]
    assert merged_state({"x-removed": {"enum": ["A"]}})["enum"] == ["B"]
    assert merged_state({"enum": ["C"], "x-removed": {"enum": ["B"]}})["enum"] == ["A", "C"]


def test_parameters_are_merged_by_name() -> None:
    added = {"name": "limit", "in": "query", "schema": {"maximum": 200}}
    addendum = {"parameters": [{"name": "sort", "in": "query", "schema": {"enum": ["id"]}}, added]}
    operation = merge(DOCUMENT, {"paths": {"/v1/apps": {"get": addendum}}})["paths"]["/v1/apps"]["get"]
    assert [one["name"] for one in operation["parameters"]] == ["sort", "include", "limit"]
    assert operation["parameters"][0]["schema"]["enum"] == ["name", "-name", "id"]
    removed = merge(DOCUMENT, {"paths": {"/v1/apps": {"get": {"x-removed": {"parameters": ["sort"]}}}}})
    assert [one["name"] for one in removed["paths"]["/v1/apps"]["get"]["parameters"]] == ["include"]


def test_merging_changes_neither_document() -> None:
    addendum: Json = {"paths": {"/v1/apps": {"get": {"deprecated": True}, "post": None}, "/v1/new": {"get": {}}}}
    before = copy.deepcopy((DOCUMENT, addendum))
    assert merge(DOCUMENT, addendum)["paths"].keys() == {"/v1/apps", "/v1/new"}
    assert (DOCUMENT, addendum) == before


@pytest.mark.parametrize(
    ("addendum", "complaint"),
    [
        ({"paths": []}, "/paths: the addendum has an array, the document an object"),
        ({"paths": "x"}, "/paths: the addendum has a string, the document an object"),
        ({"paths": {"/v1/no": None}}, "/paths/~1v1~1no: the addendum takes it out, and it is not there"),
        (
            {"components": {"schemas": {"State": {"x-removed": {"enum": ["Z"]}}}}},
            "/components/schemas/State/enum: the addendum takes Z out of it, which is not there",
        ),
        (
            {"components": {"schemas": {"State": {"x-removed": {"required": ["Z"]}}}}},
            "/components/schemas/State/required: the addendum takes values out of it, expected an array, got null",
        ),
    ],
)
def test_an_addendum_that_does_not_match_the_document_is_rejected_with_a_pointer(
    addendum: Json, complaint: str
) -> None:
    with pytest.raises(UnknownPatternError) as refused:
        merge(DOCUMENT, addendum)
    assert str(refused.value) == complaint


def test_a_new_member_of_a_type_is_added_to_the_fieldsets_that_named_every_member() -> None:
    def fieldset(*names: str) -> Json:
        return {"name": "fields[apps]", "in": "query", "schema": {"type": "array", "items": {"enum": list(names)}}}

    def schema(*names: str) -> Json:
        attributes = {"properties": {name: {"type": "string"} for name in names}}
        return {"properties": {"type": {"enum": ["apps"]}, "id": {}, "links": {}, "attributes": attributes}}

    document: Json = {
        "paths": {
            "/v1/apps": {"get": {"parameters": [fieldset("name", "sku")]}},
            "/v1/builds": {"get": {"parameters": [fieldset("name")]}},
        },
        "components": {"schemas": {"App": schema("name", "sku")}},
    }
    before = copy.deepcopy(document)
    merged = merge(document, {"components": {"schemas": {"App": schema("price")}}})
    enums = [item["get"]["parameters"][0]["schema"]["items"]["enum"] for item in merged["paths"].values()]
    assert enums == [["name", "sku", "price"], ["name"]]
    assert document == before
