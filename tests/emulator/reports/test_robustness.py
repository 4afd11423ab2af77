"""Any request for a report gets a valid response."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from emulator.harness import EmulatorClient
from emulator.reports.report_client import VENDOR
from hypothesis import given
from hypothesis import strategies as st

from pytest_asc.emulator.reports.registry import report_handler
from pytest_asc.emulator.spec.api_spec import Operation, api_spec

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn


@cache
def operations() -> list[Operation]:
    """Return the operations with a report handler."""
    found = (api_spec().operation("GET", path) for path in api_spec().paths if "GET" in api_spec().methods(path))
    return [operation for operation in found if operation and report_handler(operation)]


@cache
def emulator_client() -> EmulatorClient:
    """Client of an emulator with the sample account, for all examples, since none of them changes it."""
    made = EmulatorClient()
    made.emulator.rate_limit = 10**9
    made.emulator.load_sample()
    return made


@st.composite
def report_requests(draw: DrawFn) -> tuple[str, str]:
    """Generate a URL of a report and an Accept header."""
    operation = draw(st.sampled_from(operations()))
    ids = [resource.id for resource in emulator_client().emulator._account.store.all(operation.root)]
    path = operation.path.replace("{id}", draw(st.sampled_from([*ids, "1"])))
    names = [
        *(f"filter[{name}]" for name in operation.filters),
        *operation.enum_parameters,
        *("limit", "cursor", "sort", "include", f"fields[{operation.root}]"),
    ]
    known = [word for name in (*operation.filters, *operation.sort) for word in _words(operation, name)]
    values = st.sampled_from([VENDOR, "US", "ZZ", "2026-05", "2026-05-27", "P1D", "P7D", *known]) | st.text(max_size=9)
    query = draw(st.dictionaries(st.sampled_from(names), values, max_size=6))
    accept = draw(st.sampled_from(["*/*", "text/csv", "application/a-gzip", "application/json"]))
    return f"{path}?{urlencode(query, errors='surrogatepass')}", accept


def _words(operation: Operation, name: str) -> tuple[str, ...]:
    return api_spec().enum(operation.filters.get(name)) or (name,)


@given(report_requests())
def test_any_query_of_a_report_is_accepted_or_rejected(question: tuple[str, str]) -> None:
    url, accept = question
    answer = emulator_client().get(url, Accept=accept)
    assert answer.status in {200, 400, 404, 406, 410, 501}
    if answer.status in {400, 404, 410, 501}:
        assert json.loads(answer.body)["errors"]
