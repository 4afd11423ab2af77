"""Servers on loopback, and a key that they know."""

from __future__ import annotations

import threading
from http.server import ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from loopback import Apple, handler

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture(scope="session")
def signing_key() -> ec.EllipticCurvePrivateKey:
    """The key that the server knows."""
    return ec.generate_private_key(ec.SECP256R1())


@pytest.fixture
def key_text(signing_key: ec.EllipticCurvePrivateKey) -> str:
    """The key as Apple gives it."""
    return signing_key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


@pytest.fixture
def start_apple(signing_key: ec.EllipticCurvePrivateKey) -> Iterator[Callable[[], Apple]]:
    """Start any number of servers, each on a port of its own."""
    servers: list[ThreadingHTTPServer] = []

    def start() -> Apple:
        apple = Apple(signing_key)
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler(apple))
        server.daemon_threads = True
        servers.append(server)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        apple.url = f"http://127.0.0.1:{server.server_address[1]}"
        return apple

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def apple(start_apple: Callable[[], Apple]) -> Apple:
    """One server."""
    return start_apple()
