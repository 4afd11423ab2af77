"""Whether answers are what Apple's OpenAPI document says, by a validator that is not ours."""

from __future__ import annotations

from functools import cache
from typing import Any

from emulator.harness import openapi
from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

_DOCUMENT = "urn:apple"


def errors_of(path: str, document: object, *, media: str = "application/json") -> list[str]:
    """What is wrong with the answer to a GET of a path; skips the test where Apple's document is absent."""
    content = openapi()["paths"][path]["get"]["responses"]["200"]["content"]
    return errors_of_schema(content[media]["schema"]["$ref"].rpartition("/")[2], document)


def errors_of_schema(name: str, document: object) -> list[str]:
    """What is wrong with a document that is to be of a schema.

    Members that are null are left out: Apple's answers have them, the document never allows them.
    """
    return [
        f"{'/'.join(map(str, error.path))}: {error.message}"
        for error in _validator(name).iter_errors(_filled(document))
    ]


@cache
def _validator(name: str) -> Draft202012Validator:
    return Draft202012Validator({"$ref": f"{_DOCUMENT}#/components/schemas/{name}"}, registry=_registry())


@cache
def _registry() -> Registry[Any]:
    registry: Registry[Any] = Registry().with_resource(_DOCUMENT, DRAFT202012.create_resource(openapi()))
    return registry


def _filled(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _filled(item) for name, item in value.items() if item is not None}
    return [_filled(item) for item in value] if isinstance(value, list) else value
