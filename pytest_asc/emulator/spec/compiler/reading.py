"""Reader of OpenAPI documents, in JSON or YAML."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, ClassVar

from pytest_asc.emulator.spec.compiler.part import json_name

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_asc.emulator.spec.compiler.part import JsonObject

_MAX_BYTES = 100_000_000
"""Maximum size of a file, in bytes; Apple's document has 7 million."""
_MAX_VALUES = 5_000_000
"""Maximum number of values in a YAML document with its aliases expanded; Apple's document has 300,000."""
_ARCHIVES = {b"PK\x03\x04": "a ZIP archive", b"\x1f\x8b": "compressed by gzip"}
_TAG = "tag:yaml.org,2002:"
# OpenAPI requires YAML 1.2. What YAML 1.1 reads as booleans (NO), dates, or octal and sexagesimal numbers is text.
_YAML_SCALARS = {
    "bool": re.compile(r"(?:true|True|TRUE|false|False|FALSE)\Z"),
    "int": re.compile(r"(?:0|-?[1-9][0-9]{0,18})\Z"),
    "null": re.compile(r"(?:null|Null|NULL|~|)\Z"),
}


class DocumentError(ValueError):
    """File that is not an OpenAPI document of App Store Connect's API, or cannot be read."""


def read_document(path: Path) -> JsonObject:
    """Read an OpenAPI document, in JSON or, if PyYAML is installed, in YAML.

    Raises:
        DocumentError: The file cannot be read, or is not a JSON object. The message names the file and the remedy.
    """
    return parse_document(read_bytes(path), str(path))


def read_bytes(path: Path) -> bytes:
    """Read the bytes of a document.

    Raises:
        DocumentError: The file cannot be read, or is too large to be an OpenAPI document.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: the name has a null character
        raise DocumentError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if len(data) > _MAX_BYTES:
        raise DocumentError(
            f"{path} has more than {_MAX_BYTES:,} bytes, expected an OpenAPI document; Apple's has 7 MB"
        )
    return data


def parse_document(data: bytes, name: str) -> JsonObject:
    """Parse the bytes of a document.

    Args:
        data: A text in JSON or YAML.
        name: Name of the file, for messages.

    Raises:
        DocumentError: The text is neither JSON nor YAML, or is not an object.
    """
    for beginning, kind in _ARCHIVES.items():
        if data.startswith(beginning):
            raise DocumentError(f"{name} is {kind}: unpack it, and give the JSON or YAML file inside")
    try:
        text = data.decode(json.detect_encoding(data))
    except UnicodeDecodeError as error:
        raise DocumentError(f"{name} is not text: byte {error.start} cannot be decoded as {error.encoding}") from None
    if not text.strip():
        raise DocumentError(f"{name} is empty, expected an OpenAPI document")
    document = _parse(text, name)
    if not isinstance(document, dict):
        raise DocumentError(f"{name} contains {json_name(document)}, expected an OpenAPI document, which is an object")
    return document


def _parse(text: str, name: str) -> Any:
    try:
        return json.loads(text.lstrip("\ufeff"))
    except RecursionError:
        raise DocumentError(f"{name} is nested too deeply") from None
    except ValueError as error:
        if text.lstrip("\ufeff \t\r\n")[:1] in {"{", "["}:
            raise DocumentError(f"{name} is not valid JSON: {error}") from None
    try:
        return _parse_yaml(text, name)
    except RecursionError:
        raise DocumentError(f"{name} is nested too deeply") from None


def _parse_yaml(text: str, name: str) -> Any:
    try:
        import yaml  # type: ignore[import-untyped,unused-ignore]  # noqa: PLC0415  an optional dependency
    except ModuleNotFoundError:
        raise DocumentError(f"{name} is not JSON. To read YAML, install PyYAML: pip install pyyaml") from None

    class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
        """Safe loader with the scalars of the JSON schema of YAML 1.2."""

        yaml_implicit_resolvers: ClassVar[dict[str, list[Any]]] = {}

    for scalar, pattern in _YAML_SCALARS.items():
        Loader.add_implicit_resolver(f"{_TAG}{scalar}", pattern, None)
    try:
        value = yaml.load(text, Loader)  # noqa: S506  Loader is derived from SafeLoader
    except (
        yaml.YAMLError,
        ValueError,
        TypeError,
        LookupError,
        AttributeError,
    ) as error:  # YAMLError, or any of the others for a wrong tag
        raise DocumentError(f"{name} is neither valid JSON nor valid YAML: {' '.join(str(error).split())}") from None
    if _count_values(value, {}) > _MAX_VALUES:
        raise DocumentError(f"{name} has more than {_MAX_VALUES:,} values with its aliases expanded")
    return _expand_aliases(value)


def _count_values(value: Any, counts: dict[int, int]) -> int:
    """Return the number of values in a value of a YAML document with its aliases expanded.

    Args:
        value: The value.
        counts: The numbers that were counted before, by the identity of the object or array.
    """
    if not isinstance(value, (dict, list)):
        return 1
    if id(value) not in counts:
        members = value.values() if isinstance(value, dict) else value
        counts[id(value)] = 1 + sum(_count_values(member, counts) for member in members)
    return counts[id(value)]


def _expand_aliases(value: Any) -> Any:
    """Return a value of a YAML document with its aliases expanded and its keys converted to text."""
    if isinstance(value, dict):
        return {key if isinstance(key, str) else _text(key): _expand_aliases(member) for key, member in value.items()}
    if isinstance(value, list):
        return [_expand_aliases(item) for item in value]
    return value if value is None or isinstance(value, (bool, int, str)) else str(value)


def _text(key: Any) -> str:
    return json.dumps(key) if isinstance(key, (bool, int)) or key is None else str(key)
