"""Collections that are also available as CSV tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_asc.emulator.jsonapi.errors import ApiError, RefusedError
from pytest_asc.emulator.jsonapi.negotiation import CSV
from pytest_asc.emulator.operations.reads import read, selected
from pytest_asc.emulator.reports.encoding import table
from pytest_asc.emulator.spec.relationships import relation

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_asc.emulator.account.store import Resource
    from pytest_asc.emulator.http_models import Response
    from pytest_asc.emulator.jsonapi.serializer import ResourceSerializer
    from pytest_asc.emulator.reports.report_request import ReportRequest


def document_or_table(request: ReportRequest) -> bytes | Response:
    """Return the JSON:API document, or a table if the client prefers CSV.

    A table has one line for each resource: its id, its attributes, and the ids of its to-one relationships. The columns
    are inferred, and so is the fact that tables are not paged.
    """
    serializer = request.route.serializer
    if request.media_type == CSV and serializer is not None:
        found = selected(request.account.store, request.route)
        if isinstance(found, ApiError):
            raise RefusedError(found)
        return _table(serializer, found)
    document = read(request.account.store, request.route)
    if isinstance(document, ApiError):
        raise RefusedError(document)
    return document


def _table(serializer: ResourceSerializer, resources: Iterable[Resource]) -> Response:
    names = [one.name for one in serializer.relationships if not one.many and one.target]
    related = [found.name if (found := relation(serializer.schema.type, name)) else name for name in names]
    lines = (
        [resource.id, *map(resource.attributes.get, serializer.attributes), *map(resource.related.get, related)]
        for resource in resources
    )
    return table([["id", *serializer.attributes, *names], *lines])
