"""An emulator that stands in for the live API, behind a server on loopback."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_asc import Credentials, Emulator, Request

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Change = Callable[[str, int, Any], "tuple[int, Any]"]


def unchanged(_path: str, status: int, document: Any) -> tuple[int, Any]:
    return status, document


class Live:
    """An emulator behind a server whose responses can be changed."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self.change: Change = unchanged
        self.methods: set[str] = set()
        self.paths: list[str] = []

    @contextmanager
    def serving(self) -> Iterator[str]:
        live = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1
            disable_nagle_algorithm = True  # otherwise a body in several packets waits 40 ms for an acknowledgement

            def _serve(self) -> None:
                live.methods.add(self.command)
                live.paths.append(self.path)
                base = f"http://127.0.0.1:{server.server_port}"
                response = live.emulator.handle(Request(self.command, base + self.path, dict(self.headers)))
                document = json.loads(response.body)
                status, changed = live.change(self.path, response.status, document)
                body = json.dumps(changed).encode()
                self.send_response_only(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _serve  # noqa: N815  http.server's names

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  http.server's name
                """Log nothing."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


def new_live(key_files: Mapping[str, str]) -> Live:
    """Return a live API with an empty account that accepts the key in these variables."""
    credentials = Credentials.load(
        key_id=key_files["ASC_KEY_ID"],
        issuer_id=key_files["ASC_ISSUER_ID"],
        key=Path(key_files["ASC_PRIVATE_KEY_PATH"]).read_text(encoding="ascii"),
    )
    emulator = Emulator(credentials=credentials)
    emulator.rate_limit = 10**6
    return Live(emulator)
