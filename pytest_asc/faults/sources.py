"""Settings of the emulator mode: valid ones with a new key, and the change that each cause makes to them."""

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
"""By the setting's name, its sources, best first."""


def good_values() -> Values:
    """Return a new key, and IDs for it."""
    return {
        "team_id": _in(SOURCE, TEAM_ID),
        "service_id": _in(SOURCE, SERVICE_ID),
        "bundle_id": _in(SOURCE, BUNDLE_ID),
        "key_id": _in(SOURCE, KEY_ID),
        "issuer_id": _in(SOURCE, ISSUER_ID),
        "private_key": _in(SOURCE, new_key()),
    }


def _in(source: str, value: str) -> tuple[SettingValue, ...]:
    return (SettingValue(value, source),)


def _with(name: str, change: Callable[[str], str]) -> Callable[[Values], Values]:
    return lambda values: {**values, name: _in(SOURCE, change(values[name][0].value))}


def _at_path(values: Values, path: str) -> Values:
    return {**values, "private_key": (), "key_file": _in(SOURCE, path)}


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
        **{slug: _with("private_key", change) for slug, change in KEYS.items()},
        **{slug: _with("key_id", change) for slug, change in _KEY_IDS.items()},
        **{slug: _with("issuer_id", change) for slug, change in _ISSUER_IDS.items()},
        "ids-swapped": lambda values: {**values, "key_id": values["issuer_id"], "issuer_id": values["key_id"]},
        "service-id-missing": lambda values: {**values, "team_id": ()},
        "credentials-missing": lambda _: {},
        "variable-not-read": lambda _: {},
        "id-placeholder": _with("key_id", lambda _: "YOUR_KEY_ID"),
        "credentials-conflict": lambda values: {
            **values,
            "key_id": (*values["key_id"], *_in("second source", OTHER_KEY_ID)),
        },
        "key-content-for-path": lambda values: _at_path(values, values["private_key"][0].value),
        "key-file-missing": lambda values: _at_path(values, KEY_FILE),
    }
)
"""Changes of the settings, by the slug of the cause."""


def _in_file(name: str, *, mode: int = 0o600, setting: str = "key_file") -> Callable[[Values, Path], Values]:
    def write(values: Values, folder: Path) -> Values:
        file = folder / name
        file.write_bytes(values["private_key"][0].value.encode("ascii"))  # without the line breaks of Windows
        file.chmod(mode)
        return {**values, "private_key": (), setting: _in(SOURCE, str(file))}

    return write


def _folder_for_file(values: Values, folder: Path) -> Values:
    # Containers make one where the file to mount is missing. Missing rights would not keep root from reading.
    (folder / KEY_FILE).mkdir()
    return _at_path(values, str(folder / KEY_FILE))


FILES: Mapping[str, Callable[[Values, Path], Values]] = MappingProxyType(
    {
        "key-path-for-content": _in_file(KEY_FILE, setting="private_key"),
        "key-file-exposed": _in_file(KEY_FILE, mode=0o644),
        "key-id-file-mismatch": _in_file(f"AuthKey_{OTHER_KEY_ID}.p8"),
        "key-of-other-service": _in_file(f"SubscriptionKey_{KEY_ID}.p8"),
        "key-file-unreadable": _folder_for_file,
        "tool-setting-conflict": _in_file(KEY_FILE, setting="fastlane_key"),
    }
)
"""Changes that write a file, by the slug of the cause. Each gets an empty folder."""


ENVIRONMENTS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {"variable-not-read": {"APPLE_API_KEY_ID": KEY_ID, "APPLE_API_ISSUER": ISSUER_ID, "APPLE_API_KEY_PATH": KEY_FILE}}
)
"""Further environment variables to set, by the slug of the cause."""


def throw_away_settings(fault: str = "", service: str | None = None, *, new_folder: Callable[[], Path]) -> Settings:
    """Make settings with a new key, and inject a cause into them.

    Args:
        fault: The slug of a cause; empty, or of a cause that is no state of a key, it leaves the key good.
        service: The name of the service that the key is for; None for App Store Connect.
        new_folder: Makes an empty folder; called for the causes that need a file.
    """
    values: Values = good_values()
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
