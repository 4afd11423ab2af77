"""What a key's role opens, told from one small GET for each area: Apple never says which role a key has.

Which roles open an area is documented for the web site (App Store Connect Help), that the API follows it is inferred,
unless a line says more. A role has the name that it has where keys are made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pytest_asc.diagnosis.answer import read_answer
from pytest_asc.diagnosis.findings import best_error
from pytest_asc.diagnosis.words import one_line
from pytest_asc.services import APP_STORE_CONNECT, ENTERPRISE

if TYPE_CHECKING:
    from pytest_asc.diagnosis.answer import Answer
    from pytest_asc.services import Service

_GZIP = b"\x1f\x8b"
# A vendor number that nobody has: what comes back for it is no report. The role is judged before it (observed by
# mimi-seed-sdk: 403 to a role without reports, another error to one with them).
_NOBODY = "filter[vendorNumber]=0"
# "Invalid vendor number" is a 400, a day or month without a report a 404 or 410 (observed).
_NO_REPORT = frozenset({400, 404, 410})


class Area(NamedTuple):
    """One line of the table: a request, and whom it is open to."""

    name: str
    path: str
    """With ``{app}`` for the id of an app."""
    roles: tuple[str, ...]
    """Empty where every role will do."""
    behind: frozenset[int] = frozenset()
    """The errors that come from behind the door: a role that it is closed to does not get as far."""
    services: tuple[Service, ...] = (APP_STORE_CONNECT,)


AREAS = (
    Area("apps", APP_STORE_CONNECT.probe, ()),
    # Documented (Help, "Add and edit users"): both manage users; that both list them is inferred.
    Area("users", "/v1/users?limit=1", ("Admin", "App Manager"), services=(APP_STORE_CONNECT, ENTERPRISE)),
    # Documented: closed to individual keys, and open to the roles below Admin with the extra access to certificates.
    Area(
        "bundle ids",
        ENTERPRISE.probe,
        ("Admin", "App Manager", "Developer"),
        services=(APP_STORE_CONNECT, ENTERPRISE),
    ),
    Area("Xcode Cloud products", "/v1/ciProducts?limit=1", ("Admin", "App Manager", "Developer")),
    # Documented: both reports are closed to individual keys.
    Area(
        "sales reports",
        f"/v1/salesReports?filter[frequency]=DAILY&filter[reportSubType]=SUMMARY&filter[reportType]=SALES&{_NOBODY}",
        ("Admin", "Finance", "Sales and Reports"),
        _NO_REPORT,
    ),
    Area(
        "finance reports",
        f"/v1/financeReports?filter[regionCode]=US&filter[reportDate]=2020-01&filter[reportType]=FINANCIAL&{_NOBODY}",
        ("Admin", "Finance"),
        _NO_REPORT,
    ),
    # Documented for the web site's forerunner: all who have access to the app see them.
    Area(
        "customer reviews",
        "/v1/apps/{app}/customerReviews?limit=1",
        ("Admin", "App Manager", "Customer Support", "Developer", "Marketing"),
    ),
    # Documented ("Downloading Analytics Reports"): these have access, and to ask for a report takes Admin.
    Area("analytics", "/v1/apps/{app}/analyticsReportRequests?limit=1", ("Admin", "Finance", "Sales and Reports")),
)
"""In the order of asking. A run makes at most eight requests, its first included."""

ROLES = {area.name: area.roles for area in AREAS}


class Look(NamedTuple):
    """What was seen of one area."""

    area: str
    method: str
    path: str
    """As in the table: the id of an app is nobody's business."""
    status: int | None
    """None where it was not asked, or gave no answer."""
    opens: bool | None
    """None where the answer does not tell."""
    words: str | None
    """Apple's words, or why there are none."""


def areas_of(service: Service) -> tuple[Area, ...]:
    """The areas that a service has."""
    return tuple(area for area in AREAS if service in area.services)


def look(area: Area, answer: Answer, service: Service) -> Look:
    """Read from an answer whether an area is open.

    Only a refusal that speaks of the key closes it: an agreement, the rate limit or a failure say nothing of roles.
    """
    words = answer.words or (None if answer.is_json else one_line(answer.body.decode("utf-8", "replace"), 100) or None)
    opens: bool | None = None
    if answer.status in range(200, 300):
        opens = True if answer.is_json or answer.body.startswith(_GZIP) else None
        words = None if opens else words
    elif answer.status in area.behind and answer.errors:
        opens = True
    elif answer.status == 403:  # noqa: PLR2004  forbidden
        error = best_error(read_answer(answer, claims=None, service=service))
        closed = error is not None and error.cause == "role-insufficient" and error.certainty == "certain"
        opens = False if closed else None
    return Look(area.name, answer.method, area.path, answer.status, opens, words)


def not_asked(area: Area, reason: str) -> Look:
    """The line of an area that nothing was seen of."""
    return Look(area.name, "GET", area.path, None, None, reason)
