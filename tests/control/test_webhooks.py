from __future__ import annotations

import json
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, NamedTuple

import pytest
import requests
from loopback import serving

from pytest_asc import verify_webhook
from pytest_asc.cli.running_server import AccountOptions, running_server
from pytest_asc.control.served_emulator import InitialSettings
from pytest_asc.transports.control_client import EmulatorClient

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SECRET = "sentinel-of-the-secret"


class Hooks(NamedTuple):
    """A server that receives notifications, one at a time."""

    url: str
    states: list[str]
    work: list[Callable[[], object]]
    """Functions that are called before the response is sent."""


@pytest.fixture
def hooks() -> Iterator[Hooks]:
    states: list[str] = []
    work: list[Callable[[], object]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            verify_webhook(body, self.headers.items(), SECRET)
            states.append(json.loads(body)["data"]["attributes"]["newValue"])
            for function in work:
                function()
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with serving(HTTPServer(("127.0.0.1", 0), Handler)) as url:
        yield Hooks(f"{url}/hook", states, work)


@pytest.mark.parametrize("way", ["option", "command"])
def test_a_served_emulator_sends_webhooks_to_a_receiver_that_uses_it(hooks: Hooks, way: str) -> None:
    initial = InitialSettings(time="manual", webhooks=hooks.url if way == "option" else None)
    options = AccountOptions(sample=False, initial=initial)
    begin = time.monotonic()
    with running_server(options, proxy=False) as running, EmulatorClient(running.control.url) as emulator:
        if way == "command":
            emulator.deliver_webhooks_to(hooks.url)
        app = emulator.add("apps", bundleId="com.example.lists")
        event_types = ["APP_STORE_VERSION_APP_VERSION_STATE_UPDATED"]
        emulator.add(
            "webhooks", app=app, enabled=True, url="https://example.com", eventTypes=event_types, secret=SECRET
        )
        version = emulator.add("appStoreVersions", app=app)
        url = f"{running.server.url}/v1/appStoreVersions/{version['id']}"
        headers = {"Authorization": f"Bearer {running.emulator.token()}"}
        seen: list[str] = []

        def work() -> None:
            attributes = requests.get(url, headers=headers, timeout=30).json()["data"]["attributes"]
            seen.append(attributes["appVersionState"])

        hooks.work.append(work)
        emulator.update(version, appVersionState="IN_REVIEW")
        assert hooks.states == seen == ["IN_REVIEW"]
        emulator.deliver_webhooks_to(None)
        emulator.update(version, appVersionState="REJECTED")
        assert hooks.states == ["IN_REVIEW"]
        deliveries = emulator.find("webhookDeliveries")
        assert [one["attributes"]["deliveryState"] for one in deliveries] == ["SUCCEEDED", "PENDING"]
        assert SECRET not in json.dumps(emulator.dump())
    assert time.monotonic() - begin < 8, "something has waited for the end of the time limit"


def test_a_reset_keeps_the_receiver_of_the_command_line(hooks: Hooks) -> None:
    options = AccountOptions(sample=False, initial=InitialSettings(webhooks=hooks.url))
    with running_server(options, proxy=False) as running:
        running.emulator.deliver_webhooks_to(None)
        running.emulator.reset()
        assert running.emulator.delivers_webhooks
