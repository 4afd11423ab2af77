"""Client that writes JSON:API requests to the emulator."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from emulator.harness import BASE, TOKEN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from emulator.harness import Answer, EmulatorClient

HEADERS = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}


def linkage(resource: Mapping[str, Any]) -> dict[str, str]:
    return {"type": resource["type"], "id": resource["id"]}


class ApiWriter:
    """Sends requests as JSON:API documents, and returns responses or resources."""

    def __init__(self, emulator_client: EmulatorClient, version: str = "v1", base: str = BASE) -> None:
        self.emulator_client = emulator_client
        self.version = version
        self.base = base

    def post(
        self,
        resource_type: str,
        attributes: Mapping[str, Any] | None = None,
        **relationships: Mapping[str, Any] | list[Any],
    ) -> Answer:
        linked = {
            name: {"data": [linkage(each) for each in other] if isinstance(other, list) else linkage(other)}
            for name, other in relationships.items()
        }
        data = {"type": resource_type, "attributes": attributes or {}, "relationships": linked}
        return self.send("POST", f"/{self.version}/{resource_type}", data)

    def create(
        self, resource_type: str, attributes: Mapping[str, Any] | None = None, **relationships: Any
    ) -> dict[str, Any]:
        """Create a resource, and fail if the status is not 201."""
        answer = self.post(resource_type, attributes, **relationships)
        assert answer.status == 201, answer.body
        data: dict[str, Any] = answer.json["data"]
        return data

    def patch(self, resource: Mapping[str, Any], **attributes: Any) -> Answer:
        data = {**linkage(resource), "attributes": attributes}
        return self.send("PATCH", f"/{self.version}/{resource['type']}/{resource['id']}", data)

    def add_related(self, resource: Mapping[str, Any], name: str, *others: Mapping[str, Any]) -> Answer:
        path = f"/{self.version}/{resource['type']}/{resource['id']}/relationships/{name}"
        return self.send("POST", path, [linkage(other) for other in others])

    def delete(self, resource: Mapping[str, Any]) -> Answer:
        return self.emulator_client.send("DELETE", f"/{self.version}/{resource['type']}/{resource['id']}")

    def send(self, method: str, path: str, data: Any, included: list[Any] | None = None) -> Answer:
        document = {"data": data, **({"included": included} if included is not None else {})}
        return self.emulator_client.send(method, self.base + path, headers=HEADERS, body=json.dumps(document).encode())

    def get(self, resource: Mapping[str, Any], related: str = "") -> dict[str, Any]:
        """Return the attributes of a resource, or of a related one."""
        answer = self.emulator_client.get(
            f"/{self.version}/{resource['type']}/{resource['id']}{related and '/'}{related}"
        )
        assert answer.status == 200, answer.body
        attributes: dict[str, Any] = answer.json["data"]["attributes"]
        return attributes

    def related(self, resource: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
        """Return the related resources of a to-many relationship."""
        data: list[dict[str, Any]] = self.emulator_client.get(
            f"/{self.version}/{resource['type']}/{resource['id']}/{name}"
        ).json["data"]
        return data


def detail(answer: Answer) -> str:
    """Return the detail of the only error in a response."""
    (error,) = answer.json["errors"]
    return str(error["detail"])
