"""Whether a key's role, or its kind, opens what is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pytest_asc.apple.roles import UNLIMITED, role_area_of
from pytest_asc.diagnosis.findings import make_finding
from pytest_asc.diagnosis.formatting import join_or

if TYPE_CHECKING:
    from pytest_asc.diagnosis.findings import Finding


def refuse_role(role: str, kind: str, method: str, url: str) -> Finding | None:
    """Why a key may not send a request; None where it may, or where there is no such path.

    Args:
        role: The key's.
        kind: The key's: an individual one has its user's role, and some areas closed to it.
        method: Of the request.
        url: Of the request.
    """
    individual = kind == "individual"
    if role in UNLIMITED and not individual:
        return None
    try:
        area = role_area_of(urlsplit(url).path)
    except ValueError:
        return None
    if area is None:
        return None
    if individual and area.team_keys:
        return make_finding("role-insufficient", f"individual keys may not use {area.name}; a team key may")
    if role in UNLIMITED or role in area.roles(method):
        return None
    verb = "read" if method == "GET" else "change"
    return make_finding(
        "role-insufficient",
        f"the role {role} may not {verb} {area.name}; {join_or(area.roles(method))} may",
    )
