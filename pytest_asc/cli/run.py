"""``python -m pytest_asc run -- COMMAND …``: runs a command against the emulator in place of Apple."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from pytest_asc.cli.arguments import add_account
from pytest_asc.credentials.settings import SettingsError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator
    from types import FrameType

    from pytest_asc.cli.arguments import Commands

# Exit statuses, as those of shells.
NOT_EXECUTABLE, NOT_FOUND, BY_SIGNAL = 126, 127, 128

_FORWARDED = [one for one in signal.Signals if one.name in {"SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"}]
_WATCHER = str(Path(__file__).with_name("watcher.py"))
_FROM_TERMINALS = {"SIGINT", "SIGQUIT"}


def add_parser(commands: Commands) -> None:
    """Add the command's parser."""
    parser = commands.add_parser(
        "run", help="run a command against the emulator in place of Apple", usage="%(prog)s [options] -- COMMAND …"
    )
    add_account(parser)


def run(options: argparse.Namespace) -> int:
    """Run the command behind ``--`` in an environment that leads it to an emulator of its own.

    Returns:
        The status of the command, 128 and the signal's number where one killed it, 127 where there is no such program.

    Raises:
        SettingsError: An option makes no sense, or the server is not installed.
    """
    from pytest_asc.cli.running_server import AccountOptions, running_server  # noqa: PLC0415  --help does without
    from pytest_asc.transports.environment import environment  # noqa: PLC0415

    command = options.passed_on
    if not command:
        raise SettingsError("There is no command to run: python -m pytest_asc run -- COMMAND …")
    account = AccountOptions.from_options(options)
    forwarded = [number for number in _FORWARDED if signal.getsignal(number) is not signal.SIG_IGN]
    for number in forwarded:
        signal.signal(number, _exit_on_signal)
    log_format = None if options.quiet else options.log_format
    with running_server(account, log_format=log_format) as running:
        more_hosts = bool(account.allow_host)
        try:
            process = subprocess.Popen(  # noqa: S603  it is the user's own
                command,
                env={
                    **environment(running.server, running.credentials, os.environ, more_hosts=more_hosts),
                    "ASC_EMULATOR_URL": running.control.url,
                },
            )
        except OSError as error:
            print(f"{command[0]} cannot be run: {error.strerror}", file=sys.stderr)
            return NOT_FOUND if isinstance(error, FileNotFoundError) else NOT_EXECUTABLE
        with _watched(process):
            for number in forwarded:
                signal.signal(number, _forwarding_handler(number, process))
            status = process.wait()
    return BY_SIGNAL - status if status < 0 else status


@contextmanager
def _watched(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """End a command at the end of the context; where this process is killed before, another one does it."""
    watcher = None
    try:
        if sys.platform != "win32":
            # It notices the end of this process by that of its standard input.
            watcher = subprocess.Popen(  # noqa: S603  it is a script of this package
                [sys.executable, "-I", "-S", _WATCHER, str(process.pid)],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        yield
    finally:
        process.kill()  # which does nothing where it has ended
        process.wait()
        if watcher is not None:
            watcher.kill()
            watcher.communicate()


def _exit_on_signal(number: int, _: FrameType | None) -> NoReturn:
    """Exit on a signal that comes before the command has started, with cleanup."""
    raise SystemExit(BY_SIGNAL + number)


def _forwarding_handler(
    number: signal.Signals, process: subprocess.Popen[bytes]
) -> Callable[[int, FrameType | None], object]:
    """Return a handler that sends a signal on to the command, once."""
    if number.name in _FROM_TERMINALS and any(map(os.isatty, range(3))):
        return lambda *_: None  # the terminal sends it to the command itself, too
    return lambda *_: process.send_signal(number)
