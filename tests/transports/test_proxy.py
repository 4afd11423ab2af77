from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
import requests
from transports.raw_connections import APPLE, connect, get, start_tls

from pytest_asc.apple.services import WEATHERKIT
from pytest_asc.emulator.app import Emulator
from pytest_asc.transports.server import Server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from emulator.harness import EmulatorClient
    from loopback import Apple


@pytest.fixture
def server(emulator_client: EmulatorClient, tmp_path: Path) -> Iterator[Server]:
    """A server whose proxy allows tunnels to 127.0.0.1, which stands for any other host."""
    emulator_client.emulator.add("apps", id="1")
    with Server(tmp_path, allowed={"127.0.0.1"}) as server, server.answering(emulator_client.emulator):
        yield server


@pytest.mark.parametrize(
    "authority",
    [f"{APPLE}:443", "API.AppStoreConnect.apple.com:443", f"{APPLE}:8443", "api.enterprise.developer.apple.com:443"],
)
def test_a_tunnel_to_apple_leads_to_the_emulator(server: Server, authority: str) -> None:
    with connect(server.proxy_url) as connection:
        connection.send(f"CONNECT {authority} HTTP/1.1\r\nHost: x\r\nProxy-Authorization: Basic eDp5\r\n\r\n".encode())
        assert (connection.read().status, connection.hang_up()) == (200, b"")


def test_a_tunnel_to_port_80_speaks_http(server: Server) -> None:
    with connect(server.proxy_url) as connection:
        connection.send(f"CONNECT {APPLE}:80 HTTP/1.1\r\n\r\n".encode())
        assert connection.read().status == 200
        connection.send(get("/v1/apps/1"))
        assert connection.read().json["links"]["self"] == f"http://{APPLE}/v1/apps/1"


def test_tls_can_start_before_the_tunnel_is_confirmed(server: Server) -> None:
    with connect(server.proxy_url) as connection:
        connection.send(f"CONNECT {APPLE}:80 HTTP/1.1\r\n\r\n".encode() + get("/v1/apps/1"))
        assert [connection.read().status, connection.read().status] == [200, 200]


@pytest.mark.parametrize(
    ("authority", "status", "words"),
    [
        ("example.com:443", 403, "to let it through, add --allow-host example.com to serve or run"),
        (f"{APPLE}.example.com:443", 403, "is not emulated"),
        ("appstoreconnect.apple.com:443", 403, "is not emulated"),
        ("weatherkit.apple.com:443", 403, "is not emulated"),
        ("[::1]:443", 403, "::1 is not emulated"),
        ("\x1b[31m:443", 403, "this host is not emulated"),
        ("example.com", 400, "Expected CONNECT with a host and a port"),
        ("example.com:", 400, "a port"),
        ("example.com:²", 400, "a port"),
        (":443", 400, "a host"),
    ],
)
def test_tunnels_to_other_hosts_are_rejected_with_a_reason(
    server: Server, authority: str, status: int, words: str
) -> None:
    with connect(server.proxy_url) as connection:
        connection.send(f"CONNECT {authority} HTTP/1.1\r\n\r\n".encode("latin-1"))
        answer = connection.read()
        assert (answer.status, words in answer.reason, answer.body) == (status, True, f"{answer.reason}\n".encode())
        assert connection.hang_up() == b""


def test_clients_show_the_reason_for_a_rejected_tunnel(server: Server) -> None:
    proxies = {"https": server.proxy_url}
    with pytest.raises(requests.exceptions.ProxyError, match=r"--allow-host example\.com"):
        requests.get("https://example.com/", proxies=proxies, timeout=9)


def test_a_tunnel_to_an_allowed_host_is_opened(server: Server, apple: Apple) -> None:
    place = urlsplit(apple.url)
    with connect(server.proxy_url) as connection:
        connection.send(f"CONNECT {place.netloc} HTTP/1.1\r\n\r\n".encode())
        assert connection.read().status == 200
        connection.send(get("/anything", host=place.netloc))
        assert connection.read().status == 401
    assert [request.path for request in apple.requests] == ["/anything"]


def test_an_allowed_host_that_cannot_be_reached_gets_502(server: Server, unused_port: int) -> None:
    with connect(server.proxy_url) as connection:
        connection.send(f"CONNECT 127.0.0.1:{unused_port} HTTP/1.1\r\n\r\n".encode())
        answer = connection.read()
        assert (answer.status, "127.0.0.1 cannot be reached" in answer.reason) == (502, True)


def test_clients_can_reach_the_server_itself_through_the_proxy(emulator_client: EmulatorClient, tmp_path: Path) -> None:
    emulator_client.emulator.add("apps", id="1")
    with Server(tmp_path) as server, server.answering(emulator_client.emulator):
        own = urlsplit(server.https_url).netloc
        with connect(server.proxy_url) as connection:
            connection.send(f"CONNECT {own} HTTP/1.1\r\n\r\n".encode())
            assert connection.read().status == 200
            with start_tls(connection, server) as inner:
                inner.send(get("/v1/apps/1", host=own))
                assert inner.read().json["links"]["self"] == f"https://{own}/v1/apps/1"
        with connect(server.proxy_url) as connection:
            connection.send(get(f"{server.url}/v1/apps/1"))
            assert connection.read().json["links"]["self"] == f"{server.url}/v1/apps/1"


def test_requests_without_a_tunnel_are_checked_by_their_own_host(server: Server) -> None:
    with connect(server.proxy_url) as connection:
        for host, status in ((APPLE, 200), ("example.com", 403), (APPLE, 200)):
            connection.send(get(f"http://{host}/v1/apps/1", host=host))
            answer = connection.read()
            assert answer.status == status
            if status == 403:
                assert answer.body.startswith(
                    b"example.com is not emulated; the emulated hosts are api.appstoreconnect"
                )


def test_a_connect_with_an_endless_head_is_rejected(server: Server) -> None:
    with connect(server.proxy_url) as connection:
        connection.send(b"CONNECT " + b"a" * 70_000)
        assert connection.read().status == 431


def test_the_proxy_only_opens_tunnels_for_hosts_of_the_emulated_service(tmp_path: Path) -> None:
    with Server(tmp_path) as server, server.answering(Emulator(service=WEATHERKIT)):
        for host, status in (("weatherkit.apple.com", 200), (APPLE, 403)):
            with connect(server.proxy_url) as connection:
                connection.send(f"CONNECT {host}:443 HTTP/1.1\r\n\r\n".encode())
                assert connection.read().status == status
