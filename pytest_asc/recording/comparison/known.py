"""Known differences and their reasons. They are reported separately from others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_asc.emulator.spec.type_validation import type_mismatch
from pytest_asc.recording.comparison.recorded_account import attribute_type

if TYPE_CHECKING:
    from typing import Any

    from pytest_asc.recording.comparison.compared_requests import ComparedRequest
    from pytest_asc.recording.comparison.differences import Difference
    from pytest_asc.recording.comparison.recorded_account import RecordedAccount

NOT_EMULATED = "the emulator does not support this request, and responds with 501"
NEVER_SET = "Apple leaves out some attributes that were never set; the emulator returns null"
NO_ORDER = "without sort, Apple guarantees no order, and the recording does not contain that of this list"
REDACTED_ORDER = "the attribute to sort by is redacted in the recording"
EQUAL_VALUES = "Apple guarantees no order of resources with equal values of the attribute to sort by"
UNKNOWN_VALUE = "the value is not in Apple's OpenAPI document, and was left out of the recording"
CHANGED = "the resources that match the filter have changed since the recording"
OTHER_STATE = "the state of the resource in the path has changed since the recording"
CHOSEN_PRICES = "prices were recorded for some territories only"

REASONS = (
    NOT_EMULATED,
    NEVER_SET,
    NO_ORDER,
    REDACTED_ORDER,
    EQUAL_VALUES,
    UNKNOWN_VALUE,
    CHANGED,
    OTHER_STATE,
    CHOSEN_PRICES,
)


def reason(difference: Difference, request: ComparedRequest, live: Any, account: RecordedAccount) -> str | None:
    """Return the reason for a known difference; None for any other.

    Args:
        difference: The difference.
        request: The request with the difference.
        live: Document of the live API.
        account: The recorded account.
    """
    what, where = difference.what, difference.where
    if what == "status" and "PYTEST_ASC.NOT_EMULATED" in difference.emulator:
        return NOT_EMULATED
    if what == "member" and ".attributes." in where and (difference.live, difference.emulator) == ("absent", "null"):
        return NEVER_SET
    if what == "order" or (what == "resources" and _is_partial(live)):
        return _reason_of_order(request, live, account)
    if what == "null" and difference.emulator == "null" and difference.resource and ".attributes." in where:
        kind, identifier = difference.resource
        name = where.rpartition(".attributes.")[2]
        value_type = attribute_type(kind, name)
        value = _value(live, kind, identifier, name)
        return UNKNOWN_VALUE if value_type is not None and type_mismatch(value_type, value) else None
    schema = request.operation.schema
    of_prices = (
        f"{schema.type if schema else request.operation.linkage} {where} {difference.live} {difference.emulator}"
    )
    if account.territories and what in {"resources", "paging", "links"} and "Prices" in of_prices:
        return CHOSEN_PRICES
    return None


def _is_partial(document: Any) -> bool:
    """Return whether a document is one of several pages, so that its resources depend on the order of the list."""
    data, links = (document.get("data"), document.get("links")) if isinstance(document, dict) else (None, None)
    meta = document.get("meta") if isinstance(document, dict) else None
    paging = meta.get("paging") if isinstance(meta, dict) else None
    total = paging.get("total") if isinstance(paging, dict) else None
    is_shorter = isinstance(data, list) and isinstance(total, int) and len(data) < total
    return is_shorter or (isinstance(links, dict) and "next" in links)


def _reason_of_order(request: ComparedRequest, live: Any, account: RecordedAccount) -> str | None:
    schema = request.operation.schema
    if not request.sort or schema is None:
        return None if account.lists_in_order(request.operation) else NO_ORDER
    if account.is_redacted(schema.type, request.sort) or request.sort not in schema.attributes:
        return REDACTED_ORDER
    ids = [one.get("id") for one in live["data"] if isinstance(one, dict)]
    values = [_value(live, schema.type, str(identifier), request.sort) for identifier in ids]
    return EQUAL_VALUES if len(set(map(str, values))) < len(values) and _is_sorted(values) else None


def _is_sorted(values: list[Any]) -> bool:
    """Return whether values are in ascending or descending order, ignoring nulls."""
    present = [value for value in values if value is not None]
    try:
        return sorted(present) in (present, present[::-1])
    except TypeError:
        return False


def _value(document: Any, kind: str, identifier: str, name: str) -> Any:
    """Return the value of an attribute of a resource in a document."""
    data = document.get("data") if isinstance(document, dict) else None
    included = document.get("included") if isinstance(document, dict) else None
    found = [*(data if isinstance(data, list) else [data]), *(included if isinstance(included, list) else [])]
    for one in found:
        if isinstance(one, dict) and (one.get("type"), one.get("id")) == (kind, identifier):
            attributes = one.get("attributes")
            return attributes.get(name) if isinstance(attributes, dict) else None
    return None
