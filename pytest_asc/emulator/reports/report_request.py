"""What is at hand to answer with."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from pytest_asc.emulator.jsonapi import errors
from pytest_asc.emulator.jsonapi.errors import ApiError, RefusedError, at_parameter
from pytest_asc.emulator.reports import report_errors

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_asc.emulator.account.account import Account
    from pytest_asc.emulator.account.ledger import Ledger
    from pytest_asc.emulator.account.store import Resource
    from pytest_asc.emulator.http_models import Response
    from pytest_asc.emulator.jsonapi.routing import Route


class ReportRequest(NamedTuple):
    """A request for a report, and all that it can be answered from."""

    route: Route
    media: str
    """The media type that the client likes best of those that are offered."""
    account: Account
    now: float
    """Seconds since 1970."""

    @property
    def ledger(self) -> Ledger:
        """What was sold and measured."""
        return self.account.ledger

    def start(self) -> Resource:
        """The resource whose id is in the path."""
        kind, identifier = self.route.operation.root, self.route.identifier
        found = self.account.store.get(kind, identifier)
        if found is None:
            raise RefusedError(ApiError(errors.NOT_FOUND, {"type": kind, "id": identifier}))
        return found

    def filter_value(self, name: str) -> str | None:
        """The value of a filter that takes one; None where it is not there."""
        values = self.route.query.filters.get(name)
        return ",".join(values) if values else None

    def check_vendor(self) -> None:
        """Refuse another vendor's number."""
        if self.filter_value("vendorNumber") != self.account.vendor_number:
            raise RefusedError(at_parameter(report_errors.VENDOR_NUMBER, "filter[vendorNumber]"))


ReportHandler: TypeAlias = "Callable[[ReportRequest], bytes | Response]"
"""Gives a JSON document, or a whole response. Raises :class:`~pytest_asc.emulator.jsonapi.errors.RefusedError`."""
