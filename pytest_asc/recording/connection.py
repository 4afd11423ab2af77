"""Connection to the live API with the configured credentials, which are found as in the smoke run."""

from __future__ import annotations

import secrets
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from pytest_asc.apple.services import SERVICES, service_for
from pytest_asc.credentials.finder import find_credentials
from pytest_asc.credentials.lifetimes import DEFAULT_LIFETIME
from pytest_asc.credentials.settings import check_host
from pytest_asc.credentials.tokens import Token, TokenSource
from pytest_asc.recording.reader import Reader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_asc.credentials.settings import Settings
    from pytest_asc.diagnosis.findings import Finding


class Connection(NamedTuple):
    """A reader with facts about its credentials."""

    reader: Reader
    secret: bytes
    """A secret that is always the same for an API key, and random if there is only a token."""
    has_key: bool
    base_url: str
    findings: tuple[Finding, ...]
    """Findings about the credentials."""


@contextmanager
def connect(
    settings: Settings,
    *,
    tell: Callable[[str], None] = lambda _text: None,
) -> Iterator[Connection]:
    """Open a connection.

    Args:
        settings: The settings with the credentials and the base URL.
        tell: Function that is called with a message when the reader has to wait.

    Raises:
        CredentialsError: There are no usable credentials.
        LifetimeError: The configured lifetime is not usable.
        SettingsError: The base URL is not usable.
    """
    external = settings.get("token")
    name = settings.choice("service")
    token: Callable[[], str]
    renew: Callable[[], str] | None = None
    findings: tuple[Finding, ...] = ()
    if external:
        given = Token(external.value, minted_by=external.source)
        token, secret = (lambda: given), secrets.token_bytes()
        service = SERVICES[name] if name else service_for(settings.choice("key_type") or "team")
    else:
        reading = find_credentials(settings)
        findings = reading.findings
        credentials = reading.require()
        service = SERVICES[name] if name else service_for(credentials.kind)
        source = TokenSource(
            credentials, lifetime=settings.lifetime or DEFAULT_LIFETIME, clock=time.time, service=service.name
        )
        token, renew, secret = source.token, source.renew, credentials.pem.encode()
    base_url = settings.base_url(service.base_url)
    check_host(base_url, service)
    reader = Reader(base_url, token=token, renew=renew, hosts=service.hosts, tell=tell)
    try:
        yield Connection(reader, secret, external is None, base_url, findings)
    finally:
        reader.close()
