"""Settings for emulator mode: valid ones with a new key, and for each cause, a function that changes them."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

from pytest_asc.credentials.settings import NOWHERE, SETTINGS, Settings, SettingValue
from pytest_asc.credentials.throw_away import BUNDLE_ID, ISSUER_ID, KEY_ID, SERVICE_ID, SOURCE, TEAM_ID, new_key
from pytest_asc.faults.keys import KEYS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

OTHER_KEY_ID = "EMULATOR25"
KEY_FILE = f"AuthKey_{KEY_ID}.p8"

Values: TypeAlias = "Mapping[str, tuple[SettingValue, ...]]"
"""Maps the name of a setting to its values from all sources; the first has the highest precedence."""


def valid_values() -> Values:
    """Generate a key, and return settings with this key and valid IDs."""
    return {
        "team_id": _only_value(TEAM_ID),
        "service_id": _only_value(SERVICE_ID),
        "bundle_id": _only_value(BUNDLE_ID),
        "key_id": _only_value(KEY_ID),
        "issuer_id": _only_value(ISSUER_ID),
        "private_key": _only_value(new_key()),
    }


def _only_value(value: str, source: str = SOURCE) -> tuple[SettingValue, ...]:
    return (SettingValue(value, source),)


def _changed_setting(name: str, change: Callable[[str], str]) -> Callable[[Values], Values]:
    return lambda values: {**values, name: _only_value(change(values[name][0].value))}


def _with_key_path(values: Values, path: str) -> Values:
    return {**values, "private_key": (), "key_file": _only_value(path)}


_KEY_IDS: Mapping[str, Callable[[str], str]] = {
    "key-id-whitespace": lambda key_id: f"{key_id}\n",
    "key-id-quoted": lambda key_id: f'"{key_id}"',
    "key-id-missing": lambda _: "",
    "key-id-is-file-name": lambda _: KEY_FILE,
}
_ISSUER_IDS: Mapping[str, Callable[[str], str]] = {
    "issuer-id-whitespace": lambda issuer_id: f"{issuer_id}\n",
    "issuer-id-quoted": lambda issuer_id: f'"{issuer_id}"',
    "issuer-id-not-uuid": lambda _: "ABCDE12345",
    "issuer-id-missing": lambda _: "",
}

SOURCES: Mapping[str, Callable[[Values], Values]] = MappingProxyType(
    {
        **{slug: _changed_setting("private_key", change) for slug, change in KEYS.items()},
        **{slug: _changed_setting("key_id", change) for slug, change in _KEY_IDS.items()},
        **{slug: _changed_setting("issuer_id", change) for slug, change in _ISSUER_IDS.items()},
        "ids-swapped": lambda values: {**values, "key_id": values["issuer_id"], "issuer_id": values["key_id"]},
        "service-id-missing": lambda values: {**values, "team_id": ()},
        "credentials-missing": lambda _: {},
        "variable-not-read": lambda _: {},
        "id-placeholder": _changed_setting("key_id", lambda _: "YOUR_KEY_ID"),
        "credentials-conflict": lambda values: {
            **values,
            "key_id": (*values["key_id"], *_only_value(OTHER_KEY_ID, "second source")),
        },
        "key-content-for-path": lambda values: _with_key_path(values, values["private_key"][0].value),
        "key-file-missing": lambda values: _with_key_path(values, KEY_FILE),
    }
)
"""Maps the slug of a cause to a function that returns changed settings."""


def _written_to(name: str, *, mode: int = 0o600, setting: str = "key_file") -> Callable[[Values, Path], Values]:
    def write(values: Values, folder: Path) -> Values:
        file = folder / name
        file.write_bytes(values["private_key"][0].value.encode("ascii"))  # write_text() would write CRLF on Windows
        file.chmod(mode)
        return {**values, "private_key": (), setting: _only_value(str(file))}

    return write


def _folder_as_key_file(values: Values, folder: Path) -> Values:
    # Docker creates a folder if the file of a bind mount does not exist. A file without read permission is no
    # alternative: root can read it.
    (folder / KEY_FILE).mkdir()
    return _with_key_path(values, str(folder / KEY_FILE))


FILES: Mapping[str, Callable[[Values, Path], Values]] = MappingProxyType(
    {
        "key-path-for-content": _written_to(KEY_FILE, setting="private_key"),
        "key-file-exposed": _written_to(KEY_FILE, mode=0o644),
        "key-id-file-mismatch": _written_to(f"AuthKey_{OTHER_KEY_ID}.p8"),
        "key-of-other-service": _written_to(f"SubscriptionKey_{KEY_ID}.p8"),
        "key-file-unreadable": _folder_as_key_file,
        "tool-setting-conflict": _written_to(KEY_FILE, setting="fastlane_key"),
    }
)
"""Maps the slug of a cause to a function that writes a key file to an empty folder, and returns changed settings."""


ENVIRONMENTS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {"variable-not-read": {"APPLE_API_KEY_ID": KEY_ID, "APPLE_API_ISSUER": ISSUER_ID, "APPLE_API_KEY_PATH": KEY_FILE}}
)
"""Maps the slug of a cause to the environment variables that the settings contain."""


def throw_away_settings(fault: str = "", service: str | None = None, *, new_folder: Callable[[], Path]) -> Settings:
    """Make settings with a new key, and inject a cause into them.

    Args:
        fault: The slug of a cause. If it is empty, or the cause does not affect credentials, the settings are valid.
        service: The name of the service that the key is for; None for App Store Connect.
        new_folder: Creates an empty folder and returns its path; called only for causes that need a file.
    """
    values: Values = valid_values()
    folder = NOWHERE
    if fault in SOURCES:
        values = SOURCES[fault](values)
    elif fault in FILES:
        folder = new_folder()
        values = FILES[fault](values, folder)
    if service:
        values = {**values, "service": (SettingValue(service, SOURCE),)}
    found = {setting.name: values.get(setting.name, ()) for setting in SETTINGS}
    return Settings(found, environ=ENVIRONMENTS.get(fault, {}), folder=folder, home=folder)
