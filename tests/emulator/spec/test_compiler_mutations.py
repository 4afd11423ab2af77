"""Compilation of documents that are damaged, edited, or written in another style."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest
from emulator.miniature import MINIATURE, Json, answers, linkage, parameter, ref, resource
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_asc.emulator.spec.api_spec import ApiSpec
from pytest_asc.emulator.spec.compiler import (
    Compilation,
    DocumentError,
    UnknownPatternError,
    compile_document,
    compile_leniently,
)

if TYPE_CHECKING:
    from collections.abc import Callable

METRICS: Json = {
    "type": "object",
    "properties": {
        "dataPoints": {"type": "array", "items": {"properties": {"values": {"properties": {"count": {}}}}}},
        "dimensions": {
            "properties": {"shelves": {"properties": {"links": {"properties": {"related": {}}}, "data": {}}}}
        },
    },
}


def document_with_all_patterns() -> Json:
    """Return the small document, with additional patterns of OpenAPI 3.1 and of other editions."""
    document = copy.deepcopy(MINIATURE)
    schemas = document["components"]["schemas"]
    schemas["Text"] = {"oneOf": [ref("Kind"), {"type": "string", "enum": ["ELM"]}, {"type": "null"}]}
    schemas["Base"] = {"type": "object", "properties": {"id": {"type": "string"}, "links": ref("ResourceLinks")}}
    schemas["Lamp"] = {
        "allOf": [
            ref("Base"),
            {
                "properties": {
                    "type": {"const": "lamps"},
                    "attributes": {
                        "properties": {
                            "text": ref("Text"),
                            "watts": {"type": ["integer", "null"], "minimum": 1, "maximum": 9},
                            "either": {"anyOf": [{"type": "string"}, {"type": "number"}]},
                            "both": {"allOf": [ref("Size")]},
                            "nothing": {},
                            "whatever": True,
                            "number": {"type": "integer", "format": "int64"},
                            "uuid": {"type": "string", "format": "uuid"},
                        }
                    },
                }
            },
        ]
    }
    schemas["LampResponse"] = {"properties": {"data": ref("Lamp")}}
    document["components"]["parameters"] = {"Limit": parameter("limit", {"type": "integer", "maximum": 50})}
    document["components"]["responses"] = {"Lamp": answers("LampResponse")["200"]}
    document["paths"]["/v1/lamps/{lampId}"] = {
        "summary": "A lamp",
        "parameters": [{"$ref": "#/components/parameters/Limit"}],
        "get": {"operationId": "getLamp", "responses": {"2XX": {"$ref": "#/components/responses/Lamp"}}},
    }
    document["paths"]["/v1/shelves/{id}/metrics/uses"] = {
        "get": {
            "operationId": "shelves_uses_getMetrics",
            "parameters": [parameter("groupBy", {"enum": ["shelves"]})],
            "responses": {
                "200": {
                    "content": {
                        "application/json": {"schema": {"properties": {"data": {"type": "array", "items": METRICS}}}}
                    }
                }
            },
        }
    }
    return document


def places(value: Any, place: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Return the path of every value in a document."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place, *(inner for key, item in items for inner in places(item, (*place, key)))]


DOCUMENT = document_with_all_patterns()
PLACES = places(DOCUMENT)[1:]
REFERENCES = [
    "#/components/schemas/Text",
    "#/components/schemas/Lamp",
    "#/paths",
    "#/nowhere",
    "other.json#/a",
    "#",
    "",
]
VALUES = st.one_of(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=5,
    ),
    st.sampled_from(["null", "array", "object", "string", "/v1/x", "fields[lamps]", "2XX", "\ud800"]),
    st.sampled_from(REFERENCES).map(lambda reference: {"$ref": reference}),
    st.sampled_from(PLACES).map(lambda place: at(DOCUMENT, place)),
)


def at(document: Any, place: tuple[str | int, ...]) -> Any:
    for key in place:
        document = document[key]
    return document


def mutate(document: Json, place: tuple[str | int, ...], is_removed: bool, value: Any) -> None:
    """Replace or remove a value, unless an earlier mutation has already replaced it."""
    try:
        holder = at(document, place[:-1])
        if is_removed:
            del holder[place[-1]]
        else:
            holder[place[-1]] = copy.deepcopy(value)
    except (LookupError, TypeError):
        return


def compiled_or_refused(document: Json) -> Compilation | DocumentError:
    try:
        return compile_leniently(document)
    except DocumentError as refused:
        return refused


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(PLACES), st.booleans(), VALUES), min_size=1, max_size=4))
def test_a_damaged_document_is_compiled_or_rejected_with_a_pointer(
    mutations: list[tuple[tuple[str | int, ...], bool, Any]],
) -> None:
    document = copy.deepcopy(DOCUMENT)
    for mutation in mutations:
        mutate(document, *mutation)
    outcome = compiled_or_refused(document)
    if isinstance(outcome, DocumentError):
        assert str(outcome).startswith("this is ")
        return
    compiled, not_understood = outcome
    assert all(each.place.startswith("/") and each.pattern and str(each).isprintable() for each in not_understood)
    spec = ApiSpec(json.loads(json.dumps(compiled)))
    for schema in compiled["schemas"]:
        assert spec.schema(schema).relationships is not None
    for path, item in compiled["operations"].items():
        for method in item:
            operation = spec.operation(method.upper(), path)
            assert operation is not None
            assert operation.body is None or operation.body in spec.bodies


def test_patterns_of_other_editions_are_compiled_completely() -> None:
    compiled = compile_document(DOCUMENT)
    lamp = compiled["schemas"]["Lamp"]
    enums = compiled["enums"]
    assert {**lamp["attributes"], "text": enums[int(str(lamp["attributes"]["text"]))]} == {
        "text": ["OAK", "ASH", "ELM"],
        "watts": "integer:1..9",
        "either": "any",
        "both": "$Size",
        "nothing": "any",
        "whatever": "any",
        "number": "integer",
        "uuid": "string",
    }
    assert compiled["operations"]["/v1/lamps/{id}"]["get"] == {
        "action": "getInstance",
        "success": [200],
        "schema": "Lamp",
        "limit": 50,
    }
    assert compiled["operations"]["/v1/shelves/{id}/metrics/uses"]["get"]["metrics"] == {
        "values": ["count"],
        "dimensions": {"shelves": "shelves"},
    }


def without_enums(document: Json) -> None:
    """Remove the enums of types, parameters and attributes, as in some editions."""
    for place in reversed(places(document)):
        value = at(document, place)
        if isinstance(value, dict) and isinstance(value.get("enum"), list):
            del value["enum"]


def with_extra_values(document: Json) -> None:
    for place in places(document):
        value = at(document, place)
        if isinstance(value, dict) and isinstance(value.get("enum"), list) and place[-1] != "type":
            value["enum"].append("EXTRA")


def with_operation_ids_of_a_generator(document: Json) -> None:
    for number, place in enumerate(places(document)):
        value = at(document, place)
        if isinstance(value, dict) and "operationId" in value:
            value["operationId"] = f"operation{number}"


def dereferenced(document: Json) -> None:
    """Replace all references by their targets, except for references of an object to itself."""
    del document["components"]["schemas"]["Size"]["properties"]["inner"]
    while references := [place for place in places(document) if place[-1:] == ("$ref",)]:
        place = references[-1][:-1]
        reference = at(document, place).pop("$ref")
        at(document, place).update(copy.deepcopy(at(document, tuple(reference[2:].split("/")))))


@pytest.mark.parametrize("edit", [with_extra_values, with_operation_ids_of_a_generator, dereferenced])
def test_an_edited_document_is_compiled_completely(edit: Callable[[Json], None]) -> None:
    document = copy.deepcopy(DOCUMENT)
    edit(document)
    compiled, original = compile_document(document), compile_document(DOCUMENT)
    assert compiled["schemas"].keys() == original["schemas"].keys()
    for path, item in original["operations"].items():
        for method, operation in item.items():
            edited = compiled["operations"][path][method]
            assert {**edited, "body": None, "fields": 0, "sort": 0, "include": 0, "filter": 0, "groupBy": 0} == {
                **operation, "body": None, "fields": 0, "sort": 0, "include": 0, "filter": 0, "groupBy": 0
            }  # fmt: skip
            assert ("body" in edited) == ("body" in operation)


def test_types_and_values_without_enums_are_derived_from_paths_and_resources() -> None:
    document = copy.deepcopy(MINIATURE)
    without_enums(document)
    document["paths"]["/v1/books/{id}"] = {
        "get": {"operationId": "b_getInstance", "responses": answers("BookResponse")}
    }
    document["components"]["schemas"]["BookResponse"] = {"properties": {"data": ref("Book")}}
    compiled, not_understood = compile_leniently(document)
    assert {name: schema["type"] for name, schema in compiled["schemas"].items()} == {
        "Book": "books",
        "Shelf": "shelves",
    }
    assert compiled["schemas"]["Shelf"]["attributes"]["kind"] == "string"
    assert compiled["schemas"]["Shelf"]["relationships"]["books"] == ["books"]
    shelves = compiled["operations"]["/v2/shelves"]["get"]
    assert shelves["fields"] == {"shelves": True, "books": True}
    assert compiled["enums"][shelves["include"]] == ["books", "lamp", "readers"]
    assert compiled["enums"][shelves["sort"]][:2] == ["name", "-name"]
    assert {each.place.split("/")[3] for each in not_understood} == {
        "Book",
        "BooksLinkagesResponse",
        "Shelf",
        "ShelfCreateRequest",
        "ShelfReadersLinkagesRequest",
    }


@pytest.mark.parametrize(
    ("place", "value", "complaint"),
    [
        (("paths", "/v2/shelves", "get"), [], "/paths/~1v2~1shelves/get: got an array, expected an object"),
        (
            ("paths", "/v2/shelves", "get", "responses"),
            {"400": {}},
            "/paths/~1v2~1shelves/get: it has responses of 400, expected one of 2xx",
        ),
        (
            ("paths", "/search"),
            {},
            "/paths/~1search: expected a path of App Store Connect's API, such as /v1/apps/{id}/builds",
        ),
        (
            ("components", "schemas", "Shelf", "properties", "attributes", "properties", "name"),
            ref("Missing"),
            (
                "/components/schemas/Shelf/properties/attributes/properties/name: "
                "it refers to '#/components/schemas/Missing', which is not there"
            ),
        ),
        (
            ("components", "schemas", "Kind"),
            ref("Kind"),
            "/components/schemas/Kind: it refers to itself, or through too many others",
        ),
        (
            ("components", "schemas", "Shelf", "properties", "type"),
            {"enum": ["shelves", "boards"]},
            "/components/schemas/Shelf/properties/type: it allows shelves, boards, expected one type",
        ),
        (("info",), {}, "/info: there is no 'version'"),
    ],
)
def test_parts_that_are_not_understood_are_listed_with_pointer_and_pattern(
    place: tuple[str, ...], value: Any, complaint: str
) -> None:
    document = copy.deepcopy(MINIATURE)
    at(document, place[:-1])[place[-1]] = value
    assert complaint in [str(each) for each in compile_leniently(document).not_understood]
    with pytest.raises(UnknownPatternError):
        compile_document(document)


def test_a_reference_that_cannot_be_resolved_only_leaves_out_its_own_part() -> None:
    document = copy.deepcopy(MINIATURE)
    document["components"]["schemas"]["Other"] = ref("Missing")
    document["components"]["schemas"]["Kind"] = ref("Other")
    document["paths"]["/v2/shelves/{id}/relationships/books"] = {"$ref": "#/paths/~1v1~1missing"}
    compiled, not_understood = compile_leniently(document)
    assert compiled["schemas"]["Shelf"]["attributes"]["name"] == "string"
    assert compiled["schemas"]["Shelf"]["attributes"]["kind"] == "any"
    assert "/v2/shelves" in compiled["operations"]
    assert {each.place for each in not_understood} == {
        "/components/schemas/Other",
        "/paths/~1v2~1shelves~1{id}~1relationships~1books",
    }


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        ({}, "this is not an OpenAPI document: /: there is no 'paths'"),
        ({"paths": []}, "this is not an OpenAPI document: /paths: got an array, expected an object"),
        ({"swagger": "2.0", "paths": {}}, "this is a Swagger 2.0 document, expected OpenAPI 3"),
        (
            {"openapi": "3.0.1", "paths": {"/pets": {"get": {}}}},
            "this is not a document of the App Store Connect API: it has no path such as /v1/apps",
        ),
    ],
)
def test_a_document_of_another_kind_is_rejected(document: Json, complaint: str) -> None:
    with pytest.raises(DocumentError) as refused:
        compile_leniently(document)
    assert str(refused.value) == complaint


def test_an_inline_resource_schema_in_a_response_is_found_by_its_type() -> None:
    document = copy.deepcopy(MINIATURE)
    document["components"]["schemas"]["ShelfResponse"]["properties"]["data"] = resource("shelves", {}, {})
    assert compile_document(document)["operations"]["/v2/shelves/{id}"]["get"]["schema"] == "Shelf"


def test_schemas_that_refer_to_each_other_many_times_take_linear_time() -> None:
    document = copy.deepcopy(MINIATURE)
    schemas = document["components"]["schemas"]
    for number in range(30):
        schemas[f"Level{number}"] = {"oneOf": [ref(f"Level{number + 1}")] * 2, "allOf": [ref(f"Level{number + 1}")] * 2}
    schemas["Level30"] = {"type": "string"}
    schemas["Shelf"]["properties"]["attributes"]["properties"]["name"] = ref("Level0")
    assert compile_document(document)["schemas"]["Shelf"]["attributes"]["name"] == "string"


def test_a_relationship_to_several_types_is_left_out_and_listed() -> None:
    document = copy.deepcopy(MINIATURE)
    several = linkage("books")
    several["properties"]["type"]["enum"].append("users")
    document["components"]["schemas"]["Shelf"]["properties"]["relationships"]["properties"]["lamp"] = {
        "properties": {"data": several}
    }
    compiled, (problem,) = compile_leniently(document)
    assert compiled["schemas"]["Shelf"]["relationships"]["lamp"] == {"links": None}
    assert problem.place.startswith("/components/schemas/Shelf/properties/relationships/properties/lamp/")
