"""Server of the emulator on ports of this machine, for clients in any language: HTTP, HTTPS and a proxy."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from contextlib import ExitStack, contextmanager
from functools import partial
from threading import Thread
from typing import TYPE_CHECKING, Any

from pytest_asc.transports.aiohttp_app import Application
from pytest_asc.transports.certificates import server_context
from pytest_asc.transports.connections import TIMEOUT, OpenConnections
from pytest_asc.transports.proxy import Proxy
from pytest_asc.transports.sockets import Listener, end_tasks, listen, refuse

if TYPE_CHECKING:
    import socket
    import ssl
    from collections.abc import Callable, Collection, Coroutine, Iterator
    from pathlib import Path

    from typing_extensions import Self

    from pytest_asc.control.api import ControlApi
    from pytest_asc.emulator.app import Emulator
    from pytest_asc.transports.http_connection import HttpServer
    from pytest_asc.transports.sockets import AcceptedConnection


# Blocked in the server's thread: Python handles signals in the main thread, which must be the one that they wake up.
_FOR_MAIN_THREAD = {one for one in signal.Signals if one.name in {"SIGALRM", "SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM"}}


class Server:
    """Context manager that serves one emulator on local ports, in its own thread.

    Args:
        folder: Folder for the certificate of the authority. It should not be readable by other users.
        host: Address or name of this machine to listen on.
        port: The HTTP port; 0 lets the system choose one. The system always chooses the port of the proxy.
        https_port: The HTTPS port; 0 lets the system choose one.
        proxy: True to run a proxy as well.
        allowed: Other hosts to which the proxy may open tunnels.
        timeout: Maximum time for the head of a request or a TLS handshake, in seconds.
        clock: Function that returns the time in seconds, for all time limits.

    Raises:
        OSError: On entering, if the address does not exist or the port is in use.
    """

    def __init__(
        self,
        folder: Path,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        https_port: int = 0,
        proxy: bool = True,
        allowed: Collection[str] = (),
        timeout: float = TIMEOUT,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.ca_file = folder / "ca.pem"
        """File with the certificate that clients of the HTTPS port and of the proxy must trust."""
        self._host = host
        self._ports = (port, https_port, 0) if proxy else (port, https_port)
        self._allowed = allowed
        self._timeout = timeout
        self._clock = clock
        self._application = Application()

    def __enter__(self) -> Self:
        with ExitStack() as listening:
            ports = [listening.enter_context(listen(self._host, port)) for port in self._ports]
            host = f"[{self._host}]" if ":" in self._host else self._host
            http, https, *proxy = (f"{host}:{port.getsockname()[1]}" for port in ports)
            self.url, self.https_url = f"http://{http}", f"https://{https}"
            self.proxy_url = f"http://{proxy[0]}" if proxy else ""
            self._application.own = frozenset({http, https})
            context = server_context(self._host, self.ca_file)
            loop, stopping = _EventLoop(self._clock), asyncio.Event()
            serving = self._serve(ports, context, stopping)
            self._thread = Thread(target=_run, args=(loop, serving), name="pytest-asc server", daemon=True)
            self._thread.start()
            self._stop = partial(loop.call_soon_threadsafe, stopping.set)
            self._listening = listening.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()
        self._thread.join()
        self._listening.close()

    @property
    def emulator(self) -> Emulator:
        """The emulator that responds to requests.

        Raises:
            RuntimeError: No test uses the emulator.
        """
        if self._application.emulator is None:
            raise RuntimeError("no test is using the emulator now")
        return self._application.emulator

    @property
    def env(self) -> dict[str, str]:
        """Environment for a subprocess: that of this process, with variables that direct programs to the emulator.

        It contains the proxy, the certificate authority, and the key with all variable names in the table of settings.
        The proxy lets no requests to other hosts through.

        Raises:
            RuntimeError: No test uses the emulator.
        """
        from pytest_asc.transports.environment import environment  # noqa: PLC0415  few tests need it

        return environment(self, self.emulator.credentials, os.environ)

    @contextmanager
    def answering(self, emulator: Emulator, control: ControlApi | None = None) -> Iterator[list[Exception]]:
        """Respond with an emulator; yield the list of the exceptions that it raises, which are bugs in pytest-asc.

        Args:
            emulator: The emulator.
            control: Its control API, which may select other emulators for requests; None if a test controls it.
        """
        application = self._application
        application.emulator, application.control, application.crashes = emulator, control, []
        try:
            yield application.crashes
        finally:
            application.emulator = application.control = None

    async def _serve(self, ports: list[socket.socket], context: ssl.SSLContext, stopping: asyncio.Event) -> None:
        connections = OpenConnections(self._timeout)
        server = self._application.server(connections)
        serve_https = partial(_hand_over, server, ssl=context, ssl_handshake_timeout=self._timeout)
        http = Listener(ports[0], partial(_hand_over, server), connections)
        https = Listener(ports[1], serve_https, connections)
        tunnels = Proxy(self._application, http, https, self._allowed, connections)
        listeners = [http, https, *(Listener(proxy, tunnels.serve, connections) for proxy in ports[2:])]
        checking = asyncio.create_task(connections.close_stalled())
        await stopping.wait()
        checking.cancel()
        await refuse(listeners)
        for connection in server.connections:
            if connection.transport:
                connection.transport.abort()
        await end_tasks()


class _EventLoop(asyncio.SelectorEventLoop):
    """Event loop with a given clock. The default loop of Windows cannot watch sockets."""

    def __init__(self, clock: Callable[[], float]) -> None:
        super().__init__()
        self._clock = clock

    def time(self) -> float:
        """Return the time of the clock."""
        return self._clock()


async def _hand_over(server: HttpServer, connection: socket.socket, _: AcceptedConnection, **options: Any) -> None:
    """Pass a connection to a protocol of the HTTP server; with TLS, after the handshake."""
    await asyncio.get_running_loop().connect_accepted_socket(server, connection, **options)


def _run(loop: asyncio.AbstractEventLoop, serving: Coroutine[object, object, None]) -> None:
    if hasattr(signal, "pthread_sigmask"):  # not available on Windows
        signal.pthread_sigmask(signal.SIG_BLOCK, _FOR_MAIN_THREAD)
    try:
        loop.run_until_complete(serving)
    finally:
        loop.close()
