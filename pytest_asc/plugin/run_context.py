"""Context of a run: its settings, and the credentials and tokens that its tests share."""

from __future__ import annotations

import os
import time
from functools import cached_property
from typing import TYPE_CHECKING

import pytest

from pytest_asc.credentials.finder import find_credentials
from pytest_asc.credentials.lifetimes import DEFAULT_LIFETIME
from pytest_asc.credentials.settings import home_folder
from pytest_asc.credentials.tokens import Token, TokenSource
from pytest_asc.faults.sources import throw_away_settings
from pytest_asc.faults.tokens import UTC_OFFSETS
from pytest_asc.plugin.account import account_of
from pytest_asc.plugin.live_observers import live_observers_of
from pytest_asc.plugin.options import settings_of
from pytest_asc.plugin.report_sections import register_hooks
from pytest_asc.plugin.resolver import Resolver
from pytest_asc.secrets import redactor

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pytest_asc.apple.causes import CauseSlug
    from pytest_asc.apple.services import Service
    from pytest_asc.credentials.finder import Credentials, CredentialsResult
    from pytest_asc.diagnosis.http.authorization import NetrcEntry
    from pytest_asc.emulator.app import Emulator
    from pytest_asc.emulator.auth.authenticator import Authenticator
    from pytest_asc.plugin.markers import Mode

_RUN_CONTEXT: pytest.StashKey[RunContext] = pytest.StashKey()


class FixtureSetup:
    """Keeps the request of the fixture that pytest is setting up.

    It is registered when a test first requests a fixture of this plugin. A fixture must read the request before it
    requests another fixture, which replaces it.
    """

    request: pytest.FixtureRequest

    @pytest.hookimpl(tryfirst=True)
    def pytest_fixture_setup(self, request: pytest.FixtureRequest) -> None:
        """Keep the request, and leave it to pytest to set up the fixture."""
        self.request = request


class RunContext:
    """Context of a run. It is created when a test first requests a fixture of this plugin.

    Args:
        config: The configuration of the pytest run.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self.settings = settings_of(config)
        for issuer_id in self.settings.all("issuer_id"):
            redactor.add_id(issuer_id.value.strip())
        self.resolver = Resolver(self.settings)
        self.fixture_setup = FixtureSetup()
        self.fault: CauseSlug | None = config.option.asc_fault
        """The cause of ``--asc-fault``."""
        self.open_emulators: list[Emulator] = []
        """The emulators of ``asc_emulator_factory`` that are open, the latest last."""
        self.account = account_of(config)
        """The account of ``asc_account``, which every emulator of the run loads when it starts; None without one."""
        self.live_observers = live_observers_of(config)
        """Functions called with each request of a live ``asc_session`` and its response."""
        self._credentials: dict[tuple[Mode, str | None], CredentialsResult] = {}
        self._token_sources: dict[tuple[object, ...], TokenSource] = {}
        self._authenticators: dict[tuple[object, ...], tuple[Credentials, Authenticator]] = {}

    @cached_property
    def mode(self) -> Mode:
        """The mode of tests that do not request one. The default is the emulator."""
        return self.resolver.mode(smoke=self._config.option.asc_smoke)

    @property
    def fixture_request(self) -> pytest.FixtureRequest:
        """The request of the fixture that is being set up."""
        return self.fixture_setup.request

    def active_faults(self, mode: Mode, faults: Iterable[CauseSlug] = ()) -> tuple[CauseSlug, ...]:
        """Return the causes to inject as faults: those of the test and that of the run. In live mode, there are none.

        Args:
            mode: ``live`` or ``emulator``.
            faults: The causes in the test's markers.
        """
        return () if mode == "live" else (*faults, *([self.fault] if self.fault else ()))

    def credentials_result(self, mode: Mode, fault: str | None = None) -> CredentialsResult:
        """Return the credentials of a mode and the findings on them: the configured ones, or a throw-away key.

        Args:
            mode: ``live`` or ``emulator``.
            fault: The cause to inject into the throw-away key; None for that of the run.
        """
        key = (mode, fault)
        if key not in self._credentials:
            slug = fault or self.fault or ""
            settings = (
                self.settings
                if mode == "live"
                else throw_away_settings(slug, self.resolver.service_name([slug]), new_folder=self._new_folder)
            )
            result = self._credentials[key] = find_credentials(settings)
            if mode == "live" and result.credentials and result.credentials.issuer_id:
                redactor.add_id(result.credentials.issuer_id)
        return self._credentials[key]

    def _new_folder(self) -> Path:
        """Create a folder that is removed when the run ends."""
        from pytest_asc.credentials.private_folder import new_private_folder  # noqa: PLC0415  rarely used

        folder, remove = new_private_folder()
        self._config.add_cleanup(remove)
        return folder

    def lifetime(self, requested: int | None = None) -> int:
        """Return the lifetime of generated tokens, in seconds: the requested one, the setting, or the default.

        Raises:
            SettingsError: The setting is invalid.
        """
        lifetime = self.settings.lifetime if requested is None else requested
        return DEFAULT_LIFETIME if lifetime is None else lifetime

    def token_source(self, credentials: Credentials, lifetime: int | None, service: Service) -> TokenSource:
        """Return the token source that the run's tests share.

        Args:
            credentials: The key that signs the tokens, and the IDs that they contain.
            lifetime: Seconds from ``iat`` to ``exp``; None for the lifetime of the run.
            service: The service that the tokens are for.

        Raises:
            LifetimeError: The service rejects tokens with this lifetime, or the lifetime is too short.
        """
        __tracebackhide__ = True
        lifetime = self.lifetime(lifetime)
        key = (*_identity(credentials), lifetime, service.name)
        if key not in self._token_sources:
            self._token_sources[key] = TokenSource(credentials, lifetime=lifetime, service=service.name)
        return self._token_sources[key]

    def authenticator(self, credentials: Credentials, service: Service) -> Authenticator:
        """Return an authenticator that accepts a key. The result of verifying a token is cached for the run.

        Args:
            credentials: The key to accept.
            service: The service that the emulator emulates.
        """
        from pytest_asc.emulator.auth.authenticator import Authenticator, Key  # noqa: PLC0415  not used in live mode

        key = (*_identity(credentials), service.name)
        if key not in self._authenticators:
            authenticator, issuer_id = Authenticator(service), credentials.issuer(service)
            authenticator.trust(Key(credentials.key_id, issuer_id, credentials.kind, credentials.public_key))
            # The credentials are kept, so that no other key can get the same id().
            self._authenticators[key] = (credentials, authenticator)
        return self._authenticators[key][1].fork()

    def external_token(self) -> Token | None:
        """Return the token in ``ASC_TOKEN``, or None if it is not set."""
        setting = self.settings.get("token")
        return Token(setting.value, minted_by=setting.source) if setting else None


def utc_offset(faults: Iterable[str]) -> int:
    """Return the offset of local time from UTC in seconds: that of an injected fault, else that of this machine."""
    offsets = (UTC_OFFSETS[fault] for fault in faults if fault in UTC_OFFSETS)
    return next(offsets, time.localtime().tm_gmtoff)


def netrc_entry(host: str, emulator: Emulator | None) -> NetrcEntry | None:
    """Return the netrc entry for a host: that of an injected fault, else that of this machine. None without one."""
    from pytest_asc.credentials.netrc import find_entry  # noqa: PLC0415  imports requests, which many runs do not need
    from pytest_asc.faults.requests import REQUEST_MUTATIONS  # noqa: PLC0415  imports requests, too

    mutation = REQUEST_MUTATIONS.get(emulator.client_fault or "") if emulator else None
    return (mutation.netrc if mutation else None) or find_entry(host, environ=os.environ, home=home_folder())


def _identity(credentials: Credentials) -> tuple[object, ...]:
    return id(credentials.private_key), credentials.key_id, credentials.issuer_id, credentials.kind


def get_run_context(config: pytest.Config) -> RunContext:
    """Return the context of a run. The first call creates it and registers its hooks."""
    if _RUN_CONTEXT not in config.stash:
        run = config.stash[_RUN_CONTEXT] = RunContext(config)
        register_hooks(config)
        config.pluginmanager.register(run.fixture_setup, "asc-fixture-setup")
    return config.stash[_RUN_CONTEXT]
