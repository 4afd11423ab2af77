"""Parser of documents of resources: ``{"data": [{"type", "id", "attributes", "relationships"}, …]}``."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_asc.emulator.account.pacific_time import start_of_day
from pytest_asc.secrets import secret_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from os import PathLike

SAMPLE = Path(__file__).with_name("sample.json")
"""The sample account that ships with the package."""


# Dates, and times as Apple writes them: in the zone of Cupertino, or of the developer portal in UTC.
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)(T\d\d:\d\d:\d\d(-0[78]:00|\.\d{3}\+0000|Z))?")


class Entry(NamedTuple):
    """One resource of a document."""

    resource_type: str
    identifier: str | None
    attributes: Mapping[str, Any]
    relationships: Mapping[str, Any]

    @classmethod
    def read(cls, place: int, entry: Any) -> Entry:
        """Check the shape of ``data[place]``."""
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
                f"data[{place}] is not a resource: expected an object with type, id, attributes, relationships"
            )
        # Relationships without data are ignored.
        data = {name: value["data"] for name, value in relationships.items() if "data" in value}
        return cls(resource_type, identifier, attributes, data)


def read_document(source: str | PathLike[str] | Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the document in a file or a mapping.

    Raises:
        OSError: The file cannot be read.
        ValueError: It is no such document, or there is text in it that looks like a key or token.
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
    """Refuse a document with text that looks like a key or token: documents of accounts end up in repositories.

    Raises:
        ValueError: There is such text. The message has its place, and nothing of it.
    """
    place, kind = next(_secrets(document, ""), ("", ""))
    if kind:
        raise ValueError(
            f"{place} looks like {kind}, which a document of an account must not contain: remove it, and revoke it if "
            "it is real"
        )


def _secrets(value: Any, place: str) -> Iterator[tuple[str, str]]:
    """Find the texts that look like keys or tokens: the place of each, and its kind."""
    if isinstance(value, str):
        if kind := secret_in(value):
            yield place, kind
    elif isinstance(value, Mapping):
        for name, member in value.items():
            if kind := secret_in(str(name)):
                yield f"a name in {place or 'the document'}", kind
            yield from _secrets(member, f"{place}.{name}" if place else str(name))
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from _secrets(item, f"{place}[{index}]")


def read_sample(today: date) -> Mapping[str, Any]:
    """Return the document of the sample account, its dates moved so that its day is today.

    Args:
        today: The day in Cupertino.
    """
    document: Mapping[str, Any] = json.loads(SAMPLE.read_text(encoding="utf-8"))
    days = today - date.fromisoformat(document["today"])
    for entry in document["data"]:
        for name, value in (entry.get("attributes") or {}).items():
            if isinstance(value, str) and _MOMENT.fullmatch(value):
                entry["attributes"][name] = _moved(value, days)
    return document


def _moved(text: str, days: timedelta) -> str:
    """Return a date or time that is some days later, at the same hour."""
    day, _, time = text.partition("T")
    moved = (date.fromisoformat(day) + days).isoformat()
    if not time or time.endswith(("+0000", "Z")):
        return f"{moved}T{time}" if time else moved
    wall = datetime.fromisoformat(f"{moved}T{time[:8]}")
    return wall.replace(tzinfo=start_of_day(wall.date()).tzinfo).isoformat()
