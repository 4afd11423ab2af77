"""What real networks and clients do to a server."""

from __future__ import annotations

import resource
import ssl
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING

import pytest
from emulator.harness import TOKEN
from transports.raw_connections import APPLE, TRANSPORTS, check_that_it_serves, connect, get, opened

from pytest_asc.transports import aiohttp_app
from pytest_asc.transports.server import Server

if TYPE_CHECKING:
    from pathlib import Path

    from emulator.harness import EmulatorClient

MANY = 1000
TEN_MEGABYTES = 10 * 1024 * 1024
HELLO = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"
"""How a TLS client begins."""

WHOLE = get("/v1/apps", method="POST", body=b'{"data": {}}')
CHUNKED = get("/v1/apps", "Transfer-Encoding: chunked", method="POST") + b"5\r\nhello\r\n5\r\nwor"


@pytest.mark.parametrize("door", TRANSPORTS)
@pytest.mark.parametrize("sent", [b"", WHOLE[:3], WHOLE[:40], WHOLE[:-13], WHOLE[:-5], CHUNKED])
def test_a_request_that_is_cut_is_none(server: Server, emulator_client: EmulatorClient, door: str, sent: bytes) -> None:
    with opened(server, door) as wire:
        wire.send(sent)
        if door in {"https", "tunnel"}:
            wire.socket.close()  # a TLS client that is cut off says no goodbye
        else:
            assert b" 200 " not in wire.hang_up()
    check_that_it_serves(server)
    assert {request.method for request in emulator_client.emulator.requests} == {"GET"}


@pytest.mark.parametrize("door", ["http", "https", "tunnel"])
def test_a_client_may_be_slow_and_holds_up_no_other(server: Server, door: str) -> None:
    with opened(server, door) as slow, opened(server, "http") as quick:
        for place, byte in enumerate(get("/v1/apps/1?fields[apps]=name")):
            slow.send(bytes([byte]))
            if place % 50 == 0:
                quick.send(get("/v1/apps/1"))
                assert quick.read().status == 200
        assert slow.read().json["data"]["attributes"] == {"name": "Lists"}


def test_a_client_may_read_late(server: Server, emulator_client: EmulatorClient) -> None:
    for _ in range(199):
        emulator_client.emulator.add("apps")
    with opened(server, "http") as late, opened(server, "http") as prompt:
        late.send(get("/v1/apps?limit=200") * 60)  # more than sockets and buffers hold
        prompt.send(get("/v1/apps/1"))
        assert prompt.read().status == 200
        assert [len(late.read().json["data"]) for _ in range(60)] == [200] * 60


def test_whoever_never_reads_is_left_when_the_server_stops(emulator_client: EmulatorClient, tmp_path: Path) -> None:
    with ExitStack() as clients:
        with Server(tmp_path) as server, server.answering(emulator_client.emulator):
            for door in TRANSPORTS:
                wire = clients.enter_context(opened(server, door))
                wire.send(get("/v1/apps") * 100)
        for url in (server.url, server.https_url, server.proxy_url):
            with pytest.raises(ConnectionRefusedError):
                connect(url)


@pytest.mark.parametrize("door", TRANSPORTS)
@pytest.mark.parametrize("chunked", [False, True])
def test_ten_megabytes_arrive(server: Server, emulator_client: EmulatorClient, door: str, chunked: bool) -> None:
    body = b"0123456789abcdef" * (TEN_MEGABYTES // 16)
    target = f"http://{APPLE}/v1/apps" if door == "proxy" else "/v1/apps"
    with opened(server, door) as wire:
        if chunked:
            wire.send(get(target, "Transfer-Encoding: chunked", method="POST"))
            for start in range(0, len(body), 2**20):
                piece = body[start : start + 2**20]
                wire.send(b"%x\r\n%b\r\n" % (len(piece), piece))
            wire.send(b"0\r\n\r\n")
        else:
            wire.send(get(target, method="POST", body=body))
        assert wire.read().headers["Content-Type"] == "application/json"
    assert emulator_client.emulator.requests[-1].body == body


def test_a_body_beyond_all_bounds_is_refused(
    server: Server, emulator_client: EmulatorClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aiohttp_app, "MOST_BYTES", 1000)
    with opened(server, "http") as wire:
        wire.send(get("/v1/apps", method="POST", body=b"x" * 2000))
        assert wire.read().status == 413
    assert emulator_client.emulator.requests == []


@pytest.mark.parametrize("sent", [HELLO, HELLO + bytes(300), HELLO[:4], b"GET / HTTP/1.1\r\n\r\n", bytes(2000)])
@pytest.mark.parametrize("leaves", [True, False])
def test_a_handshake_that_fails_or_stops_half_way_hurts_nobody(server: Server, sent: bytes, leaves: bool) -> None:
    with connect(server.https_url) as wire:
        wire.send(sent)
        if leaves:
            wire.socket.close()
        check_that_it_serves(server)


@pytest.mark.parametrize("door", ["http", "tunnel"])
def test_a_thousand_connections_are_kept_and_each_gets_its_own_answers(
    server: Server, emulator_client: EmulatorClient, door: str
) -> None:
    many = MANY if door == "http" else MANY // 20  # a handshake is work
    if resource.getrlimit(resource.RLIMIT_NOFILE)[0] < 3 * many:
        pytest.skip("this machine lets a process open too few files")
    names = {
        emulator_client.emulator.add("apps", name=f"Lists {number}")["id"]: f"Lists {number}" for number in range(many)
    }
    emulator_client.emulator.rate_limit = 10 * many
    with ExitStack() as stack:
        wires = [stack.enter_context(opened(server, door)) for _ in range(many)]
        for _ in range(2):
            for wire, identifier in zip(wires, names, strict=True):
                wire.send(get(f"/v1/apps/{identifier}"))
            assert [wire.read().json["data"]["attributes"]["name"] for wire in wires] == list(names.values())


def test_clients_at_the_same_time_get_their_own_answers(server: Server, emulator_client: EmulatorClient) -> None:
    ids = [emulator_client.emulator.add("apps")["id"] for _ in range(8)]

    def ask(place: int) -> list[str]:
        with opened(server, TRANSPORTS[place % 3]) as wire:
            got = []
            for _ in range(50):
                wire.send(get(f"/v1/apps/{ids[place]}"))
                got.append(wire.read().json["data"]["id"])
            return got

    with ThreadPoolExecutor(len(ids)) as pool:
        for identifier, got in zip(ids, pool.map(ask, range(len(ids))), strict=True):
            assert got == [identifier] * 50


@pytest.mark.parametrize("door", ["http", "https", "tunnel"])
def test_requests_in_one_go_are_answered_in_order(server: Server, door: str) -> None:
    targets = [f"/v1/apps?limit={number}" for number in range(1, 30)]
    with opened(server, door) as wire:
        wire.send(b"".join(map(get, targets)))
        answers = [wire.read() for _ in targets]
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
@pytest.mark.parametrize("door", ["http", "tunnel", "proxy"])
def test_garbage_is_refused_and_what_follows_it_is_not_taken_for_a_request(
    server: Server, emulator_client: EmulatorClient, door: str, sent: bytes
) -> None:
    with opened(server, door) as wire:
        wire.send(sent + get("/v1/apps/1"))
        answer = wire.read()
        assert answer.status == 400
        assert TOKEN.encode() not in answer.body
        assert wire.hang_up() == b"" if door != "tunnel" else True
    assert emulator_client.emulator.requests == []


@pytest.mark.parametrize("sent", [b"GET /" + b"a" * 100_000, b"GET / HTTP/1.1\r\nAuthorization: " + b"a" * 100_000])
@pytest.mark.parametrize("door", TRANSPORTS)
def test_a_head_beyond_all_bounds_is_refused(
    server: Server, emulator_client: EmulatorClient, door: str, sent: bytes
) -> None:
    # The server may have hung up before all is sent, and what it said be lost.
    with opened(server, door) as wire, suppress(ConnectionError, ssl.SSLError):
        wire.send(sent + b"\r\n\r\n")  # early releases of aiohttp wait for the end before they judge
        assert wire.socket.recv(1000)[8:12] in {b" 400", b""}
    check_that_it_serves(server)
    assert {request.path for request in emulator_client.emulator.requests} == {"/v1/apps/1"}
