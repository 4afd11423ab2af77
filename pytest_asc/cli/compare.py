"""``python -m pytest_asc compare``: compares the responses of a live account and of the emulator."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_asc.cli.arguments import add_command, add_live_options, positive_integer, settings_of
from pytest_asc.credentials.settings import SettingsError

if TYPE_CHECKING:
    import argparse

    from pytest_asc.cli.arguments import Commands
    from pytest_asc.recording.comparison.comparison import Report
    from pytest_asc.recording.comparison.recorded_account import RecordedAccount
    from pytest_asc.recording.progress import Progress

FAILED = 2
"""Exit status if the live account cannot be read."""


def add_parser(commands: Commands) -> None:
    """Add the command's parser."""
    parser = add_command(
        commands,
        "compare",
        "send the same GET requests to a live account and to the emulator, and report the differences",
    )
    parser.add_argument("file", metavar="FILE", help="recording of the account, as the record command writes it")
    parser.add_argument(
        "--report",
        action="append",
        default=[],
        metavar="FILE",
        help="write the report to this file: as HTML if its name ends in .html, otherwise as JSON; may be repeated",
    )
    parser.add_argument(
        "--budget", type=positive_integer, default=None, metavar="N", help="send at most N live requests (default 1500)"
    )
    add_live_options(parser)


def run(options: argparse.Namespace) -> int:
    """Compare a live account with the emulator.

    Returns:
        0 if there are no differences or only known ones, 1 if there are others, 2 if the live account cannot be read.

    Raises:
        SettingsError: An option is invalid, or a file cannot be read or written.
    """
    from pytest_asc.credentials.finder import CredentialsError  # noqa: PLC0415  not needed for --help
    from pytest_asc.credentials.tokens import LifetimeError  # noqa: PLC0415
    from pytest_asc.recording.comparison.recorded_account import RecordedAccount  # noqa: PLC0415
    from pytest_asc.recording.comparison.renderers import render_for, render_text  # noqa: PLC0415
    from pytest_asc.recording.private_files import problem_of_file, replace_private  # noqa: PLC0415
    from pytest_asc.recording.progress import Progress  # noqa: PLC0415
    from pytest_asc.recording.reader import ReadError  # noqa: PLC0415

    reports = [Path(name) for name in options.report]
    for path in reports:
        if problem := problem_of_file(path):
            raise SettingsError(f"--report {path}: {problem}")
    try:
        account = RecordedAccount(options.file)
    except OSError as error:
        raise SettingsError(f"{options.file}: {error.strerror}") from None
    except ValueError as error:
        raise SettingsError(f"{options.file}: {error}") from None
    progress = Progress(quiet=options.quiet, unit="requests")
    try:
        report = _compare(options, account, progress)
    except (CredentialsError, LifetimeError, ReadError) as error:
        print(error, file=sys.stderr)
        return FAILED
    finally:
        progress.close()
    try:
        for path in reports:
            replace_private(path, render_for(path, report))
    except OSError as error:
        raise SettingsError(f"--report {error.filename}: {error.strerror}") from None
    if not options.quiet:
        print("\n".join(render_text(report)))
    return 0 if report.ok else 1


def _compare(options: argparse.Namespace, account: RecordedAccount, progress: Progress) -> Report:
    from pytest_asc.recording.comparison.comparison import BUDGET, compare  # noqa: PLC0415  not needed for --help
    from pytest_asc.recording.connection import connect  # noqa: PLC0415

    with connect(settings_of(options), tell=progress.tell) as connection:
        return compare(account, connection.reader, budget=options.budget or BUDGET, advance=progress.advance)
