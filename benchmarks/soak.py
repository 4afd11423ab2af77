"""Memory and open files of ``serve`` under full load: many kinds of requests, for some minutes or a given number.

Run it with ``python benchmarks/soak.py --minutes 10`` or ``--requests 1000000``, on Linux. The load comes from this
machine, to its loopback address; some requests are cut in the middle. The script fails if memory or open files grow
after the first fifth of the run.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pytest_asc import Credentials
from pytest_asc.credentials.tokens import mint

CONNECTIONS = 16
BODY = b"x" * 100_000
BUNDLE_ID = json.dumps(
    {
        "data": {
            "type": "bundleIds",
            "attributes": {"identifier": "com.example.soak", "name": "Soak", "platform": "IOS"},
        }
    }
).encode()
MOST_GROWTH = 1.2
TOKEN_SECONDS = 600
REPORT = 50_000
"""Requests from one line with the usage to the next."""
CUT = 1_000
"""Requests from one that is cut in the middle to the next."""
CREATED = 201


class Load:
    """Endless sequence of requests: with a valid token, without a token, with large bodies, and malformed.

    Args:
        served: The line of JSON that ``serve`` prints.
    """

    def __init__(self, served: dict[str, Any]) -> None:
        key = Path(served["key_file"]).read_text("ascii")
        self._credentials = Credentials.load(key_id=served["key_id"], issuer_id=served["issuer_id"], key=key)
        self._host = f"Host: {urlsplit(served['url']).netloc}\r\n"
        self._count = 0
        self._delete: bytes | None = None
        self._sign()

    def next(self) -> bytes:
        """Return the next request."""
        if time.time() > self._expires:
            self._sign()
        if self._delete:
            request, self._delete = self._delete, None
            return request
        self._count += 1
        return self._requests[self._count % len(self._requests)]

    def cut(self) -> bytes:
        """Return a request that is cut in the middle of its head or of its body."""
        request = self._requests[self._count % len(self._requests)]
        return request[: len(request) // 2]

    def received(self, status: int, body: bytes) -> None:
        """Note a resource that the last request has created, so that a later request deletes it."""
        if status == CREATED:
            path = f"/v1/bundleIds/{json.loads(body)['data']['id']}"
            self._delete = f"DELETE {path} HTTP/1.1\r\n{self._head}\r\n".encode()

    def _sign(self) -> None:
        now = time.time()
        self._expires = now + TOKEN_SECONDS
        self._head = head = f"{self._host}Authorization: Bearer {mint(self._credentials, now=now)}\r\n"
        long = "y" * 20_000
        json_head = f"{head}Content-Type: application/json\r\n"
        lines = [
            (f"GET /v1/apps HTTP/1.1\r\n{head}", b""),
            (f"GET /v1/apps?filter[name]={long} HTTP/1.1\r\n{head}", b""),
            (f"GET /v1/apps HTTP/1.1\r\n{self._host}", b""),
            (f"GET /v1/apps HTTP/1.1\r\n{self._host}Authorization: Bearer {long}\r\n", b""),
            (f"POST /v1/betaGroups HTTP/1.1\r\n{head}Content-Length: {len(BODY)}\r\n", BODY),
            (f"POST /v1/bundleIds HTTP/1.1\r\n{json_head}Content-Length: {len(BUNDLE_ID)}\r\n", BUNDLE_ID),
            (f"GET /nowhere/{long} HTTP/1.1\r\n{head}", b""),
        ]
        self._requests = [f"{start}\r\n".encode() + body for start, body in lines]


def exchange(connection: socket.socket, request: bytes) -> tuple[int, bytes]:
    """Send a request, and return the status and the body of the response."""
    connection.sendall(request)
    received = b""
    while b"\r\n\r\n" not in received:
        received += receive(connection, 2**16)
    head, _, body = received.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0] or 0)
    while len(body) < length:
        body += receive(connection, length - len(body))
    return int(head[9:12]), body


def receive(connection: socket.socket, most: int) -> bytes:
    """Receive some bytes; raise an error if the server has closed the connection."""
    data = connection.recv(most)
    if not data:
        raise ConnectionError("the server has closed a connection")
    return data


def usage(process: int) -> tuple[int, int]:
    """Return the KiB of memory and the number of open files of a process."""
    status = Path(f"/proc/{process}/status").read_text("ascii")
    memory = int(status.partition("VmRSS:")[2].split()[0])
    return memory, len(os.listdir(f"/proc/{process}/fd"))  # noqa: PTH208  only names are needed


def run(process: int, served: dict[str, Any], seconds: float, requests: int | None) -> bool:
    """Run the load, print its usage from time to time, and return whether it has grown.

    Args:
        process: ID of the server's process.
        served: The line of JSON that ``serve`` prints.
        seconds: When to end.
        requests: After how many requests to end, instead.
    """
    parts = urlsplit(served["url"])
    address = (parts.hostname or "", parts.port or 0)
    connections = [socket.create_connection(address) for _ in range(CONNECTIONS)]
    load = Load(served)
    started = now = time.monotonic()
    settled: tuple[int, int] | None = None
    count, slowest, done = 0, 0.0, 0.0
    while done < 1:
        place = count % CONNECTIONS
        if count % CUT == place:
            connections[place].sendall(load.cut())
            connections[place].close()
            connections[place] = socket.create_connection(address)
        load.received(*exchange(connections[place], load.next()))
        count, before, now = count + 1, now, time.monotonic()
        slowest = max(slowest, now - before)
        done = count / requests if requests else (now - started) / seconds
        if settled is None and done > 1 / 5:
            settled = usage(process)
        if count % REPORT == 0:
            memory, files = usage(process)
            print(f"{now - started:5.0f} s {count:9} requests {memory / 1024:7.1f} MiB {files:4} files", flush=True)
    memory, files = usage(process)
    print(f"{count / (now - started):.0f} requests a second, the slowest {slowest:.3f} s")
    print(f"{count} requests: {settled} -> {(memory, files)} KiB and open files")
    for connection in connections:
        connection.close()
    return settled is None or memory > settled[0] * MOST_GROWTH or files > settled[1] + CONNECTIONS


def main() -> int:
    """Start a server, and return 1 if its usage grows under the load."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--requests", type=int, help="end after this number of requests, however long that takes")
    options = parser.parse_args()
    command = [sys.executable, "-m", "pytest_asc", "serve"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        try:
            served = json.loads(process.stdout.readline())
            return int(run(process.pid, served, options.minutes * 60, options.requests))
        finally:
            process.terminate()


if __name__ == "__main__":
    sys.exit(main())
