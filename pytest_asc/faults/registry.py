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
"""By the slug of a cause that only one service has: the name of the service."""


def known_faults() -> frozenset[str]:
    """Return the slugs of all causes that can be injected."""
    from pytest_asc.emulator.service_faults import FAULTS  # noqa: PLC0415  the emulator is loaded where it is used

    return CREDENTIALS | TOKENS.keys() | FAULTS.keys()


def check_fault(fault: str, *, service: str | None = None) -> None:
    """Check that a cause can be injected.

    Args:
        fault: The slug of the cause.
        service: The name of the service that was chosen; None where none was.

    Raises:
        SettingsError: It cannot; the message has the nearest slug, or all that can.
    """
    known = known_faults()
    if fault not in known:
        nearest = nearest_cause(fault)
        hint = f"did you mean {nearest!r}?" if nearest else f"the faults are {', '.join(sorted(known))}"
        raise SettingsError(f"there is no fault {fault!r}; {hint}")
    if service not in {None, SERVICES.get(fault, service)}:
        raise SettingsError(f"{fault!r} is a fault of the service {SERVICES[fault]}, but --asc-service is {service}")
