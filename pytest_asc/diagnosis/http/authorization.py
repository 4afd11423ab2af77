"""Diagnosis of the Authorization header. It imports no HTTP library, because the emulator uses it, too."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pytest_asc.diagnosis.findings import make_finding

if TYPE_CHECKING:
    from pytest_asc.diagnosis.findings import Finding


@dataclass(frozen=True)
class NetrcEntry:
    """An entry of a netrc file."""

    description: str
    """Description of the entry, such as ``the default entry in ~/.netrc``."""
    authorization: str = field(repr=False)
    """Value of the Authorization header that HTTP clients send for the entry."""


def check_authorization(authorization: str | None, *, netrc: NetrcEntry | None = None) -> Finding | None:
    """Check the form of the Authorization header, without checking the token in it.

    Args:
        authorization: The header's value; None if the request has no such header.
        netrc: The entry for the host in a netrc file; None if there is none.
    """
    if authorization is None:
        return make_finding("header-missing", "the request has no Authorization header")
    if netrc and authorization == netrc.authorization:
        return make_finding(
            "header-overridden-by-netrc",
            f"the Authorization header is Basic, with the user name and password from {netrc.description}",
        )
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer":
        description = f"the scheme {scheme!r}" if token and len(scheme) <= len("Negotiate") else "no scheme"
        return make_finding("bearer-missing", f"the Authorization header has {description}, expected 'Bearer'")
    if not token.strip():
        return make_finding("bearer-missing", "the Authorization header has no token after 'Bearer'")
    if token.partition(" ")[0].lower() == "bearer":
        return make_finding("bearer-doubled", "the Authorization header has 'Bearer' twice")
    return None
