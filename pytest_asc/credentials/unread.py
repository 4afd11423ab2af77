"""Detection of variables that contain credentials under a name that is not read, such as that of another tool."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pytest_asc.apple.services import UUID_PATTERN
from pytest_asc.credentials.settings import SETTINGS
from pytest_asc.diagnosis.findings import make_finding

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_asc.diagnosis.findings import Finding

_READ = frozenset(name for setting in SETTINGS for name in setting.env)
_PREFIX = re.compile(
    r"(?:^|_)(?:ASC|APP_?STORE(?:_?CONNECT)?|APPSTORECONNECT|APPLE|NOTARY|NOTARIZE|NOTARIZATION|EXPO|SPACESHIP|ITC|"
    r"WEATHER_?KIT|APNS|MUSIC_?KIT|DEVICE_?CHECK)(?=_)"
)
# Ends of names, each with the variable that is read instead.
_KINDS = tuple(
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
_SHOWN = 6


def unread_variables(environ: Mapping[str, str]) -> dict[str, str]:
    """Return variables that appear to contain credentials but are not read, each with the one that is read instead.

    A variable is recognised by its name, if that mentions Apple or one of its tools, or else by the form of its value.
    """
    found = {}
    for name, value in environ.items():
        if name in _READ or not value.strip():
            continue
        upper = name.upper()
        read = next((target for form, target in _KINDS if form.search(upper)), None)
        if read and (_PREFIX.search(upper) or _fits(read, value)):
            found[name] = read
    return found


def _fits(read: str, value: str) -> bool:
    """Return whether a value has the form that a variable requires, so that it is recognised without Apple's name."""
    bare = value.strip()
    if read == "ASC_KEY_ID":
        return _KEY_ID.fullmatch(bare) is not None and not bare.isalpha()
    if read == "ASC_ISSUER_ID":
        return _ISSUER_ID.fullmatch(bare) is not None
    if read == "ASC_PRIVATE_KEY":
        return "BEGIN PRIVATE KEY" in bare[:100] or bare.startswith(_PEM_IN_BASE64)
    return read == "ASC_PRIVATE_KEY_PATH" and bare.endswith(".p8")


def unread_finding(environ: Mapping[str, str], missing: frozenset[str]) -> Finding | None:
    """Return a finding if a missing value appears to be in a variable that is not read; None otherwise.

    Args:
        environ: The environment.
        missing: The variables that are read and would contain the missing value.
    """
    unread = unread_variables(environ)
    if not missing & set(unread.values()):
        return _session_finding(environ) if "ASC_PRIVATE_KEY" in missing else None
    names = list(unread)
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    are, them = ("are", "them") if len(names) > 1 else ("is", "it")
    renamed = "; ".join(f"{read} from {name}" for name, read in list(unread.items())[:_SHOWN])
    return make_finding(
        "variable-not-read",
        f"{', '.join(names[:_SHOWN])}{more} {are} set, but pytest-asc does not read {them}",
        fix=f"Set {renamed}.",
    )


def _session_finding(environ: Mapping[str, str]) -> Finding | None:
    """Return a finding if the session or password of an Apple ID is set, but no key."""
    names = [name for name in _SESSIONS if environ.get(name, "").strip()]
    if not names:
        return None
    return make_finding(
        "apple-id-session", f"{', '.join(names)} {'are' if len(names) > 1 else 'is'} set, but no API key is"
    )
