"""Collections that are also given as CSV tables."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_asc.emulator.jsonapi.errors import ApiError, RefusedError
from pytest_asc.emulator.jsonapi.negotiation import CSV
from pytest_asc.emulator.operations.reads import read
from pytest_asc.emulator.reports.encoding import table
from pytest_asc.emulator.spec.relationships import relation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_asc.emulator.account.store import Resource
    from pytest_asc.emulator.http_models import Response
    from pytest_asc.emulator.jsonapi.serializer import ResourceSerializer
    from pytest_asc.emulator.reports.report_request import ReportRequest

_ALL = 10**9


def document_or_table(request: ReportRequest) -> bytes | Response:
    """Give the JSON:API document, or a table if the client prefers CSV.

    A table has one line for each resource: its id, its attributes, and the ids of its to-one relationships. The columns
    are inferred, and that a table has no pages.
    """
    route, serializer = request.route, request.route.serializer
    if request.media_type == CSV:
        route = replace(route, query=replace(route.query, limit=_ALL, offset=0))
    document = read(request.account.store, route)
    if isinstance(document, ApiError):
        raise RefusedError(document)
    if request.media_type != CSV or serializer is None:
        return document
    resources = [request.account.store.get(one["type"], one["id"]) for one in json.loads(document)["data"]]
    names = [one.name for one in serializer.relationships if not one.many and one.target]
    lines = [_line(serializer, names, resource) for resource in resources if resource]
    return table([["id", *serializer.attributes, *names], *lines])


def _line(serializer: ResourceSerializer, names: list[str], resource: Resource) -> list[object]:
    return [resource.id, *(resource.attributes.get(name) for name in serializer.attributes), *_related(resource, names)]


def _related(resource: Resource, names: list[str]) -> Iterator[str]:
    for name in names:
        related = relation(resource.type, name)
        yield ",".join(resource.ids(related.name)) if related else ""
