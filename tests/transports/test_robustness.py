"""Incomplete, slow, large and malformed requests, and many connections."""

from __future__ import annotations

import socket
import ssl
import struct
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING

import pytest
from emulator.harness import TOKEN
from transports.raw_connections import APPLE, TRANSPORTS, check_that_it_serves, connect, get, open_connection

from pytest_asc.transports import aiohttp_app
from pytest_asc.transports.server import Server

if sys.platform != "win32":
    import resource

if TYPE_CHECKING:
    from pathlib import Path

    from emulator.harness import EmulatorClient

MANY = 1000
TEN_MEGABYTES = 10 * 1024 * 1024
HELLO = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"
"""First bytes that a TLS client sends."""

WHOLE = get("/v1/apps", method="POST", body=b'{"data": {}}')
CHUNKED = get("/v1/apps", "Transfer-Encoding: chunked", method="POST") + b"5\r\nhello\r\n5\r\nwor"


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("sent", [b"", WHOLE[:3], WHOLE[:40], WHOLE[:-13], WHOLE[:-5], CHUNKED])
def test_an_incomplete_request_does_not_reach_the_emulator(
    server: Server, emulator_client: EmulatorClient, transport: str, sent: bytes
) -> None:
    with open_connection(server, transport) as connection:
        connection.send(sent)
        if transport in {"https", "tunnel"}:
            connection.socket.close()  # a TLS client that is cut off sends no close_notify
        else:
            assert b" 200 " not in connection.hang_up()
    check_that_it_serves(server)
    assert {request.method for request in emulator_client.emulator.requests} == {"GET"}


@pytest.mark.parametrize("transport", ["http", "https", "tunnel"])
def test_a_slow_client_does_not_delay_another(server: Server, transport: str) -> None:
    with open_connection(server, transport) as slow, open_connection(server, "http") as quick:
        for place, byte in enumerate(get("/v1/apps/1?fields[apps]=name")):
            slow.send(bytes([byte]))
            if place % 50 == 0:
                quick.send(get("/v1/apps/1"))
                assert quick.read().status == 200
        assert slow.read().json["data"]["attributes"] == {"name": "Lists"}


def test_a_client_that_reads_late_gets_the_whole_response(server: Server, emulator_client: EmulatorClient) -> None:
    for _ in range(199):
        emulator_client.emulator.add("apps")
    with open_connection(server, "http") as late, open_connection(server, "http") as prompt:
        late.send(get("/v1/apps?limit=200") * 60)  # more than fits into sockets and buffers
        prompt.send(get("/v1/apps/1"))
        assert prompt.read().status == 200
        first = late.read()
        assert len(first.json["data"]) == 200
        assert {late.read().body for _ in range(59)} == {first.body}


def test_the_server_stops_while_clients_do_not_read(emulator_client: EmulatorClient, tmp_path: Path) -> None:
    with ExitStack() as clients:
        with Server(tmp_path) as server, server.answering(emulator_client.emulator):
            for transport in TRANSPORTS:
                connection = clients.enter_context(open_connection(server, transport))
                connection.send(get("/v1/apps") * 100)
        for url in (server.url, server.https_url, server.proxy_url):
            with pytest.raises(ConnectionRefusedError):
                connect(url)


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_of_ten_megabytes_arrives(
    server: Server, emulator_client: EmulatorClient, transport: str, chunked: bool
) -> None:
    body = b"0123456789abcdef" * (TEN_MEGABYTES // 16)
    target = f"http://{APPLE}/v1/apps" if transport == "proxy" else "/v1/apps"
    with open_connection(server, transport) as connection:
        if chunked:
            connection.send(get(target, "Transfer-Encoding: chunked", method="POST"))
            for start in range(0, len(body), 2**20):
                piece = body[start : start + 2**20]
                connection.send(b"%x\r\n%b\r\n" % (len(piece), piece))
            connection.send(b"0\r\n\r\n")
        else:
            connection.send(get(target, method="POST", body=body))
        assert connection.read().headers["Content-Type"] == "application/json"
    assert emulator_client.emulator.requests[-1].body == body


def test_a_body_above_the_limit_is_rejected(
    server: Server, emulator_client: EmulatorClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aiohttp_app, "MAX_BYTES", 1000)
    with open_connection(server, "http") as connection:
        connection.send(get("/v1/apps", method="POST", body=b"x" * 2000))
        assert connection.read().status == 413
    assert emulator_client.emulator.requests == []


@pytest.mark.parametrize("sent", [HELLO, HELLO + bytes(300), HELLO[:4], b"GET / HTTP/1.1\r\n\r\n", bytes(2000)])
@pytest.mark.parametrize("leaves", [True, False])
def test_an_incomplete_tls_handshake_affects_no_other_client(server: Server, sent: bytes, leaves: bool) -> None:
    with connect(server.https_url) as connection:
        connection.send(sent)
        if leaves:
            connection.socket.close()
        check_that_it_serves(server)


def most_files() -> int:
    if sys.platform == "win32":
        return 512  # sockets that its event loop watches
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


@pytest.mark.parametrize("transport", ["http", "tunnel"])
def test_a_thousand_open_connections_get_their_own_responses(
    server: Server, emulator_client: EmulatorClient, transport: str
) -> None:
    many = MANY if transport == "http" else MANY // 20  # a handshake takes processor time
    if most_files() < 3 * many:
        pytest.skip("this machine lets a process open too few files")
    names = {
        emulator_client.emulator.add("apps", name=f"Lists {number}")["id"]: f"Lists {number}" for number in range(many)
    }
    emulator_client.emulator.rate_limit = 10 * many
    with ExitStack() as stack:
        connections = [stack.enter_context(open_connection(server, transport)) for _ in range(many)]
        for _ in range(2):
            for connection, identifier in zip(connections, names, strict=True):
                connection.send(get(f"/v1/apps/{identifier}"))
            assert [connection.read().json["data"]["attributes"]["name"] for connection in connections] == list(
                names.values()
            )


@pytest.mark.parametrize("cut", [WHOLE[:40], WHOLE[:-5]], ids=["head", "body"])
def test_incomplete_requests_lose_nothing_of_the_other_connections(
    server: Server, emulator_client: EmulatorClient, cut: bytes
) -> None:
    if most_files() < 3 * MANY:
        pytest.skip("this machine lets a process open too few files")
    emulator_client.emulator.rate_limit = 10 * MANY
    ids = [emulator_client.emulator.add("apps")["id"] for _ in range(MANY // 2)]
    with ExitStack() as stack, ExitStack() as broken:
        connections = [stack.enter_context(open_connection(server, "http")) for _ in ids]
        for connection, identifier in zip(connections, ids, strict=True):
            connection.send(get(f"/v1/apps/{identifier}")[:40])
            other = broken.enter_context(open_connection(server, "http"))
            other.send(cut)
            other.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # reset when closed
        broken.close()
        for connection, identifier in zip(connections, ids, strict=True):
            connection.send(get(f"/v1/apps/{identifier}")[40:])
        assert [connection.read().json["data"]["id"] for connection in connections] == ids
    assert {request.method for request in emulator_client.emulator.requests} == {"GET"}
    assert len(emulator_client.emulator.requests) == len(ids)


def test_concurrent_clients_get_their_own_responses(server: Server, emulator_client: EmulatorClient) -> None:
    ids = [emulator_client.emulator.add("apps")["id"] for _ in range(8)]

    def ask(place: int) -> list[str]:
        with open_connection(server, TRANSPORTS[place % 3]) as connection:
            got = []
            for _ in range(50):
                connection.send(get(f"/v1/apps/{ids[place]}"))
                got.append(connection.read().json["data"]["id"])
            return got

    with ThreadPoolExecutor(len(ids)) as pool:
        for identifier, got in zip(ids, pool.map(ask, range(len(ids))), strict=True):
            assert got == [identifier] * 50


@pytest.mark.parametrize("transport", ["http", "https", "tunnel"])
def test_pipelined_requests_get_responses_in_order(server: Server, transport: str) -> None:
    targets = [f"/v1/apps?limit={number}" for number in range(1, 30)]
    with open_connection(server, transport) as connection:
        connection.send(b"".join(map(get, targets)))
        answers = [connection.read() for _ in targets]
    assert [answer.json["links"]["self"].partition(APPLE)[2] for answer in answers] == targets


@pytest.mark.parametrize(
    "sent",
    [
        bytes(100),
        b"\xff\xfe\xfd\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET /v1/apps\r\n\r\n",
        b"GET /v1/apps HTTP/9.9\r\n\r\n",
        b"GET /v1/apps HTTP/1.1\r\nHost\r\n\r\n",
        b"GET /v1/apps HTTP/1.1\r\nHost: a\r\n folded: b\r\n\r\n",
        b"GET /v1/apps HTTP/1.1\r\nHost: a\r\nX: \x00\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        HELLO + bytes(200),
    ],
)
@pytest.mark.parametrize("transport", ["http", "tunnel", "proxy"])
def test_bytes_after_a_malformed_request_are_not_a_request(
    server: Server, emulator_client: EmulatorClient, transport: str, sent: bytes
) -> None:
    with open_connection(server, transport) as connection:
        connection.send(sent + get("/v1/apps/1"))
        answer = connection.read()
        assert answer.status == 400
        assert TOKEN.encode() not in answer.body
        assert connection.hang_up() == b"" if transport != "tunnel" else True
    assert emulator_client.emulator.requests == []


def test_many_long_headers_are_rejected(server: Server, emulator_client: EmulatorClient) -> None:
    with open_connection(server, "http") as connection:
        connection.send(get("/v1/apps", *(f"X-{number}: {'a' * 60_000}" for number in range(3))))
        assert connection.read().status == 431
        connection.send(get("/v1/apps/1", f"X-1: {'a' * 60_000}"))
        assert connection.read().status == 200
    assert [request.path for request in emulator_client.emulator.requests] == ["/v1/apps/1"]


@pytest.mark.parametrize("sent", [b"GET /" + b"a" * 100_000, b"GET / HTTP/1.1\r\nAuthorization: " + b"a" * 100_000])
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_head_above_the_limit_is_rejected(
    server: Server, emulator_client: EmulatorClient, transport: str, sent: bytes
) -> None:
    # The server may close the connection before everything is sent, and then its response is lost.
    with open_connection(server, transport) as connection, suppress(ConnectionError, ssl.SSLError):
        connection.send(sent + b"\r\n\r\n")  # early releases of aiohttp only check it at its end
        assert connection.socket.recv(1000)[8:12] in {b" 400", b""}
    check_that_it_serves(server)
    assert {request.path for request in emulator_client.emulator.requests} == {"/v1/apps/1"}
