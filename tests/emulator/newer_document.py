"""A made-up version 4.7 of Apple's document, with ten changes of kinds that have occurred in releases."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.harness import openapi
from emulator.miniature import answers, linkage, names, parameter, ref, resource

from pytest_asc.emulator.spec.compiler import merge

if TYPE_CHECKING:
    from emulator.miniature import Json

WIDGET = resource(
    "appWidgets",
    {"name": {"type": "string"}, "state": {"type": "string", "enum": ["DRAFT", "LIVE"]}, "size": {"type": "integer"}},
    {"app": {"type": "object", "properties": {"data": {"type": "object", **linkage("apps")}}}},
)


def request(attributes: Json, *required: str, creates: bool) -> Json:
    data: Json = {
        "type": {"type": "string", "enum": ["appWidgets"]},
        "attributes": {"type": "object", "properties": attributes, "required": list(required)},
    }
    if creates:
        app = {"type": "object", "properties": {"data": linkage("apps")}, "required": ["data"]}
        data["relationships"] = {"type": "object", "properties": {"app": app}, "required": ["app"]}
    else:
        data["id"] = {"type": "string"}
    needed = ["type", "attributes", "relationships"] if creates else ["type", "id"]
    return {"type": "object", "properties": {"data": {"type": "object", "properties": data, "required": needed}}}


def sends(name: str) -> Json:
    return {"required": True, "content": {"application/json": {"schema": ref(name)}}}


ADDENDUM: Json = {
    "info": {"version": "4.7"},
    "paths": {
        # 1. A new type, with its operations.
        "/v1/appWidgets": {
            "post": {
                "operationId": "appWidgets_createInstance",
                "requestBody": sends("AppWidgetCreateRequest"),
                "responses": answers("AppWidgetResponse", "201"),
            }
        },
        "/v1/appWidgets/{id}": {
            "get": {"operationId": "appWidgets_getInstance", "responses": answers("AppWidgetResponse")},
            "patch": {
                "operationId": "appWidgets_updateInstance",
                "requestBody": sends("AppWidgetUpdateRequest"),
                "responses": answers("AppWidgetResponse"),
            },
            "delete": {"operationId": "appWidgets_deleteInstance", "responses": {"204": {}}},
        },
        "/v1/apps/{id}/appWidgets": {
            "get": {
                "operationId": "apps_appWidgets_getToManyRelated",
                "parameters": [
                    parameter("filter[state]", names("DRAFT", "LIVE")),
                    parameter("limit", {"type": "integer", "maximum": 200}),
                ],
                "responses": answers("AppWidgetsResponse"),
            }
        },
        "/v1/devices": {
            "get": {
                "parameters": [
                    parameter("filter[model]", {"type": "array", "items": {"type": "string"}}),  # 2. A new filter.
                    parameter("limit", {"maximum": 1000}),  # 3. Another limit.
                ]
            }
        },
        "/v1/bundleIds": {"get": {"deprecated": True}},  # 4. A deprecated operation.
        "/v1/apps/{id}/alternativeDistributionKey": None,  # 5. A removed operation.
    },
    "components": {
        "schemas": {
            "AppWidget": WIDGET,
            "AppWidgetCreateRequest": request({"name": {"type": "string"}}, "name", creates=True),
            "AppWidgetUpdateRequest": request({"name": {"type": "string", "nullable": True}}, creates=False),
            "AppWidgetResponse": {"type": "object", "properties": {"data": ref("AppWidget"), "links": {}}},
            "AppWidgetsResponse": {
                "type": "object",
                "properties": {"data": {"type": "array", "items": ref("AppWidget")}, "links": {}},
            },
            "App": {
                "properties": {
                    "attributes": {"properties": {"accentColor": {"type": "string"}}},  # 6. A new attribute.
                    "relationships": {
                        "properties": {
                            "appWidgets": {
                                "type": "object",
                                "properties": {"data": {"type": "array", "items": linkage("appWidgets")}},
                            }
                        }
                    },
                }
            },
            "AppUpdateRequest": {
                "properties": {
                    "data": {
                        "properties": {
                            "attributes": {"properties": {"accentColor": {"type": "string", "nullable": True}}}
                        }
                    }
                }
            },
            "Device": {
                "properties": {
                    "attributes": {
                        "properties": {
                            "deviceClass": {
                                "enum": ["IPHONE_DUO"],
                                "x-removed": {"enum": ["IPOD"]},
                            },  # 7. Other values.
                            "addedDate": {"deprecated": True},  # 8. A deprecated attribute.
                            "model": None,  # 9. A removed attribute.
                        }
                    }
                }
            },
            "DeviceCreateRequest": {  # 10. A member that has become required.
                "properties": {
                    "data": {
                        "properties": {
                            "attributes": {"properties": {"owner": {"type": "string"}}, "required": ["owner"]}
                        }
                    }
                }
            },
        }
    },
}


def newer_document() -> Json:
    """Return the document; skip the test if Apple's document is not available."""
    return merge(openapi(), ADDENDUM)
