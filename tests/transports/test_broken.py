"""Responses of the server that are late, truncated or missing."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, get_args

import httpx
import pytest
from emulator.harness import TOKEN

from pytest_asc.emulator.http_models import Broken

if TYPE_CHECKING:
    from emulator.harness import EmulatorClient

    from pytest_asc.transports.server import Server

NO_TRUST = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Context without certificates, which are not needed for HTTP and take long to load."""


def get_app(server: Server, timeout: float = 30) -> httpx.Response:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    return httpx.get(f"{server.url}/v1/apps/1", headers=headers, timeout=timeout, trust_env=False, verify=NO_TRUST)


@pytest.mark.parametrize("broken", sorted({*get_args(Broken)} - {"cut"}))
def test_a_broken_connection_ends_without_a_response(
    server: Server, emulator_client: EmulatorClient, broken: Broken
) -> None:
    emulator_client.emulator.fail("GET", "/v1/apps/{id}", broken=broken)
    with pytest.raises(httpx.TransportError):
        get_app(server)
    assert get_app(server).status_code == 200
    assert [one.status for one in emulator_client.emulator.requests] == [0, 200]


def test_a_truncated_body_ends_before_its_content_length(server: Server, emulator_client: EmulatorClient) -> None:
    emulator_client.emulator.fail("GET", "/v1/apps/{id}", broken="cut")
    with pytest.raises(httpx.RemoteProtocolError, match="without sending complete message body"):
        get_app(server)
    assert get_app(server).status_code == 200


@pytest.mark.parametrize("sleep", [True, False])
def test_the_server_waits_for_a_latency_until_the_client_times_out(
    server: Server, emulator_client: EmulatorClient, *, sleep: bool
) -> None:
    emulator_client.emulator.fail("GET", "/v1/apps/{id}", latency=0.05, sleep=sleep)
    assert get_app(server).elapsed.total_seconds() >= 0.05
    emulator_client.emulator.fail("GET", "/v1/apps/{id}", latency=3600, sleep=sleep)
    with pytest.raises(httpx.ReadTimeout):
        get_app(server, timeout=0.1)


def test_network_faults_close_the_connection_without_a_response(
    server: Server, emulator_client: EmulatorClient
) -> None:
    emulator_client.emulator.fault("timed-out")
    with pytest.raises(httpx.TransportError):
        get_app(server)
    emulator_client.emulator.reset()
    emulator_client.emulator.add("apps", id="1")
