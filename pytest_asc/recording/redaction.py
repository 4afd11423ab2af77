"""Redaction of resources: values that the API spec shows to be harmless are kept, and all others are replaced."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pytest_asc.emulator.account.account import members_of
from pytest_asc.emulator.spec.api_spec import api_spec
from pytest_asc.emulator.spec.type_validation import type_mismatch
from pytest_asc.secrets import secret_in

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from pytest_asc.emulator.spec.compiled_format import ValueType
    from pytest_asc.recording.pseudonyms import Placeholders

_VERSION = r"\d{1,9}(\.\d{1,9}){0,3}"
_LOCALE = r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|\d{3}))?"
_AMOUNT = r"-?\d{1,12}(\.\d{1,6})?"

HARMLESS: Mapping[str, re.Pattern[str]] = {
    name: re.compile(pattern, re.ASCII)
    for pattern, names in (
        (_VERSION, ("cfBundleShortVersionString", "cfBundleVersion", "computedMinMacOsVersion",
                    "computedMinVisionOsVersion", "lsMinimumSystemVersion", "maximumOsInclusive", "minOsVersion",
                    "minimumOsInclusive", "minimumOsVersion", "osVersion", "version", "versionString")),
        (_LOCALE, ("locale", "locales", "primaryLocale")),
        (_AMOUNT, ("customerPrice", "proceeds", "proceedsYear2")),
        (r"[A-Z]{3}", ("currency",)),
        (r"\d\d:\d\d:\d\d:\d\d", ("previewFrameTimeCode",)),
        (r"(iPhone|iPad|iPod|Mac|Watch|AppleTV|RealityDevice)\d{1,3},\d{1,3}", ("deviceModel", "deviceType")),
        (r"arm64e?|armv7[ks]?|i386|x86_64", ("architecture", "supportedArchitectures")),
        (r"GET|POST|PUT", ("method",)),
        (r"image/(png|jpeg|gif)|video/(mp4|quicktime|x-m4v)|application/(pdf|zip|octet-stream)", ("mimeType",)),
    )
    for name in names
}  # fmt: skip
"""Patterns of text that is kept, by name of the attribute or member. All other text is replaced.

Values of these types in Apple's document are kept as well: enums, booleans, numbers, dates, times and durations.
"""
_HARMLESS_TYPES: Mapping[str, re.Pattern[str]] = {
    "date": re.compile(r"[0-9-]{10}"),
    "date-time": re.compile(r"[0-9T:.Z+-]{10,40}"),
    "duration": re.compile(r"P(\d{1,6}[YMWD])*(T(\d{1,6}(\.\d{1,9})?[HMS])+)?", re.ASCII),
    "string:number": re.compile(_AMOUNT, re.ASCII),
}
"""Patterns of text that is kept, by value type."""
_FORM_OF_TYPE: Mapping[str, str] = {"email": "email", "uri": "url"}
_LOCATION_NUMBERS = frozenset({"latitude", "longitude"})
"""Numbers that are replaced, because they tell where somebody is."""
# Apple's ids: numbers, UUIDs, codes, base64, and combinations of these with a separator. They are opaque, and are kept
# because relationships refer to them.
_OPAQUE = re.compile(r"[A-Za-z0-9_.~=:-]{1,512}", re.ASCII)


class KeptSecretError(Exception):
    """Value that looks like a key or a token, in a type that is not redacted. The message says where it is."""


class Redaction:
    """Redacts resources.

    Args:
        placeholders: Creates the placeholders for values that are replaced.
        keep: Types whose attributes are not redacted.
    """

    def __init__(self, placeholders: Placeholders, keep: Collection[str] = ()) -> None:
        self._placeholders = placeholders
        self.keep = frozenset(keep)

    def identifier(self, identifier: str) -> str:
        """Return an id, or a placeholder for it if it does not have the format of Apple's ids."""
        is_opaque = _OPAQUE.fullmatch(identifier) and not secret_in(identifier)
        return identifier if is_opaque else self._placeholders.of(identifier, "uuid")

    def attributes(self, resource_type: str, identifier: str, attributes: Mapping[str, Any]) -> dict[str, Any]:
        """Return all attributes of the type, redacted; null for attributes that the response does not have.

        Args:
            resource_type: A resource type in the API spec.
            identifier: ID of the resource, for messages.
            attributes: Attributes in the response. Those that are not in the API spec are left out.

        Raises:
            KeptSecretError: The type is not redacted, and a value looks like a key or a token.
        """
        kept = resource_type in self.keep
        values: dict[str, Any] = {}
        for name, value_type in members_of(resource_type).attributes.items():
            value = attributes.get(name)
            if kept:
                _refuse_secret(value, f"{name} of {resource_type} {identifier}")
                values[name] = None if type_mismatch(value_type, value) else value
            else:
                values[name] = self._redacted(name, value_type, value)
        return values

    def _redacted(self, name: str, value_type: ValueType, value: Any) -> Any:
        """Return a redacted value; null if it does not match its value type."""
        if isinstance(value_type, list):
            items = [self._redacted(name, value_type[0], item) for item in value] if isinstance(value, list) else None
            return None if items is None else [item for item in items if item is not None]
        if isinstance(value_type, dict) or (isinstance(value_type, str) and value_type.startswith("$")):
            return self._redacted_object(value_type, value) if isinstance(value, dict) else None
        if isinstance(value, str) and isinstance(value_type, str):
            return self._redacted_text(name, value_type, value)
        if type_mismatch(value_type, value):
            return None
        return 0 if name in _LOCATION_NUMBERS and value is not None else value

    def _redacted_text(self, name: str, value_type: str, value: str) -> str | None:
        form = _FORM_OF_TYPE.get(value_type)
        if form is None and value_type != "string":
            harmless = _HARMLESS_TYPES.get(value_type)
            fits = harmless is not None and harmless.fullmatch(value) and not type_mismatch(value_type, value)
            return value if fits else None
        known = HARMLESS.get(name) if form is None else None
        stays = (not value and form is None) or (known is not None and known.fullmatch(value))
        return value if stays else self._placeholders.of(value, form)

    def _redacted_object(self, value_type: ValueType, value: Mapping[str, Any]) -> dict[str, Any]:
        members = api_spec().members(value_type)
        if "*" in members:
            return {
                self._placeholders.of(name): self._redacted("*", members["*"], item) for name, item in value.items()
            }
        return {name: self._redacted(name, members[name], item) for name, item in value.items() if name in members}


def may_be_redacted(resource_type: str, name: str) -> bool:
    """Return whether the values of an attribute are replaced by pseudonyms, unless the type is not redacted.

    Args:
        resource_type: The resource type.
        name: Name of the attribute. The result is False for any other name.
    """
    value_type = members_of(resource_type).attributes.get(name)
    return value_type in {"string", *_FORM_OF_TYPE} and name not in HARMLESS if isinstance(value_type, str) else False


def _refuse_secret(value: Any, place: str) -> None:
    if isinstance(value, str):
        if kind := secret_in(value):
            raise KeptSecretError(
                f"{place} looks like {kind}: leave its type out of --keep, or remove it in App Store Connect"
            )
    elif isinstance(value, dict):
        for name, member in value.items():
            _refuse_secret(name, place)
            _refuse_secret(member, f"{name} in {place}")
    elif isinstance(value, list):
        for item in value:
            _refuse_secret(item, place)
