"""Certificate of the HTTPS port, for Apple's hosts and this machine, signed by a new certificate authority."""

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
# TLS of Apple's systems rejects certificates that are valid for more than 825 days (documented: HT210176).
_LIFETIME = timedelta(days=365)


def server_context(host: str, ca_file: Path) -> ssl.SSLContext:
    """Create a certificate authority, write its certificate to a file, and sign a certificate for a TLS server.

    The key of the authority stays in memory, and is discarded on return. OpenSSL only reads the key of the server from
    a file, so it is written to a temporary file that only its owner can read, and removed immediately.

    Args:
        host: Address of the server, in addition to the names of this machine.
        ca_file: File for the certificate that clients must trust. Only its owner can read it.
    """
    now = datetime.now(timezone.utc)
    authority = trustme.CA(organization_name="pytest-asc")
    certificate = authority.issue_cert(
        *sorted({*_HOSTS, *LOOPBACK, host}), not_before=now - timedelta(days=1), not_after=now + _LIFETIME
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.set_alpn_protocols(["http/1.1"])
    certificate.configure_cert(context)
    ca_file.touch(mode=0o600)
    ca_file.write_bytes(authority.cert_pem.bytes())
    return context
