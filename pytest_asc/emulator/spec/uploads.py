"""Resource types that are uploaded files."""

from __future__ import annotations

from functools import cache

from pytest_asc.emulator.spec.api_spec import api_spec, depends_on_spec

UPLOAD_OPERATIONS = "uploadOperations"
"""Attribute that all resource types for uploaded files have, and no other type has."""


@depends_on_spec
@cache
def is_uploaded(resource_type: str) -> bool:
    """Return whether resources of a type are uploaded files."""
    return any(UPLOAD_OPERATIONS in schema.attributes for schema in api_spec().schemas_of(resource_type))
