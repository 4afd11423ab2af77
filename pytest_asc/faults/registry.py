"""The causes that can be injected: in credentials, tokens, requests, the network or the service."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from pytest_asc.apple.causes import nearest_cause
from pytest_asc.credentials.settings import SettingsError
from pytest_asc.faults.sources import FILES, SOURCES
from pytest_asc.faults.tokens import TOKENS

if TYPE_CHECKING:
    from collections.abc import Mapping

CREDENTIALS = frozenset({*SOURCES, *FILES})
"""Slugs of the causes that affect the key and the IDs, not the token or the request."""

SERVICES: Mapping[str, str] = MappingProxyType(
    {
        "service-id-missing": "weatherkit",
        "missing-auth": "weatherkit",
        "service-not-enabled": "weatherkit",
        "app-not-released": "app-store-server",
        "redirect-dropped-authorization": "app-store-connect",
    }
)
"""Maps the slug of a cause that occurs with only one service to the name of that service."""


def known_faults() -> frozenset[str]:
    """Return the slugs of all causes that can be injected."""
    from pytest_asc.emulator.service_faults import FAULTS  # noqa: PLC0415  the emulator is loaded where it is used

    return CREDENTIALS | TOKENS.keys() | FAULTS.keys()


def check_fault(fault: str, *, service: str | None = None) -> None:
    """Check that a cause can be injected.

    Args:
        fault: The slug of the cause.
        service: The name of the selected service; None if no service is selected.

    Raises:
        SettingsError: The cause cannot be injected, or not with this service. If the slug is unknown, the message
            suggests the closest one or, if none is close, lists all of them.
    """
    known = known_faults()
    if fault not in known:
        nearest = nearest_cause(fault)
        hint = f"did you mean {nearest!r}?" if nearest else f"the faults are {', '.join(sorted(known))}"
        raise SettingsError(f"there is no fault {fault!r}; {hint}")
    if service not in {None, SERVICES.get(fault, service)}:
        raise SettingsError(f"{fault!r} is a fault of the service {SERVICES[fault]}, but --asc-service is {service}")
