"""Description of Apple's API: resource schemas, relationships and operations.

The data is in ``api_spec.json.gz``, which :mod:`pytest_asc.emulator.spec.compiler` compiles from Apple's OpenAPI
document. The file is read once per process, on first use. A document of the user's can replace it (:func:`use_spec`).
"""

from __future__ import annotations

import gc
import gzip
import json
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Protocol, TypeVar

from pytest_asc.emulator.http_models import JSON
from pytest_asc.emulator.spec.compiled_format import COMPILED_SPEC

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytest_asc.emulator.spec.compiled_format import (
        CompiledOperation,
        CompiledSpec,
        LinkageType,
        Metrics,
        RelationshipWithoutData,
        RequestBody,
        ValueType,
    )


class _HasCache(Protocol):
    def cache_clear(self) -> None: ...


_Cached = TypeVar("_Cached", bound=_HasCache)

# Members that recorded responses have, that Apple's document lacks, and that strict clients require.
_OBSERVED_ATTRIBUTES: Mapping[str, Mapping[str, ValueType]] = {"Certificate": {"csrContent": "string"}}
_OBSERVED_RELATIONSHIPS: Mapping[str, Mapping[str, LinkageType]] = {"BundleIdCapability": {"bundleId": "bundleIds"}}

# Parameters in Apple's document that the service rejects, by path: ``limit`` altogether, or single values of a
# parameter (observed: rorkai/App-Store-Connect-CLI:docs/API_NOTES.md, September 2026; ``limit``: bitrise-io/go-xcode).
_REFUSED_PARAMETERS: Mapping[str, Mapping[str, frozenset[str]]] = {
    "/v1/bundleIds/{id}/bundleIdCapabilities": {"limit": frozenset()},
    "/v1/passTypeIds/{id}/certificates": {
        "include": frozenset({"passTypeId"}),
        "fields": frozenset({"passTypeIds"}),
    },
}

ENUM_PARAMETERS = ("period", "granularity", "groupBy")
"""Query parameters of metrics operations whose values are those of an enum."""


@dataclass(frozen=True, eq=False)
class Relationship:
    """A relationship in the schema of a resource."""

    name: str
    target: str | None
    """Type of the related resources; None if the related URL returns something other than resources."""
    many: bool
    has_self: bool
    """True if ``/{id}/relationships/{name}`` exists."""
    has_related: bool
    """True if ``/{id}/{name}`` exists."""


@dataclass(frozen=True, eq=False)
class Schema:
    """A schema of a resource. Most types have one; 16 types have two, for different path versions."""

    name: str
    type: str
    version: str
    attributes: Mapping[str, ValueType]
    relationships: Mapping[str, Relationship]
    hidden: frozenset[str]
    """Names of attributes and relationships that the document lacks and no response shows (see :mod:`.completion`)."""

    @property
    def path(self) -> str:
        """Path of the collection, such as ``/v1/apps``."""
        return f"/{self.version}/{self.type}"


@dataclass(frozen=True, eq=False)
class Operation:
    """An operation: a method on a path, with its query parameters."""

    method: str
    path: str
    """Path with ``{id}`` for the id."""
    action: str
    """Last part of Apple's operation id, such as ``getCollection`` or ``getToManyRelated``."""
    many: bool
    schema: Schema | None
    """Schema of the primary data; None for linkage, metrics, reports and responses without a body."""
    linkage: str | None
    """Type of the resource identifiers in the response; None if the response has no linkage."""
    media_types: tuple[str, ...]
    """Media types of the response; JSON comes first if it is one of them."""
    metrics: Metrics | None
    status: int
    """Status of a successful response."""
    body: str | None
    """Name of the schema of the request body, a key of :attr:`ApiSpec.bodies`; None if there is no body."""
    filters: Mapping[str, ValueType]
    exists: Mapping[str, ValueType]
    fields: Mapping[str, frozenset[str]]
    """Members that the sparse fieldset of a type may name, by type."""
    sort: frozenset[str]
    takes_include: bool
    """True if Apple's document has the parameter ``include``, even if the service rejects all of its values."""
    include: frozenset[str]
    enum_parameters: Mapping[str, frozenset[str]]
    """Allowed values of the parameters in :data:`ENUM_PARAMETERS` that the operation has."""
    limit: int | None
    """Maximum of ``limit``; None if the operation does not have this parameter."""
    limits: Mapping[str, int]
    """Maximum of ``limit[relationship]``, by relationship."""
    required: frozenset[str]
    """Names of required query parameters."""
    included: Mapping[str, str]
    """Name of the schema of included resources, by type, for the types that have two schemas."""
    deprecated: bool

    @property
    def root(self) -> str:
        """Type at the start of the path: ``apps`` for ``/v1/apps/{id}/builds``."""
        return self.path.split("/", 3)[2]

    @property
    def relationship(self) -> str:
        """Last segment of the path: the name of the relationship if the operation is about one."""
        return self.path.rsplit("/", 1)[1]


class ApiSpec:
    """The whole API spec. Schemas and operations are built on first use.

    Args:
        compiled: A compiled document, from :func:`pytest_asc.emulator.spec.compiler.compile_document`.
    """

    def __init__(self, compiled: CompiledSpec) -> None:
        self.version: str = compiled["version"]
        self.bodies: Mapping[str, RequestBody] = compiled["bodies"]
        self._enums = compiled["enums"]
        self._objects = compiled["objects"]
        self._compiled_schemas = compiled["schemas"]
        self._compiled_operations = compiled["operations"]
        self._names_by_type: dict[str, list[str]] = {}
        for name, schema in self._compiled_schemas.items():
            self._names_by_type.setdefault(schema["type"], []).append(name)
        self._roots = {"/".join(path.split("/", 3)[:3]) for path in self._compiled_operations}
        shown = [schema for schema in self._compiled_schemas.values() if not schema.get("absent")]
        self._roots |= {f"/{schema['version']}/{schema['type']}" for schema in shown}
        self._schemas: dict[str, Schema] = {}
        self._operations: dict[tuple[str, str], Operation] = {}

    @property
    def types(self) -> tuple[str, ...]:
        """All resource types."""
        return tuple(self._names_by_type)

    @property
    def paths(self) -> tuple[str, ...]:
        """All paths, with ``{id}`` for the id."""
        return tuple(self._compiled_operations)

    @property
    def metrics(self) -> Mapping[str, Metrics]:
        """Values and dimensions of the metrics operations, by path."""
        gets = {path: item["get"] for path, item in self._compiled_operations.items() if "get" in item}
        return {path: compiled["metrics"] for path, compiled in gets.items() if "metrics" in compiled}

    def is_root(self, path: str) -> bool:
        """Return whether a path such as ``/v1/apps`` or a path below it has operations or is used in links."""
        return path in self._roots

    def has_links(self, root: str, relationship: str) -> bool:
        """Return whether resources of a path such as ``/v1/apps`` have links for a relationship."""
        found = (
            schema.relationships.get(relationship)
            for schema in self.schemas_of(root.rpartition("/")[2])
            if schema.path == root
        )
        return any(one is not None and (one.has_self or one.has_related) for one in found)

    def methods(self, path: str) -> tuple[str, ...]:
        """Return the methods of a path, in capitals; none if the path does not exist."""
        return tuple(method.upper() for method in self._compiled_operations.get(path, ()))

    def schema(self, name: str) -> Schema:
        """Return the schema with a name such as ``AppStoreVersion``.

        Raises:
            KeyError: The schema does not exist.
        """
        if name not in self._schemas:
            self._schemas[name] = self._build_schema(name)
        return self._schemas[name]

    def schemas_of(self, resource_type: str) -> tuple[Schema, ...]:
        """Return the schemas of a type, that of the newest path version last; none if the type does not exist."""
        schemas = map(self.schema, self._names_by_type.get(resource_type, ()))
        return tuple(sorted(schemas, key=lambda schema: schema.version))

    def operation(self, method: str, path: str) -> Operation | None:
        """Return the operation of a method, in capitals, and a path with ``{id}``; None if there is none."""
        key = (method, path)
        if key not in self._operations:
            compiled = self._compiled_operations.get(path, {}).get(method.lower())
            if compiled is None or method != method.upper():
                return None
            self._operations[key] = self._build_operation(method, path, compiled)
        return self._operations[key]

    def enum(self, value_type: ValueType | None) -> tuple[str, ...] | None:
        """Return the values of an enum; None for any other value type."""
        return tuple(self._enums[value_type]) if isinstance(value_type, int) else None

    def items(self, value_type: ValueType) -> ValueType:
        """Return the value type of an array's items.

        Raises:
            TypeError: The value type is not an array.
        """
        if not isinstance(value_type, list):
            raise TypeError(f"got the value type {value_type!r}, expected an array")
        (item_type,) = value_type
        return item_type

    def members(self, value_type: ValueType) -> Mapping[str, ValueType]:
        """Return the value types of the members of an object, by name; ``*`` stands for any name.

        Raises:
            KeyError: The value type is not an object.
        """
        if isinstance(value_type, dict):
            return value_type
        return self._objects[str(value_type)[1:]]

    def required_attributes(self, schema: Schema) -> frozenset[str]:
        """Return the required attributes of a create request; none if the API cannot create such resources."""
        create = self.operation("POST", schema.path)
        required = self.bodies[create.body]["required"] if create and create.body else ()
        return frozenset(name.partition(".")[2] for name in required if name.startswith("attributes."))

    def _build_schema(self, name: str) -> Schema:
        compiled = self._compiled_schemas[name]
        instance = f"/{compiled['version']}/{compiled['type']}/{{id}}"
        observed = _OBSERVED_RELATIONSHIPS.get(name, {})
        relationships = {**compiled["relationships"], **observed}
        return Schema(
            name,
            compiled["type"],
            compiled["version"],
            {**compiled["attributes"], **_OBSERVED_ATTRIBUTES.get(name, {})},
            {
                key: self._build_relationship(instance, key, value, has_links=key in observed)
                for key, value in relationships.items()
            },
            frozenset(compiled.get("hidden", ())),
        )

    def _build_relationship(
        self, instance: str, name: str, compiled: LinkageType | RelationshipWithoutData, *, has_links: bool
    ) -> Relationship:
        """Build a relationship. With ``has_links`` it has links even if Apple's document lacks their paths."""
        target = compiled["links"] if isinstance(compiled, dict) else compiled
        return Relationship(
            name=name,
            target=target[0] if isinstance(target, list) else target,
            many=isinstance(target, list),
            has_self=has_links or f"{instance}/relationships/{name}" in self._compiled_operations,
            has_related=has_links or f"{instance}/{name}" in self._compiled_operations,
        )

    def _build_operation(self, method: str, path: str, compiled: CompiledOperation) -> Operation:
        refused = _REFUSED_PARAMETERS.get(path, {})
        return Operation(
            method=method,
            path=path,
            action=compiled["action"],
            many=compiled.get("many", False),
            schema=self.schema(compiled["schema"]) if "schema" in compiled else None,
            linkage=compiled.get("linkage"),
            media_types=tuple(compiled.get("media", (JSON,))),
            metrics=compiled.get("metrics"),
            # Three deletions can also be accepted for later (202); the emulator does everything at once.
            status=max(compiled["success"]),
            body=compiled.get("body"),
            filters=compiled.get("filter", {}),
            exists=compiled.get("exists", {}),
            fields={
                key: self._fields(key, value)
                for key, value in compiled.get("fields", {}).items()
                if key not in refused.get("fields", ())
            },
            sort=self._enum_values(compiled.get("sort")),
            takes_include="include" in compiled,
            include=self._enum_values(compiled.get("include")) - refused.get("include", frozenset()),
            enum_parameters={
                name: self._enum_values(value) for name, value in compiled.items() if name in ENUM_PARAMETERS
            },
            limit=None if "limit" in refused else compiled.get("limit"),
            limits=compiled.get("limits", {}),
            required=frozenset(compiled.get("required", ())),
            included=compiled.get("included", {}),
            deprecated=compiled.get("deprecated", False),
        )

    def _fields(self, resource_type: str, value_type: ValueType) -> frozenset[str]:
        if value_type is not True:
            return self._enum_values(value_type)
        (name,) = self._names_by_type[resource_type]
        compiled = self._compiled_schemas[name]
        return frozenset((*compiled["attributes"], *compiled["relationships"])) - {*compiled.get("hidden", ())}

    def _enum_values(self, value_type: object) -> frozenset[str]:
        return frozenset(self._enums[value_type] if isinstance(value_type, int) else ())


_CACHES: list[Callable[[], None]] = []
_user_spec: CompiledSpec | None = None


def depends_on_spec(cached: _Cached) -> _Cached:
    """Decorate a cached function so that its cache is cleared when another spec is used."""
    _CACHES.append(cached.cache_clear)
    return cached


@depends_on_spec
@cache
def api_spec() -> ApiSpec:
    """Return the API spec of this process: the user's (:func:`use_spec`), or the one that ships with the package."""
    return ApiSpec(_user_spec or shipped_spec())


def is_shipped_spec() -> bool:
    """Return whether this process uses the API spec that ships with the package."""
    return _user_spec is None


def shipped_spec() -> CompiledSpec:
    """Read the compiled document that ships with the package."""
    collects = gc.isenabled()
    gc.disable()  # garbage collections while these many objects are created would take most of the time
    try:
        compiled: CompiledSpec = json.loads(gzip.decompress(COMPILED_SPEC.read_bytes()))
    finally:
        if collects:
            gc.enable()
    return compiled


def use_spec(compiled: CompiledSpec | None) -> CompiledSpec | None:
    """Use a compiled document in this process from now on, instead of the shipped one.

    Emulators that already have resources must not be used any more.

    Args:
        compiled: The compiled document; None for the shipped one.

    Returns:
        The argument for a later call that restores the previous spec.
    """
    global _user_spec
    before, _user_spec = _user_spec, compiled
    for clear in _CACHES:
        clear()
    return before
