"""The emulator's HTTP server with a throw-away key, for ``serve`` and ``run``."""

from __future__ import annotations

import os
import secrets
import sys
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest_asc
from pytest_asc.cli.request_lines import Log, LogFormat
from pytest_asc.control.access import Access
from pytest_asc.control.accounts import Accounts
from pytest_asc.control.api import ControlApi
from pytest_asc.control.served_emulator import InitialSettings, ServedEmulator
from pytest_asc.credentials.finder import Credentials, find_credentials
from pytest_asc.credentials.private_folder import private_folder, write_private
from pytest_asc.credentials.settings import SettingsError
from pytest_asc.emulator.auth.role_policy import areas_without_roles
from pytest_asc.emulator.spec.user_document import emulating, load_document
from pytest_asc.faults.sources import throw_away_settings
from pytest_asc.transports import SERVER_IS_MISSING

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from pytest_asc.transports.server import Server

LOCALHOST = "127.0.0.1"


class AccountOptions(NamedTuple):
    """The account to serve, and the options of the server that go with it."""

    load: str | None = None
    """JSON file with resources to load; None to load none."""
    sample: bool = True
    """Load the sample account."""
    state: str | None = None
    """JSON file from which the account is loaded if the file exists, and to which it is saved on exit."""
    initial: InitialSettings = InitialSettings()
    openapi: str | None = None
    """OpenAPI document to use in place of the one that ships with the package; None for that one."""
    quiet: bool = False
    """Write nothing to standard error while the document is compiled."""
    allow_host: tuple[str, ...] = ()
    """Further hosts to which the proxy opens tunnels."""

    @classmethod
    def from_options(cls, options: argparse.Namespace) -> AccountOptions:
        """Make the options from a command line that was parsed with the arguments of ``add_account_options``.

        Raises:
            SettingsError: The options contradict each other.
        """
        if options.load is not None and options.empty:
            raise SettingsError(
                "argument --empty: not allowed with argument --load, which starts with an empty account"
            )
        initial = InitialSettings(
            role=options.role,
            rate_limit=options.rate_limit,
            time=options.time or "seen",
            seed=options.seed,
            faults=tuple(options.fault),
            failures=tuple(options.fail),
            webhooks=options.webhooks,
        )
        sample = options.sample or not (options.empty or options.load)
        return cls(
            options.load, sample, options.state, initial, options.openapi, options.quiet, tuple(options.allow_host)
        )


class RunningServer(NamedTuple):
    """A server that accepts connections, with its key and its account."""

    server: Server
    control: ControlApi
    credentials: Credentials
    key: str
    """The text of the private key."""
    folder: Path
    """A private folder, removed when the server stops."""
    state: str | None = None
    """File to which the account is saved; None if it is not saved."""
    log: Log | None = None
    """Log on standard error; None for no log."""

    @property
    def emulator(self) -> ServedEmulator:
        """The emulator with the account."""
        return self.control.accounts.first

    def save(self) -> None:
        """Save the account to the file in ``--state``, if it is set.

        Raises:
            SettingsError: The file cannot be written.
        """
        if self.state is not None:
            try:
                self.emulator.save(self.state)
            except OSError as error:
                raise SettingsError(f"--state {self.state}: {error.strerror}") from None

    @property
    def key_file(self) -> Path:
        """Path of the key file, which is named as Apple names it."""
        return self.folder / f"AuthKey_{self.credentials.key_id}.p8"


def connection_info(running: RunningServer) -> dict[str, str | None]:
    """Return the data with which a client connects, as ``serve`` prints it."""
    server = running.server
    return {
        "url": server.url,
        "https_url": server.https_url,
        "proxy_url": server.proxy_url or None,
        "ca_file": str(server.ca_file),
        "key_id": running.credentials.key_id,
        "issuer_id": running.credentials.issuer_id,
        "key_file": str(running.key_file),
        "control_url": running.control.url,
        "api_version": running.emulator.api_version,
        **({"control_secret": running.control.access.secret} if running.control.access.secret else {}),
    }


@contextmanager
def running_server(
    account: AccountOptions,
    *,
    host: str = LOCALHOST,
    port: int = 0,
    https_port: int = 0,
    proxy: bool = True,
    remote: bool = False,
    log_format: LogFormat | None = None,
) -> Iterator[RunningServer]:
    """Start a server with an account and a throw-away key.

    Args:
        account: The account to serve.
        host: Host name or address to listen on.
        port: Port for HTTP; 0 for a free one.
        https_port: Port for HTTPS; 0 for a free one.
        proxy: Also start a proxy.
        remote: Require a secret for the control API, because other machines can reach the server.
        log_format: Format of the log on standard error; None for no log.

    Yields:
        The server, until the context ends. The account is then saved if ``--state`` is set.

    Raises:
        SettingsError: An option is invalid, a file cannot be read or written, or the server is not installed.
    """
    try:
        from pytest_asc.transports.server import Server  # noqa: PLC0415  an extra
    except ModuleNotFoundError:
        raise SettingsError(f"the server cannot be started: {SERVER_IS_MISSING}") from None
    with ExitStack() as stack:
        folder = stack.enter_context(private_folder())
        settings = throw_away_settings(new_folder=lambda: folder)
        credentials = find_credentials(settings).require()
        if account.openapi is not None:
            stack.enter_context(use_document(account.openapi, quiet=account.quiet))
        emulator = _emulator(credentials, account)
        accounts = Accounts(emulator, account.initial)
        log = stack.enter_context(Log(log_format)) if log_format else None
        if log:
            accounts.add_request_listener(log.add_request)
        try:
            server = stack.enter_context(
                Server(folder, host=host, port=port, https_port=https_port, proxy=proxy, allowed=account.allow_host)
            )
        except OSError as error:
            address = f"{host}:{port}" if port else host
            # asyncio adds the address to error messages. The numbers of name resolution errors are negative.
            reason = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror
            raise SettingsError(f"the server cannot listen on {address}: {reason}") from None
        access = Access(secrets.token_urlsafe() if remote else None)
        control = ControlApi(accounts, access, server.url, pytest_asc.__version__)
        stack.enter_context(server.answering(emulator, control))
        key = settings.all("private_key")[0].value
        running = RunningServer(server, control, credentials, key, folder, account.state, log)
        write_private(running.key_file, running.key)
        yield running
        running.save()


@contextmanager
def use_document(file: str, *, quiet: bool) -> Iterator[None]:
    """Use an OpenAPI document in place of the one that ships with the package, until the context ends.

    Args:
        file: The document, in JSON or YAML.
        quiet: Write nothing to standard error.

    Raises:
        SettingsError: The file cannot be read, or is not an OpenAPI document.
    """
    from pytest_asc.emulator.spec.compiler.reading import DocumentError  # noqa: PLC0415  rarely used

    def print_line(line: str) -> None:
        if not quiet:
            print(line, file=sys.stderr, flush=True)

    try:
        document = load_document(Path(file), None, print_line)
    except DocumentError as error:
        raise SettingsError(f"--openapi: {error}") from None
    with emulating(document):
        for line in document.notes(Path(file), areas_without_roles()):
            print_line(line)
        yield


def _emulator(credentials: Credentials, account: AccountOptions) -> ServedEmulator:
    try:
        emulator = ServedEmulator(credentials, account.initial)
    except ValueError as error:
        raise SettingsError(str(error)) from None
    if account.state is not None:
        state = Path(account.state)
        if not state.absolute().parent.is_dir():
            raise SettingsError(f"--state {state}: the folder {state.parent} does not exist")
        if state.exists():
            _load(emulator, "--state", account.state)
            return emulator
    if account.sample:
        emulator.load_sample()
    if account.load is not None:
        _load(emulator, "--load", account.load)
    return emulator


def _load(emulator: ServedEmulator, option: str, file: str) -> None:
    try:
        emulator.load(file)
    except OSError as error:
        raise SettingsError(f"{option} {file}: {error.strerror}") from None
    except ValueError as error:
        raise SettingsError(f"{option} {file}: {error}") from None
