"""The emulator's server, compared with other servers for tests.

Run it with ``pip install pytest-httpserver 'moto[server]'`` and ``python benchmarks/server.py``. Under load, each
server has a process of its own and 16 connections; the client is this script. The emulator verifies every token and
builds the document; pytest-httpserver returns fixed bytes, and moto an empty list of buckets.
"""

from __future__ import annotations

import json
import logging
import selectors
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

import requests
from interleaved import Aim, measure, repeat, show
from session import Account

from pytest_asc.cli.running_server import AccountOptions, running_server
from pytest_asc.transports.server import Server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

CONNECTIONS = 16
MODULES = ("pytest_httpserver", "moto", "flask")
LOAD = (
    Aim("asc_server", "pytest-httpserver", 1 / 4),
    Aim("serve", "pytest-httpserver", 1 / 4),
    Aim("asc_server", "moto"),
)
LIVE = (
    Aim("requests, asc_server", "requests, pytest-httpserver", 1 / 1.4),
    Aim("start, answer, stop", "pytest-httpserver: the same"),
)


class Endpoint(NamedTuple):
    """URL and headers of the request to a server."""

    url: str
    headers: dict[str, str]


@contextmanager
def asc_server() -> Iterator[Endpoint]:
    """The emulator's server, with one app in the account."""
    account = Account(1)
    path = urlsplit(account.url).path
    with TemporaryDirectory() as folder, Server(Path(folder)) as server, server.answering(account.emulator):
        yield Endpoint(server.url + path, account.headers)


@contextmanager
def serve_command() -> Iterator[Endpoint]:
    """The emulator as ``serve`` runs it: with the control API, the journal, and a line for each request."""
    with running_server(AccountOptions(sample=False), proxy=False, log_format="text") as running:
        app = running.emulator.add("apps", name="Lists", bundleId="com.example.lists")
        headers = {"Authorization": f"Bearer {running.emulator.token()}"}
        yield Endpoint(f"{running.server.url}/v1/apps/{app['id']}", headers)


@contextmanager
def httpserver() -> Iterator[Endpoint]:
    """pytest-httpserver with the same document as a fixed response."""
    httpserver: Any = import_module("pytest_httpserver")

    account = Account(1)
    path = urlsplit(account.url).path
    with httpserver.HTTPServer() as server:
        server.expect_request(path).respond_with_data(account.get(account.url), content_type="application/json")
        yield Endpoint(server.url_for(path), account.headers)


@contextmanager
def moto() -> Iterator[Endpoint]:
    """Moto's server with an account that has no buckets."""
    server = import_module("moto.server").ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    scope = "AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=x"
    yield Endpoint(f"http://{host}:{port}/", {"Authorization": scope})
    server.stop()


SERVERS = {"asc_server": asc_server, "serve": serve_command, "pytest-httpserver": httpserver, "moto": moto}


def serve(name: str) -> None:
    """Run one of the servers until standard input ends."""
    logging.disable()  # werkzeug logs every request
    with SERVERS[name]() as endpoint:
        print(json.dumps(endpoint), flush=True)
        sys.stdin.read()


@contextmanager
def process(name: str) -> Iterator[Endpoint]:
    """Run one of the servers in its own process."""
    command = [sys.executable, __file__, name]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        yield Endpoint(*json.loads(child.stdout.readline()))
        child.stdin.close()  # this stops the server
        try:
            child.wait(timeout=5)
        except subprocess.TimeoutExpired:  # pytest-httpserver waits for the connections of its clients
            child.kill()


class Client:
    """Connection to a server, reopened when the server closes it."""

    def __init__(self, endpoint: Endpoint, watch: selectors.BaseSelector) -> None:
        parts = urlsplit(endpoint.url)
        head = "".join(f"{name}: {value}\r\n" for name, value in endpoint.headers.items())
        self._request = f"GET {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\n{head}\r\n".encode()
        self._address = (parts.hostname or "", parts.port or 0)
        self._watch = watch
        self._connect()

    def _connect(self) -> None:
        self._socket = socket.create_connection(self._address)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._watch.register(self._socket, selectors.EVENT_READ, self)

    def send(self) -> None:
        """Send the request."""
        self._received = b""
        self._socket.sendall(self._request)

    def receive(self) -> bool:
        """Receive data, and return whether the response is complete."""
        data = self._socket.recv(2**20)
        self._received += data
        head, _, body = self._received.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0] or -1)
        if data and len(body) != length:
            return False
        assert b" 200 " in head[:13], head
        if b"\r\nConnection: close" in head or not data:
            self._watch.unregister(self._socket)
            self._socket.close()
            self._connect()
        return True


def load(endpoint: Endpoint) -> Callable[[int], None]:
    """Return a function that sends a number of requests, one at a time on each connection."""
    watch = selectors.DefaultSelector()
    clients = [Client(endpoint, watch) for _ in range(CONNECTIONS)]

    def run(times: int) -> None:
        to_send, to_receive = times - CONNECTIONS, times
        for client in clients:
            client.send()
        while to_receive > 0:
            for key, _ in watch.select():
                if key.data.receive():
                    to_receive -= 1
                    if to_send > 0:
                        to_send -= 1
                        key.data.send()

    return run


def live(endpoint: Endpoint, session: requests.Session) -> Callable[[int], None]:
    """Return a function that sends GET requests to a server in this process."""
    return repeat(lambda: session.get(endpoint.url, headers=endpoint.headers).content)


def once(server: Callable[[], AbstractContextManager[Endpoint]]) -> Callable[[int], None]:
    """Return a function that starts a server, sends one request, and stops the server."""

    def start_answer_stop() -> None:
        with server() as endpoint:
            requests.get(endpoint.url, headers=endpoint.headers, timeout=10).raise_for_status()

    return repeat(start_answer_stop)


def main() -> None:
    """Measure, and print the ratios."""
    if missing := [name for name in MODULES if find_spec(name) is None]:
        sys.exit(f"missing packages: pip install pytest-httpserver 'moto[server]' ({', '.join(missing)})")
    logging.disable()  # werkzeug logs every request
    with ExitStack() as stack:
        endpoints = {name: stack.enter_context(process(name)) for name in SERVERS}
        times = {"asc_server": 4000, "serve": 4000, "pytest-httpserver": 800, "moto": 400}
        cases = {name: (load(endpoints[name]), times[name]) for name in SERVERS}
        show("16 connections", LOAD, measure(cases, clock=time.perf_counter))
    with ExitStack() as stack, requests.Session() as session:
        session.trust_env = False
        ours, theirs = (live(stack.enter_context(server()), session) for server in (asc_server, httpserver))
        cases = {
            LIVE[0].case: (ours, 200),
            LIVE[0].other: (theirs, 200),
            LIVE[1].case: (once(asc_server), 3),
            LIVE[1].other: (once(httpserver), 3),
        }
        show("In the test's process", LIVE, measure(cases))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        serve(sys.argv[1])
    else:
        main()
