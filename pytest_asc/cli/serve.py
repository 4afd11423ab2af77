"""``python -m pytest_asc serve``: runs the emulator on local ports until a signal stops it."""

from __future__ import annotations

import json
import os
import signal
import sys
from argparse import ArgumentTypeError
from contextlib import ExitStack
from functools import partial
from ipaddress import ip_address
from queue import SimpleQueue
from typing import TYPE_CHECKING

from pytest_asc.cli.arguments import add_account_options, add_command
from pytest_asc.cli.parent import wait, watched_parent
from pytest_asc.cli.quick_start import quick_start
from pytest_asc.credentials.settings import SettingsError

if TYPE_CHECKING:
    import argparse

    from pytest_asc.cli.arguments import Commands
    from pytest_asc.cli.running_server import RunningServer

_STOPPING = {signal.SIGINT, signal.SIGTERM}
# A terminal sends SIGHUP when it closes, which nohup ignores, and SIGQUIT for Ctrl-\. SIGBREAK is for Ctrl-Break on
# Windows, and the only signal there with which another process can stop this one without killing it.
_STOPPING_UNLESS_IGNORED = {number for number in signal.Signals if number.name in {"SIGHUP", "SIGQUIT", "SIGBREAK"}}


def add_parser(commands: Commands) -> None:
    """Add the command's parser."""
    parser = add_command(commands, "serve", "run the emulator on local ports and print its URLs as one line of JSON")
    add_account_options(parser)
    parser.add_argument("--host", default="127.0.0.1", help="host to listen on (default 127.0.0.1)")
    parser.add_argument("--port", type=_port, default=0, help="port for HTTP (default: a free one)")
    parser.add_argument(
        "--proxy", action="store_true", help="also run a proxy, for clients whose base URL cannot be changed"
    )
    parser.add_argument("--allow-remote", action="store_true", help="allow a --host that other machines can reach")


def run(options: argparse.Namespace) -> int:
    """Print the URLs as one line of JSON, and serve until a signal arrives or the parent process ends.

    Returns:
        0.

    Raises:
        SettingsError: An option is invalid, the server is not installed, or standard output cannot be written.
    """
    parent = watched_parent()
    if not (options.allow_remote or _is_loopback(options.host)):
        raise SettingsError(
            f"--host {options.host}: other machines can reach this host, but the emulator is for tests on this "
            "machine. Leave the option out, or confirm it with --allow-remote."
        )
    signals: SimpleQueue[int] = SimpleQueue()
    handled = _STOPPING | {
        number for number in _STOPPING_UNLESS_IGNORED if signal.getsignal(number) is not signal.SIG_IGN
    }
    save_signal = getattr(signal, "SIGHUP", None) if options.state else None
    for number in handled if save_signal is None else {*handled, save_signal}:
        signal.signal(number, lambda number, _: signals.put(number))
    with ExitStack() as stack:
        with quick_start():
            from pytest_asc.cli.running_server import AccountOptions, connection_info, running_server  # noqa: PLC0415

            running = stack.enter_context(
                running_server(
                    AccountOptions.from_options(options),
                    host=options.host,
                    port=options.port,
                    proxy=options.proxy,
                    remote=options.allow_remote,
                    log_format=None if options.quiet else options.log_format or "text",
                )
            )
        _print_line(json.dumps(connection_info(running)))
        if sys.stderr.isatty() and not options.quiet:
            print(_banner(running), file=sys.stderr, flush=True)
        ended_by = wait(signals, parent, save_signal, partial(_save, running))
        if running.log and options.log_format != "json":
            running.log.add(f"Stopped by {ended_by}.")
    return 0


def _save(running: RunningServer) -> None:
    """Save the account. If that fails, log the error and continue."""
    try:
        running.save()
    except SettingsError as error:
        if running.log:
            running.log.add(str(error))
        else:
            print(error, file=sys.stderr, flush=True)


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) < 2**16):
        raise ArgumentTypeError(f"got {text!r}, expected a port from 0 to 65535")
    return int(text)


def _banner(running: RunningServer) -> str:
    server = running.server
    return f"""\
Emulator of the App Store Connect API {running.emulator.api_version}. No request reaches Apple.
  API      {server.url} and {server.https_url}, or the proxy {server.proxy_url or "(start it with --proxy)"}
  key      {running.credentials.key_id}, issuer {running.credentials.issuer_id}, file {running.key_file}
  CA file  {server.ca_file}
  control  {running.control.url} (a page for browsers, an API for programs)
Press Ctrl-C to stop."""


def _print_line(line: str) -> None:
    if sys.stdout is None:  # it is closed
        raise SettingsError("cannot write the server's URLs to standard output: it is closed")
    try:
        print(line, flush=True)
    except OSError as error:
        # On exit, Python would try to write the line again, and print an error.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SettingsError(f"cannot write the server's URLs to standard output: {error.strerror}") from None


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
