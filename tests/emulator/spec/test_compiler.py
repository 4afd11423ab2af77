from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest
from emulator.harness import openapi
from emulator.miniature import MINIATURE, answers, parameter, ref, resource

from pytest_asc.emulator.spec.api_spec import ApiSpec
from pytest_asc.emulator.spec.compiled_format import COMPILED_SPEC
from pytest_asc.emulator.spec.compiler import METHODS, UnknownPatternError, compile_document
from pytest_asc.emulator.spec.compiler.__main__ import main, write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Json = dict[str, Any]


def test_a_document_is_compiled_to_types_members_and_parameters() -> None:
    compiled = compile_document(MINIATURE)
    assert compiled["version"] == "0.1"
    assert compiled["objects"] == {"Size": {"width": "number", "inner": "$Size"}}
    oak = compiled["enums"].index(["OAK", "ASH"])
    assert compiled["schemas"] == {
        "Book": {
            "type": "books",
            "version": "v1",
            "attributes": {
                "pages": "integer:1..9",
                "price": "string:number",
                "printed": "date",
                "tags": ["string"],
                "words": {"*": "integer"},
            },
            "relationships": {"shelf": "shelves"},
        },
        "Shelf": {
            "type": "shelves",
            "version": "v2",
            "attributes": {"name": "string", "kind": oak, "size": "$Size", "old": "string"},
            "relationships": {"books": ["books"], "lamp": "books", "readers": {"links": ["users"]}},
            "deprecated": ["old"],
        },
    }
    assert compiled["bodies"] == {
        "ShelfCreateRequest": {
            "type": "shelves",
            "attributes": {"name": "string", "kind": oak},
            "nullable": ["kind"],
            "relationships": {"books": ["books"]},
            "required": ["attributes", "attributes.name", "relationships.books", "relationships.books.data", "type"],
        },
        "ShelfReadersLinkagesRequest": {"linkage": ["users"]},
    }
    assert compiled["operations"]["/v2/shelves/{id}"]["get"] == {
        "action": "getInstance",
        "success": [200],
        "schema": "Shelf",
        "deprecated": True,
    }
    assert compiled["operations"]["/v1/bookReports"]["get"]["media"] == ["application/a-gzip"]
    assert compiled["operations"]["/v2/shelves/{id}/relationships/books"]["get"]["linkage"] == "books"


def test_the_api_spec_finds_operations_schemas_and_enums() -> None:
    shelves = ApiSpec(compile_document(MINIATURE))
    operation = shelves.operation("GET", "/v2/shelves")
    assert operation is not None
    assert operation.schema is shelves.schema("Shelf")
    assert operation.fields == {
        "shelves": frozenset({"name", "kind", "size", "old", "books", "lamp", "readers"}),
        "books": frozenset({"pages"}),
    }
    assert (operation.limit, operation.limits, operation.sort) == (200, {"books": 50}, frozenset({"name", "-name"}))
    assert operation.required == frozenset({"filter[kind]"})
    assert shelves.enum(operation.filters["kind"]) == ("OAK", "ASH")
    readers = shelves.schema("Shelf").relationships["readers"]
    assert (readers.target, readers.many, readers.has_self, readers.has_related) == ("users", True, True, False)
    assert shelves.methods("/v2/shelves") == ("GET", "POST")
    assert shelves.operation("DELETE", "/v2/shelves") is None
    assert shelves.required_attributes(shelves.schema("Shelf")) == {"name"}


@pytest.mark.parametrize(
    ("place", "value", "complaint"),
    [
        (("paths", "/v2/shelves", "trace"), {}, "'trace'"),
        (
            ("paths", "/v2/shelves", "get", "parameters"),
            [parameter("search", {"type": "string"})],
            "parameter search is of no known family",
        ),
        (
            ("paths", "/v2/shelves", "get", "parameters"),
            [parameter("sort[name]", {"type": "string"})],
            "parameter sort.name. is of no known family",
        ),
    ],
)
def test_an_unknown_pattern_is_an_error_of_the_compiler(place: tuple[str, ...], value: Any, complaint: str) -> None:
    document = copy.deepcopy(MINIATURE)
    inner = document
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    with pytest.raises(UnknownPatternError, match=complaint):
        compile_document(document)


def test_compiling_twice_writes_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, one, two = tmp_path / "openapi.json", tmp_path / "one.gz", tmp_path / "two.gz"
    source.write_text(json.dumps(MINIATURE), encoding="utf-8")
    monkeypatch.setattr("sys.argv", ["compiler", str(source), "--output", str(one)])
    main()
    size = write(compile_document(MINIATURE), two)
    assert one.read_bytes() == two.read_bytes()
    assert size == two.stat().st_size


# Comparison of all facts with Apple's document.


@pytest.fixture(scope="module")
def document() -> Json:
    return openapi()


@pytest.fixture(scope="module")
def shipped(document: Json) -> Any:
    import gzip  # noqa: PLC0415  only needed if the document is available

    shipped: Any = json.loads(gzip.decompress(COMPILED_SPEC.read_bytes()))
    if shipped["version"] != document["info"]["version"]:
        shipped = compile_document(document)
    return shipped


def expand_schema(document: Json, schema: Json) -> Any:
    """Expand a schema of the document: its type, enum, format and bounds."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        target = document["components"]["schemas"][name]
        return name if target["type"] == "object" else expand_schema(document, target)
    if schema["type"] == "array":
        return ["array", expand_schema(document, schema["items"])]
    if schema["type"] == "object":
        members = schema.get("properties") or {"*": schema["additionalProperties"]}
        return {name: expand_schema(document, member) for name, member in members.items()}
    bounds = (schema["minimum"], schema["maximum"]) if "minimum" in schema else ()
    return [schema["type"], schema.get("enum"), schema.get("format") if not bounds else None, *bounds]


FORMATS = {"date-time", "date", "uri", "email", "duration"}


def expand_value_type(compiled: Json, value_type: Any) -> Any:
    """Expand a value type of the compiled spec to the same format."""
    if isinstance(value_type, int):
        return ["string", compiled["enums"][value_type], None]
    if isinstance(value_type, list):
        return ["array", expand_value_type(compiled, value_type[0])]
    if isinstance(value_type, dict):
        return {name: expand_value_type(compiled, member) for name, member in value_type.items()}
    return value_type[1:] if value_type.startswith("$") else expand_scalar(value_type)


def expand_scalar(value_type: str) -> Any:
    kind, _, rest = value_type.partition(":")
    if ".." in rest:
        return [kind, None, None, *map(int, rest.split(".."))]
    if rest or kind in FORMATS:
        return ["string", None, rest or kind]
    return [kind, None, None]


def data_of(schema: Json, relation: str) -> Any:
    data = schema["properties"]["relationships"]["properties"][relation]["properties"].get("data")
    if data is None:
        return None
    many = data["type"] == "array"
    (kind,) = (data["items"] if many else data)["properties"]["type"]["enum"]
    return [kind] if many else kind


def members(schema: Json, name: str) -> Json:
    found: Json = schema["properties"].get(name, {}).get("properties", {})
    return found


def test_every_resource_of_the_document_is_compiled_with_every_member(document: Json, shipped: Any) -> None:
    schemas = document["components"]["schemas"]
    resources = {
        name for name, schema in schemas.items() if {"type", "id", "links"} <= schema.get("properties", {}).keys()
    }
    assert resources == shipped["schemas"].keys()
    for name in resources:
        schema, compiled = schemas[name], shipped["schemas"][name]
        assert [compiled["type"]] == schema["properties"]["type"]["enum"]
        expected = {key: expand_schema(document, value) for key, value in members(schema, "attributes").items()}
        assert {
            key: expand_value_type(shipped, value_type) for key, value_type in compiled["attributes"].items()
        } == expected
        assert list(compiled["attributes"]) == list(expected), "the order is Apple's"
        relations = members(schema, "relationships")
        assert list(compiled["relationships"]) == list(relations)
        for relation, target in compiled["relationships"].items():
            assert data_of(schema, relation) == (None if isinstance(target, dict) else target)
        deprecated = {
            key for key, value in {**members(schema, "attributes"), **relations}.items() if value.get("deprecated")
        }
        assert set(compiled.get("deprecated", ())) == deprecated


def test_every_nested_object_is_compiled_with_its_members(document: Json, shipped: Any) -> None:
    for name, members_of in shipped["objects"].items():
        expected = expand_schema(document, {"type": "object", **document["components"]["schemas"][name]})
        assert {key: expand_value_type(shipped, value_type) for key, value_type in members_of.items()} == expected


def test_a_relationship_has_links_if_the_document_has_their_paths(document: Json, shipped: Any) -> None:
    spec = ApiSpec(shipped)
    for name in shipped["schemas"]:
        schema = document["components"]["schemas"][name]
        for relationship in spec.schema(name).relationships.values():
            shown = members(schema, "relationships").get(relationship.name)
            if shown:
                assert ("links" in shown["properties"]) == (relationship.has_self or relationship.has_related)


def every_operation(document: Json) -> Iterator[tuple[str, str, Json]]:
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield path, method, item[method]


def test_every_operation_is_compiled_with_every_parameter(document: Json, shipped: Any) -> None:
    families = {"filter": "filter", "exists": "exists", "fields": "fields", "limit": "limits"}
    found = 0
    for path, method, operation in every_operation(document):
        compiled = shipped["operations"][path][method]
        found += 1
        assert operation["operationId"].endswith(f"_{compiled['action']}")
        assert [str(status) for status in compiled["success"]] == [
            one for one in sorted(operation["responses"]) if one < "3"
        ]
        assert compiled.get("deprecated", False) == operation.get("deprecated", False)
        body = operation.get("requestBody")
        expected = body["content"]["application/json"]["schema"]["$ref"].rsplit("/", 1)[1] if body else None
        assert compiled.get("body") == expected
        parameters = operation.get("parameters", [])
        count = sum(len(compiled.get(family, {})) for family in families.values())
        count += sum(name in compiled for name in ("sort", "include", "limit", "period", "groupBy", "granularity"))
        assert count == len(parameters)
        assert set(compiled.get("required", ())) == {one["name"] for one in parameters if one.get("required")}
        assert set(compiled.get("deprecatedParameters", ())) == {
            one["name"] for one in parameters if one.get("deprecated")
        }
        for one in parameters:
            family, _, member = one["name"].rstrip("]").partition("[")
            value_type = compiled[families[family]][member] if member else compiled[family]
            schema = one["schema"]
            if family == "limit":
                assert value_type == schema["maximum"]
            elif value_type is True:
                (name,) = (name for name, known in shipped["schemas"].items() if known["type"] == member)
                known = shipped["schemas"][name]
                assert set(schema["items"]["enum"]) == {*known["attributes"], *known["relationships"]}
            else:
                item = schema["items"] if schema["type"] == "array" else schema
                assert expand_value_type(shipped, value_type) == expand_schema(document, item)
    assert found == sum(map(len, shipped["operations"].values()))


def test_every_response_is_compiled_with_its_media_types_and_contents(document: Json, shipped: Any) -> None:
    schemas = document["components"]["schemas"]
    for path, method, operation in every_operation(document):
        compiled = shipped["operations"][path][method]
        content = {
            media_type: value["schema"]
            for status, response in operation["responses"].items()
            if status < "3"
            for media_type, value in response.get("content", {}).items()
        }
        assert compiled.get("media", ["application/json"] if content else []) == list(content)
        if "application/json" not in content:
            assert "schema" not in compiled
            continue
        data = schemas[content["application/json"]["$ref"].rsplit("/", 1)[1]]["properties"]["data"]
        assert compiled.get("many", False) == (data.get("type") == "array")
        item = data["items"] if data.get("type") == "array" else data
        if "$ref" in item:
            assert compiled["schema"] == item["$ref"].rsplit("/", 1)[1]
        elif "id" in item["properties"]:
            assert [compiled["linkage"]] == item["properties"]["type"]["enum"]
        else:
            values = item["properties"]["dataPoints"]["items"]["properties"]["values"]["properties"]
            dimensions = item["properties"].get("dimensions", {}).get("properties", {})
            assert compiled["metrics"]["values"] == list(values)
            assert compiled["metrics"]["dimensions"].keys() == dimensions.keys()


def test_every_request_body_is_compiled_with_its_required_members(document: Json, shipped: Any) -> None:
    schemas = document["components"]["schemas"]
    sent = {
        compiled["body"] for item in shipped["operations"].values() for compiled in item.values() if "body" in compiled
    }
    inline = {name for name in schemas if name.endswith("InlineCreate")}
    assert sent | inline == shipped["bodies"].keys()
    for name, compiled in shipped["bodies"].items():
        schema = schemas[name]
        if "linkage" in compiled:
            data = schema["properties"]["data"]
            many = data["type"] == "array"
            (kind,) = (data["items"] if many else data)["properties"]["type"]["enum"]
            assert compiled["linkage"] == ([kind] if many else kind)
            continue
        data = schema if name.endswith("InlineCreate") else schema["properties"]["data"]
        attributes = members(data, "attributes")
        assert {key: expand_value_type(shipped, value_type) for key, value_type in compiled["attributes"].items()} == {
            key: expand_schema(document, value) for key, value in attributes.items()
        }
        assert set(compiled["nullable"]) == {key for key, value in attributes.items() if value.get("nullable")}
        assert {key: data_of(data, key) for key in members(data, "relationships")} == compiled["relationships"]
        required = {key for key in compiled["required"] if "." not in key}
        assert required == set(data["required"])
        for part in ("attributes", "relationships"):
            wanted = {
                key.split(".")[1] for key in compiled["required"] if key.startswith(f"{part}.") and key.count(".") == 1
            }
            assert wanted == set(data["properties"].get(part, {}).get("required", ()))
        included = schema["properties"].get("included", {}).get("items", {})
        assert compiled.get("inline", []) == [
            item["$ref"].rsplit("/", 1)[1] for item in included.get("oneOf", [included]) if item
        ]


def test_the_shipped_spec_is_compiled_from_the_document(document: Json, tmp_path: Path) -> None:
    import gzip  # noqa: PLC0415

    shipped = json.loads(gzip.decompress(COMPILED_SPEC.read_bytes()))
    if shipped["version"] != document["info"]["version"]:
        pytest.skip(f"the shipped spec is of version {shipped['version']}")
    assert compile_document(document) == shipped


def test_a_newer_document_of_the_same_patterns_compiles(document: Json) -> None:
    newer = copy.deepcopy(document)
    schemas = newer["components"]["schemas"]
    schemas["Library"] = resource("libraries", {"name": {"type": "string"}}, {})
    schemas["LibraryResponse"] = {"properties": {"data": ref("Library"), "links": {}}}
    relationships = schemas["App"]["properties"]["relationships"]["properties"]
    relationships["library"] = {"type": "object", "properties": {"links": ref("RelationshipLinks")}}
    newer["paths"]["/v1/apps/{id}/library"] = {
        "get": {"operationId": "apps_library_getToOneRelated", "responses": answers("LibraryResponse")}
    }
    spec = ApiSpec(compile_document(newer))
    library = spec.schema("App").relationships["library"]
    assert (library.target, library.many, library.has_self, library.has_related) == ("libraries", False, False, True)
