"""Settings from the command line, the ini file and the environment.

The order of precedence is the same for all settings: an overridden fixture or a marker, the command line, the ini file,
the environment, the key folders, the default.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from pytest_asc.apple.hosts import LOOPBACK, is_apple
from pytest_asc.apple.services import PROBEABLE, SERVICES
from pytest_asc.credentials.lifetimes import BACKDATE, MIN_LIFETIME, RENEW_BEFORE
from pytest_asc.diagnosis.http.url_origin import origin_or_none, parse_host, parse_origin

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytest_asc.apple.services import Service


class Setting(NamedTuple):
    """A setting and the names of its sources."""

    name: str
    help: str
    env: tuple[str, ...]
    choices: tuple[str, ...] = ()
    option: bool = True
    """True if the setting has a command-line option and an ini value. Private keys and tokens have neither, because
    process lists and shell histories show command lines, and ini files are committed to repositories."""

    @property
    def flag(self) -> str:
        """Name of the command-line option."""
        return "--asc-" + self.name.replace("_", "-")

    @property
    def ini(self) -> str:
        """Name of the ini value."""
        return "asc_" + self.name


SETTINGS = (
    Setting("key_id", "key ID of the API key, 10 characters",
            ("ASC_KEY_ID", "ASC_API_KEY_ID", "APP_STORE_CONNECT_API_KEY_KEY_ID", "APP_STORE_CONNECT_KEY_IDENTIFIER",
             "APP_STORE_CONNECT_KEY_ID", "SPACESHIP_CONNECT_API_KEY_ID", "EXPO_ASC_KEY_ID", "APP_STORE_KEY_ID")),
    Setting("issuer_id", "issuer ID of the team, a UUID; leave it out for an individual key",
            ("ASC_ISSUER_ID", "ASC_API_ISSUER_ID", "APP_STORE_CONNECT_API_KEY_ISSUER_ID",
             "APP_STORE_CONNECT_ISSUER_ID", "SPACESHIP_CONNECT_API_ISSUER_ID", "EXPO_ASC_ISSUER_ID",
             "APP_STORE_ISSUER_ID")),
    Setting("private_key", "text of the private key",
            ("ASC_PRIVATE_KEY", "ASC_PRIVATE_KEY_B64", "APP_STORE_CONNECT_API_KEY_KEY",
             "APP_STORE_CONNECT_PRIVATE_KEY", "SPACESHIP_CONNECT_API_KEY", "APP_STORE_CONNECT_P8",
             "APP_STORE_PRIVATE_KEY"), option=False),
    Setting("key_file", "path of the .p8 file, or of fastlane's JSON key file",
            ("ASC_PRIVATE_KEY_PATH", "APP_STORE_CONNECT_API_KEY_KEY_FILEPATH", "SPACESHIP_CONNECT_API_KEY_FILEPATH",
             "EXPO_ASC_API_KEY_PATH", "ASC_KEY_PATH", "APP_STORE_CONNECT_P8_PATH", "APP_STORE_CONNECT_PRIVATE_KEY_PATH",
             "APP_STORE_CONNECT_KEY_PATH", "APP_STORE_PRIVATE_KEY_PATH")),
    Setting("fastlane_key", "path of fastlane's JSON key file", ("APP_STORE_CONNECT_API_KEY_PATH",), option=False),
    Setting("key_type", "type of the API key", ("ASC_KEY_TYPE",), choices=("team", "individual", "enterprise")),
    Setting("service", "Apple service to use (default app-store-connect)", ("ASC_SERVICE",),
            choices=PROBEABLE),
    Setting("team_id", "Team ID, 10 characters, for WeatherKit", ("ASC_TEAM_ID", "EXPO_APPLE_TEAM_ID")),
    Setting("service_id", "Services ID that WeatherKit is enabled for", ("ASC_SERVICE_ID",)),
    Setting("bundle_id", "bundle ID of the app, for the App Store Server API", ("ASC_BUNDLE_ID",)),
    Setting("token", "token that was generated elsewhere", ("ASC_TOKEN",), option=False),
    Setting("token_lifetime", "lifetime of generated tokens, in seconds from iat to exp (default 900)",
            ("ASC_TOKEN_LIFETIME",)),
    Setting("base_url", "base URL of requests (default https://api.appstoreconnect.apple.com)", ("ASC_BASE_URL",)),
    Setting("mode", "send requests to the emulator (default for tests) or to Apple (default for --asc-smoke)",
            ("ASC_MODE",), choices=("emulator", "live")),
)  # fmt: skip

SECRET_VARIABLES = tuple(
    name for setting in SETTINGS if setting.name in {"private_key", "token", "issuer_id"} for name in setting.env
)
"""Variables whose values never appear in a report."""

NOWHERE = Path(os.devnull)
"""A path at which no file exists."""


class SettingsError(Exception):
    """Raised for an invalid setting. The message contains the source, the value and the expected value."""


class SettingValue(NamedTuple):
    """A value and its source, which is the name of an option, an ini value or a variable."""

    value: str
    source: str


class Settings:
    """The values of all settings.

    Args:
        found: The values that are set, by the name of the setting. Those of one setting are in order of precedence.
        environ: The environment, for variables that are not in the table of settings.
        folder: The folder against which relative paths are resolved.
        home: The user's home folder.
        trusted_hosts: Hosts to which tokens may be sent although they are neither Apple's nor loopback.

    Raises:
        SettingsError: A trusted host is invalid.
    """

    def __init__(
        self,
        found: Mapping[str, tuple[SettingValue, ...]],
        *,
        environ: Mapping[str, str],
        folder: Path,
        home: Path,
        trusted_hosts: tuple[str, ...] = (),
    ) -> None:
        self._found = found
        self.environ = environ
        self.folder = folder
        self.home = home
        self._trusted_hosts = frozenset(_trusted_host(host) for host in trusted_hosts)

    def all(self, name: str) -> tuple[SettingValue, ...]:
        """Return every value that is set, including empty ones, in order of precedence."""
        return self._found[name]

    def get(self, name: str) -> SettingValue | None:
        """Return the first value that is not empty; None if there is none."""
        return next((found for found in self._found[name] if found.value.strip()), None)

    def choice(self, name: str) -> str | None:
        """Return the value of a setting with choices; None if it is not set.

        Raises:
            SettingsError: The value is not one of the choices.
        """
        found = self.get(name)
        if found is None:
            return None
        choices = BY_NAME[name].choices
        if found.value not in choices:
            raise SettingsError(f"{found.source} is {found.value!r}, expected one of {', '.join(choices)}")
        return found.value

    @property
    def lifetime(self) -> int | None:
        """Lifetime of generated tokens, in seconds; None if it is not set.

        Raises:
            SettingsError: The value is not a whole number, or too short.
        """
        found = self.get("token_lifetime")
        if found is None:
            return None
        try:
            seconds = int(found.value)
        except ValueError:
            raise SettingsError(f"{found.source} is {found.value!r}, expected a whole number of seconds") from None
        if seconds < MIN_LIFETIME:
            raise SettingsError(
                f"{found.source} is {seconds}, expected at least {MIN_LIFETIME} seconds: iat is backdated by "
                f"{BACKDATE} s, and a token is replaced {RENEW_BEFORE} s before exp"
            )
        return seconds

    def base_url(self, default: str) -> str:
        """Return the base URL of requests, without a trailing slash.

        Raises:
            SettingsError: The value is not a valid URL, or a URL to which tokens must not be sent.
        """
        found = self.get("base_url")
        if found is None:
            return default
        url = found.value.strip().rstrip("/")
        try:
            parts = urlsplit(url)
            host, _ = parts.hostname, parts.port
        except ValueError as error:
            raise SettingsError(f"{found.source} is not a URL ({error}), expected one such as {default}") from None
        if parts.username is not None:
            raise SettingsError(
                f"{found.source} is {_without_user_info(url)!r} with a user name, expected a URL without a user name"
            )
        if parts.scheme not in {"http", "https"} or not host:
            raise SettingsError(
                f"{found.source} is {_without_user_info(url)!r}, expected a URL with scheme and host, such as {default}"
            )
        if parts.query or parts.fragment:
            raise SettingsError(f"{found.source} is {_without_user_info(url)!r}, expected a URL without a query")
        try:
            host = parse_origin(url).host
        except ValueError as error:
            raise SettingsError(f"{found.source} is not a URL to which a token can be sent: {error}") from None
        if host in LOOPBACK:
            return url
        if parts.scheme != "https":
            raise SettingsError(
                f"{found.source} is {_without_user_info(url)!r}: tokens are sent only over https, except to this "
                f"machine. Use https://{host}."
            )
        if not is_apple(host) and host not in self._trusted_hosts:
            raise SettingsError(
                f"{found.source} points to {host}, which is neither Apple's nor this machine, and your token would be "
                f"sent there. Confirm this with --asc-trust-host {host}, or leave {found.source} out."
            )
        return url


BY_NAME = {setting.name: setting for setting in SETTINGS}


def check_host(url: str, service: Service) -> None:
    """Check that the host of a URL belongs to the service that the token is for, or to none of Apple's.

    Raises:
        SettingsError: The host belongs to another of Apple's services.
    """
    origin = origin_or_none(url)
    host = origin.host if origin else ""
    owner = next((candidate for candidate in SERVICES.values() if host in candidate.hosts), service)
    if host not in service.hosts and owner is not service:
        raise SettingsError(
            f"the base URL points to {host}, a host of {owner.title}, but the token is for {service.title}, so it was "
            "not sent. Leave the base URL out, or select the other service."
        )


def _trusted_host(text: str) -> str:
    try:
        return parse_host(text)
    except ValueError as error:
        raise SettingsError(f"--asc-trust-host is {_without_user_info(text)!r}: {error}") from None


def _without_user_info(url: str) -> str:
    """Remove user name and password from a URL."""
    scheme, separator, rest = url.rpartition("://")
    return scheme + separator + rest.rpartition("@")[2]


def read_settings(
    option: Callable[[str], str | None],
    ini: Callable[[str], str | None],
    environ: Mapping[str, str],
    *,
    folder: Path,
    home: Path,
    trusted_hosts: tuple[str, ...] = (),
) -> Settings:
    """Read every source of every setting.

    Args:
        option: Function that returns the value of a setting on the command line, by the name of the setting; None if
            it is not set.
        ini: The same for the ini file.
        environ: The environment.
        folder: The folder against which relative paths are resolved.
        home: The user's home folder.
        trusted_hosts: The hosts given with ``--asc-trust-host``.
    """

    def sources(setting: Setting) -> tuple[SettingValue, ...]:
        given: list[tuple[str | None, str]] = []
        if setting.option:
            given = [(option(setting.name), setting.flag), (ini(setting.name), setting.ini)]
        given += [(environ.get(name), name) for name in setting.env]
        return tuple(SettingValue(value, source) for value, source in given if value is not None)

    found = {setting.name: sources(setting) for setting in SETTINGS}
    return Settings(found, environ=environ, folder=folder, home=home, trusted_hosts=trusted_hosts)


def home_folder() -> Path:
    """Return the user's home folder, or a path at which no file exists if the home folder is unknown.

    It is unknown if ``HOME`` is not set and the user is not in the user database, as in some containers.
    """
    try:
        return Path.home()
    except RuntimeError:
        return NOWHERE


def settings_with(values: Mapping[str, str], source: str) -> Settings:
    """Make settings from a single source, without the environment and the key folders.

    Args:
        values: The values by the name of the setting.
        source: The name of the source.
    """
    found = {
        setting.name: (SettingValue(values[setting.name], source),) if setting.name in values else ()
        for setting in SETTINGS
    }
    return Settings(found, environ={}, folder=NOWHERE, home=NOWHERE)
