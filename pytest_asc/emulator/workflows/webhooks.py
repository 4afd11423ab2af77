"""Webhooks: a ping, and what is to be delivered again, stand among the deliveries. Nothing is ever sent out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pytest_asc.emulator.relations import relation
from pytest_asc.emulator.reports.links import owner, related
from pytest_asc.emulator.values import timestamp
from pytest_asc.emulator.workflows.hooks import Workflow

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_asc.emulator.account import Account
    from pytest_asc.emulator.entities import Entity
    from pytest_asc.emulator.store import Resource


def _ping(account: Account, _ping: Resource, entity: Entity) -> None:
    """Plan a delivery of what Apple sends for a ping (observed by treastrain/AppStoreConnectWebhook)."""
    ((kind, identifier),) = entity.relationships["webhook"]
    webhook = account.store.get(kind, identifier)
    assert webhook is not None, "the relationship was checked"  # noqa: S101
    now = timestamp(account.now)
    data = {"type": "webhookPingCreated", "id": account.new_uuid(), "version": 1, "attributes": {"timestamp": now}}
    members = {"payload": json.dumps({"data": data}), "ping": True, "createdDate": now}
    event = account.create("webhookEvents", None, members)
    _deliver(account, account.create("webhookDeliveries", None, {}), webhook, event, again=False)


def _redeliver(account: Account, delivery: Resource, entity: Entity) -> None:
    """Plan the delivery of an earlier delivery's event."""
    ((kind, identifier),) = entity.relationships["template"]
    template = account.store.get(kind, identifier)
    webhook = owner(account.store, "webhooks", "deliveries", template)
    event = related(account.store, template, "event")
    if webhook and event:
        _deliver(account, delivery, webhook, event, again=True)


def _deliver(account: Account, delivery: Resource, webhook: Resource, event: Resource, *, again: bool) -> None:
    changes = {
        "createdDate": timestamp(account.now),
        "deliveryState": "PENDING",
        "redelivery": again,
        "request": {"url": webhook.attributes["url"]},
    }
    account.store.update(delivery, changes)
    for resource, name, other in ((webhook, "deliveries", delivery), (delivery, "event", event)):
        over = relation(resource.type, name)
        if over:
            account.store.link(resource, over, other)


WORKFLOWS: Mapping[str, Workflow] = {
    "webhookDeliveries": Workflow(created=_redeliver),
    "webhookPings": Workflow(created=_ping),
}
