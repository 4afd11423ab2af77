"""Turns Apple's OpenAPI document into the catalogue that the emulator reads.

    python -m pytest_asc.emulator.spec.compiler openapi.json

The catalogue holds facts only: names, types, allowed values, limits. It holds no prose. A pattern that this module does
not know stops it: a newer document either compiles whole or says where it is new.

The layout, with ``code`` for the type of a value::

    version     of the document
    enums       lists of allowed values; an integer as code is the place in this list
    objects     name -> {member: code}
    schemas     name -> {type, version, attributes: {name: code}, relationships: {name: relation}, deprecated: [name]}
    bodies      name -> {type, attributes, nullable, relationships, required, inline, linkage}
    operations  path -> {method -> {kind, schema, many, linkage, body, media, query..., deprecated}}

A code is a type or a format (``"string"``, ``"date-time"``), ``"integer:MIN..MAX"``, the place of an enum, ``"$Name"``
of an object, ``[code]`` for an array, ``{member: code}`` for an object and ``{"*": code}`` for a map. A relation is the
target's type, ``[type]`` where it is to-many, and ``{"links": ...}`` where it never carries data.
"""

from __future__ import annotations

import argparse
import gzip
import json
from collections import Counter
from pathlib import Path
from typing import Any

COMPILED_SPEC = Path(__file__).with_name("api_spec.json.gz")
METHODS = ("get", "post", "patch", "delete")

Json = dict[str, Any]
_BODIES = ("CreateRequest", "UpdateRequest", "InlineCreate")
_LINKAGE_BODIES = ("LinkageRequest", "LinkagesRequest")
_FAMILIES_OF_MEMBERS = {"filter": "filter", "exists": "exists", "fields": "fields", "limit": "limits"}
_SINGLE_PARAMETERS = frozenset({"sort", "include", "limit", "period", "groupBy", "granularity"})


class UnknownPatternError(Exception):
    """The document holds something that the catalogue has no form for."""


def compile_document(document: Json) -> Json:
    """Compile a whole document.

    Args:
        document: The parsed OpenAPI document.

    Raises:
        UnknownPatternError: It holds a pattern that this module does not know.
    """
    return _Compiler(document).run()


def write(catalogue: Json, path: Path = COMPILED_SPEC) -> int:
    """Write the catalogue, with the same bytes for the same facts. Returns the size in bytes."""
    text = json.dumps(catalogue, separators=(",", ":"), sort_keys=False, ensure_ascii=False)
    path.write_bytes(gzip.compress(text.encode(), compresslevel=9, mtime=0))
    return path.stat().st_size


class _Compiler:
    def __init__(self, document: Json) -> None:
        self.document = document
        self.schemas: Json = document["components"]["schemas"]
        self.paths: Json = document["paths"]
        self.enums: dict[tuple[str, ...], int] = {}
        self.objects: Json = {}
        self.types = {name: _type_of(schema) for name, schema in self.schemas.items() if _is_resource(schema)}
        count = Counter(self.types.values())
        self.ambiguous = {kind for kind, schemas in count.items() if schemas > 1}

    def run(self) -> Json:
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

    # Types of values.

    def enum(self, values: list[str]) -> int:
        return self.enums.setdefault(tuple(values), len(self.enums))

    def code(self, schema: Json) -> Any:
        if "$ref" in schema:
            return self.referred(_name(schema["$ref"]))
        kind = schema["type"]
        if kind == "array":
            return [self.code(schema["items"])]
        if kind == "object":
            return self.object_code(schema)
        if "enum" in schema:
            return self.enum(schema["enum"])
        if "minimum" in schema or "maximum" in schema:
            return f"{kind}:{schema['minimum']}..{schema['maximum']}"
        # "number" as the format of a string would be taken for the type.
        return "string:number" if (kind, schema.get("format")) == ("string", "number") else schema.get("format", kind)

    def object_code(self, schema: Json) -> Json:
        if "additionalProperties" in schema:
            return {"*": self.code(schema["additionalProperties"])}
        return {name: self.code(member) for name, member in schema["properties"].items()}

    def referred(self, name: str) -> Any:
        schema = self.schemas[name]
        if schema["type"] != "object":
            return self.code(schema)
        if name not in self.objects:
            self.objects[name] = None
            self.objects[name] = self.object_code(schema)
        return f"${name}"

    # Resources.

    def resource(self, name: str, operations: Json) -> Json:
        properties = self.schemas[name]["properties"]
        attributes = _properties(properties, "attributes")
        relationships = _properties(properties, "relationships")
        version = self.version_of(name, operations)
        return {
            "type": self.types[name],
            "version": version,
            "attributes": {key: self.code(value) for key, value in attributes.items()},
            "relationships": {
                key: self.relation(value) or self.relation_by_path(f"/{version}/{self.types[name]}/{{id}}", key)
                for key, value in relationships.items()
            },
            **_deprecated({**attributes, **relationships}),
        }

    def version_of(self, name: str, operations: Json) -> str:
        """The path version under which resources of this schema have their own address.

        It is where they are read or written; one that is only ever included is named by its type alone.
        """
        kind = self.types[name]
        versions: list[str] = []
        for path, item in operations.items():
            version, _, rest = path[1:].partition("/")
            if rest in {kind, f"{kind}/{{id}}"} and any(name == item[method].get("schema") for method in item):
                return version
            if rest.startswith(f"{kind}/"):
                versions.append(version)
        return versions[0] if versions else "v1"

    def relation(self, relationship: Json) -> Any:
        data = relationship["properties"].get("data")
        return self.linkage(data) if data else None

    def relation_by_path(self, instance: str, name: str) -> Json:
        """What a relationship without data leads to: only its own paths tell."""
        related = self.paths.get(f"{instance}/{name}", {}).get("get")
        if related:
            answer = self.answer(related)
            target = self.types.get(answer.get("schema", ""))
            return {"links": [target] if "many" in answer else target}
        changes = self.paths[f"{instance}/relationships/{name}"]
        body = next(changes[method]["requestBody"] for method in METHODS if method in changes)
        return {"links": self.linkage(self.schemas[_body_name(body)]["properties"]["data"])}

    def linkage(self, data: Json) -> Any:
        if data["type"] == "array":
            return [self.linkage(data["items"])]
        return _type_of(data)

    # Bodies.

    def body(self, name: str) -> Json:
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
        body = {
            "type": _type_of(data),
            "attributes": {key: self.code(value) for key, value in attributes.items()},
            "nullable": [key for key, value in attributes.items() if value.get("nullable")],
            "relationships": {key: self.relation(value) for key, value in relationships.items()},
            "required": sorted(required),
            **_deprecated({**attributes, **relationships}),
        }
        included = schema["properties"].get("included")
        if included:
            body["inline"] = _references(included)
        return body

    # Operations.

    def path_item(self, path: str) -> Json:
        item = self.paths[path]
        unknown = set(item) - {*METHODS, "parameters"}
        if unknown:
            raise UnknownPatternError(f"{path} has {sorted(unknown)}, expected {METHODS}")
        return {method: self.operation(item[method]) for method in METHODS if method in item}

    def operation(self, operation: Json) -> Json:
        entry: Json = {"kind": operation["operationId"].rsplit("_", 1)[1], "success": _success(operation)}
        entry.update(self.answer(operation))
        if "requestBody" in operation:
            entry["body"] = _body_name(operation["requestBody"])
        for parameter in operation.get("parameters", ()):
            self.parameter(entry, parameter)
        if operation.get("deprecated"):
            entry["deprecated"] = True
        return entry

    def answer(self, operation: Json) -> Json:
        """What a success holds: the schema of its resources or the type of its linkages, one or many."""
        content = {
            media: value["schema"]
            for status, response in operation["responses"].items()
            if status.startswith("2")
            for media, value in response.get("content", {}).items()
        }
        answer: Json = {}
        document = content.pop("application/json", None)
        if document:
            answer = self.document_answer(self.schemas[_name(document["$ref"])]["properties"])
        if content:
            answer["media"] = list(content)
        return answer

    def document_answer(self, properties: Json) -> Json:
        answer: Json = {}
        item = properties["data"]
        if item.get("type") == "array":
            answer["many"] = True
            item = item["items"]
        if "$ref" in item:
            answer["schema"] = _name(item["$ref"])
        elif "id" in item["properties"]:
            answer["linkage"] = _type_of(item)
        included = {self.types[name]: name for name in _references(properties.get("included"))}
        ambiguous = {kind: name for kind, name in included.items() if kind in self.ambiguous}
        if ambiguous:
            answer["included"] = ambiguous
        return answer

    def parameter(self, entry: Json, parameter: Json) -> None:
        name = parameter["name"]
        family, _, member = name.rstrip("]").partition("[")
        code = self.parameter_code(parameter["schema"], family, member)
        if member and family in _FAMILIES_OF_MEMBERS:
            entry.setdefault(_FAMILIES_OF_MEMBERS[family], {})[member] = code
        elif not member and family in _SINGLE_PARAMETERS:
            entry[family] = code
        else:
            raise UnknownPatternError(f"the parameter {name} is of no known family")
        if parameter.get("required"):
            entry.setdefault("required", []).append(name)
        if parameter.get("deprecated"):
            entry.setdefault("deprecatedParameters", []).append(name)

    def parameter_code(self, schema: Json, family: str, member: str) -> Any:
        if family == "limit":
            return schema["maximum"]
        item = schema["items"] if schema["type"] == "array" else schema
        if family == "fields" and set(item["enum"]) == self.members(member):
            return True
        return self.code(item)

    def members(self, kind: str) -> set[str]:
        """Every attribute and relationship of the one schema of a type."""
        if kind in self.ambiguous:
            return set()
        properties = next(self.schemas[name]["properties"] for name, own in self.types.items() if own == kind)
        return {*_properties(properties, "attributes"), *_properties(properties, "relationships")}


def _name(reference: str) -> str:
    return reference.rsplit("/", 1)[1]


def _type_of(schema: Json) -> str:
    (name,) = schema["properties"]["type"]["enum"]
    return str(name)


def _is_resource(schema: Json) -> bool:
    return {"type", "id", "links"} <= set(schema.get("properties", ()))


def _properties(schema: Json, member: str) -> Json:
    found: Json = schema.get(member, {}).get("properties", {})
    return found


def _references(included: Json | None) -> list[str]:
    """The names of the schemas that an array of included resources may hold."""
    items = included["items"] if included else {}
    return [_name(item["$ref"]) for item in items.get("oneOf", [items]) if item]


def _body_name(body: Json) -> str:
    return _name(body["content"]["application/json"]["schema"]["$ref"])


def _success(operation: Json) -> list[int]:
    return sorted(int(status) for status in operation["responses"] if status.startswith("2"))


def _deprecated(members: Json) -> Json:
    names = [name for name, member in members.items() if member.get("deprecated")]
    return {"deprecated": names} if names else {}


def main() -> None:
    """Compile the document that the command line names."""
    parser = argparse.ArgumentParser(description="Compile Apple's OpenAPI document into the emulator's catalogue.")
    parser.add_argument("document", type=Path, help="Apple's document, as JSON")
    parser.add_argument("--output", type=Path, default=COMPILED_SPEC, help="default: %(default)s")
    arguments = parser.parse_args()
    catalogue = compile_document(json.loads(arguments.document.read_text(encoding="utf-8")))
    size = write(catalogue, arguments.output)
    operations = sum(map(len, catalogue["operations"].values()))
    print(f"{catalogue['version']}: {operations} operations, {len(catalogue['schemas'])} schemas, {size} bytes")  # noqa: T201  a command


if __name__ == "__main__":
    main()
