"""``python -m pytest_asc serve``: an account of one's own on ports of this machine, until a signal ends it."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from contextlib import ExitStack, contextmanager
from ipaddress import ip_address
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple

from pytest_asc.credentials.finder import Credentials, find_credentials
from pytest_asc.credentials.settings import SettingsError
from pytest_asc.emulator.app import Emulator
from pytest_asc.faults.sources import throw_away_settings
from pytest_asc.transports import SERVER_IS_MISSING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_asc.emulator.http_models import Request, Response
    from pytest_asc.transports.server import Server

LOCALHOST = "127.0.0.1"

_STOPPING = {signal.SIGINT, signal.SIGTERM}
# A terminal sends them as it closes, and for Ctrl-\; nohup has the first ignored.
_STOPPING_TOO = {getattr(signal, name) for name in ("SIGHUP", "SIGQUIT") if hasattr(signal, name)}


class AccountOptions(NamedTuple):
    """What is served, as ``serve`` and ``run`` are told."""

    load: str | None = None
    """A JSON file of resources; None for the sample."""
    empty: bool = False
    """Whether there are to be none."""
    allow_host: tuple[str, ...] = ()
    """Hosts that the proxy opens tunnels to, beside Apple's."""


class RunningServer(NamedTuple):
    """A server that accepts connections, and the key that it knows."""

    server: Server
    credentials: Credentials
    key: str
    """The text of the private key."""
    folder: Path
    """A private folder, which goes when the server does."""

    @property
    def key_file(self) -> Path:
        """The key as Apple hands it out."""
        return self.folder / f"AuthKey_{self.credentials.key_id}.p8"


def serve(account: AccountOptions, *, host: str, port: int, proxy: bool, allow_remote: bool) -> int:
    """Serve until a signal comes that asks for the end; tell where in one line of JSON.

    Args:
        account: What it serves.
        host: Where to listen.
        port: For HTTP; 0 has the system choose one.
        proxy: Whether to be a proxy, too.
        allow_remote: Whether other machines may be let in.

    Raises:
        SettingsError: An option makes no sense, the server is not installed, or nobody can be told where it is.
    """
    if not (allow_remote or _is_loopback(host)):
        raise SettingsError(
            f"--host {host} is open to other machines, and the emulator is for tests on this one. "
            "Leave it out, or confirm it with --allow-remote."
        )
    stopping = threading.Event()
    for number in _STOPPING | {one for one in _STOPPING_TOO if signal.getsignal(one) is not signal.SIG_IGN}:
        signal.signal(number, lambda *_: stopping.set())
    with running_server(account, host=host, port=port, proxy=proxy) as one:
        _tell(json.dumps(connection_info(one)))
        stopping.wait()
    return 0


def _tell(line: str) -> None:
    try:
        print(line, flush=True)
    except OSError as error:
        # Python would try the same line once more as it ends, and complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SettingsError(f"Nobody can be told where the server is: standard output: {error.strerror}") from None


def connection_info(one: RunningServer) -> dict[str, str | None]:
    """What a client needs to know."""
    server = one.server
    return {
        "url": server.url,
        "https_url": server.https_url,
        "proxy_url": server.proxy_url or None,
        "ca_file": str(server.ca_file),
        "key_id": one.credentials.key_id,
        "issuer_id": one.credentials.issuer_id,
        "key_file": str(one.key_file),
    }


@contextmanager
def running_server(
    account: AccountOptions, *, host: str = LOCALHOST, port: int = 0, proxy: bool = True
) -> Iterator[RunningServer]:
    """Start a server with an account and a throw-away key.

    Args:
        account: What it serves.
        host: Where to listen.
        port: For HTTP; 0 has the system choose one.
        proxy: Whether there is to be a proxy.

    Raises:
        SettingsError: An option makes no sense, or the server is not installed.
    """
    try:
        from pytest_asc.transports.server import Server  # noqa: PLC0415  an extra
    except ModuleNotFoundError:
        raise SettingsError(f"The server cannot be started: {SERVER_IS_MISSING}.") from None
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="pytest-asc-")))
        settings = throw_away_settings(new_folder=lambda: folder)
        credentials = find_credentials(settings).require()
        emulator = _emulator(credentials, account)
        try:
            server = stack.enter_context(Server(folder, host=host, port=port, proxy=proxy, allowed=account.allow_host))
        except OSError as error:
            raise SettingsError(f"The server cannot listen on {host}: {error.strerror}") from None
        stack.enter_context(server.answering(emulator))
        one = RunningServer(server, credentials, settings.all("private_key")[0].value, folder)
        write_private(one.key_file, one.key)
        yield one


def write_private(path: Path, text: str) -> None:
    """Write a new file that only its owner can read."""
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")


def _emulator(credentials: Credentials, account: AccountOptions) -> Emulator:
    emulator = _Unattended()
    emulator.trust(credentials.key_id, credentials.issuer_id, credentials.kind, credentials.public_key)
    try:
        if account.load is not None:
            emulator.load(account.load)
        elif not account.empty:
            emulator.load_sample()
    except OSError as error:
        raise SettingsError(f"--load {account.load}: {error.strerror}") from None
    except ValueError as error:
        raise SettingsError(f"--load {account.load}: {error}") from None
    return emulator


class _Unattended(Emulator):
    """No test is here to call ``advance``, so what Apple works on is finished when the next request comes."""

    def handle(self, request: Request) -> Response:
        self.advance()
        return super().handle(request)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
