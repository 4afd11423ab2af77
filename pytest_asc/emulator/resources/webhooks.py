"""Webhook pings and redeliveries: recorded as pending deliveries. Nothing is sent."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pytest_asc.emulator.account.app_lookup import owner
from pytest_asc.emulator.account.times import timestamp
from pytest_asc.emulator.resources.hooks import ResourceHooks
from pytest_asc.emulator.resources.state_machine import link, related_one, request_resources

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_asc.emulator.account.account import Account
    from pytest_asc.emulator.account.store import Resource
    from pytest_asc.emulator.jsonapi.request_validator import ValidatedResource


def _after_create_ping(account: Account, _resource: Resource, entity: ValidatedResource) -> None:
    """Record the delivery of a ping event (payload observed by treastrain/AppStoreConnectWebhook)."""
    (webhook,) = request_resources(account, entity, "webhook")
    now = timestamp(account.now)
    data = {"type": "webhookPingCreated", "id": account.new_uuid(), "version": 1, "attributes": {"timestamp": now}}
    members = {"payload": json.dumps({"data": data}), "ping": True, "createdDate": now}
    event = account.create("webhookEvents", None, members)
    _record_delivery(account, account.create("webhookDeliveries", None, {}), webhook, event, redelivery=False)


def _after_create_delivery(account: Account, delivery: Resource, entity: ValidatedResource) -> None:
    """Record the redelivery of the template's event."""
    (template,) = request_resources(account, entity, "template")
    webhook, event = owner(account.store, "webhooks", "deliveries", template), related_one(account, template, "event")
    if webhook and event:
        _record_delivery(account, delivery, webhook, event, redelivery=True)


def _record_delivery(
    account: Account, delivery: Resource, webhook: Resource, event: Resource, *, redelivery: bool
) -> None:
    changes = {
        "createdDate": timestamp(account.now),
        "deliveryState": "PENDING",
        "redelivery": redelivery,
        "request": {"url": webhook.attributes["url"]},
    }
    account.store.update(delivery, changes)
    link(account, webhook, "deliveries", delivery)
    link(account, delivery, "event", event)


HOOKS: Mapping[str, ResourceHooks] = {
    "webhookDeliveries": ResourceHooks(after_create=_after_create_delivery),
    "webhookPings": ResourceHooks(after_create=_after_create_ping),
}
