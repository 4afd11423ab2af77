"""Requests that change something, from the members of their bodies."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from emulator.harness import BASE, TOKEN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from emulator.harness import Answer, Bench

_HEADERS = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}


class Writer(NamedTuple):
    """A client that writes."""

    bench: Bench
    version: str = "v1"
    base: str = BASE

    def create(self, kind: str, attributes: Mapping[str, Any], **relationships: Any) -> Answer:
        """POST a resource; relationships are given as resources or lists of them."""
        data = {"type": kind, "attributes": attributes, "relationships": _linkages(relationships)}
        return self._send("POST", f"/{self.version}/{kind}", data)

    def made(self, kind: str, attributes: Mapping[str, Any], **relationships: Any) -> Any:
        """POST a resource that has to be made: as the answer shows it."""
        answer = self.create(kind, attributes, **relationships)
        assert answer.status == 201, answer.body
        return answer.json["data"]

    def update(self, resource: Mapping[str, Any], **attributes: Any) -> Answer:
        """PATCH a resource."""
        kind, identifier = resource["type"], resource["id"]
        data = {"type": kind, "id": identifier, "attributes": attributes}
        return self._send("PATCH", f"/{self.version}/{kind}/{identifier}", data)

    def delete(self, resource: Mapping[str, Any]) -> Answer:
        """DELETE a resource."""
        return self._send("DELETE", f"/{self.version}/{resource['type']}/{resource['id']}", None)

    def now(self, resource: Mapping[str, Any]) -> Any:
        """The attributes that a resource has now."""
        answer = self.bench.get(f"/{self.version}/{resource['type']}/{resource['id']}")
        assert answer.status == 200, answer.body
        return answer.json["data"]["attributes"]

    def _send(self, method: str, path: str, data: Any) -> Answer:
        body = b"" if data is None else json.dumps({"data": data}).encode()
        return self.bench.send(method, self.base + path, headers=_HEADERS, body=body)


def detail(answer: Answer) -> str:
    """What the one error of an answer says."""
    (error,) = answer.json["errors"]
    return str(error["detail"])


def _linkages(relationships: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: {"data": [_linkage(one) for one in value] if isinstance(value, list) else _linkage(value)}
        for name, value in relationships.items()
    }


def _linkage(resource: Mapping[str, Any]) -> dict[str, str]:
    return {"type": resource["type"], "id": resource["id"]}
