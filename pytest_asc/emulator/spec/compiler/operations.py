"""Compiler of operations: their responses, request documents and query parameters."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, cast

from pytest_asc.emulator.http_models import JSON
from pytest_asc.emulator.spec.compiled_format import NOT_UNDERSTOOD
from pytest_asc.emulator.spec.compiler.paths import request_schema, response_schemas, success_statuses
from pytest_asc.emulator.spec.compiler.request_bodies import included_schemas
from pytest_asc.emulator.spec.compiler.resources import stated_type
from pytest_asc.emulator.spec.compiler.value_types import enum_values, json_type

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_asc.emulator.spec.compiled_format import CompiledOperation, Metrics, ValueType
    from pytest_asc.emulator.spec.compiler.part import JsonObject, Part
    from pytest_asc.emulator.spec.compiler.paths import Paths
    from pytest_asc.emulator.spec.compiler.problems import Problems
    from pytest_asc.emulator.spec.compiler.request_bodies import RequestBodies
    from pytest_asc.emulator.spec.compiler.resources import ResourceSchemas
    from pytest_asc.emulator.spec.compiler.value_types import ValueTypes

_PARAMETER_FAMILIES = {"filter": "filter", "exists": "exists", "fields": "fields", "limit": "limits"}
_SINGLE_PARAMETERS = frozenset({"sort", "include", "limit", "period", "groupBy", "granularity"})
_FAMILIES_OF_ANY_VALUE = frozenset({"filter", "exists"})
"""Families of parameters that accept any value if the document has no enum for them."""
_DEFAULT_LIMIT = 200
"""Maximum of limits for which the document has none: the maximum of most operations."""
_DURATIONS = {"granularity": ("P1D", "PT1H", "PT15M"), "period": ("P7D", "P30D", "P90D", "P365D")}
"""Values of parameters for which a document has no enum: all values in Apple's document (4.4.1)."""

# Last part of Apple's operation ids, by method, for paths of collections, of single resources, and of relationships.
_COLLECTION_ACTIONS = {"get": "getCollection", "post": "createInstance"}
_INSTANCE_ACTIONS = {"get": "getInstance", "patch": "updateInstance", "delete": "deleteInstance"}
_LINKAGE_ACTIONS = {
    ("get", True): "getToManyRelationship",
    ("get", False): "getToOneRelationship",
    ("post", True): "createToManyRelationship",
    ("patch", True): "replaceToManyRelationship",
    ("patch", False): "updateToOneRelationship",
    ("delete", True): "deleteToManyRelationship",
}
_RELATED_ACTIONS = {True: "getToManyRelated", False: "getToOneRelated"}
_METRICS = "getMetrics"
_ACTIONS = {
    _METRICS,
    *_COLLECTION_ACTIONS.values(),
    *_INSTANCE_ACTIONS.values(),
    *_LINKAGE_ACTIONS.values(),
    *_RELATED_ACTIONS.values(),
}
_ACTIONS_RETURNING_RESOURCE = {"createInstance", "updateInstance"}
"""Writing actions whose response has the resource."""
_ACTIONS_WITH_BODY = _ACTIONS_RETURNING_RESOURCE | {
    action for (method, _), action in _LINKAGE_ACTIONS.items() if method != "get"
}
"""Actions whose request has a body."""


def not_understood() -> CompiledOperation:
    """Return the compiled form of an operation that is not understood, and so cannot be emulated."""
    return {"action": NOT_UNDERSTOOD, "success": [200]}


class Operations:
    """Compiles operations; the schemas of resources must be known before.

    Args:
        paths: All operations of the document.
        resources: The schemas of resources.
        bodies: The schemas of request documents.
        value_types: Compiler of the values of parameters.
        problems: List to which parts that are not understood are added.
    """

    def __init__(
        self,
        paths: Paths,
        resources: ResourceSchemas,
        bodies: RequestBodies,
        value_types: ValueTypes,
        problems: Problems,
    ) -> None:
        self._paths = paths
        self._resources = resources
        self._bodies = bodies
        self._value_types = value_types
        self._problems = problems

    def compile(self) -> dict[str, dict[str, CompiledOperation]]:
        """Compile every operation. One that is not understood is marked as such."""
        found: dict[str, dict[str, CompiledOperation]] = {}
        for path, item in self._paths.operations.items():
            for method, operation in item.items():
                compiled = self._problems.attempt(partial(self._operation, path=path, method=method), operation)
                found.setdefault(path, {})[method] = compiled or not_understood()
        return found

    def _operation(self, operation: Part, path: str, method: str) -> CompiledOperation:
        compiled: CompiledOperation = {
            "action": "",
            "success": success_statuses(operation, method),
            **self._response(operation),
        }
        schema = request_schema(operation)
        many = compiled.get("many", False)
        if schema is not None:
            operation_id = operation.get("operationId")
            name = str(operation_id.value) if operation_id else f"{method}_{path}"
            compiled["body"] = self._bodies.name_of(schema, path, name)
            data = schema.properties().get("data")
            many = many or (data is not None and json_type(data) == "array")
        action = compiled["action"] = _action(operation, path, method, many=many)
        if action in _ACTIONS_WITH_BODY and schema is None:
            raise operation.error(f"there is no 'requestBody', expected one for {action}")
        if action in _ACTIONS_RETURNING_RESOURCE and "schema" not in compiled:
            raise operation.error(f"its response has no resource, expected one for {action}")
        for parameter in (*self._paths.shared_parameters[path], *operation.items("parameters")):
            self._problems.attempt(partial(self._parameter, compiled), parameter)
        if operation.is_marked("deprecated"):
            compiled["deprecated"] = True
        return compiled

    # Responses.

    def _response(self, operation: Part) -> CompiledOperation:
        """Compile the successful response: its media types and the content of its JSON document."""
        schemas = response_schemas(operation)
        compiled: CompiledOperation = self._document(schemas[JSON]) if JSON in schemas else {}
        if schemas.keys() - {JSON}:
            compiled["media"] = sorted(schemas, key=lambda media_type: media_type != JSON)
        return compiled

    def _document(self, schema: Part) -> CompiledOperation:
        """Compile a response document: the schema of its resources, the type of its linkage, or its metrics.

        The result is empty for a document without data.
        """
        properties = schema.properties()
        data = properties.get("data")
        if data is None:
            return {}
        compiled: CompiledOperation = {}
        item = data
        if json_type(data) == "array":
            compiled["many"] = True
            item = data["items"]
        members = item.properties()
        name = self._resources.name_of(item)
        if name:
            compiled["schema"] = name
        elif "dataPoints" in members:
            compiled["metrics"] = self._metrics(members)
        elif "id" in members and stated_type(item):
            compiled["linkage"] = str(stated_type(item))
        else:
            self._problems.add(item, "expected a resource, linkage, or the data points of metrics")
        types = self._resources.types
        included = [self._resources.name_of(each) for each in _included(properties)]
        ambiguous = {types[each]: each for each in included if each and types[each] in self._resources.ambiguous}
        if ambiguous:
            compiled["included"] = ambiguous
        return compiled

    def _metrics(self, members: dict[str, Part]) -> Metrics:
        points = members["dataPoints"]
        values = points["items"].properties().get("values")
        if values is None:
            raise points.error("there is no 'values', expected that of metrics")
        dimensions = members["dimensions"].properties() if "dimensions" in members else {}
        return {
            "values": list(values.properties()),
            "dimensions": {name: self._dimension(name, part) for name, part in dimensions.items()},
        }

    def _dimension(self, name: str, dimension: Part) -> str | None:
        """Return the resource type whose ids are the values of a dimension; None if its values are no ids."""
        links = dimension.properties().get("links")
        if links is None or "related" not in links.properties():
            return None
        for resource_type in (name, f"{name}s"):
            if resource_type in self._resources.types.values():
                return resource_type
        raise dimension.error("it is not named after a type of resource")

    # Query parameters.

    def _parameter(self, compiled: CompiledOperation, parameter: Part) -> None:
        name = parameter["name"].text()
        location = parameter.get("in")
        if location is not None and location.value != "query":
            return
        family, _, member = name.removesuffix("]").partition("[")
        if family not in (_PARAMETER_FAMILIES if member else _SINGLE_PARAMETERS):
            raise parameter.error(f"the parameter {name} is of no known family")
        value = self._parameter_value(compiled, parameter["schema"], family, member)
        entry = cast("JsonObject", compiled)  # a TypedDict takes no variable as a key
        if member:
            entry.setdefault(_PARAMETER_FAMILIES[family], {})[member] = value
        else:
            entry[family] = value
        if parameter.is_marked("required"):
            compiled.setdefault("required", []).append(name)
        if parameter.is_marked("deprecated"):
            compiled.setdefault("deprecatedParameters", []).append(name)

    def _parameter_value(self, compiled: CompiledOperation, schema: Part, family: str, member: str) -> ValueType:
        """Return the maximum of a limit, True for a fieldset with all members of a type, otherwise the value type."""
        if family == "limit":
            maximum = schema.get("maximum")
            return maximum.number() if maximum else _DEFAULT_LIMIT
        item = schema["items"] if json_type(schema) == "array" else schema
        if family in _FAMILIES_OF_ANY_VALUE:
            return self._value_types.compile(item)
        words: Iterable[str] = enum_values(item)
        if family == "fields":
            members = self._resources.members_of(member)
            if set(words or members) == set(members) and self._resources.has_one_schema(member):
                return True
            words = words or members
        words = words or self._derived_values(compiled, family)
        if not words:
            raise schema.error("it has no enum, and its values do not follow from the resources")
        return self._value_types.enum(words)

    def _derived_values(self, compiled: CompiledOperation, family: str) -> Iterable[str]:
        """Derive the values of a parameter without an enum from the resource or the metrics of the operation."""
        metrics, schema = compiled.get("metrics"), compiled.get("schema", "")
        if family == "include":
            return self._resources.relationships_of(schema)
        if family == "sort":
            return _with_descending(metrics["values"] if metrics else self._resources.attributes_of(schema))
        if family == "groupBy":
            return metrics["dimensions"] if metrics else ()
        return _DURATIONS.get(family, ())


def _with_descending(names: Iterable[str]) -> list[str]:
    return [f"{sign}{name}" for name in names for sign in ("", "-")]


def _included(properties: dict[str, Part]) -> list[Part]:
    return included_schemas(properties["included"]) if "included" in properties else []


def _action(operation: Part, path: str, method: str, *, many: bool) -> str:
    """Return the last part of Apple's operation id; if the user has edited the id, derive it from method and path."""
    operation_id = operation.get("operationId")
    action = str(operation_id.value).rpartition("_")[2] if operation_id else ""
    if action in _ACTIONS:
        return action
    rest = path.split("/", 3)[3:]
    segments = rest[0].split("/")[1:] if rest else []
    if "metrics" in segments:
        found: str | None = _METRICS
    elif len(segments) == 2 and segments[0] == "relationships":  # noqa: PLR2004  relationships/builds
        found = _LINKAGE_ACTIONS.get((method, many))
    elif segments:
        found = _RELATED_ACTIONS[many] if method == "get" else None
    else:
        found = (_INSTANCE_ACTIONS if rest else _COLLECTION_ACTIONS).get(method)
    if found is None:
        raise operation.error("its 'operationId' does not end with an action of Apple's, and its form is not known")
    return found
