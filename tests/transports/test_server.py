from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest
from transports.raw_connections import check_that_it_serves, get, open_connection

from pytest_asc.transports.server import Server

if TYPE_CHECKING:
    from pathlib import Path

    from emulator.harness import EmulatorClient


@pytest.mark.parametrize(
    ("host", "accepted"),
    [
        ("localhost:8080", True),
        ("[::1]:443", True),
        ("API.AppStoreConnect.Apple.com", True),
        ("host.docker.internal", True),
        ("my_service:80", True),
        ("", False),
        ("a b", False),
        ('a"><script>', False),
        ("user@example.com", False),
        ("example.com/path", False),
        ("example.com:port", False),
        ("example.com:123456", False),
        ("ex\u00e4mple.com", False),
    ],
)
def test_links_have_the_host_of_the_host_header(server: Server, host: str, accepted: bool) -> None:
    with open_connection(server, "http") as connection:
        connection.send(get("/v1/apps/1", host=host))
        answer = connection.read()
        if accepted:
            assert answer.json["links"]["self"] == f"http://{host}/v1/apps/1"
        else:
            assert answer.status == 400
            assert b"Host header" in answer.body or b"{" not in answer.body


def test_a_host_header_that_is_too_long_is_rejected(server: Server) -> None:
    with open_connection(server, "http") as connection:
        connection.send(get("/v1/apps/1", host="a" * 300))
        assert connection.read().status == 400


@pytest.mark.parametrize("header", [b"X-Name: \xff", b"Accept: \xe4", b"Authorization: Bearer \xc3", b"X\xff: y"])
def test_headers_that_are_not_utf_8_are_rejected(
    server: Server, emulator_client: EmulatorClient, header: bytes
) -> None:
    with open_connection(server, "http") as connection:
        connection.send(get("/v1/apps/1")[:-2] + header + b"\r\n\r\n")
        assert connection.read().status == 400
    assert emulator_client.emulator.requests == []


def test_headers_in_utf_8_are_accepted(server: Server) -> None:
    with open_connection(server, "http") as connection:
        connection.send(get("/v1/apps/1", "User-Agent: Приложение", "X-Name: 東京"))
        assert connection.read().status == 200


@pytest.mark.parametrize("lines", ["", "Host: a\r\nHost: b\r\n"])
def test_exactly_one_host_header_is_required(server: Server, lines: str) -> None:
    with open_connection(server, "http") as connection:
        connection.send(f"GET /v1/apps HTTP/1.1\r\n{lines}\r\n".encode())
        assert connection.read().status == 400


@pytest.mark.parametrize("target", ["*", "v1/apps", "ftp://example.com/", "http://", "http://a b/", "//"])
def test_a_target_that_is_not_a_path_reaches_no_resource(server: Server, target: str) -> None:
    with open_connection(server, "http") as connection:
        connection.send(get(target, method="OPTIONS"))
        assert connection.read().status in {400, 404}


def test_the_http_port_opens_no_tunnel(server: Server) -> None:
    with open_connection(server, "http") as connection:
        connection.send(get("example.com:443", method="CONNECT"))
        assert connection.read().status == 400


def test_a_long_list_fits_into_a_url(server: Server) -> None:
    ids = ",".join(f"0e0e0e0e-a5c0-4e3d-9f1c-5eb0a6f0{number:04}" for number in range(500))
    with open_connection(server, "http") as connection:
        connection.send(get(f"/v1/apps?filter[id]={ids}"))
        assert connection.read().json["data"] == []


@pytest.mark.parametrize("transport", ["http", "https", "tunnel"])
def test_expect_100_continue_gets_an_interim_response(
    server: Server, emulator_client: EmulatorClient, transport: str
) -> None:
    with open_connection(server, transport) as connection:
        connection.send(get("/v1/apps", "Expect: 100-continue", "Content-Length: 4", method="POST"))
        assert connection.read().status == 100
        connection.send(b"body")
        assert connection.read().status >= 400
        connection.send(get("/v1/apps/1"))
        assert connection.read().status == 200
    assert emulator_client.emulator.requests[0].body == b"body"


def test_an_unknown_expectation_is_rejected(server: Server) -> None:
    with open_connection(server, "http") as connection:
        connection.send(get("/v1/apps", "Expect: miracles"))
        assert connection.read().status == 417


def test_a_response_to_head_has_no_body_and_the_connection_stays_open(server: Server) -> None:
    with open_connection(server, "http") as connection:
        connection.send(get("/v1/apps/1", method="HEAD") + get("/v1/apps/1"))
        assert "Content-Length" not in connection.read(method="HEAD").headers
        assert connection.read().json["data"]["id"] == "1"


def test_an_empty_response_has_no_body(server: Server, emulator_client: EmulatorClient) -> None:
    emulator_client.emulator.fail("DELETE", "/v1/profiles/1", status=204, body=b"")
    with open_connection(server, "http") as connection:
        connection.send(get("/v1/profiles/1", method="DELETE") + get("/v1/apps/1"))
        assert (connection.read().status, connection.read().status) == (204, 200)


@pytest.mark.parametrize(
    ("version", "header", "kept"),
    [
        ("1.1", "X: y", True),
        ("1.1", "Connection: close", False),
        ("1.0", "X: y", False),
        ("1.0", "Connection: keep-alive", True),
    ],
)
def test_connections_are_kept_alive_if_the_client_requests_it(
    server: Server, version: str, header: str, kept: bool
) -> None:
    with open_connection(server, "http") as connection:
        request = get("/v1/apps/1", header).replace(b"HTTP/1.1", f"HTTP/{version}".encode())
        connection.send(request)
        assert connection.read().status == 200
        if kept:
            connection.send(request)
            assert connection.read().status == 200
        else:
            assert connection.socket.recv(1) == b""


def test_an_upgrade_is_declined(server: Server) -> None:
    with open_connection(server, "http") as connection:
        connection.send(
            get("/v1/apps/1", "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABk")
        )
        assert connection.read().status == 200
        connection.send(get("/v1/apps/1"))
        assert connection.read().status == 200


def test_responses_are_sent_without_delay(server: Server) -> None:
    with open_connection(server, "http") as connection:
        connection.send(get("/v1/apps/1"))
        first = connection.socket.recv(2**20, socket.MSG_PEEK)
        head, _, body = first.partition(b"\r\n\r\n")
        assert head
        assert body, "the head of the answer came alone: two writes"


def test_the_server_only_listens_on_its_own_ports_on_loopback(
    server: Server, emulator_client: EmulatorClient, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    with Server(tmp_path / "other") as other, other.answering(emulator_client.emulator):
        places = {one for each in (server, other) for one in (each.url, each.https_url, each.proxy_url)}
        assert len(places) == 6
        assert all("://127.0.0.1:" in place for place in places)
        check_that_it_serves(other)


def test_a_port_in_use_raises_on_entering(server: Server, tmp_path: Path) -> None:
    port = int(server.url.rpartition(":")[2])
    with pytest.raises(OSError, match="in use"), Server(tmp_path, port=port):
        pass


def test_the_server_can_listen_on_ipv6(emulator_client: EmulatorClient, tmp_path: Path) -> None:
    emulator_client.emulator.add("apps", id="1")
    try:
        with Server(tmp_path, host="::1") as server, server.answering(emulator_client.emulator):
            assert server.url.startswith("http://[::1]:")
            check_that_it_serves(server)
    except OSError:
        pytest.skip("this machine has no IPv6")
