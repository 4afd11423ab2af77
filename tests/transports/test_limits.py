"""Incomplete requests, and a process that cannot open more files."""

from __future__ import annotations

import asyncio
import json
import os
import ssl
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
import requests
from emulator.harness import EmulatorClient
from transports.raw_connections import (
    APPLE,
    TIMEOUT,
    TRANSPORTS,
    RawConnection,
    check_that_it_serves,
    connect,
    get,
    open_connection,
)

from pytest_asc.transports import sockets
from pytest_asc.transports.connections import OpenConnections
from pytest_asc.transports.server import Server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Future

    from forked_python import ForkedPython

LIMIT = 5.0
"""Seconds that the head of a request may take, instead of ten."""
LATE, LONG = "2", "3"
"""Apps with a delayed and with a long response."""
MANY = 30_000_000
"""Size in bytes that exceeds the buffers of the system."""
FILES = 60
"""Number of files that the process of the server may open."""

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="it limits no number of files")
DIRECT = ("http", "https", "tunnel")
"""Transports for which the server itself reads the request."""


class Clock:
    """Clock that a test can set forward."""

    def __init__(self) -> None:
        self._added = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self._added

    def advance(self, seconds: float) -> None:
        self._added += seconds


@pytest.fixture(scope="module")
def clock() -> Clock:
    """The clock of the server."""
    return Clock()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, clock: Clock) -> Iterator[Server]:
    """A server whose clock a test can set forward."""
    emulator = EmulatorClient().emulator
    emulator.add("apps", id="1")
    emulator.add("apps", id=LATE)
    with (
        Server(tmp_path_factory.mktemp("server"), timeout=LIMIT, clock=clock) as server,
        server.answering(emulator) as crashes,
    ):
        yield server
    assert crashes == []


def is_closed(connection: RawConnection) -> bool:
    """Wait for the end of a connection, and raise an error if it does not end."""
    try:
        return connection.socket.recv(1) == b""
    except ConnectionError:
        return True


HEADS = (b"G", b"GET /v1/apps HTTP/1.1\r\nHost: a\r\n", b"\r\n")
HANDSHAKES = (b"", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
CONNECTS = (b"C", b"CONNECT ", f"CONNECT {APPLE}:443 HTTP/1.1\r\nHost: x".encode())


@pytest.fixture(scope="module")
def half_sent(server: Server) -> Iterator[dict[tuple[str, bytes], RawConnection]]:
    """Connections by transport and incomplete data: a part of a head, of a CONNECT, or of a handshake (``TLS``)."""
    with ExitStack() as stack:
        connections = {}
        for transport, sent in (
            *product(TRANSPORTS, HEADS),
            *product(["proxy"], CONNECTS),
            *product(["TLS"], HANDSHAKES),
        ):
            opened = connect(server.https_url) if transport == "TLS" else open_connection(server, transport)
            connection = connections[transport, sent] = stack.enter_context(opened)
            connection.send(sent)
        yield connections


HALF = get("/v1/apps/1")[:-5]
BODIES = {
    "length": get("/v1/apps/1", method="PATCH", body=b"{}\r\n\r\n"),
    "chunked": get("/v1/apps/1", "Transfer-Encoding: chunked", method="PATCH") + b"2\r\n{}\r\n0\r\n\r\n",
}
REQUESTS = {"get": get("/v1/apps/1"), "three": get("/v1/apps/1") * 3, **BODIES}


@pytest.fixture(scope="module")
def half_sent_after_requests(server: Server) -> Iterator[dict[tuple[str, str, bool], RawConnection]]:
    """Connections by transport, number of handled requests, and whether their packet had a part of another head."""
    with ExitStack() as stack:
        connections = {}
        for case in (*product(DIRECT, REQUESTS, [True]), *product(DIRECT, ["get"], [False])):
            transport, requests_, together = case
            connection = connections[case] = stack.enter_context(open_connection(server, transport))
            connection.send(REQUESTS[requests_] + (HALF if together else b""))
            for _ in range(REQUESTS[requests_].count(b"HTTP/1.1")):
                assert connection.read().status in ({400, 422} if requests_ in BODIES else {200})
            connection.send(b"" if together else HALF)
        yield connections


def send_in_pieces(connection: RawConnection, request_: bytes) -> int:
    """Send a request in three packets, and return the status of the response."""
    for piece in (request_[:20], request_[20:-6], request_[-6:]):
        connection.send(piece)
    return connection.read().status


@pytest.fixture(scope="module")
def whole_requests(server: Server) -> Iterator[dict[str, RawConnection]]:
    """Connections by their request, which was handled."""
    with ExitStack() as stack:
        connections = {name: stack.enter_context(open_connection(server, "http")) for name in BODIES}
        for name, connection in connections.items():
            assert send_in_pieces(connection, BODIES[name]) in {400, 422}
        yield connections


def request_for(transport: str, identifier: str) -> bytes:
    return get(f"http://{APPLE}/v1/apps/{identifier}" if transport == "proxy" else f"/v1/apps/{identifier}")


@pytest.fixture(scope="module")
def idle(server: Server) -> Iterator[dict[str, RawConnection]]:
    """Connections by transport that are idle after a request."""
    with ExitStack() as stack:
        connections = {transport: stack.enter_context(open_connection(server, transport)) for transport in TRANSPORTS}
        for transport, connection in connections.items():
            connection.send(request_for(transport, "1"))
            assert connection.read().status == 200
        yield connections


@pytest.fixture(scope="module")
def late(server: Server) -> Iterator[dict[str, RawConnection]]:
    """Connections by transport with a response that comes later than the timeout for heads."""
    with ExitStack() as stack:
        connections = {transport: stack.enter_context(open_connection(server, transport)) for transport in DIRECT}
        server.emulator.fail("GET", f"/v1/apps/{LATE}", latency=2 * LIMIT, sleep=True, times=len(DIRECT))
        for transport, connection in connections.items():
            connection.send(request_for(transport, LATE))
        yield connections


@pytest.fixture(scope="module")
def unread(server: Server) -> Iterator[dict[str, RawConnection]]:
    """Connections by transport with a long response that has not been read."""
    server.emulator.fail("GET", f"/v1/apps/{LONG}", status=500, body=bytes(MANY), times=len(TRANSPORTS))
    with ExitStack() as stack:
        connections = {transport: stack.enter_context(open_connection(server, transport)) for transport in TRANSPORTS}
        for transport, connection in connections.items():
            connection.send(request_for(transport, LONG))
        yield connections


class Connections(NamedTuple):
    """Connections, by what the fixtures of the same names say."""

    half_sent: dict[tuple[str, bytes], RawConnection]
    half_sent_after_requests: dict[tuple[str, str, bool], RawConnection]
    whole_requests: dict[str, RawConnection]
    idle: dict[str, RawConnection]
    late: dict[str, RawConnection]
    unread: dict[str, RawConnection]


@pytest.fixture(scope="module")
def connections(
    server: Server,
    clock: Clock,
    half_sent: dict[tuple[str, bytes], RawConnection],
    half_sent_after_requests: dict[tuple[str, str, bool], RawConnection],
    whole_requests: dict[str, RawConnection],
    idle: dict[str, RawConnection],
    late: dict[str, RawConnection],
    unread: dict[str, RawConnection],
) -> Connections:
    """The connections of most tests here, after the time limit has passed for each of them.

    It has when a connection is closed that was opened later. A response is noticed to be unread only some time after
    it was sent, so the time limit passes more than once.
    """
    for _ in range(8):
        with open_connection(server, "http") as later:
            later.send(b"G")
            check_that_it_serves(server)  # it has read what was sent before
            clock.advance(1.2 * LIMIT)
            with connect(server.url):  # so that it looks at its clock
                assert is_closed(later)
    return Connections(half_sent, half_sent_after_requests, whole_requests, idle, late, unread)


@pytest.mark.parametrize("sent", HEADS)
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_connection_with_an_incomplete_head_is_closed(connections: Connections, transport: str, sent: bytes) -> None:
    assert is_closed(connections.half_sent[transport, sent])


@pytest.mark.parametrize("sent", HANDSHAKES)
def test_a_connection_with_an_incomplete_tls_handshake_is_closed(connections: Connections, sent: bytes) -> None:
    assert is_closed(connections.half_sent["TLS", sent])


@pytest.mark.parametrize("sent", CONNECTS)
def test_a_connection_with_an_incomplete_connect_is_closed(connections: Connections, sent: bytes) -> None:
    assert is_closed(connections.half_sent["proxy", sent])


@pytest.mark.parametrize("transport", DIRECT)
def test_a_connection_with_an_incomplete_second_head_is_closed(connections: Connections, transport: str) -> None:
    assert is_closed(connections.half_sent_after_requests[transport, "get", False])


@pytest.mark.parametrize("transport", DIRECT)
@pytest.mark.parametrize("requests_", REQUESTS)
def test_a_connection_with_an_incomplete_head_in_the_packet_of_a_request_is_closed(
    connections: Connections, transport: str, requests_: str
) -> None:
    assert is_closed(connections.half_sent_after_requests[transport, requests_, True])


@pytest.mark.parametrize("name", BODIES)
def test_a_complete_request_with_a_body_leaves_the_connection_open(connections: Connections, name: str) -> None:
    assert send_in_pieces(connections.whole_requests[name], BODIES[name]) in {400, 422}


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_the_connection_of_a_client_that_does_not_read_its_response_is_closed(
    connections: Connections, transport: str
) -> None:
    received = 0
    with suppress(ConnectionError, ssl.SSLEOFError):
        while data := connections.unread[transport].socket.recv(2**20):
            received += len(data)
    assert received < MANY


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_an_idle_connection_is_kept_longer_than_one_with_an_incomplete_head(
    connections: Connections, transport: str
) -> None:
    connections.idle[transport].send(request_for(transport, "1"))
    assert connections.idle[transport].read().status == 200


@pytest.mark.parametrize("transport", DIRECT)
def test_a_connection_with_a_delayed_response_stays_open(connections: Connections, transport: str) -> None:
    assert connections.late[transport].read().status == 200


class FakeConnection:
    """A connection whose client reads some bytes between two checks, or none."""

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


def test_the_connection_of_a_client_that_reads_slowly_stays_open() -> None:
    async def watch() -> tuple[bool, bool]:
        connections = OpenConnections(timeout=0.02)
        slow, stuck = FakeConnection(1), FakeConnection(0)
        connections.add(slow)
        connections.add(stuck)
        watching = asyncio.create_task(connections.close_stalled())
        await asyncio.wait_for(stuck.dropped.wait(), TIMEOUT)
        watching.cancel()
        return slow.dropped.is_set(), stuck.dropped.is_set()

    assert asyncio.run(watch()) == (False, True)


def test_a_connection_with_a_stalled_body_is_closed(emulator_client: EmulatorClient, tmp_path: Path) -> None:
    with (
        Server(tmp_path, timeout=0.02) as server,
        server.answering(emulator_client.emulator),
        open_connection(server, "http") as connection,
    ):
        connection.send(get("/v1/apps", method="POST", body=b"body")[:-1])
        assert is_closed(connection)
    assert emulator_client.emulator.requests == []


def test_idle_connections_are_closed_if_the_event_loop_cannot_watch_more(
    emulator_client: EmulatorClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "max_connections", lambda: FILES)
    emulator_client.emulator.add("apps", id="1")
    clock = Clock()
    with ExitStack() as stack:
        server = stack.enter_context(Server(tmp_path, clock=clock))
        stack.enter_context(server.answering(emulator_client.emulator))
        idle = [stack.enter_context(connect(server.url)) for _ in range(FILES + 10)]
        clock.advance(1)
        with open_connection(server, "http") as connection:
            connection.send(get("/v1/apps/1"))
            assert connection.read().status == 200
        assert is_closed(idle[0])


LIMITED = f"""
import resource
from pytest_asc.cli.main import main
resource.setrlimit(resource.RLIMIT_NOFILE, ({FILES}, {FILES}))
raise SystemExit(main(["serve", "--proxy"]))
"""


class LimitedServer:
    """A server whose process can only open few files."""

    def __init__(self, python: ForkedPython) -> None:
        self.process = python.start("-c", LIMITED, text=True)

    @cached_property
    def served(self) -> dict[str, Any]:
        """The line that it prints when it listens."""
        assert self.process.stdout
        line: dict[str, Any] = json.loads(self.process.stdout.readline())
        return line


def seconds_of_processor(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def answers(served: dict[str, Any]) -> set[int]:
    """Return the status codes of valid requests over each transport."""
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


class Idle(NamedTuple):
    """Idle connections that use up the files of a server's process."""

    port: str
    sent: bytes
    """Bytes that are sent over each connection."""
    connections: int = FILES + 10
    measured: bool = False
    """Whether processor time is measured while they are open."""


class Exhausted(NamedTuple):
    """Behavior of a server whose process cannot open more files."""

    statuses: set[int]
    """Status codes of valid requests."""
    seconds: float | None
    """Processor time in a second without requests, in seconds; None if it was not measured."""


IDLE = {
    "nothing": Idle("url", b"", measured=True),
    "half a head": Idle("url", b"GET /v1/apps HTTP/1.1\r\n"),
    "nothing over HTTPS": Idle("https_url", b""),
    # Each of these uses three files: the proxy has a connection to the client and one to the port.
    "a request to the proxy": Idle("proxy_url", get(f"http://{APPLE}/v1/apps"), FILES // 3 + 10),
    "a tunnel": Idle("proxy_url", f"CONNECT {APPLE}:443 HTTP/1.1\r\n\r\n".encode(), FILES // 3 + 10),
}
TELLS_TIMES = Path("/proc/self/stat").exists()


# Each of these servers takes its cases one after the other.
SERVERS = (("nothing", "half a head"), ("nothing over HTTPS", "a request to the proxy"), ("a tunnel",))


def exhaust(server: LimitedServer, idle: Idle) -> Exhausted:
    """Use up the files of a server's process, and then send valid requests."""
    with ExitStack() as stack:
        connections = [stack.enter_context(connect(server.served[idle.port])) for _ in range(idle.connections)]
        for connection in connections:
            connection.send(idle.sent)
        statuses = answers(server.served)
        if not (idle.measured and TELLS_TIMES):
            return Exhausted(statuses, None)
        before = seconds_of_processor(server.process.pid)
        connections[-1].socket.settimeout(1)
        with pytest.raises(TimeoutError):
            connections[-1].socket.recv(1)
        return Exhausted(statuses, seconds_of_processor(server.process.pid) - before)


@pytest.fixture(scope="module", autouse=True)
def exhausted(forked_server: ForkedPython) -> Iterator[dict[str, Future[Exhausted]]]:
    """The behavior of several servers, which are tested while other tests run, because most of the time is waiting."""
    with ExitStack() as stack:
        servers = [LimitedServer(forked_server) for _ in SERVERS]
        for server in servers:
            stack.callback(server.process.communicate)
            stack.callback(server.process.terminate)
        pools = [stack.enter_context(ThreadPoolExecutor(1)) for _ in SERVERS]
        yield {
            name: pool.submit(exhaust, server, IDLE[name])
            for server, pool, names in zip(servers, pools, SERVERS, strict=True)
            for name in names
        }


@pytest.mark.parametrize("sent", IDLE)
def test_clients_are_served_even_if_idle_connections_use_all_files(
    exhausted: dict[str, Future[Exhausted]], sent: str
) -> None:
    assert exhausted[sent].result().statuses == {401}


@pytest.mark.skipif(not TELLS_TIMES, reason="this system does not tell the times of a process")
def test_the_server_uses_no_processor_time_while_no_files_are_left(exhausted: dict[str, Future[Exhausted]]) -> None:
    outcome = exhausted["nothing"].result()
    assert outcome.seconds is not None
    assert outcome.statuses == {401}
    assert outcome.seconds < 0.2
