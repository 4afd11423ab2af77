"""Compiler of Apple's OpenAPI document into the API spec that the emulator reads.

    python -m pytest_asc.emulator.spec.compiler openapi.json

The compiled spec holds facts only: names, types, allowed values, limits. It holds no prose. Its format is in
:mod:`pytest_asc.emulator.spec.compiled_format`. A pattern that this module does not know stops it: a newer document
either compiles whole or says where it is new.
"""

from __future__ import annotations

import argparse
import gzip
import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from pytest_asc.emulator.http_models import JSON
from pytest_asc.emulator.spec.compiled_format import COMPILED_SPEC

if TYPE_CHECKING:
    from pytest_asc.emulator.spec.compiled_format import (
        CompiledOperation,
        CompiledSchema,
        CompiledSpec,
        LinkageType,
        Metrics,
        RelationshipWithoutData,
        RequestBody,
        ValueType,
    )

METHODS = ("get", "post", "patch", "delete")

JsonObject: TypeAlias = dict[str, Any]
"""A part of the OpenAPI document."""

_BODIES = ("CreateRequest", "UpdateRequest", "InlineCreate")
_LINKAGE_BODIES = ("LinkageRequest", "LinkagesRequest")
_PARAMETER_FAMILIES = {"filter": "filter", "exists": "exists", "fields": "fields", "limit": "limits"}
_SINGLE_PARAMETERS = frozenset({"sort", "include", "limit", "period", "groupBy", "granularity"})


class UnknownPatternError(Exception):
    """The document holds a pattern that this compiler does not know."""


def compile_document(document: JsonObject) -> CompiledSpec:
    """Compile a whole document.

    Args:
        document: The parsed OpenAPI document.

    Raises:
        UnknownPatternError: It holds a pattern that this module does not know.
    """
    return _Compiler(document).run()


def write(compiled: CompiledSpec, path: Path = COMPILED_SPEC) -> int:
    """Write a compiled spec, with the same bytes for the same facts.

    Returns:
        The file's size in bytes.
    """
    text = json.dumps(compiled, separators=(",", ":"), sort_keys=False, ensure_ascii=False)
    path.write_bytes(gzip.compress(text.encode(), compresslevel=9, mtime=0))
    return path.stat().st_size


class _Compiler:
    def __init__(self, document: JsonObject) -> None:
        self.document = document
        self.schemas: JsonObject = document["components"]["schemas"]
        self.paths: JsonObject = document["paths"]
        self.enums: dict[tuple[str, ...], int] = {}
        self.objects: dict[str, dict[str, ValueType]] = {}
        self.types = {name: _type_of(schema) for name, schema in self.schemas.items() if _is_resource(schema)}
        count = Counter(self.types.values())
        self.ambiguous = {resource_type for resource_type, schemas in count.items() if schemas > 1}

    def run(self) -> CompiledSpec:
        operations = {path: self.path_item(path) for path in sorted(self.paths)}
        schemas = {name: self.resource(name, operations) for name in sorted(self.types)}
        bodies = {name: self.body(name) for name in sorted(self.schemas) if name.endswith(_BODIES + _LINKAGE_BODIES)}
        return {
            "version": self.document["info"]["version"],
            "enums": [list(values) for values in self.enums],
            "objects": dict(sorted(self.objects.items())),
            "schemas": schemas,
            "bodies": bodies,
            "operations": operations,
        }

    # Value types.

    def enum(self, values: list[str]) -> int:
        return self.enums.setdefault(tuple(values), len(self.enums))

    def value_type(self, schema: JsonObject) -> ValueType:
        if "$ref" in schema:
            return self.referenced_type(_name(schema["$ref"]))
        json_type: str = schema["type"]
        if json_type == "array":
            return [self.value_type(schema["items"])]
        if json_type == "object":
            return dict(self.object_members(schema))
        if "enum" in schema:
            return self.enum(schema["enum"])
        if "minimum" in schema or "maximum" in schema:
            return f"{json_type}:{schema['minimum']}..{schema['maximum']}"
        value_format: str = schema.get("format", json_type)
        # "number" as the format of a string would be taken for the type.
        return "string:number" if (json_type, value_format) == ("string", "number") else value_format

    def object_members(self, schema: JsonObject) -> dict[str, ValueType]:
        if "additionalProperties" in schema:
            return {"*": self.value_type(schema["additionalProperties"])}
        return {name: self.value_type(member) for name, member in schema["properties"].items()}

    def referenced_type(self, name: str) -> ValueType:
        schema = self.schemas[name]
        if schema["type"] != "object":
            return self.value_type(schema)
        if name not in self.objects:
            self.objects[name] = {}  # an object may hold others of its kind
            self.objects[name] = self.object_members(schema)
        return f"${name}"

    # Resources.

    def resource(self, name: str, operations: dict[str, dict[str, CompiledOperation]]) -> CompiledSchema:
        properties = self.schemas[name]["properties"]
        attributes = _properties(properties, "attributes")
        relationships = _properties(properties, "relationships")
        version = self.version_of(name, operations)
        instance = f"/{version}/{self.types[name]}/{{id}}"
        compiled: CompiledSchema = {
            "type": self.types[name],
            "version": version,
            "attributes": {key: self.value_type(value) for key, value in attributes.items()},
            "relationships": {
                key: self.relationship(value) or self.relationship_by_path(instance, key)
                for key, value in relationships.items()
            },
        }
        deprecated = _deprecated({**attributes, **relationships})
        if deprecated:
            compiled["deprecated"] = deprecated
        return compiled

    def version_of(self, name: str, operations: dict[str, dict[str, CompiledOperation]]) -> str:
        """Return the path version under which resources of this schema have their own URL.

        It is the version where they are read or written; of resources that are only ever included, the version of the
        first path of their type.
        """
        resource_type = self.types[name]
        versions: list[str] = []
        for path, item in operations.items():
            version, _, rest = path[1:].partition("/")
            own_path = rest in {resource_type, f"{resource_type}/{{id}}"}
            if own_path and any(name == item[method].get("schema") for method in item):
                return version
            if rest.startswith(f"{resource_type}/"):
                versions.append(version)
        return versions[0] if versions else "v1"

    def relationship(self, relationship: JsonObject) -> LinkageType | None:
        data = relationship["properties"].get("data")
        return self.linkage(data) if data else None

    def relationship_by_path(self, instance: str, name: str) -> RelationshipWithoutData:
        """Compile a relationship without data from its own paths."""
        related = self.paths.get(f"{instance}/{name}", {}).get("get")
        if related:
            response = self.response(related)
            target = self.types.get(response.get("schema", ""))
            return {"links": [target] if "many" in response else target}
        methods = self.paths[f"{instance}/relationships/{name}"]
        body = next(methods[method]["requestBody"] for method in METHODS if method in methods)
        return {"links": self.linkage(self.schemas[_body_name(body)]["properties"]["data"])}

    def linkage(self, data: JsonObject) -> LinkageType:
        if data["type"] == "array":
            return [_type_of(data["items"])]
        return _type_of(data)

    # Request bodies.

    def body(self, name: str) -> RequestBody:
        schema = self.schemas[name]
        if name.endswith(_LINKAGE_BODIES):
            return {"linkage": self.linkage(schema["properties"]["data"])}
        data = schema if name.endswith("InlineCreate") else schema["properties"]["data"]
        properties = data["properties"]
        attributes = _properties(properties, "attributes")
        relationships = _properties(properties, "relationships")
        required = [
            *data["required"],
            *(f"attributes.{key}" for key in properties.get("attributes", {}).get("required", ())),
            *(f"relationships.{key}" for key in properties.get("relationships", {}).get("required", ())),
            *(
                f"relationships.{key}.data"
                for key, value in relationships.items()
                if "data" in value.get("required", ())
            ),
        ]
        body: RequestBody = {
            "type": _type_of(data),
            "attributes": {key: self.value_type(value) for key, value in attributes.items()},
            "nullable": [key for key, value in attributes.items() if value.get("nullable")],
            "relationships": {key: self.linkage(value["properties"]["data"]) for key, value in relationships.items()},
            "required": sorted(required),
        }
        deprecated = _deprecated({**attributes, **relationships})
        if deprecated:
            body["deprecated"] = deprecated
        included = schema["properties"].get("included")
        if included:
            body["inline"] = _references(included)
        return body

    # Operations.

    def path_item(self, path: str) -> dict[str, CompiledOperation]:
        item = self.paths[path]
        unknown = set(item) - {*METHODS, "parameters"}
        if unknown:
            raise UnknownPatternError(f"{path} has {sorted(unknown)}, expected {METHODS}")
        return {method: self.operation(item[method]) for method in METHODS if method in item}

    def operation(self, operation: JsonObject) -> CompiledOperation:
        compiled: CompiledOperation = {
            "action": operation["operationId"].rsplit("_", 1)[1],
            "success": _success(operation),
            **self.response(operation),
        }
        if "requestBody" in operation:
            compiled["body"] = _body_name(operation["requestBody"])
        for parameter in operation.get("parameters", ()):
            self.parameter(compiled, parameter)
        if operation.get("deprecated"):
            compiled["deprecated"] = True
        return compiled

    def response(self, operation: JsonObject) -> CompiledOperation:
        """Compile the response to a success: its media types and the contents of its JSON document."""
        content = {
            media_type: value["schema"]
            for status, response in operation["responses"].items()
            if status.startswith("2")
            for media_type, value in response.get("content", {}).items()
        }
        compiled: CompiledOperation = {}
        if JSON in content:
            compiled = self.document_contents(self.schemas[_name(content[JSON]["$ref"])]["properties"])
        if content.keys() - {JSON}:
            compiled["media"] = sorted(content, key=lambda media_type: media_type != JSON)
        return compiled

    def document_contents(self, properties: JsonObject) -> CompiledOperation:
        """Compile a document: the schema of its resources, the type of its linkage, or the data points of metrics."""
        compiled: CompiledOperation = {}
        item = properties["data"]
        if item.get("type") == "array":
            compiled["many"] = True
            item = item["items"]
        if "$ref" in item:
            compiled["schema"] = _name(item["$ref"])
        elif "id" in item["properties"]:
            compiled["linkage"] = _type_of(item)
        else:
            compiled["metrics"] = self.metrics(item["properties"])
        included = {self.types[name]: name for name in _references(properties.get("included"))}
        ambiguous = {resource_type: name for resource_type, name in included.items() if resource_type in self.ambiguous}
        if ambiguous:
            compiled["included"] = ambiguous
        return compiled

    def metrics(self, properties: JsonObject) -> Metrics:
        values = properties["dataPoints"]["items"]["properties"]["values"]
        dimensions = _properties(properties, "dimensions")
        return {
            "values": list(values["properties"]),
            "dimensions": {name: self.dimension(name, dimension) for name, dimension in dimensions.items()},
        }

    def dimension(self, name: str, dimension: JsonObject) -> str | None:
        """Return the type that a dimension's values are ids of; None where it has no link to related resources."""
        if "related" not in dimension["properties"]["links"]["properties"]:
            return None
        for resource_type in (name, f"{name}s"):
            if resource_type in self.types.values():
                return resource_type
        raise UnknownPatternError(f"the dimension {name} is not named after a type of resource")

    def parameter(self, compiled: CompiledOperation, parameter: JsonObject) -> None:
        name = parameter["name"]
        family, _, member = name.rstrip("]").partition("[")
        value = self.parameter_value(parameter["schema"], family, member)
        entry = cast("JsonObject", compiled)  # the family is the key
        if member and family in _PARAMETER_FAMILIES:
            entry.setdefault(_PARAMETER_FAMILIES[family], {})[member] = value
        elif not member and family in _SINGLE_PARAMETERS:
            entry[family] = value
        else:
            raise UnknownPatternError(f"the parameter {name} is of no known family")
        if parameter.get("required"):
            compiled.setdefault("required", []).append(name)
        if parameter.get("deprecated"):
            compiled.setdefault("deprecatedParameters", []).append(name)

    def parameter_value(self, schema: JsonObject, family: str, member: str) -> ValueType:
        """Return the maximum of a limit, True for a fieldset of all members of a type, else the value type."""
        if family == "limit":
            maximum: int = schema["maximum"]
            return maximum
        item = schema["items"] if schema["type"] == "array" else schema
        if family == "fields" and set(item["enum"]) == self.members(member):
            return True
        return self.value_type(item)

    def members(self, resource_type: str) -> set[str]:
        """Every attribute and relationship of the only schema of a type; none where it has two schemas."""
        if resource_type in self.ambiguous:
            return set()
        properties = next(self.schemas[name]["properties"] for name, own in self.types.items() if own == resource_type)
        return {*_properties(properties, "attributes"), *_properties(properties, "relationships")}


def _name(reference: str) -> str:
    return reference.rsplit("/", 1)[1]


def _type_of(schema: JsonObject) -> str:
    (name,) = schema["properties"]["type"]["enum"]
    return str(name)


def _is_resource(schema: JsonObject) -> bool:
    return {"type", "id", "links"} <= set(schema.get("properties", ()))


def _properties(schema: JsonObject, member: str) -> JsonObject:
    properties: JsonObject = schema.get(member, {}).get("properties", {})
    return properties


def _references(included: JsonObject | None) -> list[str]:
    """Names of the schemas that an array of included resources may hold."""
    items = included["items"] if included else {}
    return [_name(item["$ref"]) for item in items.get("oneOf", [items]) if item]


def _body_name(body: JsonObject) -> str:
    return _name(body["content"][JSON]["schema"]["$ref"])


def _success(operation: JsonObject) -> list[int]:
    return sorted(int(status) for status in operation["responses"] if status.startswith("2"))


def _deprecated(members: JsonObject) -> list[str]:
    return [name for name, member in members.items() if member.get("deprecated")]


def main() -> None:
    """Compile the document that the command line names."""
    parser = argparse.ArgumentParser(description="Compile Apple's OpenAPI document into the emulator's API spec.")
    parser.add_argument("document", type=Path, help="Apple's document, as JSON")
    parser.add_argument("--output", type=Path, default=COMPILED_SPEC, help="default: %(default)s")
    arguments = parser.parse_args()
    compiled = compile_document(json.loads(arguments.document.read_text(encoding="utf-8")))
    size = write(compiled, arguments.output)
    operations = sum(map(len, compiled["operations"].values()))
    print(f"{compiled['version']}: {operations} operations, {len(compiled['schemas'])} schemas, {size} bytes")  # noqa: T201  a command


if __name__ == "__main__":
    main()
