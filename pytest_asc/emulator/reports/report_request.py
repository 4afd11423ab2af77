"""Context of a report handler."""

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
    """A request for a report, with the account and the time of the report."""

    route: Route
    media_type: str
    """Media type of the response: the offered media type that the client prefers."""
    account: Account
    now: float
    """Time of the service, in seconds since 1970."""

    @property
    def ledger(self) -> Ledger:
        """Sales and measurements of the account."""
        return self.account.ledger

    def resource(self) -> Resource:
        """Return the resource whose id is in the path.

        Raises:
            RefusedError: The resource does not exist (404).
        """
        resource_type, identifier = self.route.operation.root, self.route.identifier
        found = self.account.store.get(resource_type, identifier)
        if found is None:
            raise RefusedError(ApiError(errors.NOT_FOUND, {"type": resource_type, "id": identifier}))
        return found

    def filter_value(self, name: str) -> str | None:
        """Return the value of a filter that takes a single value; None if it is not given."""
        values = self.route.query.filters.get(name)
        return ",".join(values) if values else None

    def check_vendor(self) -> None:
        """Check the vendor number.

        Raises:
            RefusedError: The number is not that of the account.
        """
        if self.filter_value("vendorNumber") != self.account.vendor_number:
            raise RefusedError(at_parameter(report_errors.VENDOR_NUMBER, "filter[vendorNumber]"))


ReportHandler: TypeAlias = "Callable[[ReportRequest], bytes | Response]"
"""Function that returns a JSON document or a complete response. It can raise
:class:`~pytest_asc.emulator.jsonapi.errors.RefusedError`."""
