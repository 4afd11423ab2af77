"""Plan of a recording: the GET requests that read certain resource types, derived from the API spec.

A type that has a collection is read from its collection, any other type through related resources. Related resources
that have no relationships to be read are included in the same responses, with ``include``.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote, urlencode

from pytest_asc.emulator.spec.api_spec import api_spec, depends_on_spec
from pytest_asc.emulator.spec.relationships import relation

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from pytest_asc.emulator.spec.api_spec import Operation, Relationship, Schema
    from pytest_asc.emulator.spec.relationships import Relation

# Resources that are the same in every account or very numerous: only those that others are related to are recorded.
_ONLY_INCLUDED = frozenset({"territories", "appPricePoints", "inAppPurchasePricePoints", "subscriptionPricePoints"})
# To-one relationships through which a type is read even though a to-many relationship leads to it as well.
_ADDITIONAL_ROUTES = frozenset({("apps", "gameCenterDetail")})


class Step(NamedTuple):
    """A relationship to read for each resource of a type."""

    name: str
    operation: Operation


class Plan:
    """Plan of how to read certain resource types.

    Args:
        types: The resource types to record.
        territories: Territories whose prices are to be read; empty for all territories.
    """

    def __init__(self, types: Collection[str], territories: Collection[str] = ()) -> None:
        self.types = frozenset(types)
        self._territories = tuple(territories)
        self._steps = cache(self._make_steps)

    def roots(self) -> Iterator[Operation]:
        """Yield the operations of the collections to read."""
        for resource_type in api_spec().types:
            root = _root(resource_type)
            if root and resource_type in self.types:
                yield root

    def steps(self, resource_type: str) -> tuple[Step, ...]:
        """Return the relationships that need a request of their own for each resource of a type."""
        return self._steps(resource_type)

    def lists(self, operation: Operation) -> bool:
        """Return whether the order of an operation's resources is the one that a recording keeps for their type."""
        schema = operation.schema
        return schema is not None and (_root(schema.type) or operation) is operation

    def listed_by(self, resource_type: str, name: str) -> str | None:
        """Return the target type of a relationship if its order is the one that a recording keeps; otherwise None."""
        found = relation(resource_type, name)
        return found.target if found and (resource_type, name) in self._routes(found.target) else None

    def has_root(self, resource_type: str) -> bool:
        """Return whether all resources of a type are read from its collection."""
        return resource_type in self.types and _root(resource_type) is not None

    def is_only_included(self, resource_type: str) -> bool:
        """Return whether resources of a type only occur as included resources, and are in no list."""
        return resource_type in self.types and not _root(resource_type) and not self._routes(resource_type)

    def url(self, operation: Operation, identifier: str = "", *, bare: bool = False) -> str:
        """Return path and query of the request for an operation.

        Args:
            operation: A GET operation.
            identifier: The id for the path.
            bare: True to omit ``include``, because the service rejects values that are in Apple's document.
        """
        query = _required_filters(operation)
        if operation.many and operation.limit:
            query["limit"] = str(min(operation.limit, 200))
        has_prices = operation.schema is not None and operation.schema.type.endswith("Prices")
        if "territory" in operation.filters and self._territories and has_prices:
            query["filter[territory]"] = ",".join(self._territories)
        included = [] if bare else sorted(self.included(operation))
        if included:
            query["include"] = ",".join(included)
            query |= {f"limit[{name}]": str(operation.limits[name]) for name in included if name in operation.limits}
        path = operation.path.replace("{id}", quote(identifier, safe=""))
        return f"{path}?{urlencode(query, safe='[],')}" if query else path

    def included(self, operation: Operation) -> frozenset[str]:
        """Return the relationships that a request includes."""
        schema = operation.schema
        if schema is None:
            return frozenset()
        return frozenset(one.name for one in schema.relationships.values() if self._includes(operation, schema, one))

    def _includes(self, operation: Operation, schema: Schema, relationship: Relationship) -> bool:
        name, target = relationship.name, relationship.target
        if name not in operation.include or target is None or target not in self.types:
            return False
        if _is_older_name(schema, name) or self._leads_back(operation, schema.type, name):
            return False
        if self._is_route(schema.type, relationship):
            return self._is_leaf(target)
        if not relationship.many:
            return True
        has_request = target in _ONLY_INCLUDED and _related(schema, relationship) is not None
        return self._is_own(schema.type, relationship) and not has_request

    def _make_steps(self, resource_type: str) -> tuple[Step, ...]:
        steps = []
        for schema, relationship in _relationships(resource_type):
            operation = _related(schema, relationship)
            if operation is None or relationship.target not in self.types or _is_older_name(schema, relationship.name):
                continue
            of_parent = self._is_route(resource_type, relationship)
            if of_parent or (
                self._is_own(resource_type, relationship)
                and (relationship.many or not self._is_shown(resource_type, relationship.name))
            ):
                steps.append(Step(relationship.name, operation))
        return tuple(steps)

    def _is_shown(self, resource_type: str, name: str) -> bool:
        """Return whether the responses with resources of a type already have the linkage of a to-one relationship."""
        found = relation(resource_type, name)
        root, routes = _root(resource_type), self._routes(resource_type)
        if found is None or (found.target, found.inverse) in routes:
            return True
        readers = [root] if root else [one for route in routes if (one := _operation_of(*route))]
        return bool(readers) and all(name in one.include for one in readers)

    def _is_route(self, resource_type: str, relationship: Relationship) -> bool:
        """Return whether a relationship is the way to find its target resources, which have no collection."""
        target = relationship.target
        return target is not None and (resource_type, relationship.name) in self._routes(target)

    def _routes(self, target: str) -> frozenset[tuple[str, str]]:
        if target in _ONLY_INCLUDED or _root(target):
            return frozenset()
        many: set[tuple[str, str]] = set()
        single: set[tuple[str, str]] = set()
        for resource_type, relationship in _leading_to(target):
            if resource_type in self.types:
                (many if relationship.many else single).add((resource_type, relationship.name))
        return frozenset(many | (single & _ADDITIONAL_ROUTES) if many else single)

    def _is_leaf(self, resource_type: str) -> bool:
        """Return whether the related resources of a type are already known from the resources that lead to it."""
        for _, relationship in _relationships(resource_type):
            if relationship.target not in self.types:
                continue
            found = relation(resource_type, relationship.name)
            if found and (found.target, found.inverse) not in self._routes(resource_type):
                return False
        return True

    def _is_own(self, resource_type: str, relationship: Relationship) -> bool:
        """Return whether a relationship is read from this side, and not as the inverse from the other side."""
        found = relation(resource_type, relationship.name)
        if found is None or found.target in _ONLY_INCLUDED:
            return found is not None and (not found.many or found.target == "territories")
        if found.inverse.startswith("~") or not self._is_readable(found.reverse):
            return True
        if found.many != found.inverse_many:
            return not found.many or not self._is_readable(found)
        return (found.type, found.name) <= (found.target, found.inverse) or not self._is_readable(found)

    def _is_readable(self, one: Relation) -> bool:
        """Return whether a relation can be read from its side, with the resource or with a separate request."""
        root = _root(one.type)
        if one.type not in self.types:
            return False
        return bool(root and one.name in root.include) or _operation_of(one.type, one.name) is not None

    def _leads_back(self, operation: Operation, resource_type: str, name: str) -> bool:
        """Return whether a relationship leads back to the resource in the path of a request."""
        if "{id}" not in operation.path:
            return False
        found, parent = relation(resource_type, name), relation(operation.root, operation.relationship)
        return bool(found and parent and found.reverse == parent)


@depends_on_spec
@cache
def _root(resource_type: str) -> Operation | None:
    """Return the operation that lists all resources of a type; None if there is none."""
    if resource_type in _ONLY_INCLUDED:
        return None
    for schema in reversed(api_spec().schemas_of(resource_type)):
        operation = api_spec().operation("GET", schema.path)
        if operation and operation.action == "getCollection" and _can_be_read(operation):
            return operation
    return None


@depends_on_spec
@cache
def _relationships(resource_type: str) -> tuple[tuple[Schema, Relationship], ...]:
    """Return the relationships of a type, each with the newest schema that has it."""
    found: dict[str, tuple[Schema, Relationship]] = {}
    for schema in reversed(api_spec().schemas_of(resource_type)):
        for name, relationship in schema.relationships.items():
            found.setdefault(name, (schema, relationship))
    return tuple(found.values())


def _operation_of(resource_type: str, name: str) -> Operation | None:
    """Return the operation that reads the related resources of a relationship; None if there is none."""
    found = (_related(schema, one) for schema, one in _relationships(resource_type) if one.name == name)
    return next(found, None)


def _related(schema: Schema, relationship: Relationship) -> Operation | None:
    """Return the operation that reads the related resources of a schema's relationship; None if there is none."""
    operation = api_spec().operation("GET", f"{schema.path}/{{id}}/{relationship.name}")
    return operation if operation and _can_be_read(operation) else None


def _can_be_read(operation: Operation) -> bool:
    """Return whether an operation returns resources without requiring values that depend on the account."""
    return operation.schema is not None and len(_required_filters(operation)) == len(operation.required)


def _required_filters(operation: Operation) -> dict[str, str]:
    """Return the required filters of an operation whose values are in the API spec, with all their values."""
    filters = {f"filter[{name}]": api_spec().enum(value_type) for name, value_type in operation.filters.items()}
    return {name: ",".join(values) for name in sorted(operation.required) if (values := filters.get(name))}


@depends_on_spec
@cache
def _leading_to(target: str) -> tuple[tuple[str, Relationship], ...]:
    """Return the readable relationships whose target is a type, each with the type that has the relationship."""
    return tuple(
        (resource_type, relationship)
        for resource_type in api_spec().types
        for schema, relationship in _relationships(resource_type)
        if relationship.target == target
        and _related(schema, relationship)
        and not _is_older_name(schema, relationship.name)
    )


def _is_older_name(schema: Schema, name: str) -> bool:
    """Return whether the relationship also has a newer name, such as ``inAppPurchasesV2`` for ``inAppPurchases``."""
    newer = schema.relationships.get(f"{name}V2")
    return newer is not None and newer.target == schema.relationships[name].target
