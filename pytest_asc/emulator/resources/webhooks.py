"""Webhooks: secrets, and deliveries of events, pings and redeliveries."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from pytest_asc.emulator.account.app_lookup import owner
from pytest_asc.emulator.account.outbox import PendingDelivery
from pytest_asc.emulator.account.times import timestamp
from pytest_asc.emulator.resources.hooks import ResourceHooks
from pytest_asc.emulator.resources.state_machine import link, related_one, request_resources

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pytest_asc.emulator.account.account import Account
    from pytest_asc.emulator.account.store import Resource
    from pytest_asc.emulator.jsonapi.request_validator import ValidatedResource


def record_event(
    account: Account, webhooks: Iterable[Resource], event_type: str, identifier: str, payload: str
) -> None:
    """Record an event, and one delivery of it for each webhook.

    Args:
        account: The account.
        webhooks: The webhooks to deliver the event to.
        event_type: Type of the event, as in ``eventTypes`` of webhooks.
        identifier: ID of the event, which is also part of the payload.
        payload: Body of the notification.
    """
    members = {"eventType": event_type, "payload": payload, "ping": False, "createdDate": timestamp(account.now)}
    event = account.create("webhookEvents", identifier, members)
    for webhook in webhooks:
        delivery = account.create("webhookDeliveries", None, {})
        record_delivery(account, PendingDelivery(webhook, delivery, event, 0), redelivery=False)


def record_delivery(account: Account, pending: PendingDelivery, *, redelivery: bool) -> None:
    """Record a delivery, and add it to the outbox if there is a receiver."""
    webhook, delivery, event, _ = pending
    changes = {
        "createdDate": timestamp(account.now),
        "deliveryState": "PENDING",
        "redelivery": redelivery,
        "request": {"url": webhook.attributes["url"]},
    }
    account.store.update(delivery, changes)
    link(account, webhook, "deliveries", delivery)
    link(account, delivery, "event", event)
    if account.outbox.is_open:
        account.outbox.pending.append(pending)


def _after_write_webhook(account: Account, webhook: Resource, entity: ValidatedResource) -> None:
    secret: Any = entity.attributes.get("secret")
    if secret:
        account.outbox.keep_secret(webhook, secret)


def _after_create_ping(account: Account, _resource: Resource, entity: ValidatedResource) -> None:
    """Record the delivery of a ping event (payload observed: treastrain/AppStoreConnectWebhook)."""
    (webhook,) = request_resources(account, entity, "webhook")
    moment = datetime.fromtimestamp(account.now, timezone.utc).replace(tzinfo=None).isoformat(timespec="milliseconds")
    identifier = account.new_uuid()
    data = {"type": "webhookPingCreated", "id": identifier, "version": 1, "attributes": {"timestamp": f"{moment}Z"}}
    payload = json.dumps({"data": data}, separators=(",", ":"))
    members = {"payload": payload, "ping": True, "createdDate": timestamp(account.now)}
    event = account.create("webhookEvents", identifier, members)
    delivery = account.create("webhookDeliveries", None, {})
    record_delivery(account, PendingDelivery(webhook, delivery, event, None), redelivery=False)


def _after_create_delivery(account: Account, delivery: Resource, entity: ValidatedResource) -> None:
    """Record a redelivery of the event of the delivery that the request names as a template."""
    (template,) = request_resources(account, entity, "template")
    webhook, event = owner(account.store, "webhooks", "deliveries", template), related_one(account, template, "event")
    if webhook and event:
        record_delivery(account, PendingDelivery(webhook, delivery, event, None), redelivery=True)


HOOKS: Mapping[str, ResourceHooks] = {
    "webhookDeliveries": ResourceHooks(after_create=_after_create_delivery),
    "webhookPings": ResourceHooks(after_create=_after_create_ping),
    "webhooks": ResourceHooks(after_create=_after_write_webhook, after_update=_after_write_webhook),
}
