from __future__ import annotations

import socket
from contextlib import contextmanager
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest

from pytest_asc import Emulator, Request
from pytest_asc.transports import webhook_client
from pytest_asc.transports.webhook_client import post_to

if TYPE_CHECKING:
    from collections.abc import Iterator

REQUEST = Request("POST", "https://example.com/hook", {"x-apple-signature": "hmacsha256=00"}, b'{"data":{}}')
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@contextmanager
def server(*parts: bytes, host: str = "127.0.0.1", keep_open: bool = False) -> Iterator[tuple[int, list[bytes]]]:
    """Accept one connection, read the request and send bytes; yield the port and the received bytes."""
    received: list[bytes] = []
    with socket.create_server((host, 0)) as listener:

        def answer() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.settimeout(5)
                data = b""
                while not data.endswith(REQUEST.body):
                    data += connection.recv(65536)
                received.append(data)
                for part in parts:
                    connection.sendall(part)
                if keep_open:
                    connection.recv(1)

        thread = Thread(target=answer, daemon=True)
        thread.start()
        yield listener.getsockname()[1], received
        thread.join(5)


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/hook",
        "http://10.0.0.1/hook",
        "http://127.0.0.1@example.com/",
        "http://localhost.example.com/",
        "http://127.0.0.1\\@example.com/",
        "http://[::2]/",
        "http://0.0.0.0:80/",
        "http://2130706433/",
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "127.0.0.1:5000/hook",
        "",
    ],
)
def test_a_url_of_another_machine_is_rejected(url: str) -> None:
    with pytest.raises(ValueError, match=r"expected one on this machine, such as http://127\.0\.0\.1:5000/webhook"):
        Emulator().deliver_webhooks_to(url)


@pytest.mark.parametrize("url", ["http://127.0.0.1:port/", "http://127.0.0.1:99999/", "http://[::1/"])
def test_a_malformed_url_is_rejected(url: str) -> None:
    with pytest.raises(ValueError, match="got the URL"):
        Emulator().deliver_webhooks_to(url)


def test_a_notification_is_posted_with_its_headers_and_the_path_of_the_url(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with server(OK) as (port, received):
        response = post_to(f"http://localhost:{port}/hooks/apple?team=1")(REQUEST)
    assert (response.status, response.body) == (200, b"ok")
    (data,) = received
    assert data.startswith(b"POST /hooks/apple?team=1 HTTP/1.1\r\n")
    assert b"x-apple-signature: hmacsha256=00\r\n" in data
    assert f"Host: localhost:{port}\r\n".encode() in data


@pytest.mark.parametrize("head", [b"HTTP/1.0 200 OK\r\n\r\n", b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"])
def test_a_response_body_may_end_with_the_connection(head: bytes) -> None:
    with server(head, b"o", b"k") as (port, _):
        assert post_to(f"http://127.0.0.1:{port}")(REQUEST).body == b"ok"


def test_a_redirect_is_not_followed() -> None:
    with server(b"HTTP/1.1 302 Found\r\nLocation: https://example.com/\r\nContent-Length: 0\r\n\r\n") as (port, _):
        assert post_to(f"http://127.0.0.1:{port}")(REQUEST).status == 302


def test_failed_connections_raise_an_os_error(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(OSError, match="refused"):
        post_to(f"http://127.0.0.1:{port}")(REQUEST)
    with server() as (port, _), pytest.raises(OSError, match="RemoteDisconnected"):
        post_to(f"http://127.0.0.1:{port}")(REQUEST)
    with server(b"nonsense\r\n\r\n") as (port, _), pytest.raises(OSError, match="BadStatusLine"):
        post_to(f"http://127.0.0.1:{port}")(REQUEST)
    with server(OK[:-1]) as (port, _), pytest.raises(OSError, match="ended 1 bytes before its Content-Length"):
        post_to(f"http://127.0.0.1:{port}")(REQUEST)
    monkeypatch.setattr(webhook_client, "TIMEOUT", 0.2)
    with server(b"HTTP/1.1 200 OK\r\n", keep_open=True) as (port, _), pytest.raises(TimeoutError):
        post_to(f"http://127.0.0.1:{port}")(REQUEST)


def test_a_name_that_resolves_to_another_machine_gets_no_request(monkeypatch: pytest.MonkeyPatch) -> None:
    class Connected:
        def getpeername(self) -> tuple[str, int]:
            return ("192.0.2.1", 80)

        def close(self) -> None: ...

        def sendall(self, _data: bytes) -> None:
            pytest.fail("something was sent")

    def connect(self: Any) -> None:
        self.sock = Connected()

    monkeypatch.setattr("http.client.HTTPConnection.connect", connect)
    with pytest.raises(ConnectionError, match=r"localhost resolves to 192\.0\.2\.1, which is not this machine"):
        post_to("http://localhost/")(REQUEST)
