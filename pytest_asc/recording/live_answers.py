"""Answers of a live API that somebody else has asked for: the operation behind a path."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote

from pytest_asc.emulator.operations.reads import EMULATED
from pytest_asc.emulator.spec.api_spec import api_spec

if TYPE_CHECKING:
    from pytest_asc.emulator.spec.api_spec import Operation

_ID = 3
"""Place of the id in a path: ``/v1/apps/{id}/builds``."""


class Asked(NamedTuple):
    """A GET request for resources."""

    operation: Operation
    identifier: str
    """The id in its path; empty for a collection."""


def asked_by(path: str) -> Asked | None:
    """Return the operation of a path without its query; None if it is none that gives resources or linkage."""
    parts = path.split("/")
    identifier = unquote(parts[_ID]) if len(parts) > _ID else ""
    template = "/".join([*parts[:_ID], "{id}", *parts[_ID + 1 :]]) if identifier else path
    operation = api_spec().operation("GET", template)
    return Asked(operation, identifier) if operation and operation.action in EMULATED else None
