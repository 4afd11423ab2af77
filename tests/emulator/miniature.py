"""A small OpenAPI document with every pattern of Apple's document."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


def ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def linkage(kind: str) -> Json:
    return {
        "type": "object",
        "properties": {"type": {"type": "string", "enum": [kind]}, "id": {"type": "string"}},
        "required": ["id", "type"],
    }


def resource(kind: str, attributes: Json, relationships: Json) -> Json:
    return {
        "type": "object",
        "properties": {
            "type": {"type": "string", "enum": [kind]},
            "id": {"type": "string"},
            "attributes": {"type": "object", "properties": attributes},
            "relationships": {"type": "object", "properties": relationships},
            "links": ref("ResourceLinks"),
        },
        "required": ["id", "type"],
    }


def answers(name: str, status: str = "200") -> Json:
    return {status: {"content": {"application/json": {"schema": ref(name)}}}}


def parameter(name: str, schema: Json, **rest: Any) -> Json:
    return {"name": name, "in": "query", "schema": schema, **rest}


def names(*values: str) -> Json:
    return {"type": "array", "items": {"type": "string", "enum": list(values)}}


SHELF = resource(
    "shelves",
    {
        "name": {"type": "string"},
        "kind": ref("Kind"),
        "size": ref("Size"),
        "old": {"type": "string", "deprecated": True},
    },
    {
        "books": {"properties": {"links": {}, "meta": {}, "data": {"type": "array", "items": linkage("books")}}},
        "lamp": {"properties": {"data": linkage("books")}},
        "readers": {"properties": {"links": {}}},
    },
)
BOOK = resource(
    "books",
    {
        "pages": {"type": "integer", "format": "int64", "minimum": 1, "maximum": 9},
        "price": {"type": "string", "format": "number"},
        "printed": {"type": "string", "format": "date"},
        "tags": {"type": "array", "items": {"type": "string"}},
        "words": {"type": "object", "additionalProperties": {"type": "integer"}},
    },
    {"shelf": {"properties": {"links": {}, "data": linkage("shelves")}}},
)
CREATE: Json = {
    "type": "object",
    "properties": {
        "data": {
            "type": "object",
            "properties": {
                "type": {"type": "string", "enum": ["shelves"]},
                "attributes": {
                    "type": "object",
                    "properties": {"name": {"type": "string"}, "kind": {**ref("Kind"), "nullable": True}},
                    "required": ["name"],
                },
                "relationships": {
                    "type": "object",
                    "properties": {
                        "books": {
                            "properties": {"data": {"type": "array", "items": linkage("books")}},
                            "required": ["data"],
                        }
                    },
                    "required": ["books"],
                },
            },
            "required": ["type", "attributes"],
        }
    },
    "required": ["data"],
}
MINIATURE: Json = {
    "openapi": "3.0.1",
    "info": {"version": "0.1"},
    "paths": {
        "/v2/shelves": {
            "get": {
                "operationId": "shelves_getCollection",
                "parameters": [
                    parameter("filter[kind]", {"type": "array", "items": ref("Kind")}, required=True),
                    parameter("filter[name]", {"type": "array", "items": {"type": "string"}}, deprecated=True),
                    parameter("exists[books]", {"type": "boolean"}),
                    parameter("fields[shelves]", names("name", "kind", "size", "old", "books", "lamp", "readers")),
                    parameter("fields[books]", names("pages")),
                    parameter("sort", names("name", "-name")),
                    parameter("include", names("books")),
                    parameter("limit", {"type": "integer", "maximum": 200}),
                    parameter("limit[books]", {"type": "integer", "maximum": 50}),
                ],
                "responses": answers("ShelvesResponse"),
            },
            "post": {
                "operationId": "shelves_createInstance",
                "requestBody": {"content": {"application/json": {"schema": ref("ShelfCreateRequest")}}},
                "responses": answers("ShelfResponse", "201"),
            },
        },
        "/v2/shelves/{id}": {
            "parameters": [],
            "get": {"operationId": "shelves_getInstance", "responses": answers("ShelfResponse"), "deprecated": True},
        },
        "/v2/shelves/{id}/books": {
            "get": {"operationId": "shelves_books_getToManyRelated", "responses": answers("BooksResponse")}
        },
        "/v2/shelves/{id}/relationships/books": {
            "get": {"operationId": "shelves_books_getToManyRelationship", "responses": answers("BooksLinkagesResponse")}
        },
        "/v2/shelves/{id}/relationships/readers": {
            "delete": {
                "operationId": "shelves_readers_deleteToManyRelationship",
                "requestBody": {"content": {"application/json": {"schema": ref("ShelfReadersLinkagesRequest")}}},
                "responses": {"204": {}},
            }
        },
        "/v1/bookReports": {
            "get": {
                "operationId": "bookReports_getCollection",
                "responses": {"200": {"content": {"application/a-gzip": {"schema": {}}}}},
            }
        },
    },
    "components": {
        "schemas": {
            "Kind": {"type": "string", "enum": ["OAK", "ASH"]},
            "Size": {"type": "object", "properties": {"width": {"type": "number"}, "inner": ref("Size")}},
            "ResourceLinks": {"type": "object", "properties": {"self": {"type": "string"}}},
            "Shelf": SHELF,
            "Book": BOOK,
            "ShelvesResponse": {"properties": {"data": {"type": "array", "items": ref("Shelf")}, "links": {}}},
            "ShelfResponse": {"properties": {"data": ref("Shelf"), "links": {}}},
            "BooksResponse": {"properties": {"data": {"type": "array", "items": ref("Book")}, "links": {}}},
            "BooksLinkagesResponse": {"properties": {"data": {"type": "array", "items": linkage("books")}}},
            "ShelfReadersLinkagesRequest": {"properties": {"data": {"type": "array", "items": linkage("users")}}},
            "ShelfCreateRequest": CREATE,
        }
    },
}
