"""The rule for the mode, the service and the base URL: the same for a run, a test and the smoke check."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_asc.apple.services import SERVICES, service_for
from pytest_asc.credentials.settings import check_host
from pytest_asc.faults.registry import SERVICES as SERVICES_OF_FAULTS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_asc.apple.services import Service
    from pytest_asc.credentials.settings import Settings
    from pytest_asc.plugin.markers import Mode


class Resolver(NamedTuple):
    """Resolves mode, service and base URL from the settings of a run."""

    settings: Settings

    def mode(self, requested: Mode | None = None, *, smoke: bool) -> Mode:
        """Return the mode: the requested one, or the setting; else live for the smoke check and emulator for tests.

        Args:
            requested: The mode that a test requests by its markers and fixtures.
            smoke: Whether it is for the smoke check.

        Raises:
            SettingsError: The setting is no mode.
        """
        setting: Any = self.settings.choice("mode")
        return requested or setting or ("live" if smoke else "emulator")

    def service_name(self, faults: Iterable[str] = ()) -> str | None:
        """Return the name of the service that the settings or the faults determine, or None.

        Args:
            faults: The active faults; none in live mode.
        """
        of_faults = (SERVICES_OF_FAULTS[fault] for fault in faults if fault in SERVICES_OF_FAULTS)
        return self.settings.choice("service") or next(of_faults, None)

    def service(self, key_type: str, faults: Iterable[str] = ()) -> Service:
        """Return the service: of the settings, else of the faults, else the one that keys of this type are for.

        Args:
            key_type: The type of the key.
            faults: The active faults; none in live mode.
        """
        name = self.service_name(faults)
        return SERVICES[name] if name else service_for(key_type)

    def base_url(self, service: Service, mode: Mode) -> str:
        """Return the base URL of requests: the service's own in emulator mode, the configured one in live mode.

        Raises:
            SettingsError: The setting is no URL, or a token must not be sent there.
        """
        return service.base_url if mode == "emulator" else self.settings.base_url(service.base_url)

    def checked_base_url(self, service: Service, mode: Mode) -> str:
        """Return the base URL as :meth:`base_url` does, unless it is the host of another service.

        Raises:
            SettingsError: As of :meth:`base_url`; or the configured host is for another service.
        """
        url = self.base_url(service, mode)
        check_host(url, service)
        return url
