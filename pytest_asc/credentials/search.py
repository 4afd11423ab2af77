"""Search for keys and IDs in options, variables, files and the key folders."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_asc.apple.services import ServiceIds
from pytest_asc.credentials import key_files
from pytest_asc.credentials.precedence import precedence_of
from pytest_asc.credentials.settings import BY_NAME, SETTINGS, SettingValue
from pytest_asc.credentials.sources import KeySource, read_file, read_json_path, read_path, read_text
from pytest_asc.diagnosis.findings import make_finding
from pytest_asc.diagnosis.key.ids import normalize_id
from pytest_asc.secrets import mask

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_asc.credentials.settings import Settings

_KEY_SETTINGS = ("private_key", "key_file", "fastlane_key")


def find_service_ids(settings: Settings) -> dict[str, SettingValue]:
    """Return the IDs for tokens of other services that are set, normalized, by name."""
    values = {name: settings.get(name) for name in ServiceIds.__annotations__ if name in BY_NAME}
    return {
        name: SettingValue(bare, value.source)
        for name, value in values.items()
        if value and (bare := normalize_id(value.value))
    }


def read_keys(settings: Settings) -> list[KeySource]:
    """Read the key in every setting that is set, in order of precedence."""
    readers = (("private_key", read_text), ("key_file", read_path), ("fastlane_key", read_json_path))
    values = [(read, value) for name, read in readers for value in settings.all(name) if value.value.strip()]
    values.sort(key=lambda pair: precedence_of(pair[1].source, settings))
    return [read(value, settings) for read, value in values]


def find_ids(name: str, keys: Sequence[KeySource], settings: Settings) -> list[SettingValue]:
    """Return every value that is set for an ID, in order of precedence; one empty value if none is set.

    Args:
        name: The setting: ``key_id`` or ``issuer_id``.
        keys: The sources of keys; fastlane's JSON in the first one may contain the ID.
        settings: The settings.
    """
    values = list(settings.all(name))
    if keys and (fastlane := keys[0].fastlane):
        values.append(SettingValue(getattr(fastlane, name) or "", keys[0].source))
    values.sort(key=lambda value: precedence_of(value.source, settings))
    return [value for value in values if normalize_id(value.value)] or [SettingValue("", "")]


def find_key_in_folders(key_id: str | None, settings: Settings) -> KeySource:
    """Read the key with an ID from the key folders, or their only key if the ID is None."""
    folders = key_files.folders(settings)
    files = key_files.find(key_id, folders)
    if len(files) == 1:
        return read_file(files[0], key_files.display_path(files[0], settings), settings)
    named = key_files.named_folder(settings)
    if not files and named and os.path.isfile(named):  # noqa: PTH113 - it never raises, whatever the text
        # altool expects a folder here and would not find the key, so this is reported.
        evidence = f"{key_files.KEYS_FOLDER} is a file, expected a folder of key files"
        fix = f"Set {key_files.KEYS_FOLDER} to the folder that contains the file, or ASC_PRIVATE_KEY_PATH to the file."
        source = read_file(named, key_files.KEYS_FOLDER, settings)
        return replace(source, findings=(make_finding("tool-setting-conflict", evidence, fix=fix), *source.findings))
    searched = ", ".join(key_files.display_path(folder, settings) for folder in folders)
    empty = [value.source for name in _KEY_SETTINGS for value in settings.all(name)]
    if files:
        finding = make_finding(
            "key-id-missing", f"no key ID is set, and there are {len(files)} AuthKey files in {searched}"
        )
    elif empty:
        are = "are" if len(empty) > 1 else "is"
        finding = make_finding(
            "key-empty", f"{', '.join(empty)} {are} set but empty, and there is no key in {searched}"
        )
    elif key_id:
        finding = make_finding(
            "key-file-missing", f"no key is set, and there is no AuthKey_{mask(key_id)}.p8 in {searched}"
        )
    else:
        evidence = (
            f"none of the {len(searched_names())} options and variables is set, and no AuthKey file is in {searched}"
        )
        finding = make_finding("credentials-missing", evidence)
    return KeySource("", None, (finding,), opened=False)


def searched_names() -> tuple[str, ...]:
    """Return the names of all options, ini values and variables that can contain a key or its ID."""
    return tuple(_key_names())


def _key_names() -> Iterator[str]:
    for setting in SETTINGS:
        if setting.name in {"key_id", *_KEY_SETTINGS}:
            yield from (setting.flag, setting.ini) if setting.option else ()
            yield from setting.env
