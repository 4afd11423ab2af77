"""The certificate of the HTTPS port, for Apple's hosts and this machine, from a new authority."""

from __future__ import annotations

import ssl
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

import trustme

from pytest_asc.apple.hosts import LOOPBACK
from pytest_asc.apple.services import PROBEABLE, SERVICES, emulated_hosts

if TYPE_CHECKING:
    from pathlib import Path

_HOSTS = frozenset(host for name in PROBEABLE for host in emulated_hosts(SERVICES[name]))
# Apple's own TLS refuses certificates that live for longer than 825 days, whoever signed them (documented: HT210176).
_LIFE = timedelta(days=365)


def server_context(host: str, ca_file: Path) -> ssl.SSLContext:
    """Make an authority, write its certificate to a file, and have it sign one for a TLS server.

    The authority's key stays in memory and is forgotten on return. OpenSSL reads the server's own key from a file
    alone, so it is written to a temporary one that only its owner can read, and removed at once.

    Args:
        host: The server's address, beside the names of this machine.
        ca_file: The certificate for clients to trust; only its owner can read it.
    """
    now = datetime.now(timezone.utc)
    authority = trustme.CA(organization_name="pytest-asc")
    certificate = authority.issue_cert(
        *sorted({*_HOSTS, *LOOPBACK, host}), not_before=now - timedelta(days=1), not_after=now + _LIFE
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.set_alpn_protocols(["http/1.1"])
    certificate.configure_cert(context)
    ca_file.touch(mode=0o600)
    ca_file.write_bytes(authority.cert_pem.bytes())
    return context
