"""Substitute for Apple's API: an HTTP server on loopback that uses PyJWT and no code of the package."""

from __future__ import annotations

import json
import socket
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any, NamedTuple

import jwt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from http.server import HTTPServer
    from typing import TypeAlias

    import pytest
    from cryptography.hazmat.primitives.asymmetric import ec

    Smoke: TypeAlias = Callable[..., tuple[pytest.RunResult, dict[str, Any]]]
    """A smoke run with some options: its result, and the report."""

KEY_ID = "2X9R7KQF34"
ISSUER_ID = "57246542-0a1b-4c2d-8e3f-1a2b3c4d072a"


class Sent(NamedTuple):
    """A received request."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def token(self) -> str | None:
        """The token in the Authorization header."""
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        return token if scheme == "Bearer" else None


class Reply(NamedTuple):
    """A response to send."""

    status: int = 200
    body: bytes = b'{"data": [], "links": {"self": ""}}'
    headers: dict[str, str] = {}  # noqa: RUF012  never written to


APPS = json.dumps(
    {
        "data": [{"type": "apps", "id": "1", "attributes": {"name": "Lists"}, "links": {"self": ""}}],
        "links": {"self": ""},
        "meta": {"paging": {"total": 3, "limit": 1}},
    }
).encode()
REFUSED = json.dumps(
    {
        "errors": [
            {
                "status": "401",
                "code": "NOT_AUTHORIZED",
                "title": "Authentication credentials are missing or invalid.",
                "detail": "Provide a properly configured and signed bearer token.",
            }
        ]
    }
).encode()


class Apple:
    """A server that records requests. It returns apps if PyJWT accepts the token with ``key``, and else a 401."""

    def __init__(self, key: ec.EllipticCurvePrivateKey) -> None:
        self.key = key
        self.requests: list[Sent] = []
        self.replies: list[Reply] = []
        self.answer: Callable[[Sent], Reply] = self.verify_and_answer
        self.headers: dict[str, str] = {}
        self.url = ""

    def verify_and_answer(self, request: Sent) -> Reply:
        """Return apps if PyJWT accepts the token, and otherwise a 401, as Apple does."""
        try:
            claims = jwt.decode(
                request.token or "", self.key.public_key(), algorithms=["ES256"],
                audience=["appstoreconnect-v1", "apple-developer-enterprise-v1"],
            )  # fmt: skip
        except jwt.InvalidTokenError:
            return Reply(401, REFUSED)
        whose = claims.get("iss") == ISSUER_ID or ("iss" not in claims and claims.get("sub") == "user")
        good = whose and claims["exp"] - claims["iat"] <= 20 * 60
        if not good:
            return Reply(401, REFUSED)
        return Reply(200, APPS, {"X-Rate-Limit": "user-hour-lim:3600;user-hour-rem:3571;"})

    def reply(self, request: Sent) -> Reply:
        """Return the next prepared response, or else the result of ``answer``."""
        self.requests.append(request)
        return self.replies.pop(0) if self.replies else self.answer(request)


def handler(apple: Apple) -> type[BaseHTTPRequestHandler]:
    """Return a request handler that passes requests to ``apple``."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # head and body in one packet, because the acknowledgement of a first packet may be delayed

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            reply = apple.reply(Sent(self.command, self.path, headers, body))
            self.send_response_only(reply.status)
            if "Date" not in apple.headers:
                self.send_header("Date", self.date_time_string())
            if reply.status != 204:
                self.send_header("Content-Length", str(len(reply.body)))
            self.send_header("Content-Type", "application/json")
            for name, value in {**apple.headers, **reply.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(reply.body)

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _serve  # noqa: N815  http.server's names

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  http.server's name
            """Log nothing."""

    return Handler


@contextmanager
def serving(server: HTTPServer) -> Iterator[str]:
    """Serve in a thread, and yield the URL.

    It stops at once, unlike ``serve_forever``, which polls for a request to stop.
    """
    stopping = threading.Event()

    def serve() -> None:
        while not stopping.is_set():
            server.handle_request()

    with server:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            stopping.set()
            socket.create_connection(("127.0.0.1", server.server_port)).close()  # a last request
            thread.join()
