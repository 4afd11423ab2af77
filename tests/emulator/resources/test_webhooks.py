from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from emulator.resources.api_writer import ApiWriter

    from pytest_asc.emulator.app import Emulator


@pytest.fixture
def webhook(api_writer: ApiWriter, app: dict[str, Any]) -> dict[str, Any]:
    attributes = {
        "enabled": True,
        "eventTypes": ["APP_STORE_VERSION_APP_VERSION_STATE_UPDATED"],
        "name": "states",
        "secret": "This is my secret",
        "url": "https://example.com/asc",
    }
    return api_writer.create("webhooks", attributes, app=app)


def test_the_secret_of_a_webhook_is_not_returned(webhook: dict[str, Any]) -> None:
    assert "This is my secret" not in json.dumps(webhook)


def test_pings_and_redeliveries_are_recorded_as_pending_deliveries(
    api_writer: ApiWriter, emulator: Emulator, webhook: dict[str, Any]
) -> None:
    assert api_writer.post("webhookPings", webhook=webhook).status == 201
    shown = api_writer.emulator_client.get(f"/v1/webhooks/{webhook['id']}/deliveries?include=event").json
    (delivery,), (event,) = shown["data"], shown["included"]
    assert delivery["attributes"]["deliveryState"] == "PENDING"
    assert delivery["attributes"]["request"] == {"url": "https://example.com/asc"}
    assert delivery["attributes"]["redelivery"] is False
    assert event["attributes"]["ping"] is True
    data = json.loads(event["attributes"]["payload"])["data"]
    assert (data["type"], data["version"]) == ("webhookPingCreated", 1)
    assert data["attributes"] == {"timestamp": "2026-05-28T20:26:40.000Z"}
    again = api_writer.create("webhookDeliveries", template=delivery)
    assert again["attributes"]["redelivery"] is True
    assert len(api_writer.related(webhook, "deliveries")) == 2
    lost = emulator.add("webhookDeliveries")
    assert api_writer.create("webhookDeliveries", template=lost)["attributes"]["deliveryState"] is None
