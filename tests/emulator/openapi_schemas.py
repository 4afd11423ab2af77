"""Validation of responses against the schemas of Apple's OpenAPI document."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from emulator.harness import copy_of_openapi, openapi
from jsonschema_rs import Draft202012Validator, Registry

from pytest_asc.emulator.http_models import JSON

if TYPE_CHECKING:
    from emulator.harness import Answer

Json = dict[str, Any]

ERROR = "ErrorResponse"

# Members of recorded responses that Apple's document does not have.
_OBSERVED = {("Certificate", "attributes"): "csrContent", ("BundleIdCapability", "relationships"): "bundleId"}

# Recorded times such as 2019-11-29T13:56:50.220+0000 are not a date-time of JSON Schema.
_UNDATED = ("Certificate", "Device", "Profile")


def problems(schema: str, document: Any) -> list[str]:
    """Return the errors of a document that is validated against one of Apple's schemas."""
    return [
        f"{'/'.join(map(str, error.instance_path))}: {error.message}"
        for error in _validator(schema).iter_errors(document)
    ]


def response_schema(method: str, path: str, status: int, media: str = JSON) -> str | None:
    """Return the name of the schema of a response; None if there is no such response."""
    answers = openapi()["paths"][path][method.lower()]["responses"]
    content = answers[str(status)].get("content", {}).get(media)
    return content["schema"]["$ref"].rsplit("/", 1)[1] if content else None


def problems_of_read(path: str, answer: Answer) -> list[str]:
    """Return the errors of the response to a GET request that is validated against Apple's document."""
    schema = response_schema("GET", path, answer.status, answer.headers["Content-Type"])
    assert schema, f"{path} has no such answer"
    return problems(schema, answer.json)


@cache
def _validator(schema: str) -> Draft202012Validator:
    return Draft202012Validator(
        {"$ref": f"urn:apple#/components/schemas/{schema}"}, registry=_registry(), validate_formats=True
    )


@cache
def _registry() -> Registry:
    schemas = copy_of_openapi()["components"]["schemas"]
    for (name, part), member in _OBSERVED.items():
        schemas[name]["properties"].setdefault(part, {"properties": {}})["properties"][member] = {}
    for name in _UNDATED:
        for member in schemas[name]["properties"]["attributes"]["properties"].values():
            member.pop("format", None)
    schemas = {name: _strict(schema) for name, schema in schemas.items()}
    return Registry([("urn:apple", {"components": {"schemas": schemas}})])


def _strict(schema: Json) -> Json:
    """Allow null for members that are not required, as in recordings, and reject unknown members."""
    strict = dict(schema)
    if "items" in schema:
        strict["items"] = _strict(schema["items"])
    if "oneOf" in schema:
        strict["oneOf"] = [_strict(one) for one in schema["oneOf"]]
    if "properties" in schema:
        members = dict(schema["properties"])
        if "data" in members:  # in the emulator every relationship has links, which may be empty
            members.setdefault("links", {"type": "object", "maxProperties": 0})
        required = schema.get("required", ())
        strict["properties"] = {
            name: _strict(member) if name in required else {"anyOf": [{"type": "null"}, _strict(member)]}
            for name, member in members.items()
        }
        strict.setdefault("additionalProperties", False)
    return strict
