"""Fault injection: the registry of causes that a run or a test can bring about.

``sources`` and ``keys`` change the credentials, ``tokens`` the token, ``requests`` the request;
:mod:`pytest_asc.emulator.service_faults` changes the state of the emulated service.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from pytest_asc.credentials.settings import NOWHERE, SETTINGS, Settings, SettingsError, SettingValue
from pytest_asc.faults.sources import FILES, SOURCE, SOURCES, Values, good
from pytest_asc.faults.tokens import TOKENS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

CREDENTIALS = frozenset({*SOURCES, *FILES})
"""The causes that are a state of the key and its ids."""

SERVICES: Mapping[str, str] = MappingProxyType(
    {
        "service-id-missing": "weatherkit",
        "missing-auth": "weatherkit",
        "service-not-enabled": "weatherkit",
        "app-not-released": "app-store-server",
        "redirect-dropped-authorization": "app-store-connect",
    }
)
"""The causes that are rehearsed with one service alone, and which."""


def known_faults() -> frozenset[str]:
    """The causes that can be rehearsed."""
    from pytest_asc.emulator.service_faults import FAULTS  # noqa: PLC0415  the emulator is loaded where it is used

    return CREDENTIALS | TOKENS.keys() | FAULTS.keys()


def check_fault(fault: str, *, service: str | None = None) -> None:
    """See that a cause can be rehearsed.

    Args:
        fault: The slug of the cause.
        service: The name of the service that was chosen; None where none was.

    Raises:
        SettingsError: It cannot; the message lists those that can.
    """
    known = known_faults()
    if fault not in known:
        raise SettingsError(f"{fault!r} is no such cause to rehearse; there are {', '.join(sorted(known))}")
    if service not in {None, SERVICES.get(fault, service)}:
        raise SettingsError(f"{fault!r} is rehearsed with {SERVICES[fault]}, and --asc-service is {service}")


def throw_away_settings(fault: str = "", service: str | None = None, *, new_folder: Callable[[], Path]) -> Settings:
    """Settings with a new key, spoilt as the fault wants it.

    Args:
        fault: The slug of a cause; empty, or of a cause that is no state of a key, it leaves the key good.
        service: The name of the service that the key is for; None for App Store Connect.
        new_folder: Makes an empty folder; called for the causes that need a file.
    """
    values: Values = good()
    folder = NOWHERE
    if fault in SOURCES:
        values = SOURCES[fault](values)
    elif fault in FILES:
        folder = new_folder()
        values = FILES[fault](values, folder)
    if service:
        values = {**values, "service": (SettingValue(service, SOURCE),)}
    found = {setting.name: values.get(setting.name, ()) for setting in SETTINGS}
    return Settings(found, environ={}, folder=folder, home=folder)
