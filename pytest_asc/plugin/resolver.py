"""Choice of the mode, the service and the base URL, by the same rules for a run, a test and the smoke check."""

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
    """Determines the mode, the service and the base URL from the settings of a run."""

    settings: Settings

    def mode(self, requested: Mode | None = None, *, smoke: bool) -> Mode:
        """Return the mode: the requested one, or the setting. The default is live for the smoke check, else emulator.

        Args:
            requested: The mode that a test requests by its markers and fixtures.
            smoke: True for the smoke check, False for tests.

        Raises:
            SettingsError: The setting is invalid.
        """
        setting: Any = self.settings.choice("mode")
        return requested or setting or ("live" if smoke else "emulator")

    def service_name(self, faults: Iterable[str] = ()) -> str | None:
        """Return the name of the service that the settings or the faults determine, or None.

        Args:
            faults: Slugs of the active faults; empty in live mode.
        """
        required = (SERVICES_OF_FAULTS[fault] for fault in faults if fault in SERVICES_OF_FAULTS)
        return self.settings.choice("service") or next(required, None)

    def service(self, key_type: str, faults: Iterable[str] = ()) -> Service:
        """Return the service: that of the settings, else that of the faults, else the one for the type of the key.

        Args:
            key_type: The type of the key.
            faults: Slugs of the active faults; empty in live mode.
        """
        name = self.service_name(faults)
        return SERVICES[name] if name else service_for(key_type)

    def base_url(self, service: Service, mode: Mode) -> str:
        """Return the base URL of requests: the service's own in emulator mode, the configured one in live mode.

        Raises:
            SettingsError: The setting is not a valid URL, or tokens must not be sent to its host.
        """
        return service.base_url if mode == "emulator" else self.settings.base_url(service.base_url)

    def checked_base_url(self, service: Service, mode: Mode) -> str:
        """Return the base URL as :meth:`base_url` does, and check that its host is not that of another service.

        Raises:
            SettingsError: As for :meth:`base_url`, or the host belongs to another service.
        """
        url = self.base_url(service, mode)
        check_host(url, service)
        return url
