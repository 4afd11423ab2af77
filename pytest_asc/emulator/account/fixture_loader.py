"""Parser of account documents: ``{"data": [{"type", "id", "attributes", "relationships"}, …]}``."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_asc.emulator.account.pacific_time import start_of_day
from pytest_asc.secrets import secret_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from os import PathLike

SAMPLE = Path(__file__).with_name("sample.json")
"""The sample account that ships with the package."""


# Dates, and times in the formats of Apple: with the offset of Cupertino, or in UTC, as the developer portal has them.
_DATE_OR_TIME = re.compile(r"(\d{4}-\d\d-\d\d)(T\d\d:\d\d:\d\d(-0[78]:00|\.\d{3}\+0000|Z))?")

# Escape sequences in a JSON string, which are removed: their letters would hide the start of a following word.
_ESCAPE = re.compile(r"\\(u[0-9a-f]{4}|.)")


class Entry(NamedTuple):
    """One resource of an account document."""

    resource_type: str
    identifier: str | None
    attributes: Mapping[str, Any]
    relationships: Mapping[str, Any]
    parents: Mapping[str, Any] = MappingProxyType({})
    """Resources that it belongs to, by names that only the inverse relationship explains."""

    @classmethod
    def read(cls, index: int, entry: Any) -> Entry:
        """Check the structure of ``data[index]``, and return the entry."""
        members = entry if isinstance(entry, Mapping) else {}
        resource_type, identifier = members.get("type"), members.get("id")
        attributes, relationships = members.get("attributes") or {}, members.get("relationships") or {}
        linked = isinstance(relationships, Mapping) and all(isinstance(one, Mapping) for one in relationships.values())
        if not (
            isinstance(resource_type, str)
            and isinstance(identifier, (str, type(None)))
            and isinstance(attributes, Mapping)
            and linked
        ):
            raise ValueError(
                f"data[{index}] is not a resource: expected an object with type, id, attributes, relationships"
            )
        # Relationships without data are ignored.
        data = {name: value["data"] for name, value in relationships.items() if "data" in value}
        return cls(resource_type, identifier, attributes, data)


def read_document(source: str | PathLike[str] | Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the account document of a file; a mapping is such a document itself.

    Raises:
        OSError: The file cannot be read.
        ValueError: The content is not an account document, or a text in it looks like a key or a token.
    """
    __tracebackhide__ = True
    document = source if isinstance(source, Mapping) else _parse(Path(source).read_text(encoding="utf-8"))
    if isinstance(document, Mapping) and isinstance(document.get("data"), list):
        refuse_secrets(document)
        return document
    raise ValueError('expected a document {"data": [{"type": …, "id": …, "attributes": …}, …]}')


def _parse(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"not valid JSON: {error}") from None


def refuse_secrets(document: Any) -> None:
    """Reject a document with a text that looks like a key or a token, since account documents are often committed.

    Raises:
        ValueError: There is such a text. The message says where it is, but does not contain it.
    """
    if not _may_hold_secret(document):
        return
    path, kind = next(_secrets(document, ""), ("", ""))
    if kind:
        raise ValueError(
            f"{path} looks like {kind}, which a document of an account must not contain: remove it, and revoke it if "
            "it is real"
        )


def _may_hold_secret(document: Any) -> bool:
    """Return False if the document has no such text. Searching it as a single text is many times faster."""
    try:
        text = json.dumps(document, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):  # the document has values that are not JSON
        return True
    return secret_in(_ESCAPE.sub(" ", text)) is not None


def _secrets(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Yield the path and the kind of each text that looks like a key or a token."""
    if isinstance(value, str):
        if kind := secret_in(value):
            yield path, kind
    elif isinstance(value, Mapping):
        for name, member in value.items():
            if kind := secret_in(str(name)):
                yield f"a name in {path or 'the document'}", kind
            yield from _secrets(member, f"{path}.{name}" if path else str(name))
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from _secrets(item, f"{path}[{index}]")


def read_sample(today: date) -> Mapping[str, Any]:
    """Return the document of the sample account, with its dates shifted so that the day it was made on is today.

    Args:
        today: The current day in US Pacific time.
    """
    document: Mapping[str, Any] = json.loads(SAMPLE.read_text(encoding="utf-8"))
    days = today - date.fromisoformat(document["today"])
    for entry in document["data"]:
        for name, value in (entry.get("attributes") or {}).items():
            if isinstance(value, str) and _DATE_OR_TIME.fullmatch(value):
                entry["attributes"][name] = _shifted(value, days)
    return document


def _shifted(text: str, days: timedelta) -> str:
    """Return a date or time shifted by some days; the time of day stays the same across daylight saving time."""
    day, _, time = text.partition("T")
    shifted = (date.fromisoformat(day) + days).isoformat()
    if not time or time.endswith(("+0000", "Z")):
        return f"{shifted}T{time}" if time else shifted
    local = datetime.fromisoformat(f"{shifted}T{time[:8]}")
    return local.replace(tzinfo=start_of_day(local.date()).tzinfo).isoformat()
