"""Fastlane's JSON key file, and the flags that accompany fastlane's variables for a key.

The fields of the file are documented at docs.fastlane.tools/app-store-connect-api: ``key_id`` and ``key`` are required,
and a key without an ``issuer_id`` is an individual key.
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
_FIX = "Write the file as fastlane documents it: an object with key_id, issuer_id and key."


@dataclass(frozen=True)
class FastlaneKey:
    """The fields of the file, except ``duration``: this package has its own setting for the lifetime of tokens."""

    key: str | bytes = field(repr=False)
    key_id: str | None = field(default=None, repr=False)
    issuer_id: str | None = field(default=None, repr=False)
    in_house: bool = False
    """True for a key of the Enterprise Program."""
    findings: tuple[Finding, ...] = ()
    """Contradictions in the file."""


def is_fastlane_key(content: str | bytes) -> bool:
    """Return whether the content of a file or variable appears to be JSON."""
    text = content if isinstance(content, str) else decode_text(content)
    bare = text.lstrip("\ufeff \t\r\n")
    # Two braces are the start of a template variable.
    return bare.startswith("{") and not re.match(r"\{\{[^{]|\{[%#]", bare)


def read_fastlane_key(content: str | bytes) -> FastlaneKey | Finding:
    """Parse the file's content. Invalid content gives a finding, never an exception."""
    text = content if isinstance(content, str) else decode_text(content)
    try:
        fields: Any = json.loads(text.lstrip("\ufeff"))
    except json.JSONDecodeError as error:
        # The exception itself contains the whole text, and with it the key.
        return _bad(
            f"it is not valid JSON: {error.msg.removesuffix(' at')} (line {error.lineno}, column {error.colno})"
        )
    except (ValueError, RecursionError):
        return _bad("it is not valid JSON")
    return _read_fields({name: value for name, value in fields.items() if value is not None})


def _read_fields(fields: Mapping[str, Any]) -> FastlaneKey | Finding:
    if finding := _of_other_vendor(fields):
        return finding
    for name, types in _FIELDS.items():
        if name in fields and type(fields[name]) not in types:
            return _bad(f"{name} is {_JSON_NAMES[type(fields[name])]}, expected {_JSON_NAMES[types[0]]}")
    if "key" not in fields and isinstance(fields.get("private_key"), str):
        # rcodesign writes such a file, with the key as base64 of DER (documented: encode-app-store-connect-api-key).
        seen = (_conflict("it is rcodesign's JSON, with the field private_key; fastlane's has key"),)
        data = decode_base64(fields["private_key"])
        key = (
            format_block(private_key_label(data) or "PRIVATE KEY", fields["private_key"])
            if data
            else fields["private_key"]
        )
        return FastlaneKey(key, _text(fields, "key_id"), _text(fields, "issuer_id"), findings=seen)
    if "key" not in fields:
        return _bad("the field key is missing")
    key = fields["key"]
    findings = tuple(_conflicts(fields, key))
    if fields.get("is_key_content_base64"):
        key = decode_base64(key) or key
    return FastlaneKey(key, fields.get("key_id"), fields.get("issuer_id"), fields.get("in_house", False), findings)


_LONGEST_DURATION = 1200
"""Longest ``duration`` that fastlane accepts, in seconds (documented in its action app_store_connect_api_key)."""


def _conflicts(fields: Mapping[str, Any], key: str) -> Iterator[Finding]:
    """Yield a finding for each contradiction between the fields of the file."""
    if fields.get("is_key_content_base64") and "BEGIN" in key:
        yield _conflict("is_key_content_base64 is true, but key is not base64")
    if fields.get("duration", 0) > _LONGEST_DURATION:
        yield _conflict(f"duration is {fields['duration']:g} s, but Apple allows at most {_LONGEST_DURATION} s")


def _conflict(evidence: str) -> Finding:
    return make_finding("tool-setting-conflict", evidence)


YES, NO = frozenset({"true", "1", "yes", "on"}), frozenset({"false", "0", "no", "off"})
"""Values of a flag in the environment, in lower case."""

# The flags that accompany fastlane's variables for a key, by variable (documented in its action and in spaceship).
_FLAG_PREFIXES = {
    "APP_STORE_CONNECT_API_KEY_KEY": "APP_STORE_CONNECT_API_KEY_",
    "APP_STORE_CONNECT_API_KEY_KEY_FILEPATH": "APP_STORE_CONNECT_API_KEY_",
    "SPACESHIP_CONNECT_API_KEY": "SPACESHIP_CONNECT_API_",
    "SPACESHIP_CONNECT_API_KEY_FILEPATH": "SPACESHIP_CONNECT_API_",
}
_FLAG_NAMES = {"SPACESHIP_CONNECT_API_DURATION": "SPACESHIP_CONNECT_API_TOKEN_DURATION"}


def flag_beside(source: str, name: str, settings: Settings) -> tuple[str, str]:
    """Return the variable and the lower-case value of a flag that accompanies a key; two empty strings if not set.

    Args:
        source: The variable that contains the key or its path.
        name: The flag, such as ``IN_HOUSE``.
        settings: The settings, for their environment.
    """
    prefix = _FLAG_PREFIXES.get(source)
    variable = prefix + name if prefix else ""
    variable = _FLAG_NAMES.get(variable, variable)
    value = settings.environ.get(variable, "").strip().lower() if variable else ""
    return (variable, value) if value else ("", "")


def flag_conflicts(source: str, settings: Settings) -> Iterator[Finding]:
    """Yield findings for values of the flags for lifetime and program that fastlane would reject."""
    variable, value = flag_beside(source, "DURATION", settings)
    if variable and not re.fullmatch(r"[0-9]{1,9}", value):
        yield _conflict(f"{variable} is not a whole number of seconds")
    elif variable and int(value) > _LONGEST_DURATION:
        yield _conflict(f"{variable} is {value} s, but Apple allows at most {_LONGEST_DURATION} s")
    variable, value = flag_beside(source, "IN_HOUSE", settings)
    if variable and value not in YES | NO:
        yield _conflict(f"{variable} is neither true nor false")


def key_type_conflicts(source: str, key: FastlaneKey | None, settings: Settings) -> Iterator[Finding]:
    """Yield a finding if the key type that is set contradicts fastlane's flag."""
    set_type = settings.get("key_type")
    if set_type is None:
        return
    variable, value = flag_beside(source, "IN_HOUSE", settings)
    flag = variable or f"in_house of {source}"
    in_house = value in YES if variable else key is not None and key.in_house
    is_enterprise = set_type.value == "enterprise"
    if in_house and not is_enterprise:
        yield _conflict(f"{set_type.source} is {set_type.value}, but {flag} is true, as for the Enterprise Program")
    elif is_enterprise and value in NO:
        yield _conflict(f"{set_type.source} is enterprise, but {flag} is {value}")


def _text(fields: Mapping[str, Any], name: str) -> str | None:
    value = fields.get(name)
    return value if isinstance(value, str) else None


def _of_other_vendor(fields: Mapping[str, Any]) -> Finding | None:
    """Return a finding for JSON with a key that is not Apple's, such as a JWK or a Google service account."""
    if "kty" in fields or (isinstance(fields.get("keys"), list) and "key" not in fields):
        fix = "Use the .p8 file as downloaded: a JSON Web Key is for other libraries."
        return make_finding("key-of-other-vendor", "it is a JSON Web Key (JWK)", fix=fix)
    if fields.get("type") == "service_account":
        fix = "Use the .p8 file from App Store Connect: this key is for Google's APIs, such as Google Play's."
        return make_finding("key-of-other-vendor", "it is the JSON of a Google service account", fix=fix)
    return None


def _bad(evidence: str) -> Finding:
    return make_finding("key-unparsable", evidence, fix=_FIX)
