"""Access of a key's role to areas of the API, from one small GET for each: Apple never says which role a key has.

The roles with access to an area are in :mod:`pytest_asc.apple.roles`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pytest_asc.apple.roles import ANY, role_area_of, title
from pytest_asc.apple.services import APP_STORE_CONNECT, ENTERPRISE
from pytest_asc.diagnosis.findings import best_error
from pytest_asc.diagnosis.formatting import one_line
from pytest_asc.diagnosis.http.response import diagnose_response

if TYPE_CHECKING:
    from pytest_asc.apple.services import Service
    from pytest_asc.diagnosis.http.http_response import HttpResponse

_GZIP = b"\x1f\x8b"
# A vendor number that no account has, so that no report is downloaded. The role is checked first (observed by
# mimi-seed-sdk: 403 to a role without reports, another error to one with them).
_NOBODY = "filter[vendorNumber]=0"
# "Invalid vendor number" is a 400, a day or month without a report a 404 or 410 (observed).
_NO_REPORT = frozenset({400, 404, 410})


class ProbedArea(NamedTuple):
    """A row of the table: the request that shows the access to an area."""

    name: str
    path: str
    """With ``{app}`` for the id of an app."""
    statuses_with_access: frozenset[int] = frozenset()
    """The error statuses that only a role with access gets."""
    services: tuple[Service, ...] = (APP_STORE_CONNECT,)


PROBED_AREAS = (
    ProbedArea("apps", APP_STORE_CONNECT.probe),
    ProbedArea("users", "/v1/users?limit=1", services=(APP_STORE_CONNECT, ENTERPRISE)),
    ProbedArea("bundle IDs", ENTERPRISE.probe, services=(APP_STORE_CONNECT, ENTERPRISE)),
    ProbedArea("Xcode Cloud products", "/v1/ciProducts?limit=1"),
    ProbedArea(
        "sales reports",
        f"/v1/salesReports?filter[frequency]=DAILY&filter[reportSubType]=SUMMARY&filter[reportType]=SALES&{_NOBODY}",
        _NO_REPORT,
    ),
    ProbedArea(
        "finance reports",
        f"/v1/financeReports?filter[regionCode]=US&filter[reportDate]=2020-01&filter[reportType]=FINANCIAL&{_NOBODY}",
        _NO_REPORT,
    ),
    ProbedArea("customer reviews", "/v1/apps/{app}/customerReviews?limit=1"),
    ProbedArea("analytics", "/v1/apps/{app}/analyticsReportRequests?limit=1"),
)
"""In the order of the requests. A run makes at most eight, its first included."""


def roles_of(name: str) -> tuple[str, ...]:
    """The roles with access to an area, as the web site writes them; empty if every role has access."""
    path = next((area.path for area in PROBED_AREAS if area.name == name), "")
    known = role_area_of(path.partition("?")[0])
    return () if known is None or known.readers == ANY else tuple(map(title, known.roles("GET")))


class AreaAccess(NamedTuple):
    """Access to one area, for the report."""

    area: str
    method: str
    path: str
    """As in the table, without the id of an app, which is private."""
    status: int | None
    """None where no request was sent, or no response came."""
    opens: bool | None
    """None where the response does not show it."""
    words: str | None
    """Apple's message, or the reason why there is none."""


def probed_areas_of(service: Service) -> tuple[ProbedArea, ...]:
    """The areas that a service has."""
    return tuple(area for area in PROBED_AREAS if service in area.services)


def read_access(area: ProbedArea, response: HttpResponse, service: Service) -> AreaAccess:
    """Derive from a response whether the key's role has access to an area.

    Only a refusal that speaks of the key closes it: an agreement, the rate limit or a failure say nothing of roles.
    """
    words = response.message or (
        None if response.is_json else one_line(response.body.decode("utf-8", "replace"), 100) or None
    )
    opens: bool | None = None
    if response.status in range(200, 300):
        opens = True if response.is_json or response.body.startswith(_GZIP) else None
        words = None if opens else words
    elif response.status in area.statuses_with_access and response.errors:
        opens = True
    elif response.status == 403:  # noqa: PLR2004  forbidden
        error = best_error(diagnose_response(response, claims=None, service=service))
        closed = error is not None and error.cause == "role-insufficient" and error.certainty == "certain"
        opens = False if closed else None
    return AreaAccess(area.name, response.method, area.path, response.status, opens, words)


def skipped_access(area: ProbedArea, reason: str) -> AreaAccess:
    """Access to an area that no request has shown."""
    return AreaAccess(area.name, "GET", area.path, None, None, reason)
