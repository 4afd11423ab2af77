"""Webhooks: a ping, and what is to be delivered again, stand among the deliveries. Nothing is ever sent out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pytest_asc.emulator.account.times import timestamp
from pytest_asc.emulator.reports.app_lookup import owner
from pytest_asc.emulator.resources.hooks import ResourceHooks
from pytest_asc.emulator.resources.state_machine import link, one, request_resources

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_asc.emulator.account.account import Account
    from pytest_asc.emulator.account.store import Resource
    from pytest_asc.emulator.jsonapi.request_validator import ValidatedResource


def _ping(account: Account, _ping: Resource, entity: ValidatedResource) -> None:
    """Plan a delivery of what Apple sends for a ping (observed by treastrain/AppStoreConnectWebhook)."""
    (webhook,) = request_resources(account, entity, "webhook")
    now = timestamp(account.now)
    data = {"type": "webhookPingCreated", "id": account.new_uuid(), "version": 1, "attributes": {"timestamp": now}}
    members = {"payload": json.dumps({"data": data}), "ping": True, "createdDate": now}
    event = account.create("webhookEvents", None, members)
    _deliver(account, account.create("webhookDeliveries", None, {}), webhook, event, again=False)


def _redeliver(account: Account, delivery: Resource, entity: ValidatedResource) -> None:
    """Plan the delivery of an earlier delivery's event."""
    (template,) = request_resources(account, entity, "template")
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


HOOKS: Mapping[str, ResourceHooks] = {
    "webhookDeliveries": ResourceHooks(created=_redeliver),
    "webhookPings": ResourceHooks(created=_ping),
}
