"""fastlane's JSON key file, and fastlane's variables with options for a key.

The file is documented at docs.fastlane.tools/app-store-connect-api: ``key_id`` and ``key`` are required, and a key
without ``issuer_id`` is an individual key.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pytest_asc.diagnosis.findings import Finding, make_finding
from pytest_asc.diagnosis.key.pem import decode_base64, decode_text, format_block, private_key_label

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytest_asc.credentials.settings import Settings

_JSON_NAMES = {
    str: "a string",
    bool: "true or false",
    int: "a number",
    float: "a number",
    list: "a list",
    dict: "an object",
}
_FIELDS: dict[str, tuple[type, ...]] = {
    "key_id": (str,),
    "issuer_id": (str,),
    "key": (str,),
    "duration": (int, float),
    "in_house": (bool,),
    "is_key_content_base64": (bool,),
}
_FIX = "Write the file in the form that fastlane documents: an object with key_id, issuer_id and key."


@dataclass(frozen=True)
class FastlaneKey:
    """The fields of a key file, except ``duration``: the lifetime of tokens is a setting of this package."""

    key: str | bytes = field(repr=False)
    key_id: str | None = field(default=None, repr=False)
    issuer_id: str | None = field(default=None, repr=False)
    in_house: bool = False
    """True for a key of the Enterprise Program."""
    findings: tuple[Finding, ...] = ()
    """Findings on fields that contradict each other."""


def is_fastlane_key(content: str | bytes) -> bool:
    """Return whether the content of a file or variable looks like a JSON object."""
    text = content if isinstance(content, str) else decode_text(content)
    bare = text.lstrip("\ufeff \t\r\n")
    # Two braces start a template variable.
    return bare.startswith("{") and not re.match(r"\{\{[^{]|\{[%#]", bare)


def read_fastlane_key(content: str | bytes) -> FastlaneKey | Finding:
    """Parse the content of a key file. Invalid content gives a finding, never an exception."""
    text = content if isinstance(content, str) else decode_text(content)
    try:
        fields: Any = json.loads(text.lstrip("\ufeff"))
    except json.JSONDecodeError as error:
        # The exception itself contains the whole text, including the key.
        return _unparsable(
            f"it is not valid JSON: {error.msg.removesuffix(' at')} (line {error.lineno}, column {error.colno})"
        )
    except (ValueError, RecursionError):
        return _unparsable("it is not valid JSON")
    return _read_fields({name: value for name, value in fields.items() if value is not None})


def _read_fields(fields: Mapping[str, Any]) -> FastlaneKey | Finding:
    if finding := _other_vendor_finding(fields):
        return finding
    for name, types in _FIELDS.items():
        if name in fields and type(fields[name]) not in types:
            return _unparsable(f"{name} is {_JSON_NAMES[type(fields[name])]}, expected {_JSON_NAMES[types[0]]}")
    if "key" not in fields and isinstance(fields.get("private_key"), str):
        # A file of rcodesign, with the key as DER in base64 (documented: encode-app-store-connect-api-key).
        renamed_field = (
            _conflict("it is a key file of rcodesign, with the field private_key; fastlane's key files have key"),
        )
        data = decode_base64(fields["private_key"])
        key = (
            format_block(private_key_label(data) or "PRIVATE KEY", fields["private_key"])
            if data
            else fields["private_key"]
        )
        return FastlaneKey(
            key, _string_or_none(fields, "key_id"), _string_or_none(fields, "issuer_id"), findings=renamed_field
        )
    if "key" not in fields:
        return _unparsable("the field key is missing")
    key = fields["key"]
    findings = tuple(_conflicts(fields, key))
    if fields.get("is_key_content_base64"):
        key = decode_base64(key) or key
    return FastlaneKey(key, fields.get("key_id"), fields.get("issuer_id"), fields.get("in_house", False), findings)


_LONGEST_DURATION = 1200
"""Maximum ``duration`` that fastlane accepts, in seconds (documented: its action app_store_connect_api_key)."""


def _conflicts(fields: Mapping[str, Any], key: str) -> Iterator[Finding]:
    """Yield a finding for each contradiction between the fields of a key file."""
    if fields.get("is_key_content_base64") and "BEGIN" in key:
        yield _conflict("is_key_content_base64 is true, but key is not base64")
    if fields.get("duration", 0) > _LONGEST_DURATION:
        yield _conflict(f"duration is {fields['duration']:g} s, but Apple allows at most {_LONGEST_DURATION} s")


def _conflict(evidence: str) -> Finding:
    return make_finding("tool-setting-conflict", evidence)


TRUE_VALUES, FALSE_VALUES = frozenset({"true", "1", "yes", "on"}), frozenset({"false", "0", "no", "off"})
"""Values of a Boolean variable, in lower case."""

# Prefixes of the variables with options for the key in another variable (documented: fastlane's action, spaceship).
_OPTION_PREFIXES = {
    "APP_STORE_CONNECT_API_KEY_KEY": "APP_STORE_CONNECT_API_KEY_",
    "APP_STORE_CONNECT_API_KEY_KEY_FILEPATH": "APP_STORE_CONNECT_API_KEY_",
    "SPACESHIP_CONNECT_API_KEY": "SPACESHIP_CONNECT_API_",
    "SPACESHIP_CONNECT_API_KEY_FILEPATH": "SPACESHIP_CONNECT_API_",
}
_OPTION_NAMES = {"SPACESHIP_CONNECT_API_DURATION": "SPACESHIP_CONNECT_API_TOKEN_DURATION"}


def read_option(source: str, name: str, settings: Settings) -> tuple[str, str]:
    """Read fastlane's variable with an option for a key.

    Args:
        source: The variable that contains the key or its path.
        name: The option, such as ``IN_HOUSE``.
        settings: The settings, whose environment is read.

    Returns:
        The variable and its value in lower case; two empty strings if it is not set.
    """
    prefix = _OPTION_PREFIXES.get(source)
    variable = prefix + name if prefix else ""
    variable = _OPTION_NAMES.get(variable, variable)
    value = settings.environ.get(variable, "").strip().lower() if variable else ""
    return (variable, value) if value else ("", "")


def option_conflicts(source: str, settings: Settings) -> Iterator[Finding]:
    """Yield a finding for each value of ``DURATION`` or ``IN_HOUSE`` that fastlane would reject."""
    variable, value = read_option(source, "DURATION", settings)
    if variable and not re.fullmatch(r"[0-9]{1,9}", value):
        yield _conflict(f"{variable} is not a whole number of seconds")
    elif variable and int(value) > _LONGEST_DURATION:
        yield _conflict(f"{variable} is {value} s, but Apple allows at most {_LONGEST_DURATION} s")
    variable, value = read_option(source, "IN_HOUSE", settings)
    if variable and value not in TRUE_VALUES | FALSE_VALUES:
        yield _conflict(f"{variable} is neither true nor false")


def key_type_conflicts(source: str, key: FastlaneKey | None, settings: Settings) -> Iterator[Finding]:
    """Yield a finding if the key type in the settings contradicts fastlane's ``IN_HOUSE``."""
    set_type = settings.get("key_type")
    if set_type is None:
        return
    variable, value = read_option(source, "IN_HOUSE", settings)
    flag = variable or f"in_house of {source}"
    in_house = value in TRUE_VALUES if variable else key is not None and key.in_house
    is_enterprise = set_type.value == "enterprise"
    if in_house and not is_enterprise:
        yield _conflict(
            f"{set_type.source} is {set_type.value}, but {flag} is true, which means a key of the Enterprise Program"
        )
    elif is_enterprise and value in FALSE_VALUES:
        yield _conflict(f"{set_type.source} is enterprise, but {flag} is {value}")


def _string_or_none(fields: Mapping[str, Any], name: str) -> str | None:
    value = fields.get(name)
    return value if isinstance(value, str) else None


def _other_vendor_finding(fields: Mapping[str, Any]) -> Finding | None:
    """Return a finding for JSON with a key that is not Apple's, such as a JWK or a Google service account."""
    if "kty" in fields or (isinstance(fields.get("keys"), list) and "key" not in fields):
        fix = "Use the .p8 file from App Store Connect: it is not a JSON Web Key."
        return make_finding("key-of-other-vendor", "it is a JSON Web Key (JWK)", fix=fix)
    if fields.get("type") == "service_account":
        fix = "Use the .p8 file from App Store Connect: this key is for an API of Google, such as Google Play."
        return make_finding("key-of-other-vendor", "it is the JSON of a Google service account", fix=fix)
    return None


def _unparsable(evidence: str) -> Finding:
    return make_finding("key-unparsable", evidence, fix=_FIX)
