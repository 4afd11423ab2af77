"""What Apple's API offers: resources, relationships and operations, from Apple's OpenAPI document.

The facts are in ``api_spec.json.gz``, made by :mod:`pytest_asc.emulator.spec.compiler`, whose docstring describes
the layout. They are read once per process, on first use.
"""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

COMPILED_SPEC = Path(__file__).with_name("api_spec.json.gz")

# What recorded answers hold beside Apple's document, and strict clients insist on.
_OBSERVED: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "BundleIdCapability": {"relationships": {"bundleId": "bundleIds"}},
    "Certificate": {"attributes": {"csrContent": "string"}},
}

ENUM_PARAMETERS = ("period", "granularity", "groupBy")
"""The parameters that metrics alone have."""

ValueType = Any
"""The type of a value, in the notation of the compiler."""


@dataclass(frozen=True, eq=False)
class Relationship:
    """One relationship as a resource shows it."""

    name: str
    target: str | None
    """The type that it leads to; None where that is no resource."""
    many: bool
    has_self: bool
    """Whether ``/{id}/relationships/{name}`` exists."""
    has_related: bool
    """Whether ``/{id}/{name}`` exists."""


@dataclass(frozen=True, eq=False)
class Schema:
    """One view of a resource. Most types have one; 16 have two, of different path versions."""

    name: str
    type: str
    version: str
    attributes: Mapping[str, ValueType]
    relationships: Mapping[str, Relationship]

    @property
    def path(self) -> str:
        """Where its resources live: ``/v1/apps``."""
        return f"/{self.version}/{self.type}"


@dataclass(frozen=True, eq=False)
class Operation:
    """One method on one path, with all that its query may hold."""

    method: str
    path: str
    """With ``{id}`` for the id."""
    kind: str
    """What it does, in the words of Apple's operation ids: ``getCollection``, ``getToManyRelated``, …"""
    many: bool
    schema: Schema | None
    """What its document holds; None for linkages, metrics, reports and answers without a body."""
    linkage: str | None
    """The type that its linkages are of."""
    status: int
    """The status of its success."""
    body: str | None
    """The name of the schema of its request's body."""
    filters: Mapping[str, ValueType]
    exists: Mapping[str, ValueType]
    fields: Mapping[str, frozenset[str]]
    """The fields that may be asked for, by type."""
    sort: frozenset[str]
    include: frozenset[str]
    choices: Mapping[str, frozenset[str]]
    """The values of ``period``, ``granularity`` and ``groupBy``, where they are taken."""
    limit: int | None
    """The most that ``limit`` may be; None where it is not taken."""
    limits: Mapping[str, int]
    """The most that ``limit[relationship]`` may be."""
    required: frozenset[str]
    included: Mapping[str, str]
    """The schema's name for types that have two."""

    @property
    def root(self) -> str:
        """The type that its path starts from: ``apps`` for ``/v1/apps/{id}/builds``."""
        return self.path.split("/", 3)[2]

    @property
    def relationship(self) -> str:
        """The last part of its path: the relationship's name for related resources and linkages."""
        return self.path.rsplit("/", 1)[1]


class ApiSpec:
    """The whole API. What is looked up is built when it is first asked for."""

    def __init__(self, facts: Mapping[str, Any]) -> None:
        self.version: str = facts["version"]
        self._enums: list[list[str]] = facts["enums"]
        self._objects: dict[str, dict[str, ValueType]] = facts["objects"]
        self._raw_schemas: dict[str, dict[str, Any]] = facts["schemas"]
        self._raw_operations: dict[str, dict[str, dict[str, Any]]] = facts["operations"]
        self.bodies: dict[str, dict[str, Any]] = facts["bodies"]
        self._names_by_type: dict[str, list[str]] = {}
        for name, raw in self._raw_schemas.items():
            self._names_by_type.setdefault(raw["type"], []).append(name)
        self._roots = {"/".join(path.split("/", 3)[:3]) for path in self._raw_operations}
        self._schemas: dict[str, Schema] = {}
        self._operations: dict[tuple[str, str], Operation] = {}

    @property
    def types(self) -> tuple[str, ...]:
        """Every type of resource."""
        return tuple(self._names_by_type)

    @property
    def paths(self) -> tuple[str, ...]:
        """Every path, with ``{id}`` for the id."""
        return tuple(self._raw_operations)

    def is_root(self, path: str) -> bool:
        """Whether a path such as ``/v1/apps`` stands at the beginning of others, or for itself."""
        return path in self._roots

    def methods(self, path: str) -> tuple[str, ...]:
        """The methods that a path takes, in capitals; none where the path does not exist."""
        return tuple(method.upper() for method in self._raw_operations.get(path, ()))

    def schema(self, name: str) -> Schema:
        """The schema of this name."""
        if name not in self._schemas:
            self._schemas[name] = self._build_schema(name)
        return self._schemas[name]

    def schemas_of(self, kind: str) -> tuple[Schema, ...]:
        """The schemas of a type, the newest path version last; none where there is no such type."""
        return tuple(sorted(map(self.schema, self._names_by_type.get(kind, ())), key=lambda schema: schema.version))

    def operation(self, method: str, path: str) -> Operation | None:
        """The operation of a method on a path, or None."""
        key = (method, path)
        if key not in self._operations:
            raw = self._raw_operations.get(path, {}).get(method.lower())
            if raw is None or method != method.upper():
                return None
            self._operations[key] = self._build_operation(method, path, raw)
        return self._operations[key]

    def enum(self, code: ValueType) -> tuple[str, ...] | None:
        """The values that a code allows, where it is an enum."""
        return tuple(self._enums[code]) if isinstance(code, int) else None

    def required_attributes(self, schema: Schema) -> frozenset[str]:
        """The attributes that a request to create such a resource must give; none where none can be created."""
        create = self.operation("POST", schema.path)
        required = self.bodies[create.body]["required"] if create and create.body else ()
        return frozenset(name.partition(".")[2] for name in required if name.startswith("attributes."))

    def members(self, code: ValueType) -> Mapping[str, ValueType]:
        """The members of an object's code."""
        return self._objects[code[1:]] if isinstance(code, str) else code

    def _build_schema(self, name: str) -> Schema:
        raw = self._raw_schemas[name]
        observed = _OBSERVED.get(name, {})
        instance = f"/{raw['version']}/{raw['type']}/{{id}}"
        relationships = {}
        for relationship, relation in {**raw["relationships"], **observed.get("relationships", {})}.items():
            target = relation["links"] if isinstance(relation, dict) else relation
            many = isinstance(target, list)
            relationships[relationship] = Relationship(
                name=relationship,
                target=target[0] if many else target,
                many=many,
                has_self=f"{instance}/relationships/{relationship}" in self._raw_operations,
                has_related=f"{instance}/{relationship}" in self._raw_operations,
            )
        attributes = {**raw["attributes"], **observed.get("attributes", {})}
        return Schema(name, raw["type"], raw["version"], attributes, relationships)

    def _build_operation(self, method: str, path: str, raw: Mapping[str, Any]) -> Operation:
        return Operation(
            method=method,
            path=path,
            kind=raw["kind"],
            many=raw.get("many", False),
            schema=self.schema(raw["schema"]) if "schema" in raw else None,
            linkage=raw.get("linkage"),
            # Three deletions may be accepted for later, too; here everything happens at once.
            status=max(raw["success"]),
            body=raw.get("body"),
            filters=raw.get("filter", {}),
            exists=raw.get("exists", {}),
            fields={kind: self._fields(kind, code) for kind, code in raw.get("fields", {}).items()},
            sort=self._values(raw.get("sort")),
            include=self._values(raw.get("include")),
            choices={name: self._values(raw[name]) for name in ENUM_PARAMETERS if name in raw},
            limit=raw.get("limit"),
            limits=raw.get("limits", {}),
            required=frozenset(raw.get("required", ())),
            included=raw.get("included", {}),
        )

    def _fields(self, kind: str, code: ValueType) -> frozenset[str]:
        if code is not True:
            return self._values(code)
        (name,) = self._names_by_type[kind]
        raw = self._raw_schemas[name]
        return frozenset((*raw["attributes"], *raw["relationships"]))

    def _values(self, code: ValueType) -> frozenset[str]:
        return frozenset(() if code is None else self._enums[code])


@cache
def api_spec() -> ApiSpec:
    """The catalogue that ships with the package."""
    return ApiSpec(json.loads(gzip.decompress(COMPILED_SPEC.read_bytes())))
