"""Fastlane's JSON key file: key id, issuer id and key in one.

Its fields are documented at docs.fastlane.tools/app-store-connect-api: ``key_id`` and ``key`` are required, and without
an ``issuer_id`` the key is an individual one.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from pytest_asc.diagnosis.findings import Finding, make_finding
from pytest_asc.diagnosis.key.pem import decode_base64, decode_text

_JSON_NAMES = {
    str: "text",
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
    """The fields of the file, without ``duration``: the lifetime of tokens is a setting of its own."""

    key: str | bytes = field(repr=False)
    key_id: str | None = field(default=None, repr=False)
    issuer_id: str | None = field(default=None, repr=False)
    in_house: bool = False
    """True for a key of the Enterprise Program."""


def is_fastlane_key(content: str | bytes) -> bool:
    """Return whether the content of a file or variable is meant to be JSON."""
    text = content if isinstance(content, str) else decode_text(content)
    return text.lstrip("\ufeff \t\r\n").startswith("{")


def read_fastlane_key(content: str | bytes) -> FastlaneKey | Finding:
    """Read the file's content; a finding where it is invalid. Bad input never raises."""
    text = content if isinstance(content, str) else decode_text(content)
    try:
        fields: Any = json.loads(text.lstrip("\ufeff"))
    except json.JSONDecodeError as error:
        # The error itself holds the whole text.
        return _bad(f"it is not JSON: {error.msg.removesuffix(' at')} (line {error.lineno}, column {error.colno})")
    except (ValueError, RecursionError):
        return _bad("it is not JSON that can be read")
    fields = {name: value for name, value in fields.items() if value is not None}
    for name, types in _FIELDS.items():
        if name in fields and type(fields[name]) not in types:
            return _bad(f"{name} is {_JSON_NAMES[type(fields[name])]}, expected {_JSON_NAMES[types[0]]}")
    if "key" not in fields:
        return _bad("the field key is missing")
    key = fields["key"]
    if fields.get("is_key_content_base64"):
        key = decode_base64(key) or key
    return FastlaneKey(key, fields.get("key_id"), fields.get("issuer_id"), fields.get("in_house", False))


def _bad(evidence: str) -> Finding:
    return make_finding("key-unparsable", evidence, fix=_FIX)
