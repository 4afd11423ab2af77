"""What a key's role opens, told from one small GET for each area: Apple never says which role a key has.

Which roles open an area stands in :mod:`pytest_asc.roles`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pytest_asc.diagnosis.answer import read_answer
from pytest_asc.diagnosis.findings import best_error
from pytest_asc.diagnosis.words import one_line
from pytest_asc.roles import ANY, area_of, title
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
    """One line of the table: a request."""

    name: str
    path: str
    """With ``{app}`` for the id of an app."""
    behind: frozenset[int] = frozenset()
    """The errors that come from behind the door: a role that it is closed to does not get as far."""
    services: tuple[Service, ...] = (APP_STORE_CONNECT,)


AREAS = (
    Area("apps", APP_STORE_CONNECT.probe),
    Area("users", "/v1/users?limit=1", services=(APP_STORE_CONNECT, ENTERPRISE)),
    Area("bundle ids", ENTERPRISE.probe, services=(APP_STORE_CONNECT, ENTERPRISE)),
    Area("Xcode Cloud products", "/v1/ciProducts?limit=1"),
    Area(
        "sales reports",
        f"/v1/salesReports?filter[frequency]=DAILY&filter[reportSubType]=SUMMARY&filter[reportType]=SALES&{_NOBODY}",
        _NO_REPORT,
    ),
    Area(
        "finance reports",
        f"/v1/financeReports?filter[regionCode]=US&filter[reportDate]=2020-01&filter[reportType]=FINANCIAL&{_NOBODY}",
        _NO_REPORT,
    ),
    Area("customer reviews", "/v1/apps/{app}/customerReviews?limit=1"),
    Area("analytics", "/v1/apps/{app}/analyticsReportRequests?limit=1"),
)
"""In the order of asking. A run makes at most eight requests, its first included."""


def roles_of(name: str) -> tuple[str, ...]:
    """The roles that an area is open to, as the web site writes them; empty where every role will do."""
    path = next((area.path for area in AREAS if area.name == name), "")
    known = area_of(path.partition("?")[0])
    return () if known is None or known.readers == ANY else tuple(map(title, known.roles("GET")))


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
