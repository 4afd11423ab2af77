"""``python -m pytest_asc token``: prints a signed token."""

from __future__ import annotations

import sys
import time
from argparse import ArgumentTypeError
from typing import TYPE_CHECKING

from pytest_asc.cli.arguments import USAGE_ERROR, add_command, add_setting_options, settings_of

if TYPE_CHECKING:
    import argparse

    from pytest_asc.cli.arguments import Commands


def add_parser(commands: Commands) -> None:
    """Add the command's parser."""
    parser = add_command(commands, "token", "generate a signed token and print it")
    parser.add_argument("--reveal", action="store_true", help="print the token even if standard output is a terminal")
    parser.add_argument(
        "--scope",
        type=_scoped_request,
        action="append",
        metavar="REQUEST",
        help='limit the token to this request, such as "GET /v1/apps"; may be repeated',
    )
    add_setting_options(parser, without={"mode", "base_url"})


def _scoped_request(text: str) -> str:
    from pytest_asc.diagnosis.token.scope import check_scope_format  # noqa: PLC0415  not needed for --help

    if check_scope_format({"scope": [text]}):
        raise ArgumentTypeError(f"got {text!r}, expected a method and a path, such as 'GET /v1/apps'")
    return text


def run(options: argparse.Namespace) -> int:
    """Print a token to standard output, and the findings on the credentials to standard error.

    Returns:
        0 for success; 1 if there are no usable credentials; 4 if Apple would reject the lifetime, or if standard output
        is a terminal and ``--reveal`` is missing.
    """
    from pytest_asc.credentials.finder import CredentialsError, find_credentials  # noqa: PLC0415  not needed for --help
    from pytest_asc.credentials.lifetimes import DEFAULT_LIFETIME  # noqa: PLC0415
    from pytest_asc.credentials.tokens import LifetimeError, TokenSource  # noqa: PLC0415

    if sys.stdout.isatty() and not options.reveal:
        print(
            "The token is not printed to a terminal, where it stays visible. Pipe the output, or add --reveal.",
            file=sys.stderr,
        )
        return USAGE_ERROR
    settings = settings_of(options)
    result = find_credentials(settings)
    for finding in result.findings:
        print(finding, file=sys.stderr)
    try:
        credentials = result.require()
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
