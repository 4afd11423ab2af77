"""Reading of a source of a key: a variable or file with a key, a path or fastlane's JSON."""

from __future__ import annotations

import os
import re
import string
import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import unquote

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from pytest_asc.credentials import key_files
from pytest_asc.credentials.fastlane import (
    FALSE_VALUES,
    TRUE_VALUES,
    FastlaneKey,
    is_fastlane_key,
    read_fastlane_key,
    read_option,
)
from pytest_asc.diagnosis.findings import Finding, make_finding
from pytest_asc.diagnosis.key.check import read_key
from pytest_asc.diagnosis.key.pem import decode_base64, decode_text, encode_base64
from pytest_asc.diagnosis.key.placeholders import placeholder
from pytest_asc.diagnosis.key.repairs import QUOTES
from pytest_asc.secrets import mask, redactor

if TYPE_CHECKING:
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

    from pytest_asc.credentials.settings import Settings, SettingValue


@dataclass(frozen=True)
class KeySource:
    """A source of a key, with the key and the findings."""

    source: str
    """Name of the option, variable or file, as reports show it."""
    key: EllipticCurvePrivateKey | None
    findings: tuple[Finding, ...]
    file: Path | None = None
    """The file that the key or fastlane's JSON was read from."""
    fastlane: FastlaneKey | None = None
    """The fields of fastlane's JSON, if the source contains it."""
    opened: bool = True
    """False if the source could not be read. It may contain IDs, so none is reported as missing."""


_PATH_SUFFIXES = (".p8", ".pem", ".key", ".json")
_MAX_PATH_LENGTH = 1024
# No key is shorter than this. Longer values without a dot are not paths of key files.
_MIN_KEY_LENGTH = 64
# A key with escaped line breaks in a JSON text, whose names and IDs are not secret.
_LONG_BASE64 = re.compile(r"[A-Za-z0-9+/=\\]{40,}")
_LONG_WORD = re.compile(r"[A-Za-z0-9+=_-]{16,}")


def read_text(given: SettingValue, settings: Settings) -> KeySource:
    """Read a key from a variable for the text of a key. A path is accepted, too, and reported."""
    path = _path_for_content(given.value, settings)
    if path is None:
        return _with_base64_flag(_read_content(given.value, given.source), given, settings)
    is_url = _path_of_url(given.value) is not None
    what = "file:// URL" if is_url else "path"
    evidence = f"{given.source} contains the {what} of a file ({_display_path(path, settings)})"
    source = read_file(path, given.source, settings)
    if is_url and any(finding.cause == "key-file-missing" for finding in source.findings):
        # Report the URL, not the missing file: no program accepts a URL as the text of a key.
        error = make_finding("key-path-for-content", f"{evidence}, and that file does not exist", level="error")
        return replace(source, findings=(error,))
    return _add_finding(make_finding("key-path-for-content", evidence), source)


def _with_base64_flag(source: KeySource, given: SettingValue, settings: Settings) -> KeySource:
    """Compare the encoding of a key with fastlane's option for base64. Only a contradiction is reported."""
    flag, value = read_option(given.source, "IS_KEY_CONTENT_BASE64", settings)
    if source.key is None or value not in TRUE_VALUES | FALSE_VALUES:
        return source
    encoded = [finding for finding in source.findings if finding.cause == "key-base64-encoded"]
    if bool(encoded) is (value in TRUE_VALUES):
        return replace(source, findings=tuple(finding for finding in source.findings if finding not in encoded))
    if value in FALSE_VALUES:
        evidence = f"{flag} is {value}, but {given.source} is encoded in base64"
    elif "BEGIN" in given.value:
        evidence = f"{flag} is {value}, but {given.source} is the text of the key"
    else:
        return source
    return _add_finding(make_finding("tool-setting-conflict", evidence), source)


def read_json_path(given: SettingValue, settings: Settings) -> KeySource:
    """Read a key from fastlane's variable for the path of a JSON file. A .p8 file is accepted, too, and reported."""
    source = read_path(given, settings)
    if source.key is None or source.fastlane or source.file is None:
        return source
    evidence = f"{given.source}: fastlane expects a JSON file here, but the file contains only the key"
    fix = "Write the JSON file that fastlane documents, or set APP_STORE_CONNECT_API_KEY_KEY_FILEPATH to the .p8 file."
    return _add_finding(make_finding("tool-setting-conflict", evidence, fix=fix), source)


_FILE_URL = "file://"
# The third slash in file:///C:/keys is not part of the path.
_BEFORE_DRIVE = re.compile(r"/[A-Za-z]:")


def _path_of_url(value: str) -> str | None:
    """Return the path of a ``file://`` URL; None for any other text."""
    bare = value.strip(string.whitespace + QUOTES)
    if not bare.startswith(_FILE_URL):
        return None
    path = unquote(bare[len(_FILE_URL) :].removeprefix("localhost"))
    return path[1:] if sys.platform == "win32" and _BEFORE_DRIVE.match(path) else path


def read_path(given: SettingValue, settings: Settings) -> KeySource:
    """Read a key from an option or variable for a path. The text of a key is accepted, too, and reported."""
    if (path_of_url := _path_of_url(given.value)) is not None:
        evidence = f"{given.source} is a file:// URL, expected a path"
        finding = make_finding("tool-setting-conflict", evidence, fix="Write the path without file://.")
        return _add_finding(finding, read_file(key_files.expand(path_of_url, settings), given.source, settings))
    path = key_files.expand(given.value, settings)
    if os.path.exists(path):  # noqa: PTH110 - unlike Path.exists, it never raises, whatever the text
        return read_file(path, given.source, settings)
    if _is_content(given.value):
        content = _read_content(given.value, given.source)
        if any(finding.definition.holds_no_key for finding in content.findings):
            return content
        evidence = f"{given.source} contains the text of a key (length {len(given.value)}) instead of a path"
        return _add_finding(make_finding("key-content-for-path", evidence), content)
    bare = given.value.strip(string.whitespace + QUOTES)
    source = read_file(key_files.expand(bare, settings), given.source, settings)
    if bare == given.value:
        return source
    cause = "key-quoted" if given.value.strip() == given.value else "key-invisible-characters"
    length = f"length {len(given.value)}, expected {len(bare)}"
    evidence = f"{given.source}: the path has {length}; it ends with {given.value[-1]!a}"
    return _add_finding(
        make_finding(cause, evidence, fix="Store the path without quotes, whitespace and line breaks."), source
    )


def read_file(path: Path, source: str, settings: Settings) -> KeySource:
    """Read a key from a file."""
    content = key_files.read(path, _display_path(path, settings))
    if isinstance(content, Finding):
        return KeySource(source, None, (_with_source(content, source),), path, opened=False)
    return replace(_read_content(content, source), file=path)


def _read_content(content: str | bytes, source: str) -> KeySource:
    fastlane = read_fastlane_key(content) if is_fastlane_key(content) else None
    if isinstance(fastlane, Finding):
        for piece in _LONG_BASE64.findall(content if isinstance(content, str) else decode_text(content)):
            redactor.add_key(piece)
        return KeySource(source, None, (_with_source(fastlane, source),), opened=False)
    if fastlane:
        parsed = read_key(fastlane.key)
    elif source.endswith("_B64") and isinstance(content, str) and not placeholder(content):
        # Variables with this suffix contain base64, so decoding is not reported as a repair.
        redactor.add_key(content)
        parsed = read_key(decode_base64(content) or content)
    else:
        parsed = read_key(content)
    for form in parsed.secrets:
        redactor.add_key(form)
    if parsed.key:
        # Other tools write the key in its standard encoding, which is therefore also registered as a secret.
        redactor.add_key(encode_base64(parsed.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())))
    found = (*(fastlane.findings if fastlane else ()), *parsed.findings)
    findings = tuple(_with_source(finding, source) for finding in found)
    return KeySource(source, parsed.key, findings, fastlane=fastlane)


def _path_for_content(value: str, settings: Settings) -> Path | None:
    bare = value.strip(string.whitespace + QUOTES)
    if len(bare) > _MAX_PATH_LENGTH or "\n" in bare or "BEGIN" in bare or placeholder(bare) or is_fastlane_key(bare):
        return None
    path = key_files.expand(_path_of_url(bare) or bare, settings)
    has_key_suffix = bare.lower().endswith(_PATH_SUFFIXES)
    return path if has_key_suffix or os.path.isfile(path) else None  # noqa: PTH113 - it never raises, whatever the text


def _is_content(value: str) -> bool:
    bare = value.strip(string.whitespace + QUOTES)
    if not bare or placeholder(bare) or is_fastlane_key(bare) or "BEGIN" in bare or "\n" in bare:
        return True
    return len(bare) >= _MIN_KEY_LENGTH and not bare.startswith(("/", "~", ".")) and decode_base64(bare) is not None


def _display_path(path: Path, settings: Settings) -> str:
    """Format a path for reports. The path of a file that does not exist is masked, because it may be part of a key."""
    text = key_files.display_path(path, settings)
    return text if os.path.exists(path) else _LONG_WORD.sub(_mask_base64, text)  # noqa: PTH110 - it never raises, whatever the text


def _mask_base64(run: re.Match[str]) -> str:
    word = run[0]
    return word if word.islower() or word.isupper() else mask(word)


def _with_source(finding: Finding, source: str) -> Finding:
    return replace(finding, evidence=f"{source}: {finding.evidence}")


def _add_finding(finding: Finding, source: KeySource) -> KeySource:
    return replace(source, findings=(finding, *source.findings))
