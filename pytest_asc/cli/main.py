"""Entry point of ``pytest-asc`` and ``python -m pytest_asc``, which parses the arguments and runs a command."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from pytest_asc.cli.arguments import USAGE_ERROR, Parser
from pytest_asc.credentials.settings import SettingsError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from pytest_asc.cli.arguments import Commands


class Command(Protocol):
    """A module with a command."""

    def add_parser(self, commands: Commands) -> None:
        """Add the command's parser."""

    def run(self, options: argparse.Namespace) -> int:
        """Run the command and return its exit status."""


_DESCRIPTION = (
    "Check credentials and tokens for App Store Connect, generate tokens, run the emulator, and record accounts for it."
)

COMMANDS = ("smoke", "token", "diagnose", "serve", "run", "record", "openapi", "compare")
"""Names of the commands and of their modules."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Args:
        arguments: The command-line arguments without the program's name; by default those of this process.

    Returns:
        The exit status: 0 for success, 1 for unusable credentials, an invalid token or differences, 4 for a usage
        error. ``smoke`` returns the status of pytest, ``run`` that of the command.
    """
    if sys.stderr is None:  # it is closed, and Python would print messages to standard output
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115  stays open until the process ends
    installed = Path(sys.argv[0]).stem == "pytest-asc"
    parser = Parser(prog="pytest-asc" if installed else "python -m pytest_asc", description=_DESCRIPTION)
    commands = parser.add_subparsers(dest="command", required=True)
    command_line = sys.argv[1:] if arguments is None else list(arguments)
    # A command starts faster without the modules of other commands, which only help and error messages need.
    modules = {
        name: _load(name) for name in (command_line[:1] if command_line and command_line[0] in COMMANDS else COMMANDS)
    }
    for module in modules.values():
        module.add_parser(commands)
    own, passed_on = _split(command_line)
    options, unknown = parser.parse_known_args(own)
    if unknown:
        commands.choices[options.command].error(f"unrecognized arguments: {' '.join(unknown)}")
    options.passed_on = passed_on
    try:
        return modules[options.command].run(options)
    except SettingsError as error:
        print(f"{parser.prog} {options.command}: error: {error}", file=sys.stderr)
        return USAGE_ERROR


def _load(name: str) -> Command:
    module: Any = import_module(f"pytest_asc.cli.{name}")
    command: Command = module
    return command


def _split(arguments: list[str]) -> tuple[list[str], list[str]]:
    """Split the arguments into those to parse, and those to pass on to pytest or to the command of ``run``."""
    if arguments[:1] == ["smoke"]:
        return arguments[:1], arguments[1:]
    if arguments[:1] == ["run"] and "--" in arguments:
        separator = arguments.index("--")
        return arguments[:separator], arguments[separator + 1 :]
    return arguments, []
