"""Paths of a document: their operations, with request and response documents."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING

from pytest_asc.emulator.http_models import JSON
from pytest_asc.emulator.spec.compiler.part import Part

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_asc.emulator.spec.compiler.problems import Problems

METHODS = ("get", "post", "patch", "delete")

_PLACEHOLDER = re.compile(r"\{[^/{}]*\}")
_PATH = re.compile(r"/v\d{1,3}/[^/{}]+(/\{id\}(/[^/{}]+)*)?")
_OTHER_MEMBERS = frozenset({*METHODS, "parameters", "summary", "description", "servers", "$ref"})
_JSON_MEDIA_TYPE = re.compile(rf"{JSON}\s*(;.*)?", re.IGNORECASE)
_STATUS = {"get": 200, "post": 201, "patch": 200, "delete": 204}
"""Successful status by method, for operations whose document only says ``2XX``."""


class Paths:
    """All operations of a document, by path and method.

    Args:
        paths: The document's ``paths``.
        problems: List to which parts that are not understood are added.
    """

    def __init__(self, paths: Part, problems: Problems) -> None:
        self._problems = problems
        self.operations: dict[str, dict[str, Part]] = {}
        """Operations by path, with ``{id}`` for the id, and by method in lower case."""
        self.shared_parameters: dict[str, list[Part]] = {}
        """Parameters that all operations of a path have, by path."""
        for name, item in sorted(paths.members().items()):
            path = _PLACEHOLDER.sub("{id}", name).rstrip("/")
            if name.startswith("x-"):
                continue
            if not _PATH.fullmatch(path):
                problems.add(item, "expected a path of App Store Connect's API, such as /v1/apps/{id}/builds")
                continue
            members = problems.attempt(Part.members, item) or {}
            unknown = {key: part for key, part in members.items() if key not in _OTHER_MEMBERS and key[:2] != "x-"}
            for key, part in unknown.items():
                problems.add(part, f"{key!r} is not known, expected one of {', '.join(METHODS)}")
            self.shared_parameters[path] = problems.attempt(lambda part: part.items("parameters"), item) or []
            for method in METHODS:
                if method in members and problems.attempt(Part.object, members[method]) is not None:
                    self.operations.setdefault(path, {})[method] = members[method]

    def has(self, path: str, method: str) -> bool:
        """Return whether a path has an operation for a method."""
        return method in self.operations.get(path, {})

    def response_data(self, path: str, method: str) -> Part | None:
        """Return the schema of ``data`` in the successful response; None if there is none."""
        operation = self.operations.get(path, {}).get(method)
        schema = self._problems.attempt(_response_document, operation) if operation else None
        return self._data(schema)

    def linkages(self, path: str) -> Iterator[Part]:
        """Yield the schemas of the linkage in the requests and responses of a path."""
        for operation in self.operations.get(path, {}).values():
            data = self._data(self._problems.attempt(request_schema, operation))
            if data:
                yield data
        data = self.response_data(path, "get")
        if data:
            yield data

    @cached_property
    def types(self) -> dict[str, str]:
        """Resource types by schema name, derived from the paths of single resources such as ``/v1/apps/{id}``."""
        found: dict[str, str] = {}
        for path, item in self.operations.items():
            root, _, rest = path[1:].partition("/")[2].partition("/")
            for method in item if rest in {"", "{id}"} else ():
                data = self.response_data(path, method)
                items = self._problems.attempt(lambda part: part.get("items"), data) if data else None
                names = [one.schema_name for one in (data, items) if one and one.schema_name]
                found.update((name, root) for name in names if name not in found)
        return found

    def _data(self, schema: Part | None) -> Part | None:
        properties = self._problems.attempt(Part.properties, schema) if schema else None
        return properties.get("data") if properties else None


def _response_document(operation: Part) -> Part | None:
    return response_schemas(operation).get(JSON)


def response_schemas(operation: Part) -> dict[str, Part]:
    """Return the schemas of the successful response, by media type."""
    found: dict[str, Part] = {}
    for status, response in operation.members("responses").items():
        if status.startswith("2"):
            for media_type, content in response.members("content").items():
                name = JSON if _JSON_MEDIA_TYPE.fullmatch(media_type) else media_type
                found[name] = content.get("schema") or content
    return found


def request_schema(operation: Part) -> Part | None:
    """Return the schema of the request body; None if there is no body.

    Raises:
        UnknownPatternError: The body is not JSON.
    """
    body = operation.get("requestBody")
    if body is None:
        return None
    for media_type, content in body.members("content").items():
        if _JSON_MEDIA_TYPE.fullmatch(media_type):
            return content["schema"]
    raise body.error(f"its content is not {JSON}")


def success_statuses(operation: Part, method: str) -> list[int]:
    """Return the successful statuses.

    Raises:
        UnknownPatternError: The operation has no successful status.
    """
    statuses = [*operation.members("responses")]
    found = {int(status) for status in statuses if re.fullmatch("2[0-9][0-9]", status)}
    if not found and any(status.upper() == "2XX" for status in statuses):
        found = {_STATUS[method]}
    if not found:
        raise operation.error(f"it has responses of {', '.join(statuses) or 'no status'}, expected one of 2xx")
    return sorted(found)
