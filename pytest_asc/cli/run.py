"""``python -m pytest_asc run -- COMMAND …``: runs a command with the emulator in place of Apple's API."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from pytest_asc.apple.causes import DOCS_URL
from pytest_asc.apple.services import APP_STORE_CONNECT, emulated_hosts
from pytest_asc.cli.arguments import add_account_options, add_command
from pytest_asc.cli.isolation import isolate, resolve_to_loopback
from pytest_asc.cli.quick_start import quick_start
from pytest_asc.credentials.settings import SECRET_VARIABLES, SettingsError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator
    from types import FrameType

    from pytest_asc.cli.arguments import Commands

# Exit statuses, the same as those of shells.
NOT_EXECUTABLE, NOT_FOUND, BY_SIGNAL = 126, 127, 128

_FORWARDED = [
    number for number in signal.Signals if number.name in {"SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGBREAK"}
]
_WATCHER = str(Path(__file__).with_name("watcher.py"))
_GRACE_PERIOD = 2.0
"""Seconds after which a command that outlives this process is killed."""
_TERMINAL_SIGNALS = {"SIGINT", "SIGQUIT", "SIGBREAK"}
_ISOLATED_PORTS = (80, 443)
"""The ports of Apple's hosts, which the server uses in a network namespace."""
_HINT = f"see {DOCS_URL}how-to/other-languages/#programs-that-ignore-the-proxy"
_NO_REQUEST = f"pytest-asc: the command sent no request to the emulator. It may ignore HTTPS_PROXY: {_HINT}"
_ONLY_CONNECTED = (
    "pytest-asc: the command connected to the emulator but sent no request. It may not trust the certificate in "
    f"SSL_CERT_FILE: {_HINT}"
)


def add_parser(commands: Commands) -> None:
    """Add the command's parser."""
    parser = add_command(
        commands,
        "run",
        "run a command with the emulator in place of Apple's API",
        usage="%(prog)s [options] -- COMMAND …",
    )
    add_account_options(parser)
    parser.add_argument(
        "--isolate",
        action="store_true",
        help="run the command without network access, and resolve Apple's host names to the emulator, for programs "
        "that ignore proxy settings; needs Linux and the permission to create network namespaces",
    )


def run(options: argparse.Namespace) -> int:
    """Run the command after ``--`` with an emulator of its own, to which environment variables direct it.

    Returns:
        The exit status of the command; 128 plus the number of the signal that killed it; 127 if the command was not
        found, 126 if it could not be started.

    Raises:
        SettingsError: An option is invalid, or the server is not installed.
    """
    command = options.passed_on
    if not command:
        raise SettingsError("no command to run: write it after --, as in run -- COMMAND …")
    if options.isolate and options.allow_host:
        raise SettingsError("argument --allow-host: not allowed with argument --isolate, which blocks the network")
    forwarded = [number for number in _FORWARDED if signal.getsignal(number) is not signal.SIG_IGN]
    for number in forwarded:
        signal.signal(number, _exit_on_signal)
    if options.isolate:
        isolate()
    log_format = None if options.quiet else options.log_format
    http, https = _ISOLATED_PORTS if options.isolate else (0, 0)
    received_signals: list[int] = []
    with ExitStack() as stack:
        with quick_start():
            from pytest_asc.cli.running_server import AccountOptions, running_server  # noqa: PLC0415
            from pytest_asc.transports.environment import environment  # noqa: PLC0415

            account = AccountOptions.from_options(options)
            running = stack.enter_context(running_server(account, port=http, https_port=https, log_format=log_format))
        if options.isolate:
            resolve_to_loopback(emulated_hosts(APP_STORE_CONNECT), running.server.ca_file, running.folder)
        requests: list[bool] = []
        running.control.accounts.add_request_listener(lambda _: None if requests else requests.append(True))
        more_hosts = bool(options.allow_host)
        try:
            process = subprocess.Popen(  # noqa: S603  the user's own command
                [_program(command[0]), *command[1:]],
                env={
                    **environment(running.server, running.credentials, os.environ, more_hosts=more_hosts),
                    "ASC_EMULATOR_URL": running.control.url,
                },
            )
        except OSError as error:
            missing = isinstance(error, FileNotFoundError)
            print(f"{command[0]}: {'command not found' if missing else error.strerror}", file=sys.stderr)
            return NOT_FOUND if missing else NOT_EXECUTABLE
        for number in forwarded:
            signal.signal(number, _forwarding_handler(number, process, received_signals))
        with _watched(process):
            status = process.wait()
        if not (requests or received_signals or status < 0 or options.quiet):
            print(_ONLY_CONNECTED if running.control.tunnels else _NO_REQUEST, file=sys.stderr)
    return BY_SIGNAL - status if status < 0 else status


def _program(name: str) -> str:
    """Return the program to start for a name: its path on Windows, where ``npm.cmd`` cannot be started by its name."""
    return (shutil.which(name) or name) if sys.platform == "win32" else name


@contextmanager
def _watched(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Kill a command when the context ends. If this process is killed before, a watcher process ends the command."""
    watcher = None
    try:
        if sys.platform != "win32":
            # Its standard input ends when this process ends.
            watcher = subprocess.Popen(  # noqa: S603  a script of this package
                [sys.executable, "-I", "-S", _WATCHER, str(process.pid), str(_GRACE_PERIOD)],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={name: value for name, value in os.environ.items() if name not in SECRET_VARIABLES},
                start_new_session=True,
            )
        yield
    finally:
        process.kill()  # does nothing if the command has ended
        process.wait()
        if watcher is not None:
            watcher.kill()
            watcher.communicate()


def _exit_on_signal(number: int, _: FrameType | None) -> NoReturn:
    """Exit with cleanup on a signal that arrives before the command has started."""
    raise SystemExit(BY_SIGNAL + number)


def _forwarding_handler(
    number: signal.Signals, process: subprocess.Popen[bytes], received_signals: list[int]
) -> Callable[[int, FrameType | None], None]:
    """Return a signal handler that records a signal, and forwards it unless the command receives it anyway."""
    comes_from_terminal = number.name in _TERMINAL_SIGNALS and (
        sys.platform == "win32" or any(map(os.isatty, range(3)))
    )

    def forward(*_: object) -> None:
        received_signals.append(number)
        if not comes_from_terminal:  # the terminal, or the Windows console, also sends it to the command
            process.send_signal(number)

    return forward
