"""Settings of a pytest run, and the checks of its options."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_asc.apple.services import SERVICES, service_for
from pytest_asc.credentials.settings import Settings, SettingsError, check_host, home_folder, read_settings

if TYPE_CHECKING:
    import pytest


def settings_of(config: pytest.Config) -> Settings:
    """Return the settings of a pytest run: from the command line, the ini file, the environment and other sources."""

    def ini(name: str) -> str | None:
        value: str | None = config.getini(f"asc_{name}") or None
        if value and name == "key_file" and config.inipath:
            return str(config.inipath.parent / Path(value).expanduser())
        return value

    return read_settings(
        option=lambda name: config.getoption(f"asc_{name}"),
        ini=ini,
        environ=os.environ,
        folder=config.invocation_params.dir,
        home=home_folder(),
        trusted_hosts=tuple(config.option.asc_trust_host),
    )


def check_settings(settings: Settings) -> None:
    """Check the settings that have the same valid values in every mode.

    Raises:
        SettingsError: A value is invalid.
    """
    for name in ("mode", "service", "key_type"):
        settings.choice(name)
    _ = settings.lifetime


def check_options(config: pytest.Config) -> None:
    """Check the options and settings before tests are collected.

    Raises:
        SettingsError: A value is invalid, or two options exclude each other.
    """
    settings = settings_of(config)
    check_settings(settings)
    mode = settings.choice("mode")
    base_url = settings.base_url("https://api.appstoreconnect.apple.com")
    key_type, service = settings.choice("key_type"), settings.choice("service")
    if settings.get("base_url") and (service or key_type):
        check_host(base_url, SERVICES[service] if service else service_for(key_type or ""))
    if config.option.asc_timeout <= 0:
        raise SettingsError(
            f"--asc-timeout is {config.option.asc_timeout:g}, expected a number of seconds greater than 0"
        )
    if config.option.asc_smoke and config.option.asc_smoke_first:
        raise SettingsError("--asc-smoke runs no tests, but --asc-smoke-first does: use one of the two")
    smoke = config.option.asc_smoke or config.option.asc_smoke_first
    if config.option.asc_smoke_roles and not smoke:
        raise SettingsError("--asc-smoke-roles is for the smoke check: add --asc-smoke or --asc-smoke-first")
    if config.option.asc_report and not smoke:
        raise SettingsError("--asc-report is for the smoke check: add --asc-smoke or --asc-smoke-first")
    if config.option.asc_offline and not smoke:
        raise SettingsError("--asc-offline is for the smoke check: add --asc-smoke or --asc-smoke-first")
    if config.option.asc_offline and config.option.asc_smoke_roles:
        raise SettingsError("--asc-smoke-roles sends requests, but --asc-offline sends none: use one of the two")
    if config.option.asc_fault is not None:
        if mode != "emulator" and (mode == "live" or smoke):
            raise SettingsError("--asc-fault is for the emulator: add --asc-mode=emulator")
        _check_fault(config.option.asc_fault, settings.choice("service"))


def _check_fault(fault: str, service: str | None) -> None:
    from pytest_asc.faults.registry import check_fault  # noqa: PLC0415  imports cryptography, which is slow

    try:
        check_fault(fault, service=service)
    except SettingsError as error:
        raise SettingsError(f"--asc-fault: {error}") from None
