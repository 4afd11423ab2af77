"""What the fixtures of one run share: settings, credentials and the tokens that are kept."""

from __future__ import annotations

import os
import time
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pytest

from pytest_asc.apple.services import SERVICES, service_for
from pytest_asc.credentials.finder import find_credentials
from pytest_asc.credentials.settings import check_host, settings_of
from pytest_asc.credentials.tokens import DEFAULT_LIFETIME, Token, TokenSource
from pytest_asc.faults.registry import SERVICES as SERVICES_OF_FAULTS
from pytest_asc.faults.sources import throw_away_settings
from pytest_asc.faults.tokens import UTC_OFFSETS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_asc.apple.services import Service
    from pytest_asc.credentials.finder import Credentials, CredentialsResult
    from pytest_asc.diagnosis.http.request import NetrcEntry
    from pytest_asc.emulator.app import Emulator
    from pytest_asc.emulator.auth.authenticator import Authenticator
    from pytest_asc.plugin.markers import Mode

_STATE: pytest.StashKey[RunContext] = pytest.StashKey()


class RunContext:
    """Made when the first fixture of ours is asked for; a run without one has none."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self.settings = settings_of(config)
        self._readings: dict[tuple[Mode, str | None], CredentialsResult] = {}
        self._sources: dict[tuple[object, ...], TokenSource] = {}
        self._gates: dict[tuple[object, ...], tuple[Credentials, Authenticator]] = {}

    @cached_property
    def mode(self) -> Mode:
        """The mode of tests that do not say otherwise: a live account is never touched by default."""
        chosen: Any = self.settings.choice("mode")
        return chosen or ("live" if self._config.option.asc_smoke else "emulator")

    @property
    def fault(self) -> str | None:
        """The cause that the run rehearses."""
        fault: str | None = self._config.option.asc_fault
        return fault

    def service(self, kind: str, faults: Iterable[str] = ()) -> Service:
        """The service that is meant: the chosen one, the one that a fault is of, or the one of this kind of key.

        Args:
            kind: The kind of the key.
            faults: The causes that are rehearsed; none in live mode.
        """
        chosen = self._chosen_service(faults)
        return SERVICES[chosen] if chosen else service_for(kind)

    def _chosen_service(self, faults: Iterable[str]) -> str | None:
        of_faults = (SERVICES_OF_FAULTS[fault] for fault in faults if fault in SERVICES_OF_FAULTS)
        return self.settings.choice("service") or next(of_faults, None)

    def reading(self, mode: Mode, fault: str | None = None) -> CredentialsResult:
        """The credentials of a mode, with what was found about them: real ones, or a throw-away key.

        Args:
            mode: Live or emulator.
            fault: The cause that a throw-away key rehearses; None for the one of the run.
        """
        key = (mode, fault)
        if key not in self._readings:
            rehearsed = fault or self.fault or ""
            service = self._chosen_service([rehearsed])
            settings = (
                self.settings
                if mode == "live"
                else throw_away_settings(rehearsed, service, new_folder=self._new_folder)
            )
            self._readings[key] = find_credentials(settings)
        return self._readings[key]

    def _new_folder(self) -> Path:
        """A folder that is gone when the run ends."""
        folder = TemporaryDirectory(prefix="pytest-asc-")
        self._config.add_cleanup(folder.cleanup)
        return Path(folder.name)

    def source(self, credentials: Credentials, lifetime: int | None, service: Service) -> TokenSource:
        """Where tokens of these credentials and this life come from: one for the run, so that tokens are kept."""
        life = lifetime or self.settings.lifetime or DEFAULT_LIFETIME
        key = (*_identity(credentials), life, service.name)
        if key not in self._sources:
            self._sources[key] = TokenSource(credentials, lifetime=life, service=service.name)
        return self._sources[key]

    def authenticator(self, credentials: Credentials, service: Service) -> Authenticator:
        """A gate of the emulator that knows these credentials, and tokens that were judged in other tests."""
        from pytest_asc.emulator.auth.authenticator import Authenticator, Key  # noqa: PLC0415  live runs have none

        key = (*_identity(credentials), service.name)
        if key not in self._gates:
            authenticator, issuer_id = Authenticator(service), credentials.issuer(service)
            authenticator.trust(Key(credentials.key_id, issuer_id, credentials.kind, credentials.public_key))
            self._gates[key] = (credentials, authenticator)  # the key's identity is its own for as long as it is kept
        return self._gates[key][1].fork()

    def external_token(self) -> Token | None:
        """The token that was minted elsewhere, if the environment has one."""
        found = self.settings.get("token")
        return Token(found.value, minted_by=found.source) if found else None

    def base_url(self, service: Service) -> str:
        """Where live requests to a service go.

        Raises:
            SettingsError: The host that was set is for another service.
        """
        url = self.settings.base_url(service.base_url)
        check_host(url, service)
        return url


def utc_offset(faults: Iterable[str]) -> int:
    """Seconds that local time is ahead of UTC: of this machine, or of the one that a rehearsal is on."""
    rehearsed = (UTC_OFFSETS[fault] for fault in faults if fault in UTC_OFFSETS)
    return next(rehearsed, time.localtime().tm_gmtoff)


def netrc_entry(host: str, emulator: Emulator | None) -> NetrcEntry | None:
    """What a netrc file has for a host: a rehearsed one, or the one of this machine."""
    from pytest_asc.credentials.netrc import find_entry  # noqa: PLC0415  it loads requests, which a suite may do without
    from pytest_asc.faults.requests import REQUEST_MUTATIONS  # noqa: PLC0415  it loads requests as well

    mutation = REQUEST_MUTATIONS.get(emulator.client_fault or "") if emulator else None
    return (mutation.netrc if mutation else None) or find_entry(host, environ=os.environ, home=Path.home())


def _identity(credentials: Credentials) -> tuple[object, ...]:
    return id(credentials.private_key), credentials.key_id, credentials.issuer_id, credentials.kind


def get_run_context(config: pytest.Config) -> RunContext:
    """The state of this run."""
    if _STATE not in config.stash:
        from pytest_asc.plugin import report_sections  # noqa: PLC0415  it imports this module

        config.stash[_STATE] = RunContext(config)
        config.pluginmanager.register(report_sections.ReportHooks(config), "asc-reporting")
    return config.stash[_STATE]
