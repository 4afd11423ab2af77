"""``python -m pytest_asc run -- COMMAND …``: a command that takes the emulator for Apple."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, NoReturn

from pytest_asc.cli.environment import environment
from pytest_asc.cli.serve import running_server

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import FrameType

    from pytest_asc.cli.serve import AccountOptions

# As shells have it.
NOT_EXECUTABLE, NOT_FOUND, BY_SIGNAL = 126, 127, 128

_PASSED_ON = [one for one in signal.Signals if one.name in {"SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"}]
_FROM_TERMINALS = {"SIGINT", "SIGQUIT"}


def run(command: Sequence[str], account: AccountOptions) -> int:
    """Run a command in an environment that leads it to an emulator of its own.

    Args:
        command: The program and its arguments.
        account: What the emulator serves.

    Returns:
        The status of the command, 128 and the signal's number where one killed it, 127 where there is no such program.

    Raises:
        SettingsError: An option makes no sense, or the server is not installed.
    """
    passed_on = [number for number in _PASSED_ON if signal.getsignal(number) is not signal.SIG_IGN]
    for number in passed_on:
        signal.signal(number, _leave)
    with running_server(account) as one:
        try:
            process = subprocess.Popen(  # noqa: S603  it is the user's own
                command, env=environment(one, os.environ, more_hosts=bool(account.allow_host))
            )
        except OSError as error:
            print(f"{command[0]} cannot be run: {error.strerror}", file=sys.stderr)
            return NOT_FOUND if isinstance(error, FileNotFoundError) else NOT_EXECUTABLE
        try:
            for number in passed_on:
                signal.signal(number, _passing_on(number, process))
            status = process.wait()
        finally:
            process.kill()  # which does nothing where it has ended
            process.wait()
    return BY_SIGNAL - status if status < 0 else status


def _leave(number: int, _: FrameType | None) -> NoReturn:
    """Before there is a command, a signal is for us: leave as it wants, but take everything down."""
    raise SystemExit(BY_SIGNAL + number)


def _passing_on(number: signal.Signals, process: subprocess.Popen[bytes]) -> Callable[[int, FrameType | None], object]:
    """A handler that has the command get a signal, once."""
    if number.name in _FROM_TERMINALS and any(map(os.isatty, range(3))):
        return lambda *_: None  # the terminal sends it to the command itself, too
    return lambda *_: process.send_signal(number)
