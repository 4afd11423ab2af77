"""A server of the emulator with a throw-away key, for ``serve`` and ``run``."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, NamedTuple

from pytest_asc.cli.private_folder import private_folder
from pytest_asc.credentials.finder import Credentials, find_credentials
from pytest_asc.credentials.settings import SettingsError
from pytest_asc.emulator.app import Emulator
from pytest_asc.faults.sources import throw_away_settings
from pytest_asc.transports import SERVER_IS_MISSING

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator
    from pathlib import Path

    from pytest_asc.emulator.http_models import Request, Response
    from pytest_asc.transports.server import Server

LOCALHOST = "127.0.0.1"


class AccountOptions(NamedTuple):
    """The account to serve."""

    load: str | None = None
    """A JSON file of resources; None for the sample."""
    empty: bool = False
    """True for an account without resources."""
    allow_host: tuple[str, ...] = ()
    """Hosts that the proxy opens tunnels to, beside Apple's."""

    @classmethod
    def from_options(cls, options: argparse.Namespace) -> AccountOptions:
        """Take the account from a command line that was parsed with ``add_account``."""
        return cls(options.load, options.empty, tuple(options.allow_host))


class RunningServer(NamedTuple):
    """A server that accepts connections, and the key that it trusts."""

    server: Server
    credentials: Credentials
    key: str
    """The text of the private key."""
    folder: Path
    """A private folder, removed when the server stops."""

    @property
    def key_file(self) -> Path:
        """The key file, named as Apple names it."""
        return self.folder / f"AuthKey_{self.credentials.key_id}.p8"


def connection_info(running: RunningServer) -> dict[str, str | None]:
    """Return what a client needs to connect."""
    server = running.server
    return {
        "url": server.url,
        "https_url": server.https_url,
        "proxy_url": server.proxy_url or None,
        "ca_file": str(server.ca_file),
        "key_id": running.credentials.key_id,
        "issuer_id": running.credentials.issuer_id,
        "key_file": str(running.key_file),
    }


@contextmanager
def running_server(
    account: AccountOptions, *, host: str = LOCALHOST, port: int = 0, proxy: bool = True
) -> Iterator[RunningServer]:
    """Start a server with an account and a throw-away key.

    Args:
        account: The account to serve.
        host: Host name or address to listen on.
        port: Port for HTTP; 0 lets the system choose one.
        proxy: Also start a proxy.

    Raises:
        SettingsError: An option makes no sense, or the server is not installed.
    """
    try:
        from pytest_asc.transports.server import Server  # noqa: PLC0415  an extra
    except ModuleNotFoundError:
        raise SettingsError(f"The server cannot be started: {SERVER_IS_MISSING}.") from None
    with ExitStack() as stack:
        folder = stack.enter_context(private_folder())
        settings = throw_away_settings(new_folder=lambda: folder)
        credentials = find_credentials(settings).require()
        emulator = _emulator(credentials, account)
        try:
            server = stack.enter_context(Server(folder, host=host, port=port, proxy=proxy, allowed=account.allow_host))
        except OSError as error:
            raise SettingsError(f"The server cannot listen on {host}: {error.strerror}") from None
        stack.enter_context(server.answering(emulator))
        running = RunningServer(server, credentials, settings.all("private_key")[0].value, folder)
        write_private(running.key_file, running.key)
        yield running


def write_private(path: Path, text: str) -> None:
    """Write a new file that only its owner can read."""
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")


def _emulator(credentials: Credentials, account: AccountOptions) -> Emulator:
    emulator = _AutoAdvancingEmulator()
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


class _AutoAdvancingEmulator(Emulator):
    """Completes pending work before each request, as no test is there to call ``advance``."""

    def handle(self, request: Request) -> Response:
        self.advance()
        return super().handle(request)
