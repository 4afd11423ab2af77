"""Command-line arguments that several commands share."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TypeAlias

from pytest_asc.apple.roles import ROLES
from pytest_asc.credentials.settings import SETTINGS, home_folder, read_settings
from pytest_asc.diagnosis.http.url_origin import parse_host

if TYPE_CHECKING:
    from collections.abc import Collection

    from pytest_asc.credentials.settings import Settings

    Commands: TypeAlias = "argparse._SubParsersAction[Parser]"  # noqa: SLF001  argparse has no public name


USAGE_ERROR = 4
"""Exit status for a usage error, the same as pytest's."""


class Parser(argparse.ArgumentParser):
    """Argument parser that exits with ``USAGE_ERROR``, and does not print the usage, which can have a dozen lines."""

    def error(self, message: str) -> NoReturn:
        """Print the message and a hint at ``--help``, and exit."""
        self.exit(USAGE_ERROR, f"{self.prog}: error: {message}\nRun '{self.prog} --help' for usage.\n")


def add_command(
    commands: Commands,
    name: str,
    summary: str,
    usage: str | None = None,
) -> argparse.ArgumentParser:
    """Add the parser of a command.

    Args:
        commands: The parsers of all commands.
        name: The name of the command.
        summary: Description in the list of commands, and at the start of the command's own help.
        usage: The usage; None for the one that argparse generates.
    """
    return commands.add_parser(name, help=summary, usage=usage, description=f"{summary[0].upper()}{summary[1:]}.")


def add_setting_options(parser: argparse.ArgumentParser, *, without: Collection[str]) -> None:
    """Add the options in the table of settings, except for the settings in ``without``."""
    for setting in SETTINGS:
        if setting.option and setting.name not in without:
            parser.add_argument(setting.flag, dest=setting.name, help=setting.help, choices=setting.choices or None)


def settings_of(options: argparse.Namespace) -> Settings:
    """Return the settings from the command line, the environment and the key folders."""
    return read_settings(
        option=lambda name: getattr(options, name, None),
        ini=lambda _: None,
        environ=os.environ,
        folder=Path.cwd(),
        home=home_folder(),
        trusted_hosts=tuple(getattr(options, "trust_host", ())),
    )


def add_live_options(parser: argparse.ArgumentParser) -> None:
    """Add the options for reading a live account."""
    add_setting_options(parser, without={"mode"})
    parser.add_argument(
        "--asc-trust-host",
        dest="trust_host",
        action="append",
        default=[],
        metavar="HOST",
        help="send tokens to this host, although it is neither Apple's nor this machine; may be repeated",
    )
    parser.add_argument("--quiet", action="store_true", help="do not show progress")


def add_account_options(parser: argparse.ArgumentParser) -> None:
    """Add the options for the emulated account, the log and the proxy."""
    parser.add_argument("--load", metavar="FILE", help="load resources from this JSON file")
    parser.add_argument(
        "--openapi",
        metavar="FILE",
        help="emulate the API in this OpenAPI document instead of the one that ships with pytest-asc",
    )
    sample = parser.add_mutually_exclusive_group()
    sample.add_argument(
        "--empty", action="store_true", help="start with an empty account (default: the sample account)"
    )
    sample.add_argument("--sample", action="store_true", help="load the sample account in addition to --load FILE")
    parser.add_argument(
        "--state",
        metavar="FILE",
        help="load the account from this file if it exists, and save it there on exit",
    )
    parser.add_argument(
        "--role",
        choices=sorted(ROLES),
        default="ADMIN",
        metavar="ROLE",
        help="role of the key, such as DEVELOPER (default ADMIN)",
    )
    parser.add_argument(
        "--rate-limit",
        type=positive_integer,
        metavar="N",
        help="number of requests that a key may send per hour (default: unlimited)",
    )
    parser.add_argument(
        "--seed",
        type=_integer,
        default=0,
        metavar="N",
        help="seed for generated IDs; the same seed gives the same IDs (default 0)",
    )
    parser.add_argument(
        "--time",
        choices=("manual", "instant", "real"),
        help="when Apple finishes work such as processing a build. manual: on a command to the control API; instant: "
        "before the next request; real: after the usual time (default: when a client reads a pending resource for the "
        "second time)",
    )
    parser.add_argument(
        "--fault",
        action="append",
        default=[],
        metavar="CAUSE",
        help="inject a fault into the service, such as rate-limited; may be repeated",
    )
    parser.add_argument(
        "--fail",
        type=_failure,
        action="append",
        default=[],
        metavar="'METHOD PATH=STATUS'",
        help="make the next request with this method and path fail, as in 'GET /v1/apps=429'; may be repeated",
    )
    parser.add_argument(
        "--webhooks",
        type=_loopback_url,
        metavar="URL",
        help="deliver webhook notifications to this URL, which must be on this machine",
    )
    parser.add_argument(
        "--log-format",
        choices=("text", "json"),
        help="log each request to standard error, as a line of text (default for serve) or JSON",
    )
    parser.add_argument("--quiet", action="store_true", help="write nothing to standard error")
    parser.add_argument(
        "--allow-host",
        type=_host,
        action="append",
        default=[],
        metavar="HOST",
        help="let the proxy also open tunnels to this host; may be repeated",
    )


def _loopback_url(text: str) -> str:
    from pytest_asc.transports.webhook_client import post_to  # noqa: PLC0415  rarely used

    try:
        post_to(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"got {text!r}, expected a URL on this machine, such as http://127.0.0.1:5000/webhook"
        ) from None
    return text


def _host(text: str) -> str:
    try:
        return parse_host(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"got {text!r}: {error}") from None


def positive_integer(text: str) -> int:
    """Parse a whole number of at least 1, as the ``type`` of an argument."""
    if not (text.isascii() and text.isdigit() and int(text)):
        raise argparse.ArgumentTypeError(f"got {text!r}, expected a whole number of at least 1")
    return int(text)


def _integer(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"got {text!r}, expected a whole number") from None


def _failure(text: str) -> tuple[str, str, int]:
    request, _, status = text.rpartition("=")
    method, _, path = request.strip().partition(" ")
    status = status.strip()
    if not (method and path and status.isascii() and status.isdigit() and len(status) == 3):  # noqa: PLR2004  range of HTTP statuses
        raise argparse.ArgumentTypeError(f"got {text!r}, expected METHOD PATH=STATUS, such as 'GET /v1/apps=429'")
    return method.upper(), path.strip(), int(status)
