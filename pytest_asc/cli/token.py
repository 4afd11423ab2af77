"""``python -m pytest_asc token``: prints a signed token to standard output."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from pytest_asc.cli.arguments import USAGE_ERROR, add_command, add_settings, settings_of

if TYPE_CHECKING:
    import argparse

    from pytest_asc.cli.arguments import Commands


def add_parser(commands: Commands) -> None:
    """Add the command's parser."""
    parser = add_command(commands, "token", "print a signed token, to pipe it or to store it in a variable")
    parser.add_argument("--reveal", action="store_true", help="print the token even to a terminal")
    parser.add_argument(
        "--scope",
        action="append",
        metavar="REQUEST",
        help='limit the token to this request, such as "GET /v1/apps"; may be repeated',
    )
    add_settings(parser, without={"mode", "base_url"})


def run(options: argparse.Namespace) -> int:
    """Print a token to standard output, and findings on the credentials to standard error.

    Returns:
        0; 1 where there are no usable credentials; 4 where standard output is a terminal without ``--reveal``, or the
        lifetime is out of bounds.
    """
    from pytest_asc.credentials.finder import CredentialsError, find_credentials  # noqa: PLC0415  not needed for --help
    from pytest_asc.credentials.lifetimes import DEFAULT_LIFETIME  # noqa: PLC0415
    from pytest_asc.credentials.tokens import LifetimeError, TokenSource  # noqa: PLC0415

    if sys.stdout.isatty() and not options.reveal:
        print("A token in a terminal stays in its history. Pipe the output, or add --reveal.", file=sys.stderr)
        return USAGE_ERROR
    settings = settings_of(options)
    reading = find_credentials(settings)
    for finding in reading.findings:
        print(finding, file=sys.stderr)
    try:
        credentials = reading.require()
        source = TokenSource(
            credentials,
            lifetime=settings.lifetime or DEFAULT_LIFETIME,
            scope=options.scope,
            clock=time.time,
            service=settings.choice("service"),
        )
    except CredentialsError:
        return 1
    except LifetimeError as error:
        print(error, file=sys.stderr)
        return USAGE_ERROR
    print(str(source.token()))
    return 0
