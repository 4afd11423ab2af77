"""Operations that give their document as a table too, where the client likes CSV better."""

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


def document_or_table(asked: ReportRequest) -> bytes | Response:
    """The usual document, or one line for each resource: id, attributes, and the ids behind to-one relationships.

    Which columns Apple gives is inferred, and that a table has no pages.
    """
    route, look = asked.route, asked.route.serializer
    if asked.media == CSV:
        route = replace(route, query=replace(route.query, limit=_ALL, offset=0))
    document = read(asked.account.store, route)
    if isinstance(document, ApiError):
        raise RefusedError(document)
    if asked.media != CSV or look is None:
        return document
    found = [asked.account.store.get(one["type"], one["id"]) for one in json.loads(document)["data"]]
    names = [one.name for one in look.relationships if not one.many and one.target]
    lines = [_line(look, names, resource) for resource in found if resource]
    return table([["id", *look.attributes, *names], *lines])


def _line(look: ResourceSerializer, names: list[str], resource: Resource) -> list[object]:
    return [resource.id, *(resource.attributes.get(name) for name in look.attributes), *_related(resource, names)]


def _related(resource: Resource, names: list[str]) -> Iterator[str]:
    for name in names:
        over = relation(resource.type, name)
        yield ",".join(resource.ids(over.name)) if over else ""
