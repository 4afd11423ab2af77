"""Operations of requests that a live test has sent, found by their path."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote

from pytest_asc.emulator.operations.reads import EMULATED
from pytest_asc.emulator.spec.api_spec import api_spec

if TYPE_CHECKING:
    from pytest_asc.emulator.spec.api_spec import Operation

_ID = 3
"""Index of the id among the segments of a path such as ``/v1/apps/{id}/builds``."""


class LiveRequest(NamedTuple):
    """A GET request of a live test, for resources or linkage."""

    operation: Operation
    identifier: str
    """The id in the path; empty for a collection."""


def live_request(path: str) -> LiveRequest | None:
    """Return the GET request for a path without query; None if the operation returns neither resources nor linkage."""
    parts = path.split("/")
    identifier = unquote(parts[_ID]) if len(parts) > _ID else ""
    template = "/".join([*parts[:_ID], "{id}", *parts[_ID + 1 :]]) if identifier else path
    operation = api_spec().operation("GET", template)
    return LiveRequest(operation, identifier) if operation and operation.action in EMULATED else None
