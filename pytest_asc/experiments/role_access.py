"""Access of a key's role to areas of the API, tested with one small GET request for each area.

No response of Apple contains the role of a key. The roles that have access to an area are in
:mod:`pytest_asc.apple.roles`.
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
# No account has this vendor number, so no report is downloaded. Apple checks the role first (observed by mimi-seed-sdk:
# 403 for a role without access to reports, another error for one with access).
_UNKNOWN_VENDOR = "filter[vendorNumber]=0"
# 400 for an invalid vendor number; 404 or 410 for a day or month without a report (observed).
_NO_REPORT = frozenset({400, 404, 410})


class ProbedArea(NamedTuple):
    """A row of the table: an area, and the request that tests the access to it."""

    name: str
    path: str
    """Path and query, with ``{app}`` for the ID of an app."""
    statuses_with_access: frozenset[int] = frozenset()
    """Statuses of errors that only a role with access gets."""
    services: tuple[Service, ...] = (APP_STORE_CONNECT,)


PROBED_AREAS = (
    ProbedArea("apps", APP_STORE_CONNECT.probe),
    ProbedArea("users", "/v1/users?limit=1", services=(APP_STORE_CONNECT, ENTERPRISE)),
    ProbedArea("bundle IDs", ENTERPRISE.probe, services=(APP_STORE_CONNECT, ENTERPRISE)),
    ProbedArea("Xcode Cloud products", "/v1/ciProducts?limit=1"),
    ProbedArea(
        "sales reports",
        f"/v1/salesReports?filter[frequency]=DAILY&filter[reportSubType]=SUMMARY&filter[reportType]=SALES&{_UNKNOWN_VENDOR}",
        _NO_REPORT,
    ),
    ProbedArea(
        "finance reports",
        f"/v1/financeReports?filter[regionCode]=US&filter[reportDate]=2020-01&filter[reportType]=FINANCIAL&{_UNKNOWN_VENDOR}",
        _NO_REPORT,
    ),
    ProbedArea("customer reviews", "/v1/apps/{app}/customerReviews?limit=1"),
    ProbedArea("analytics", "/v1/apps/{app}/analyticsReportRequests?limit=1"),
)
"""The areas, in the order of the requests. A run sends at most eight, including its first one."""


def roles_of(name: str) -> tuple[str, ...]:
    """Return the names of the roles that have access to an area, as on Apple's site; empty if every role has access."""
    path = next((area.path for area in PROBED_AREAS if area.name == name), "")
    known = role_area_of(path.partition("?")[0])
    return () if known is None or known.readers == ANY else tuple(map(title, known.roles("GET")))


class AreaAccess(NamedTuple):
    """Access to an area, for the report."""

    area: str
    method: str
    path: str
    """Path as in the table, without the ID of an app, which is private."""
    status: int | None
    """Status of the response; None if there was no response."""
    opens: bool | None
    """True if the role has access, False if it has none, None if that is unknown."""
    words: str | None
    """Apple's error message, the start of a body that is not JSON, or the reason why no request was sent."""


def probed_areas_of(service: Service) -> tuple[ProbedArea, ...]:
    """Return the areas of a service."""
    return tuple(area for area in PROBED_AREAS if service in area.services)


def read_access(area: ProbedArea, response: HttpResponse, service: Service) -> AreaAccess:
    """Infer from a response whether the key's role has access to an area.

    Only an error about the role of the key shows that it has no access. Other errors, such as a missing agreement, the
    rate limit and server errors, leave it unknown.
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
        denied = error is not None and error.cause == "role-insufficient" and error.certainty == "certain"
        opens = False if denied else None
    return AreaAccess(area.name, response.method, area.path, response.status, opens, words)


def skipped_access(area: ProbedArea, reason: str) -> AreaAccess:
    """Return the access to an area that was not tested, with the reason for the report."""
    return AreaAccess(area.name, "GET", area.path, None, None, reason)
