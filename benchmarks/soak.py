"""Full load on ``serve``: requests of many kinds for some minutes, with its memory and descriptors.

Run it with ``python benchmarks/soak.py --minutes 10``, on Linux. The load comes from this machine, to its loopback
address. It fails where memory or open files grow after the first fifth of the time.
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
MOST_GROWTH = 1.2


def make_requests(served: dict[str, Any]) -> list[bytes]:
    """Return requests with a good token, with none, with large bodies, and malformed ones."""
    key = Path(served["key_file"]).read_text("ascii")
    credentials = Credentials.load(key_id=served["key_id"], issuer_id=served["issuer_id"], key=key)
    authorization = f"Authorization: Bearer {mint(credentials, now=time.time())}\r\n"
    head = f"Host: {urlsplit(served['url']).netloc}\r\n"
    long = "y" * 20_000
    lines = [
        (f"GET /v1/apps HTTP/1.1\r\n{head}{authorization}", b""),
        (f"GET /v1/apps?filter[name]={long} HTTP/1.1\r\n{head}{authorization}", b""),
        (f"GET /v1/apps HTTP/1.1\r\n{head}", b""),
        (f"GET /v1/apps HTTP/1.1\r\n{head}Authorization: Bearer {long}\r\n", b""),
        (f"POST /v1/betaGroups HTTP/1.1\r\n{head}{authorization}Content-Length: {len(BODY)}\r\n", BODY),
        (f"GET /nowhere/{long} HTTP/1.1\r\n{head}{authorization}", b""),
    ]
    return [f"{start}\r\n".encode() + body for start, body in lines]


def exchange(connection: socket.socket, request: bytes) -> int:
    """Send a request, and return the status of the response."""
    connection.sendall(request)
    received = b""
    while b"\r\n\r\n" not in received:
        received += connection.recv(2**16)
    head, _, body = received.partition(b"\r\n\r\n")
    left = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0] or 0) - len(body)
    while left > 0:
        left -= len(connection.recv(left))
    return int(head[9:12])


def usage(process: int) -> tuple[int, int]:
    """Return the KiB of memory and the number of open files of a process."""
    status = Path(f"/proc/{process}/status").read_text("ascii")
    memory = int(status.partition("VmRSS:")[2].split()[0])
    return memory, len(os.listdir(f"/proc/{process}/fd"))  # noqa: PTH208  names alone


def main() -> int:
    """Run the load, print a line every ten seconds, and return 1 where something grows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    seconds = parser.parse_args().minutes * 60
    command = [sys.executable, "-m", "pytest_asc", "serve"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        served = json.loads(process.stdout.readline())
        parts = urlsplit(served["url"])
        address = (parts.hostname or "", parts.port or 0)
        connections = [socket.create_connection(address) for _ in range(CONNECTIONS)]
        requests = make_requests(served)
        started = shown = time.monotonic()
        settled: tuple[int, int] | None = None
        count, slowest, now = 0, 0.0, started
        while now - started < seconds:
            place = count % CONNECTIONS
            if count % 1000 == place:
                connections[place].close()
                connections[place] = socket.create_connection(address)
            exchange(connections[place], requests[count % len(requests)])
            count, before, now = count + 1, now, time.monotonic()
            slowest = max(slowest, now - before)
            if settled is None and now - started > seconds / 5:
                settled = usage(process.pid)
            if now - shown > 10:  # noqa: PLR2004  seconds
                shown = now
                memory, files = usage(process.pid)
                print(f"{now - started:5.0f} s {count:9} requests {memory / 1024:7.1f} MiB {files:4} files", flush=True)
        memory, files = usage(process.pid)
        print(f"{count / seconds:.0f} requests a second, the slowest {slowest:.3f} s; {settled} -> {(memory, files)}")
        for connection in connections:
            connection.close()
        process.terminate()
    return int(settled is None or memory > settled[0] * MOST_GROWTH or files > settled[1] + CONNECTIONS)


if __name__ == "__main__":
    sys.exit(main())
