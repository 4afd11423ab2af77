"""Malicious and broken clients of the control API, with a real server."""

from __future__ import annotations

import json
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPConnection
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
import requests

from pytest_asc.cli.running_server import AccountOptions, RunningServer, running_server
from pytest_asc.transports.control_client import EmulatorClient

if TYPE_CHECKING:
    from collections.abc import Iterator

PATH = "/_emulator/"


@pytest.fixture(scope="module")
def running() -> Iterator[RunningServer]:
    with running_server(AccountOptions(sample=False), proxy=False) as running:
        yield running


def send(running: RunningServer, method: str, path: str, headers: str = "", body: bytes = b"") -> tuple[int, bytes]:
    """Send a request unchanged, and return status and body of the response."""
    place = urlsplit(running.server.url)
    host = "" if "Host:" in headers else f"Host: {place.netloc}\r\n"
    head = f"{method} {path} HTTP/1.1\r\n{host}{headers}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    with socket.create_connection((place.hostname, place.port), timeout=30) as connection:
        connection.sendall(head.encode() + body)
        received = b""
        while data := connection.recv(65536):
            received += data
    return int(received[9:12]), received.partition(b"\r\n\r\n")[2]


@pytest.mark.parametrize(
    "host",
    ["example.com", "127.0.0.1.example.com", "localhost.example.com", "127.0.0.1@example.com", "2130706433", "0.0.0.0"],
)
def test_host_names_that_resolve_to_this_machine_are_denied(running: RunningServer, host: str) -> None:
    assert send(running, "POST", f"{PATH}reset", f"Host: {host}\r\n")[0] == 403


@pytest.mark.parametrize(
    "headers",
    [
        "Origin: null\r\n",
        "Origin: file://\r\n",
        "Origin: {url}.example.com\r\n",
        "Origin: {url}\r\nOrigin: http://example.com\r\n",
        "Sec-Fetch-Site: cross-site\r\n",
        "Content-Type: text/plain\r\nOrigin: http://example.com\r\n",
    ],
)
def test_forms_and_scripts_of_other_pages_change_nothing(running: RunningServer, headers: str) -> None:
    before = running.emulator.dump()
    given = headers.format(url=running.server.url)
    assert send(running, "POST", f"{PATH}resources", given, b'{"type": "apps"}')[0] == 403
    assert running.emulator.dump() == before


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("PUT", "state", b'{"data":' + b"[" * 100_000 + b"]" * 100_000 + b"}", 400),
        ("POST", "measurements", b'{"resource": 1, "metric": "x", "y": ' + b"[" * 900 + b"]" * 900 + b"}", 400),
        ("POST", "resources", b'{"type": "apps", "id": "' + b"\xff" * 9 + b'"}', 400),
        ("POST", "time", b'{"advance": 1e999}', 400),
        ("POST", "time", b'{"advance": ' + b"9" * 5000 + b"}", 400),
        ("GET", "resources/apps/..%2f..%2fetc%2fpasswd", b"", 404),
        ("GET", "resources/../../etc/passwd", b"", 404),
        ("GET", "resources/%00/%ff", b"", 404),
        ("GET", "requests?since=" + "9" * 5000, b"", 400),
        ("DELETE", "accounts/..%2f", b"", 404),
    ],
)
def test_malformed_input_is_rejected(running: RunningServer, method: str, path: str, body: bytes, status: int) -> None:
    got, answer = send(running, method, PATH + path, "", body)
    assert (got, list(json.loads(answer))) == (status, ["error"])


def test_a_body_that_is_too_large_is_rejected_before_it_is_read(running: RunningServer) -> None:
    place = urlsplit(running.server.url)
    with socket.create_connection((place.hostname, place.port), timeout=30) as connection:
        head = f"PUT {PATH}state HTTP/1.1\r\nHost: {place.netloc}\r\nTransfer-Encoding: chunked\r\n\r\n"
        connection.sendall(head.encode())
        chunk = b"%x\r\n" % 2**20 + b" " * 2**20 + b"\r\n"
        with pytest.raises(OSError):  # noqa: PT012, PT011  the server ends the connection, or has answered
            for _ in range(300):
                connection.sendall(chunk)
            raise OSError(connection.recv(12))
    assert send(running, "GET", f"{PATH}health")[0] == 200


def test_a_client_that_does_not_read_its_events_delays_no_other_client(running: RunningServer) -> None:
    place = urlsplit(running.server.url)
    with (
        socket.create_connection((place.hostname, place.port), timeout=30) as unread,
        closing(HTTPConnection(place.netloc, timeout=30)) as client,  # faster than requests
    ):
        unread.sendall(f"GET {PATH}events HTTP/1.1\r\nHost: {place.netloc}\r\n\r\n".encode())
        for _ in range(1500):
            client.request("GET", f"/v1/apps/{'x' * 3000}")
            client.getresponse().read()
        assert requests.get(f"{running.control.url}health", timeout=30).json()["requests"] >= 1500


def test_accounts_can_be_closed_while_their_requests_are_handled(running: RunningServer) -> None:
    with EmulatorClient(running.control.url) as client, ThreadPoolExecutor(8) as pool:
        accounts = list(pool.map(lambda _: client.open_account(), range(8)))
        tokens = [running.control.accounts.get(one.id).emulator.token() for one in accounts]

        def use(place: int) -> set[int]:
            headers = {"Authorization": f"Bearer {tokens[place]}"}
            return {
                requests.get(f"{running.server.url}/v1/apps", headers=headers, timeout=30).status_code
                for _ in range(10)
            }

        using = [pool.submit(use, place) for place in range(8)]
        for account in accounts:
            client.close_account(account)
        assert set.union(*(one.result() for one in using)) <= {200, 401}
        assert use(0) == {401}


def test_the_event_stream_of_an_account_ends_when_the_account_is_closed(running: RunningServer) -> None:
    with EmulatorClient(running.control.url) as client:
        account = client.open_account()
        url = f"{running.control.url}accounts/{account.id}/events"
        with requests.get(url, stream=True, timeout=30) as events:
            lines = events.iter_lines(chunk_size=1)
            assert next(lines).startswith(b":")
            client.close_account(account)
            assert list(lines) == [b""]
        assert requests.get(url, timeout=30).status_code == 404


def test_parallel_workers_only_see_their_own_accounts(running: RunningServer) -> None:
    with EmulatorClient(running.control.url) as client, ThreadPoolExecutor(2) as pool:
        accounts = [client.open_account() for _ in range(2)]

        def work(place: int) -> list[str]:
            emulator = accounts[place].emulator
            token = running.control.accounts.get(accounts[place].id).emulator.token()
            seen = []
            for number in range(20):
                emulator.reset()
                emulator.add("apps", name=f"{place}-{number}")
                answer = requests.get(
                    f"{running.server.url}/v1/apps", headers={"Authorization": f"Bearer {token}"}, timeout=30
                )
                seen += [app["attributes"]["name"] for app in answer.json()["data"]]
            return seen

        assert list(pool.map(work, range(2))) == [[f"{place}-{number}" for number in range(20)] for place in range(2)]
