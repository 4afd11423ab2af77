"""``python -m pytest_asc``: what the plugin does, outside a test suite."""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_asc.settings import SETTINGS, SettingsError, read_settings

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return the status to exit with: 0 good, 1 unusable credentials, 4 wrong options."""
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    if arguments[:1] == ["smoke"]:
        return _smoke(arguments[1:])
    parser = argparse.ArgumentParser(prog="python -m pytest_asc", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("smoke", help="check the credentials; the same as pytest --asc-smoke, with pytest's options")
    token = commands.add_parser("token", help="print a token, for a pipe or a variable")
    token.add_argument("--reveal", action="store_true", help="print it even to a terminal")
    token.add_argument("--scope", action="append", metavar="REQUEST", help='a request it is good for: "GET /v1/apps"')
    for setting in SETTINGS:
        if setting.option and setting.name not in {"mode", "base_url"}:
            token.add_argument(setting.flag, dest=setting.name, help=setting.help, choices=setting.choices or None)
    try:
        return _token(parser.parse_args(arguments))
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 4


def _smoke(arguments: list[str]) -> int:
    import pytest  # noqa: PLC0415  the other commands do without

    return int(pytest.main(["--asc-smoke", *arguments]))


def _token(options: argparse.Namespace) -> int:
    from pytest_asc.credentials import CredentialsError, find_credentials  # noqa: PLC0415  --help does without
    from pytest_asc.tokens import DEFAULT_LIFETIME, LifetimeError, TokenSource  # noqa: PLC0415

    if sys.stdout.isatty() and not options.reveal:
        print("A token on a terminal stays in its history. Pipe it, or add --reveal.", file=sys.stderr)
        return 4
    settings = read_settings(
        option=lambda name: getattr(options, name, None),
        ini=lambda _: None,
        environ=os.environ,
        folder=Path.cwd(),
        home=Path.home(),
    )
    reading = find_credentials(settings)
    for finding in reading.findings:
        print(finding, file=sys.stderr)
    try:
        credentials = reading.require()
        source = TokenSource(
            credentials, lifetime=settings.lifetime or DEFAULT_LIFETIME, scope=options.scope, clock=time.time
        )
    except CredentialsError:
        return 1
    except LifetimeError as error:
        print(error, file=sys.stderr)
        return 4
    print(str(source.token()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
