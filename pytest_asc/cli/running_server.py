"""A server of the emulator with a throw-away key, for ``serve`` and ``run``."""

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
    """The account to serve."""

    load: str | None = None
    """A JSON file of resources."""
    sample: bool = True
    """Load the sample account."""
    state: str | None = None
    """A JSON file to load the account from if it exists, and to save it to on exit."""
    initial: InitialSettings = InitialSettings()
    openapi: str | None = None
    """An OpenAPI document, in place of the shipped one."""
    quiet: bool = False
    """Write nothing to standard error while the document is compiled."""
    allow_host: tuple[str, ...] = ()
    """Hosts that the proxy opens tunnels to, beside Apple's."""

    @classmethod
    def from_options(cls, options: argparse.Namespace) -> AccountOptions:
        """Take the account from a command line that was parsed with ``add_account``."""
        if options.load is not None and options.empty:
            raise SettingsError("argument --empty: not allowed with argument --load, which starts empty anyway")
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
    """A server that accepts connections, and the key that it trusts."""

    server: Server
    control: ControlApi
    credentials: Credentials
    key: str
    """The text of the private key."""
    folder: Path
    """A private folder, removed when the server stops."""
    state: str | None = None
    """The file to save the account to."""
    log: Log | None = None
    """The lines on standard error; None for no lines."""

    @property
    def emulator(self) -> ServedEmulator:
        """The emulator of the account."""
        return self.control.accounts.first

    def save(self) -> None:
        """Save the account to the file of ``--state``, if there is one.

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
        port: Port for HTTP; 0 lets the system choose one.
        https_port: Port for HTTPS, likewise.
        proxy: Also start a proxy.
        remote: Other machines can reach it: the control API needs a secret.
        log_format: Form of the lines on standard error, one a request; None for no lines.

    Raises:
        SettingsError: An option makes no sense, or the server is not installed.
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
            stack.enter_context(users_document(account.openapi, quiet=account.quiet))
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
            # asyncio adds the address to the text of an error; the errors of name resolution have negative numbers.
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
def users_document(file: str, *, quiet: bool) -> Iterator[None]:
    """Use an OpenAPI document in place of the shipped one until the context ends.

    Args:
        file: The document, in JSON or YAML.
        quiet: Say nothing on standard error.

    Raises:
        SettingsError: It cannot be read, or is no such document.
    """
    from pytest_asc.emulator.spec.compiler.reading import DocumentError  # noqa: PLC0415  few have a document

    def say(line: str) -> None:
        if not quiet:
            print(line, file=sys.stderr, flush=True)

    try:
        document = load_document(Path(file), None, say)
    except DocumentError as error:
        raise SettingsError(f"--openapi: {error}") from None
    with emulating(document):
        for line in document.notes(Path(file), areas_without_roles()):
            say(line)
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
