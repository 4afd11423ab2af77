"""Access control of the control API: programs on this machine, others with a secret, and no foreign web pages."""

from __future__ import annotations

import hmac
import re
from ipaddress import ip_address
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

_AUTHORITY = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._-]{1,255})(?::[0-9]{1,5})?")
_SAME_SITE = frozenset({"same-origin", "none"})


class Denial(NamedTuple):
    """Reason for denying a request, found before its body is read."""

    status: int
    message: str


class Access(NamedTuple):
    """Access rules of a server.

    The ``Host`` header must be a loopback address or localhost, to prevent DNS rebinding, where another host name
    resolves to this machine. With a secret, any host name is accepted. The origin of a web page must be the server.
    """

    secret: str | None = None
    """Secret that clients must send as ``Authorization: Bearer``; None if no secret is needed."""

    def check(self, header: Callable[[str], str | None], *, secure: bool, needs_secret: bool) -> Denial | None:
        """Return the reason for denying a request; None if it is allowed.

        Args:
            header: Function that returns the value of a header by its name.
            secure: True if the request came over TLS.
            needs_secret: False for the page only, which asks the user for the secret.
        """
        host = header("Host") or ""
        match = _AUTHORITY.fullmatch(host)
        if match is None or not (self.secret or _is_loopback(match["host"])):
            return Denial(
                403, "The control API accepts requests only from this machine: Host must be a loopback address."
            )
        origin, site = header("Origin"), header("Sec-Fetch-Site")
        own = f"{'https' if secure else 'http'}://{host}"
        is_own = origin is None or origin.lower() == own.lower()
        # The page itself, which needs no secret, may be opened by a link on another site.
        if not is_own or (needs_secret and site is not None and site not in _SAME_SITE):
            return Denial(403, "The control API accepts requests from its own page only, not from other websites.")
        if self.secret and needs_secret:
            scheme, _, given = (header("Authorization") or "").partition(" ")
            if scheme.lower() != "bearer" or not hmac.compare_digest(given.strip().encode(), self.secret.encode()):
                return Denial(
                    401, "Send the control_secret that serve printed, in the header Authorization: Bearer SECRET."
                )
        return None


def _is_loopback(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
