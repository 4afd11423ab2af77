"""Compiler of Apple's OpenAPI document into the API spec that the emulator reads.

    python -m pytest_asc.emulator.spec.compiler openapi.json --addendum addendum.json

The compiled spec contains only facts, such as names, types, allowed values and limits, and no descriptions. Its format
is that of :mod:`pytest_asc.emulator.spec.compiled_format`. :func:`compile_leniently` leaves out the parts that the
compiler does not understand, and lists them with their place; :func:`compile_document` rejects such a document.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pytest_asc.emulator.spec.compiler.merge import ADDENDUM, merge
from pytest_asc.emulator.spec.compiler.operations import Operations, not_understood
from pytest_asc.emulator.spec.compiler.part import NotUnderstood, Part, UnknownPatternError, printable
from pytest_asc.emulator.spec.compiler.paths import METHODS, Paths
from pytest_asc.emulator.spec.compiler.problems import Problems
from pytest_asc.emulator.spec.compiler.reading import DocumentError, read_document
from pytest_asc.emulator.spec.compiler.request_bodies import RequestBodies
from pytest_asc.emulator.spec.compiler.resources import ResourceSchemas
from pytest_asc.emulator.spec.compiler.value_types import ValueTypes

if TYPE_CHECKING:
    from pytest_asc.emulator.spec.compiled_format import CompiledOperation, CompiledSpec, RequestBody
    from pytest_asc.emulator.spec.compiler.part import JsonObject

__all__ = [
    "ADDENDUM",
    "METHODS",
    "Compilation",
    "DocumentError",
    "NotUnderstood",
    "UnknownPatternError",
    "compile_document",
    "compile_leniently",
    "merge",
    "read_document",
]


class Compilation(NamedTuple):
    """A compiled document, and the parts that were left out."""

    spec: CompiledSpec
    not_understood: tuple[NotUnderstood, ...]


def compile_document(document: JsonObject) -> CompiledSpec:
    """Compile a whole document.

    Args:
        document: The parsed OpenAPI document.

    Raises:
        UnknownPatternError: The document has patterns that the compiler does not know; the message lists them all.
        DocumentError: The document is not an OpenAPI document of App Store Connect's API.
    """
    spec, not_understood = compile_leniently(document)
    if not_understood:
        raise UnknownPatternError(*not_understood)
    return spec


def compile_leniently(document: JsonObject) -> Compilation:
    """Compile the parts of a document that are understood, and list the others.

    Args:
        document: The parsed OpenAPI document.

    Raises:
        DocumentError: The document is not an OpenAPI document of App Store Connect's API.
    """
    root = Part.of(document)
    problems = Problems()
    paths = _paths(root, problems)
    components = problems.attempt(lambda part: part["components"].members("schemas"), root) or {}
    value_types = ValueTypes(problems)
    resources = ResourceSchemas(components, paths, value_types, problems)
    bodies = RequestBodies(components, value_types, problems, paths)
    operations = Operations(paths, resources, bodies, value_types, problems).compile()
    schemas = resources.compile(operations)
    compiled_bodies = bodies.compile()
    spec: CompiledSpec = {
        "version": problems.attempt(_version, root) or "unknown",
        "enums": value_types.enums,
        "objects": dict(sorted(value_types.objects.items())),
        "schemas": schemas,
        "bodies": compiled_bodies,
        "operations": _with_bodies(operations, compiled_bodies),
    }
    return Compilation(spec, problems.found)


def _paths(root: Part, problems: Problems) -> Paths:
    if root.object().get("swagger") is not None:
        raise DocumentError(printable(f"this is a Swagger {root.value['swagger']} document, expected OpenAPI 3"))
    try:
        paths = root["paths"]
        paths.object()
    except UnknownPatternError as error:
        raise DocumentError(f"this is not an OpenAPI document: {error}") from None
    found = Paths(paths, problems)
    if not found.operations:
        raise DocumentError("this is not a document of the App Store Connect API: it has no path such as /v1/apps")
    return found


def _version(root: Part) -> str:
    version = root["info"]["version"]
    if isinstance(version.value, (dict, list)):
        version.text()
    return str(version.value)


def _with_bodies(
    operations: dict[str, dict[str, CompiledOperation]], bodies: dict[str, RequestBody]
) -> dict[str, dict[str, CompiledOperation]]:
    """Mark the operations whose request document is not understood; the problem itself is already listed."""
    return {
        path: {
            method: each if each.get("body") in {None, *bodies} else not_understood() for method, each in item.items()
        }
        for path, item in operations.items()
    }
