"""Half-sent requests, and a process that can open no more files."""

from __future__ import annotations

import asyncio
import json
import os
import ssl
import subprocess
import sys
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests
from transports.raw_connections import APPLE, TRANSPORTS, RawConnection, connect, get, open_connection

from pytest_asc import Emulator
from pytest_asc.emulator.http_models import Request, Response
from pytest_asc.transports import sockets
from pytest_asc.transports.connections import OpenConnections
from pytest_asc.transports.server import Server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emulator.harness import EmulatorClient

SHORT = 0.3
"""Seconds that a head may take, in place of ten."""
MANY = 30_000_000
"""Bytes: more than the system's buffers take."""
FILES = 60
"""Files that the server's process may open."""
IDLE = FILES + 10
"""Connections that leave it none."""

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="it limits no number of files")


@pytest.fixture
def server(emulator_client: EmulatorClient, tmp_path: Path) -> Iterator[Server]:
    """A server that is not patient."""
    emulator_client.emulator.add("apps", id="1")
    with Server(tmp_path, timeout=SHORT) as server, server.answering(emulator_client.emulator) as crashes:
        yield server
    assert crashes == []


def is_closed(connection: RawConnection) -> bool:
    """Wait for the end of a connection; an error is raised where none comes."""
    try:
        return connection.socket.recv(1) == b""
    except ConnectionError:
        return True


@pytest.mark.parametrize("sent", [b"G", b"GET /v1/apps HTTP/1.1\r\nHost: a\r\n", b"\r\n"])
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_half_sent_head_ends_the_connection(server: Server, transport: str, sent: bytes) -> None:
    with open_connection(server, transport) as connection:
        connection.send(sent)
        assert is_closed(connection)


@pytest.mark.parametrize("transport", ["http", "https", "tunnel"])
def test_a_half_sent_head_after_a_request_ends_the_connection(server: Server, transport: str) -> None:
    with open_connection(server, transport) as connection:
        connection.send(get("/v1/apps/1"))
        assert connection.read().status == 200
        connection.send(get("/v1/apps/1")[:-5])
        assert is_closed(connection)


HALF = get("/v1/apps/1")[:-5]


@pytest.mark.parametrize("transport", ["http", "https", "tunnel"])
@pytest.mark.parametrize(
    "request_",
    [
        get("/v1/apps/1"),
        get("/v1/apps/1") * 3,
        get("/v1/apps/1", method="PATCH", body=b"{}\r\n\r\n"),
        get("/v1/apps/1", "Transfer-Encoding: chunked", method="PATCH") + b"2\r\n{}\r\n0\r\n\r\n",
    ],
    ids=["get", "three", "length", "chunked"],
)
def test_half_a_head_in_the_packet_of_a_request_ends_the_connection(
    server: Server, transport: str, request_: bytes
) -> None:
    with open_connection(server, transport) as connection:
        connection.send(request_ + HALF)
        for _ in range(request_.count(b"HTTP/1.1")):
            assert connection.read().status in {200, 400, 422}
        assert is_closed(connection)


@pytest.mark.parametrize(
    "request_",
    [
        get("/v1/apps/1", method="PATCH", body=b"{}\r\n\r\n"),
        get("/v1/apps/1", "Transfer-Encoding: chunked", method="PATCH") + b"2\r\n{}\r\n0\r\n\r\n",
    ],
    ids=["length", "chunked"],
)
def test_a_whole_request_with_a_body_leaves_the_connection_open(server: Server, request_: bytes) -> None:
    with open_connection(server, "http") as connection:
        for _ in range(2):
            for piece in (request_[:20], request_[20:-6], request_[-6:]):
                connection.send(piece)
            assert connection.read().status in {400, 422}
            wait_for_a_stalled_connection(server)


def wait_for_a_stalled_connection(server: Server) -> None:
    """Wait until the server has closed a connection that began later than all that went before."""
    for _ in range(2):
        with connect(server.url) as half:
            half.send(b"G")
            assert is_closed(half)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_client_that_takes_no_response_is_dropped(tmp_path: Path, transport: str) -> None:
    class Generous(Emulator):
        def handle(self, _request: Request) -> Response:
            return Response(200, {}, bytes(MANY))

    target = f"http://{APPLE}/v1/apps" if transport == "proxy" else "/v1/apps"
    with (
        Server(tmp_path, timeout=SHORT) as server,
        server.answering(Generous()) as crashes,
        open_connection(server, transport) as connection,
    ):
        connection.send(get(target))
        wait_for_a_stalled_connection(server)
        wait_for_a_stalled_connection(server)
        received = 0
        with suppress(ConnectionError, ssl.SSLEOFError):
            while data := connection.socket.recv(2**20):
                received += len(data)
        assert received < MANY
    assert crashes == []


class FakeConnection:
    """A connection whose client takes some bytes between any two looks, or none."""

    def __init__(self, taken: int) -> None:
        self.last_active, self.reads_body, self.idle = 0.0, False, False
        self.head_since: float | None = None
        self.dropped = asyncio.Event()
        self._left, self._taken = 10_000, taken

    @property
    def unread(self) -> int:
        self._left -= self._taken
        return self._left

    def drop(self) -> None:
        self.dropped.set()


def test_a_client_that_takes_its_response_slowly_is_not_dropped() -> None:
    async def watch() -> tuple[bool, bool]:
        connections = OpenConnections(timeout=0.02)
        slow, stuck = FakeConnection(1), FakeConnection(0)
        connections.add(slow)
        connections.add(stuck)
        watching = asyncio.create_task(connections.close_stalled())
        await stuck.dropped.wait()
        watching.cancel()
        return slow.dropped.is_set(), stuck.dropped.is_set()

    assert asyncio.run(watch()) == (False, True)


@pytest.mark.parametrize("sent", [b"", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"])
def test_a_half_sent_tls_handshake_ends_the_connection(server: Server, sent: bytes) -> None:
    with connect(server.https_url) as connection:
        connection.send(sent)
        assert is_closed(connection)


@pytest.mark.parametrize("sent", [b"C", b"CONNECT ", f"CONNECT {APPLE}:443 HTTP/1.1\r\nHost: x".encode()])
def test_a_half_sent_connect_ends_the_connection(server: Server, sent: bytes) -> None:
    with connect(server.proxy_url) as connection:
        connection.send(sent)
        assert is_closed(connection)


def test_a_body_that_does_not_go_on_ends_the_connection(emulator_client: EmulatorClient, tmp_path: Path) -> None:
    with (
        Server(tmp_path, timeout=0.02) as server,
        server.answering(emulator_client.emulator),
        open_connection(server, "http") as connection,
    ):
        connection.send(get("/v1/apps", method="POST", body=b"body")[:-1])
        assert is_closed(connection)
    assert emulator_client.emulator.requests == []


@pytest.mark.parametrize("transport", ["http", "https", "tunnel", "proxy"])
def test_an_idle_connection_outlives_a_half_sent_head(server: Server, transport: str) -> None:
    request = get(f"http://{APPLE}/v1/apps/1" if transport == "proxy" else "/v1/apps/1")
    with open_connection(server, transport) as idle:
        idle.send(request)
        assert idle.read().status == 200
        for _ in range(2):
            with open_connection(server, transport) as half:
                half.send(b"G")
                assert is_closed(half)
        idle.send(request)
        assert idle.read().status == 200


@pytest.mark.parametrize("transport", ["http", "https", "tunnel"])
def test_a_late_response_is_no_half_sent_head(server: Server, emulator_client: EmulatorClient, transport: str) -> None:
    emulator_client.emulator.fail("GET", "/v1/apps/1", latency=4 * SHORT, sleep=True)
    with open_connection(server, transport) as connection:
        connection.send(get("/v1/apps/1"))
        assert connection.read().status == 200


def test_idle_connections_are_closed_where_the_event_loop_can_watch_no_more(
    emulator_client: EmulatorClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "most_connections", lambda: FILES)
    emulator_client.emulator.add("apps", id="1")
    with ExitStack() as stack:
        server = stack.enter_context(Server(tmp_path))
        stack.enter_context(server.answering(emulator_client.emulator))
        idle = [stack.enter_context(connect(server.url)) for _ in range(IDLE)]
        with open_connection(server, "http") as connection:
            connection.send(get("/v1/apps/1"))
            assert connection.read().status == 200
        assert is_closed(idle[0])


@contextmanager
def serve(*options: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """A server whose process may open few files: its process id and what it printed."""
    command = [sys.executable, "-m", "pytest_asc", "serve", "--proxy", *options]
    limited = ["sh", "-c", f'ulimit -n {FILES}; exec "$@"', "sh", *command]
    with subprocess.Popen(limited, stdout=subprocess.PIPE, text=True, env=os.environ) as process:
        assert process.stdout
        try:
            yield process.pid, json.loads(process.stdout.readline())
        finally:
            process.terminate()


def seconds_of_processor(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def answers(served: dict[str, Any]) -> set[int]:
    """Status codes of good requests over each way."""
    statuses = set()
    with requests.Session() as session:
        session.trust_env = False
        session.verify = served["ca_file"]
        for url, proxies in (
            (served["url"], {}),
            (served["https_url"], {}),
            (f"https://{APPLE}", {"https": served["proxy_url"]}),
        ):
            statuses.add(session.get(f"{url}/v1/apps", proxies=proxies, timeout=20).status_code)
    return statuses


@pytest.mark.parametrize(
    ("port", "sent"),
    [("url", ""), ("url", "half a head"), ("https_url", ""), ("proxy_url", "a request"), ("proxy_url", "a tunnel")],
)
def test_idle_connections_that_take_all_files_keep_no_client_out(port: str, sent: str) -> None:
    data = {
        "": b"",
        "a request": get(f"http://{APPLE}/v1/apps"),
        "half a head": b"GET /v1/apps HTTP/1.1\r\n",
        "a tunnel": f"CONNECT {APPLE}:443 HTTP/1.1\r\n\r\n".encode(),
    }[sent]
    with serve() as (_, served), ExitStack() as stack:
        for _ in range(IDLE):
            connection = stack.enter_context(connect(served[port]))
            connection.send(data)
        assert answers(served) == {401}


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="this system does not tell the times of a process")
def test_the_processor_is_idle_while_there_are_no_more_files() -> None:
    with serve() as (process, served), ExitStack() as stack:
        connections = [stack.enter_context(connect(served["url"])) for _ in range(IDLE)]
        assert answers(served) == {401}
        before = seconds_of_processor(process)
        connections[-1].socket.settimeout(1)
        with pytest.raises(TimeoutError):
            connections[-1].socket.recv(1)
        assert seconds_of_processor(process) - before < 0.2
