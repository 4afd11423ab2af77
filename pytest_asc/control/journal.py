"""Journal of the requests that an account has handled, as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pytest_asc.secrets import redactor

if TYPE_CHECKING:
    from pytest_asc.control.served_emulator import ServedEmulator
    from pytest_asc.emulator.request_records import RequestRecord

_MAX_CHARACTERS = 64 * 1024
"""Maximum number of characters of a body that the journal shows."""


def entries_since(emulator: ServedEmulator, count: int, *, with_details: bool = False) -> list[dict[str, Any]]:
    """Return the requests after the first ``count`` requests since the start or the last reset, newest last.

    Args:
        emulator: Emulator of the account.
        count: Number of requests to leave out.
        with_details: True to add headers and bodies.
    """
    records = emulator.requests_since(count)
    first = emulator.request_count - len(records) + 1
    show = _with_details if with_details else entry_of
    return [show(first + place, record) for place, record in enumerate(records)]


def entry_of(number: int, record: RequestRecord) -> dict[str, Any]:
    """Return a request as JSON.

    Args:
        number: Number of the request since the start or the last reset, starting with 1.
        record: Record of the request.
    """
    refusal = record.refusal
    return {
        "number": number,
        "method": record.method,
        "url": redactor.clean(record.url),
        "status": record.status,
        "cause": refusal.cause if refusal else None,
        "evidence": refusal.evidence if refusal else None,
        "fix": refusal.fix if refusal else None,
        "errors": record.errors,
    }


def details_of(emulator: ServedEmulator, number: int) -> dict[str, Any]:
    """Return a request with headers and body, and those of its response. Secrets in headers are masked.

    Raises:
        LookupError: The journal does not have this request.
    """
    count = emulator.request_count
    records = emulator.requests_since(number - 1)
    if not 1 <= number <= count or len(records) != count - number + 1:
        raise LookupError(f"there is no request {number}: {count} were received, and the last 10,000 are kept")
    return _with_details(number, records[0])


def _with_details(number: int, record: RequestRecord) -> dict[str, Any]:
    response = record.response
    return {
        **entry_of(number, record),
        "request": {"headers": dict(record.headers), "body": _text(record.body)},
        "response": {"headers": dict(response.headers), "body": _text(response.body)} if response else None,
    }


def as_event(number: int, record: RequestRecord) -> bytes:
    """Return a request as a server-sent event."""
    return f"id: {number}\ndata: {json.dumps(entry_of(number, record), ensure_ascii=False)}\n\n".encode()


def _text(body: bytes) -> str:
    return redactor.clean(body[:_MAX_CHARACTERS].decode("utf-8", "replace"))
