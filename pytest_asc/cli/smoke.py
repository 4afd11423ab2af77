"""``python -m pytest_asc smoke``: the same as ``pytest --asc-smoke``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_asc.cli.arguments import add_command

if TYPE_CHECKING:
    import argparse

    from pytest_asc.cli.arguments import Commands


def add_parser(commands: Commands) -> None:
    """Add the command's parser. pytest parses the options."""
    add_command(commands, "smoke", "check the credentials, like pytest --asc-smoke; accepts pytest's options")


def run(options: argparse.Namespace) -> int:
    """Run pytest with the arguments of the command, and return its exit status."""
    import pytest  # noqa: PLC0415  not needed for the other commands

    return int(pytest.main(["--asc-smoke", *options.passed_on]))
