"""Every GET of the whole API, answered from an account that has something of everything."""

from __future__ import annotations

import json
from typing import Any

import pytest
from emulator.harness import Bench, openapi

from pytest_asc.emulator.catalogue import Operation, catalogue
from pytest_asc.emulator.reads import EMULATED
from pytest_asc.emulator.relations import relation

Json = dict[str, Any]


def reads() -> list[Operation]:
    found = [catalogue().operation("GET", path) for path in catalogue().paths]
    return [one for one in found if one and one.kind in EMULATED and (one.schema or one.linkage)]


@pytest.fixture(scope="module")
def everything() -> Bench:
    """Two resources of every type, the first of each linked to the first of every other that it can lead to."""
    bench = Bench()
    bench.emulator.rate_limit = 10**6
    for kind in catalogue().types:
        bench.emulator.add(kind, id=f"{kind}-1")
        bench.emulator.add(kind, id=f"{kind}-2")
    store = bench.emulator._account.store
    for kind in catalogue().types:
        for schema in catalogue().schemas_of(kind):
            for name in schema.relationships:
                over = relation(kind, name)
                if over:
                    one, other = store.get(kind, f"{kind}-1"), store.get(over.target, f"{over.target}-1")
                    assert one is not None
                    assert other is not None
                    store.link(one, over, other)
    return bench


def ask(bench: Bench, operation: Operation, *, with_all: bool) -> Any:
    parameters = []
    for name in sorted(operation.required):
        allowed = catalogue().enum(operation.filters[name.removeprefix("filter[").removesuffix("]")])
        parameters.append(f"{name}={allowed[0] if allowed else 'x'}")
    if with_all and operation.include:
        parameters.append("include=" + ",".join(sorted(operation.include)))
    path = operation.path.replace("{id}", f"{operation.root}-1")
    return bench.get(f"{path}?{'&'.join(parameters)}" if parameters else path)


@pytest.mark.parametrize("with_all", [False, True], ids=["plain", "with everything included"])
def test_every_read_is_answered_as_apples_document_says(everything: Bench, with_all: bool) -> None:
    document = openapi()
    answered = 0
    for operation in reads():
        answer = ask(everything, operation, with_all=with_all)
        if operation.required and answer.status == 501:
            continue
        assert answer.status == 200, (operation.path, answer.body)
        answered += 1
        answers = document["paths"][operation.path]["get"]["responses"]["200"]["content"]["application/json"]
        problems = list(misfits(document, answers["schema"], answer.json, operation.path))
        assert problems == []
    assert answered > 600


def test_linked_resources_are_found_from_both_sides(everything: Bench) -> None:
    for operation in reads():
        if operation.kind == "getToManyRelationship":
            answer = ask(everything, operation, with_all=False)
            assert f"{operation.linkage}-1" in answer.ids, operation.path


def test_the_two_schemas_of_a_type_show_one_resource(everything: Bench) -> None:
    old = everything.get("/v1/inAppPurchases/inAppPurchases-1").json["data"]
    new = everything.get("/v2/inAppPurchases/inAppPurchases-1").json["data"]
    assert old["attributes"]["productId"] == new["attributes"]["productId"]
    assert "referenceName" in old["attributes"]
    assert "referenceName" not in new["attributes"]
    assert new["links"]["self"].endswith("/v2/inAppPurchases/inAppPurchases-1")
    included = everything.get("/v1/apps/apps-1?include=inAppPurchases").json["included"]
    assert "referenceName" in included[0]["attributes"]
    related = everything.get("/v1/apps/apps-1/inAppPurchasesV2").json["data"]
    assert related[0]["attributes"] == new["attributes"]


# What recordings hold beside Apple's document, by the type of the resource; None for its attributes.
OBSERVED = {"bundleIdCapabilities": {"relationships"}, None: {"csrContent"}}


def misfits(document: Json, schema: Json, value: Any, place: str) -> Any:
    """Where a value is not what a schema of the document says; null stands for anything that is not required."""
    schema = resolve(document, schema, value)
    if value is None or schema is None:
        return
    kind = schema.get("type", "object")
    if not isinstance(value, TYPES[kind]):
        yield f"{place}: {value!r} is no {kind}"
    elif "enum" in schema and value not in schema["enum"]:
        yield f"{place}: {value!r} is not one of {schema['enum']}"
    elif kind == "array":
        for number, item in enumerate(value):
            yield from misfits(document, schema["items"], item, f"{place}[{number}]")
    elif kind == "object":
        members = schema.get("properties", {})
        if "additionalProperties" not in schema:
            observed = OBSERVED.get(value.get("type"), set()) | {name for name in value if value[name] == {}}
            yield from (f"{place}: {name} is too much" for name in value.keys() - members.keys() - observed)
        yield from (f"{place}: {name} is missing" for name in schema.get("required", ()) if value.get(name) is None)
        for name in value.keys() & members.keys():
            yield from misfits(document, members[name], value[name], f"{place}.{name}")


def resolve(document: Json, schema: Json, value: Any) -> Any:
    if "oneOf" in schema:
        name = schema["discriminator"]["mapping"].get(value["type"]) if isinstance(value, dict) else None
        return resolve(document, {"$ref": name}, value) if name else {"type": "null"}
    if "$ref" in schema:
        return document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    return schema


TYPES: dict[str, Any] = {
    "string": str,
    "boolean": bool,
    "integer": int,
    "number": (int, float),
    "array": list,
    "object": dict,
    "null": type(None),
}


def test_the_check_finds_what_does_not_fit() -> None:
    document = openapi()
    app = {"$ref": "#/components/schemas/App"}
    bad = {"type": "app", "attributes": {"name": 1, "nme": "x"}, "links": {"self": "x"}}
    assert sorted(misfits(document, app, bad, "app")) == [
        "app.attributes.name: 1 is no string",
        "app.attributes: nme is too much",
        "app.type: 'app' is not one of ['apps']",
        "app: id is missing",
    ]


def test_every_attribute_and_relationship_is_shown(everything: Bench) -> None:
    for operation in reads():
        if operation.kind == "getInstance" and operation.schema:
            data = ask(everything, operation, with_all=False).json["data"]
            assert list(data.get("attributes", {})) == list(operation.schema.attributes)
            assert list(data.get("relationships", {})) == list(operation.schema.relationships)
            assert data["links"]["self"].endswith(f"{operation.schema.path}/{data['id']}")


def test_every_relationship_has_links_even_where_it_has_no_path(everything: Bench) -> None:
    app = everything.get("/v1/apps/apps-1").json["data"]
    assert all("links" in one for one in app["relationships"].values())
    assert app["relationships"]["appStoreIcon"] == {"links": {}}


def test_provisioning_relationships_are_never_paged(everything: Bench) -> None:
    document = everything.get("/v1/bundleIds/bundleIds-1").json
    assert document["data"]["relationships"]["profiles"]["meta"] == {"paging": {"total": 0, "limit": 2147483647}}
    document = everything.get("/v1/bundleIds/bundleIds-1?include=profiles").json
    profiles = document["data"]["relationships"]["profiles"]
    assert profiles["meta"] == {"paging": {"total": 0, "limit": 2147483647}}
    assert profiles["data"] == [{"type": "profiles", "id": "profiles-1"}]


def test_documents_are_compact_json_in_utf_8(bench: Bench) -> None:
    app = bench.emulator.add("apps", name='Straße "1"\u2028')
    answer = bench.get(f"/v1/apps/{app['id']}?fields[apps]=name")
    assert 'Straße \\"1\\"'.encode() in answer.body
    assert json.loads(answer.body)["data"]["attributes"]["name"] == 'Straße "1"\u2028'
    assert b", " not in answer.body


def test_ids_are_quoted_in_links(bench: Bench) -> None:
    bench.emulator.add("apps", id='a/b "ü')
    answer = bench.get("/v1/apps/a%2Fb%20%22%C3%BC")
    assert answer.json["data"]["id"] == 'a/b "ü'
    link = answer.json["data"]["links"]["self"]
    assert link.endswith("/v1/apps/a%2Fb%20%22%C3%BC")
    assert bench.get(link).json["data"] == answer.json["data"]
