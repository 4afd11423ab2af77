"""Detection of credentials in variables that are not read, such as those of another tool."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pytest_asc.apple.services import UUID_PATTERN
from pytest_asc.credentials.settings import SETTINGS
from pytest_asc.diagnosis.findings import make_finding
from pytest_asc.diagnosis.formatting import join_and

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_asc.diagnosis.findings import Finding

_READ = frozenset(name for setting in SETTINGS for name in setting.env)
_PREFIX = re.compile(
    r"(?:^|_)(?:ASC|APP_?STORE(?:_?CONNECT)?|APPSTORECONNECT|APPLE|NOTARY|NOTARIZE|NOTARIZATION|EXPO|SPACESHIP|ITC|"
    r"WEATHER_?KIT|APNS|MUSIC_?KIT|DEVICE_?CHECK)(?=_)"
)
# Suffixes of names, each with the variable that is read instead.
_SUFFIXES = tuple(
    (re.compile(form), read)
    for form, read in (
        (r"ISSUER(?:_?ID)?$", "ASC_ISSUER_ID"),
        (r"KEY_?(?:ID|IDENTIFIER)$", "ASC_KEY_ID"),
        (r"KEY_?(?:FILE_?)?(?:PATH|FILE|FILEPATH)$|P8_PATH$", "ASC_PRIVATE_KEY_PATH"),
        (r"(?:P8|KEY)(?:_(?:P8|CONTENTS?|BASE64|B64|DATA|TEXT|RAW|PEM|STRING))*$", "ASC_PRIVATE_KEY"),
        (r"TEAM_?ID$", "ASC_TEAM_ID"),
        (r"SERVICES?_?ID$", "ASC_SERVICE_ID"),
    )
)
_KEY_ID, _ISSUER_ID = re.compile(r"[A-Z0-9]{10}"), re.compile(UUID_PATTERN)
_SESSIONS = ("FASTLANE_SESSION", "FASTLANE_PASSWORD", "FASTLANE_APPLE_APPLICATION_SPECIFIC_PASSWORD")
_PEM_IN_BASE64 = "LS0tLS1CRUdJTi"
_MAX_LISTED = 6


def unread_variables(environ: Mapping[str, str]) -> dict[str, str]:
    """Return variables that seem to contain credentials but are not read, each with the variable that is read instead.

    A variable is recognised if its name mentions Apple or one of its tools, or if its value has the expected form.
    """
    found = {}
    for name, value in environ.items():
        if name in _READ or not value.strip():
            continue
        upper = name.upper()
        read = next((target for form, target in _SUFFIXES if form.search(upper)), None)
        if read and (_PREFIX.search(upper) or _has_expected_form(read, value)):
            found[name] = read
    return found


def _has_expected_form(read: str, value: str) -> bool:
    """Return whether a value has the form of the values of a variable that is read."""
    stripped = value.strip()
    if read == "ASC_KEY_ID":
        return _KEY_ID.fullmatch(stripped) is not None and not stripped.isalpha()
    if read == "ASC_ISSUER_ID":
        return _ISSUER_ID.fullmatch(stripped) is not None
    if read == "ASC_PRIVATE_KEY":
        return "BEGIN PRIVATE KEY" in stripped[:100] or stripped.startswith(_PEM_IN_BASE64)
    return read == "ASC_PRIVATE_KEY_PATH" and stripped.endswith(".p8")


def unread_finding(environ: Mapping[str, str], missing: frozenset[str]) -> Finding | None:
    """Return a finding if a variable that is not read seems to contain a missing value; None otherwise.

    Args:
        environ: The environment.
        missing: The variables that are read for the missing values.
    """
    unread = unread_variables(environ)
    if not missing & set(unread.values()):
        return _session_finding(environ) if "ASC_PRIVATE_KEY" in missing else None
    names = list(unread)
    more = f" and {len(names) - _MAX_LISTED} more" if len(names) > _MAX_LISTED else ""
    are, them = ("are", "them") if len(names) > 1 else ("is", "it")
    assignments = [f"{read} to the value of {name}" for name, read in list(unread.items())[:_MAX_LISTED]]
    return make_finding(
        "variable-not-read",
        f"{', '.join(names[:_MAX_LISTED])}{more} {are} set, but pytest-asc does not read {them}",
        fix=f"Set {join_and(assignments)}.",
    )


def _session_finding(environ: Mapping[str, str]) -> Finding | None:
    """Return a finding if an Apple ID session or password is set in place of a key."""
    names = [name for name in _SESSIONS if environ.get(name, "").strip()]
    if not names:
        return None
    return make_finding(
        "apple-id-session", f"{', '.join(names)} {'are' if len(names) > 1 else 'is'} set, but no API key is set"
    )
