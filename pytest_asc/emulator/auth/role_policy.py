"""Authorization by the role and the type of a key."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pytest_asc.apple.roles import UNLIMITED, role_area_of
from pytest_asc.diagnosis.findings import make_finding
from pytest_asc.diagnosis.formatting import join_or
from pytest_asc.emulator.spec.api_spec import api_spec

if TYPE_CHECKING:
    from pytest_asc.diagnosis.findings import Finding


def check_role_access(role: str, key_type: str, method: str, url: str) -> Finding | None:
    """Return the reason why a key may not send a request; None if it may, or if the path does not exist.

    Args:
        role: Role of the key; an individual key has the role of its user.
        key_type: Type of the key. Individual keys have no access to some areas of the API.
        method: Method of the request.
        url: URL of the request.
    """
    individual = key_type == "individual"
    if role in UNLIMITED and not individual:
        return None
    try:
        path = urlsplit(url).path
        area = role_area_of(path)
    except ValueError:
        return None
    if area is None:
        return _refuse_unknown_area(path)
    if individual and area.team_keys:
        return make_finding("role-insufficient", f"individual keys cannot access {area.name}; team keys can")
    if role in UNLIMITED or role in area.roles(method):
        return None
    verb = "read" if method == "GET" else "change"
    return make_finding(
        "role-insufficient",
        f"the role {role} cannot {verb} {area.name}; {join_or(area.roles(method))} can",
    )


def areas_without_roles() -> list[str]:
    """Return the first two segments of the spec's paths whose roles are not in the table: ``/v1/retentionMessages``."""
    spec = api_spec()
    without = (path for path in spec.paths if role_area_of(path) is None)
    return list(dict.fromkeys("/".join(path.split("/", 3)[:3]) for path in without))


def _refuse_unknown_area(path: str) -> Finding | None:
    root = "/".join(path.split("/", 3)[:3])
    if not api_spec().is_root(root):
        return None
    return make_finding(
        "role-insufficient", f"the roles with access to {root} are not known, so the emulator allows only ADMIN"
    )
