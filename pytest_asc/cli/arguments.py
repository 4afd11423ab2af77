"""Arguments that commands share."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TypeAlias

from pytest_asc.credentials.settings import SETTINGS, read_settings

if TYPE_CHECKING:
    from collections.abc import Collection

    from pytest_asc.credentials.settings import Settings

    Commands: TypeAlias = "argparse._SubParsersAction[Parser]"  # noqa: SLF001  argparse has no public name


USAGE_ERROR = 4
"""Exit status of wrong options, as pytest has it; 1 stands for unusable credentials."""


class Parser(argparse.ArgumentParser):
    """Exits with ``USAGE_ERROR`` on wrong options."""

    def error(self, message: str) -> NoReturn:
        """Print the usage and the message, and exit."""
        self.print_usage(sys.stderr)
        self.exit(USAGE_ERROR, f"{self.prog}: error: {message}\n")


def add_settings(parser: argparse.ArgumentParser, *, without: Collection[str]) -> None:
    """Add the options of the table of settings, apart from those named."""
    for setting in SETTINGS:
        if setting.option and setting.name not in without:
            parser.add_argument(setting.flag, dest=setting.name, help=setting.help, choices=setting.choices or None)


def settings_of(options: argparse.Namespace) -> Settings:
    """Return the settings of the command line, the environment and the key folders."""
    return read_settings(
        option=lambda name: getattr(options, name, None),
        ini=lambda _: None,
        environ=os.environ,
        folder=Path.cwd(),
        home=Path.home(),
    )


def add_account(parser: argparse.ArgumentParser) -> None:
    """Add the options that say which account the emulator serves and which hosts its proxy lets through."""
    account = parser.add_mutually_exclusive_group()
    account.add_argument("--load", metavar="FILE", help="load resources from this JSON file")
    account.add_argument("--empty", action="store_true", help="start without resources; by default a sample is loaded")
    parser.add_argument(
        "--allow-host",
        action="append",
        default=[],
        metavar="HOST",
        help="let the proxy open tunnels to this host, too; may be repeated",
    )
