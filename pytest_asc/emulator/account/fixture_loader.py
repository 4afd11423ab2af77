"""Parser of documents of resources: ``{"data": [{"type", "id", "attributes", "relationships"}, …]}``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from os import PathLike

SAMPLE = Path(__file__).with_name("sample.json")
"""The sample account that ships with the package."""


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
                f"data[{place}] is no resource: expected an object with type, id, attributes, relationships"
            )
        # Relationships without data are ignored.
        data = {name: value["data"] for name, value in relationships.items() if "data" in value}
        return cls(resource_type, identifier, attributes, data)


def read_document(source: str | PathLike[str] | Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the document in a file or a mapping.

    Raises:
        OSError: The file cannot be read.
        ValueError: It is no such document.
    """
    document = source if isinstance(source, Mapping) else json.loads(Path(source).read_text(encoding="utf-8"))
    if isinstance(document, Mapping) and isinstance(document.get("data"), list):
        return document
    raise ValueError('expected a document {"data": [{"type": …, "id": …, "attributes": …}, …]}')
