"""Webhooks: a ping, and what is to be delivered again, stand among the deliveries. Nothing is ever sent out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pytest_asc.emulator.reports.links import owner
from pytest_asc.emulator.times import timestamp
from pytest_asc.emulator.workflows.hooks import Workflow
from pytest_asc.emulator.workflows.machine import link, one, sent

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_asc.emulator.account import Account
    from pytest_asc.emulator.entities import Entity
    from pytest_asc.emulator.store import Resource


def _ping(account: Account, _ping: Resource, entity: Entity) -> None:
    """Plan a delivery of what Apple sends for a ping (observed by treastrain/AppStoreConnectWebhook)."""
    (webhook,) = sent(account, entity, "webhook")
    now = timestamp(account.now)
    data = {"type": "webhookPingCreated", "id": account.new_uuid(), "version": 1, "attributes": {"timestamp": now}}
    members = {"payload": json.dumps({"data": data}), "ping": True, "createdDate": now}
    event = account.create("webhookEvents", None, members)
    _deliver(account, account.create("webhookDeliveries", None, {}), webhook, event, again=False)


def _redeliver(account: Account, delivery: Resource, entity: Entity) -> None:
    """Plan the delivery of an earlier delivery's event."""
    (template,) = sent(account, entity, "template")
    webhook, event = owner(account.store, "webhooks", "deliveries", template), one(account, template, "event")
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
    link(account, webhook, "deliveries", delivery)
    link(account, delivery, "event", event)


WORKFLOWS: Mapping[str, Workflow] = {
    "webhookDeliveries": Workflow(created=_redeliver),
    "webhookPings": Workflow(created=_ping),
}
